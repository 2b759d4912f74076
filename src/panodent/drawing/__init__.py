"""Pictures: overlay, panels, odontogram, labels, colours, PNG."""
