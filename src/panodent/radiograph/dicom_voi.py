"""From the values of a DICOM radiograph to grey: VOI LUT, window, or the range of the data.

A VOI LUT that is broken is left out. A LUT or a window that shows next to nothing of the pixels is
replaced by the range of the data. Source: DICOM PS3.3 C.11.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Grey = npt.NDArray[np.float64]
MIN_INSIDE = 0.25
"""Least share of the pixels that are neither black nor white; 0 to 0.16 if a window of 8 bits is
used for a panoramic of 12 bits."""
MIN_SPREAD = 0.1
"""Least range of grey that most pixels cover."""
_MAX_TRAVEL = 4.0
"""Sum of the steps of a LUT, relative to its range, above which it holds no curve but noise."""


@dataclass(frozen=True)
class Lut:
    """A lookup table. `first` : the value that its first entry belongs to.

    values : entries as integers in [0, 2**bits - 1].
    """

    first: int
    values: npt.NDArray[np.int64]
    bits: int

    def entries(self, real: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """The entry of each value; those outside of the table get its first or last entry."""
        index = np.clip(np.rint(real).astype(np.int64) - self.first, 0, len(self.values) - 1)
        return self.values[index]

    def apply(self, real: npt.NDArray[Any]) -> Grey:
        """Grey in [0, 1] of values."""
        return self.entries(real) / (2.0**self.bits - 1)


def presented(
    real: npt.NDArray[Any], counts: npt.NDArray[np.int64], dataset: Any, ends: tuple[float, float]
) -> tuple[Grey, tuple[str, ...]]:
    """(grey in [0, 1], notes) of values after the modality LUT.

    counts : how many pixels have each value.
    ends : (black, white) if the header gives neither a LUT nor a window.
    """
    notes: tuple[str, ...] = ()
    tried: Grey | None = None
    if has_voi_lut(dataset):
        try:
            tried = read_voi_lut(dataset, float(real.min()), float(real.max())).apply(real)
        except ValueError as error:
            notes = (f"its VOI LUT is damaged and was left out: {error}",)
    if tried is None and (found := window(dataset)) is not None:
        tried = windowed(real, *found, window_function(dataset))
    if tried is None:
        grey = _scaled(real, *ends)
        if shows(grey, counts) or (own := _own_range(real, counts)) is None:
            return grey, notes
        return own, (*notes, "most pixels share a small part of the grey range: stretched to it")
    if shows(tried, counts) or (own := _own_range(real, counts)) is None:
        return tried, notes
    what = "VOI LUT" if has_voi_lut(dataset) and not notes else "window"
    note = f"its {what} shows next to nothing of the pixels: replaced by the range of the data"
    return own, (*notes, note)


def shows(grey: Grey, counts: npt.NDArray[np.int64]) -> bool:
    """Whether enough pixels are neither black nor white and differ from each other."""
    inside = counts[(grey > 0.005) & (grey < 0.995)].sum() / counts.sum()
    low, high = _quantiles(grey, counts, 0.05)
    return bool(inside >= MIN_INSIDE and high - low >= MIN_SPREAD)


def _own_range(real: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> Grey | None:
    """Grey over the range of the data, without rare extremes if these hide the rest.

    None if the data have nothing to show.
    """
    low, high = float(real.min()), float(real.max())
    for share in (0.0, 0.01, 0.05):
        least, most = _quantiles(real, counts, share) if share else (low, high)
        margin = (most - least) / 4
        grey = _scaled(real, max(least - margin, low), min(most + margin, high))
        if shows(grey, counts):
            return grey
    return None


def _quantiles(
    values: npt.NDArray[Any], counts: npt.NDArray[np.int64], share: float
) -> tuple[float, float]:
    """The values that `share` of the pixels, and all but `share` of them, do not exceed."""
    order = np.argsort(values, kind="stable")
    summed = np.cumsum(counts[order])
    at = np.searchsorted(summed, np.array([share, 1 - share]) * summed[-1])
    return float(values[order[at[0]]]), float(values[order[at[1]]])


def _scaled(real: npt.NDArray[Any], low: float, high: float) -> Grey:
    return np.clip((real.astype(np.float64) - low) / ((high - low) or 1), 0, 1)


# --- window --------------------------------------------------------------------------------------


def window(dataset: Any) -> tuple[float, float] | None:
    """(centre, width) of the first window, or None if there is no valid one."""
    try:
        centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
        if centre is None or width is None or centre == "" or width == "":
            return None
        first = [float(np.atleast_1d(np.asarray(v, np.float64))[0]) for v in (centre, width)]
    except (ValueError, TypeError, IndexError):
        return None
    return (first[0], first[1]) if np.isfinite(first).all() and first[1] >= 1 else None


def window_function(dataset: Any) -> str | None:
    """VOILUTFunction if it is one of the standard, else None, which means linear."""
    function = str(dataset.get("VOILUTFunction", "") or "").strip()
    return function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else None


def windowed(
    real: npt.NDArray[Any], centre: float, width: float, function: str | None = None
) -> Grey:
    """Grey in [0, 1] of values through a window. Source: DICOM PS3.3 C.11.2.1.2 and C.11.2.1.3.

    >>> windowed(np.array([0, 1000, 2000]), 1000.5, 2001).tolist()
    [0.0, 0.5, 1.0]
    """
    values = real.astype(np.float64)
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - centre) / width, -500, 500)))
    if function == "LINEAR_EXACT":
        return np.clip((values - centre) / width + 0.5, 0, 1)
    return np.clip((values - (centre - 0.5)) / max(width - 1, 1e-9) + 0.5, 0, 1)


# --- lookup table --------------------------------------------------------------------------------


def has_voi_lut(dataset: Any) -> bool:
    """Whether a header has a VOI LUT, sound or not."""
    return bool(dataset.get("VOILUTSequence"))


def read_voi_lut(dataset: Any, low: float, high: float) -> Lut:
    """The first VOI LUT of a header, for values from `low` to `high`; raises as `read_lut`."""
    return read_lut(dataset, "VOILUTSequence", low, high)


def read_lut(dataset: Any, sequence: str, low: float, high: float) -> Lut:
    """The first LUT of a sequence of a header, for values from `low` to `high`.

    Raises `ValueError` with the reason if it is broken.
    """
    try:
        item = dataset[sequence].value[0]
        given = list(item["LUTDescriptor"].value)
        entries, first, bits = (int(number) for number in given)
        data = item["LUTData"].value
    except (KeyError, TypeError, AttributeError, IndexError, ValueError, NotImplementedError):
        raise ValueError("its descriptor or its data are missing") from None
    entries = entries % 65536 or 65536
    little = getattr(dataset, "original_encoding", (None, True))[1] is not False
    values = _entries(data, entries, little)
    if not 1 <= bits <= 16:
        raise ValueError(f"it has {bits} bits per entry; expected 8 to 16")
    if len(values) < entries:
        raise ValueError(f"it has {len(values)} of {entries} entries")
    values = values[:entries]
    span = int(values.max()) - int(values.min())
    if span == 0:
        raise ValueError("all its entries are equal")
    if np.abs(np.diff(values)).sum() > _MAX_TRAVEL * span:
        raise ValueError("its entries form no curve")
    used = int(values.max()).bit_length()
    # Some LUTs say 16 bits for entries of 12 or 8, which would be nearly black.
    return Lut(_first(first, entries, low, high), values, bits if used == bits - 1 else used)


def _entries(data: Any, count: int, little_endian: bool) -> npt.NDArray[np.int64]:
    """The entries of a table, of 8 bits each if there are not enough bytes for 16."""
    if isinstance(data, bytes):
        if len(data) in (count, count + 1):
            return np.frombuffer(data, np.uint8).astype(np.int64)
        whole = data[: len(data) // 2 * 2]
        return np.frombuffer(whole, "<u2" if little_endian else ">u2").astype(np.int64)
    try:
        values = np.atleast_1d(np.asarray(data, np.int64)) % 65536
    except (ValueError, TypeError):
        raise ValueError("its data are not numbers") from None
    if len(values) in (count // 2, (count + 1) // 2) and count > 1:  # two entries in each word
        return values.astype("<u2").view(np.uint8).astype(np.int64)
    return values


def _first(first: int, entries: int, low: float, high: float) -> int:
    """The first value of a table, with the sign under which it covers more of the data."""

    def covered(start: int) -> float:
        return max(min(start + entries - 1, high) - max(start, low), -1.0)

    other = first - 65536 if first >= 32768 else first + 65536 if first < 0 else first
    return other if covered(other) > covered(first) else first
