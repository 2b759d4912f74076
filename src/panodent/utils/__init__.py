"""Helpers that know nothing of teeth: atomic files, ordered parallel work, array types."""
