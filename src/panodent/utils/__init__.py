"""Helpers without knowledge of teeth: atomic file writes, ordered parallel work, array types."""
