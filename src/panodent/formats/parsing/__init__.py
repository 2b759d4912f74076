"""Parsing that several annotation formats share."""
