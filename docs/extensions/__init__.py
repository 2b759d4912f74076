"""Pages made from code when the documentation is built."""
