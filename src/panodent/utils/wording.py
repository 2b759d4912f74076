"""Numbers and lists in English sentences."""

from __future__ import annotations


def counted(count: int, one: str, many: str) -> str:
    """A count with the singular or the plural of what is counted.

    >>> counted(1, "tooth", "teeth"), counted(0, "tooth", "teeth")
    ('1 tooth', '0 teeth')
    """
    return f"{count} {one if count == 1 else many}"
