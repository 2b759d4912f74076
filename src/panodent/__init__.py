"""panodent: every tooth of a panoramic dental radiograph as its own mask with its FDI number."""

__version__ = "0.1.0"
