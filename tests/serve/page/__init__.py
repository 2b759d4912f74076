"""A package, so that one browser lasts for its files."""
