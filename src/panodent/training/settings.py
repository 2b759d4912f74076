"""Documented settings: dataclass fields that carry their help, range and unit.

Configuration dataclasses make their fields with `setting`. `settings_table` reads them back, for
pages of documentation and for `--help`; `check_ranges` compares values with the stated ranges.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any

from panodent.errors import ConfigError


@dataclass(frozen=True)
class Setting:
    """One row of a table of settings.

    `type` is the annotation as text, such as "tuple[int, ...]". `range` is (lowest, highest), both
    allowed, or None where the help names the allowed values. `unit` is "" for plain numbers.
    """

    name: str
    type: str
    default: Any
    range: tuple[float, float] | None
    help: str
    unit: str = ""


def setting(
    default: Any,
    help: str,
    range: tuple[float, float] | None = None,
    unit: str = "",
    **metadata: Any,
) -> Any:
    """A dataclass field with documentation; `range` is (lowest, highest), both allowed."""
    documented = {"help": help, "range": range, "unit": unit, **metadata}
    return field(default=default, metadata=documented)


def settings_table(kind: type, prefix: str = "") -> Iterator[Setting]:
    """The settings of a dataclass in the order of its fields; names start with `prefix`.

    >>> @dataclass
    ... class Example:
    ...     rotation: float = setting(8.0, "Largest rotation.", (0, 45), "degrees")
    >>> next(settings_table(Example, "augment."))  # doctest: +NORMALIZE_WHITESPACE
    Setting(name='augment.rotation', type='float', default=8.0, range=(0, 45),
            help='Largest rotation.', unit='degrees')
    """
    for item in fields(kind):
        yield Setting(
            prefix + item.name,
            item.type if isinstance(item.type, str) else item.type.__name__,
            _default(item),
            item.metadata.get("range"),
            item.metadata.get("help", ""),
            item.metadata.get("unit", ""),
        )


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return None if item.default_factory is MISSING else item.default_factory()


def check_ranges(config: Any, what: str = "") -> None:
    """Raises `ConfigError` for a number of a configuration that lies outside its stated range.

    `what` precedes the setting's name in the message. NaN lies outside every range, and fields
    annotated as `int` must hold whole numbers.
    """
    for item in settings_table(type(config)):
        if item.range is None:
            continue
        value, (low, high) = getattr(config, item.name), item.range
        name = f"{what} {item.name}".strip()
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ConfigError(f"{name} is {value!r}; expected a number")
        if item.type == "int" and not isinstance(value, int):
            raise ConfigError(f"{name} is {value!r}; expected a whole number")
        if not low <= value <= high:
            unit = f" ({item.unit})" if item.unit else ""
            limits = f"at least {low:g}" + (f" and at most {high:g}" if high < 1e9 else "")
            raise ConfigError(f"{name} is {value}; expected {limits}{unit}")
