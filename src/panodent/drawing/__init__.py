"""Drawings of teeth: overlay, comparison panel, odontogram; text, lines, colours, PNG."""
