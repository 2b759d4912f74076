"""Folders of annotated radiographs: find, split, convert, inspect."""
