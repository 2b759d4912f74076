"""Puts the values of a column into groups: text as it is, many numbers into bands."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np

MANY = 6
"""A column of numbers with more different values than this is put into bands."""
AGE_BANDS = ((0, 5), (6, 12), (13, 17), (18, 34), (35, 49), (50, 64), (65, None))
"""First and last completed year of each band of ages; about 6 to 12 the dentition is mixed."""
OLDEST = 120

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_AGE = re.compile(r"(patient[ _'s]*)?age([ _(\[]*(years?|yrs?|y)[)\]]*)?", re.IGNORECASE)


def grouped_values(
    column: str, values: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...], str]:
    """Groups of the values (key -> text) of a column.

    Returns the group of each key, the groups in order, and a sentence that says how bands were
    made; it is empty if each value is a group. Numbers may have a decimal point or comma.

    >>> grouped_values("sex", {"a": "f", "b": "m", "c": "f"})
    ({'a': 'f', 'b': 'm', 'c': 'f'}, ('f', 'm'), '')
    >>> grouped_values("age", {str(age): str(age) for age in (5, 6, 12, 30, 31, 32, 70)})[1]
    ('0-5', '6-12', '18-34', '65+')
    """
    numbers = {key: number for key, text in values.items() if (number := _number(text)) is not None}
    if len(numbers) < len(values):
        return dict(values), tuple(sorted(set(values.values()), key=_natural)), ""
    if len(set(numbers.values())) <= MANY:
        labels = {key: f"{number:g}" for key, number in numbers.items()}
        return labels, tuple(f"{number:g}" for number in sorted(set(numbers.values()))), ""
    if _AGE.fullmatch(column) and min(numbers.values()) >= 0 and max(numbers.values()) <= OLDEST:
        return _age_bands(numbers)
    return _quarters(column, numbers)


def _number(text: str) -> float | None:
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _age_bands(numbers: Mapping[str, float]) -> tuple[dict[str, str], tuple[str, ...], str]:
    labels = {key: _age_band(number) for key, number in numbers.items()}
    used = set(labels.values())
    order = tuple(name for low, _ in AGE_BANDS if (name := _age_band(low)) in used)
    return labels, order, "age in completed years, in bands"


def _age_band(age: float) -> str:
    low, high = next(band for band in reversed(AGE_BANDS) if age >= band[0])
    return f"{low}+" if high is None else f"{low}-{high}"


def _quarters(
    column: str, numbers: Mapping[str, float]
) -> tuple[dict[str, str], tuple[str, ...], str]:
    """Four bands with about equal numbers of radiographs; equal values stay together."""
    values = np.array(list(numbers.values()))
    limits = np.unique(np.quantile(values, [0.25, 0.5, 0.75], method="lower"))
    places = np.searchsorted(limits, values)  # a limit is the largest value of its band
    names = {
        place: f"{values[places == place].min():g} to {values[places == place].max():g}"
        for place in sorted(set(places.tolist()))
    }
    labels = {key: names[place] for key, place in zip(numbers, places.tolist(), strict=True)}
    sentence = (
        f"the column {column!r} has {len(set(numbers.values()))} different numbers; they were put "
        f"into {len(names)} bands with about equal numbers of radiographs"
    )
    return labels, tuple(names.values()), sentence


def _natural(text: str) -> tuple[str, str]:
    """Letters of both cases sort alike."""
    return text.casefold(), text
