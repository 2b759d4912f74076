"""The folder that `panodent predict` writes, and reading it back."""
