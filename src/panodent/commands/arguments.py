"""What several commands make of their arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from panodent.errors import ConfigError


def parse_size(text: str) -> tuple[int, int]:
    """'256x512' -> (256, 512), height first; raises `ConfigError`."""
    height, width = numbers(text.lower(), "x", "--size", "HEIGHTxWIDTH such as 256x512", 2)
    return height, width


def numbers(text: str, separator: str, option: str, wanted: str, count: int | None) -> list[int]:
    """'11,12' -> [11, 12], of any length where `count` is None; raises `ConfigError`."""
    try:
        found = [int(part) for part in text.split(separator)]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise ConfigError(f"{option} is {text!r}; expected {wanted}")
    return found


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given; those left out are None."""
    return {name: value for name, value in options.items() if value is not None}
