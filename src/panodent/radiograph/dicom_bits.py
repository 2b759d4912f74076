"""Which bits of a DICOM pixel hold its value, where header and pixels contradict each other.

BitsStored and HighBit may be wrong. They are used as long as neighbouring pixels agree: where
bits above BitsStored belong to the value, one of them changes exactly when the bits below it wrap
around; bits of an old overlay do not depend on the bits below. Source: DICOM PS3.5 section 8.1.1.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Int64Array

_EVIDENCE = 0.25
"""Mean wrap of the lower bits, as a share of their range, that proves a carry."""
_MIN_PAIRS = 16
_NOISE = 0.2
"""Mean step between neighbours, as a share of the range; a third if neighbours are independent."""
_MAX_ROWS = 512
_MIN_NEGATIVE = 64
"""Different values below zero that prove signed pixels."""


def complete(dataset: Any) -> tuple[str, ...]:
    """Sets missing and impossible bit counts in a header in place, so that pixels can be decoded.

    Returns notes. BitsAllocated is needed: without it an `AttributeError` is raised.
    """
    given = int(dataset.BitsAllocated)
    allocated = given if given < 8 else -(-given // 8) * 8
    notes = []
    if allocated != given:
        dataset.BitsAllocated = allocated
        notes.append(f"BitsAllocated is {given}: read as {allocated}")
    stored = dataset.get("BitsStored")
    if not isinstance(stored, int) or not 1 <= stored <= allocated:
        dataset.BitsStored = allocated
        notes.append(f"{_claim('BitsStored', stored)}: the pixels have {allocated} bits")
    if dataset.get("PixelRepresentation") not in (0, 1):
        dataset.PixelRepresentation = 0
        notes.append("PixelRepresentation is missing or unknown: read as unsigned")
    return tuple(notes)


def in_order(raw: npt.NDArray[Any]) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """(pixels (H, W) with the bytes of each in the right order, notes).

    Some devices write pixels of 16 bits in the other order than the transfer syntax says. Then they
    are noise, and smooth if their bytes are exchanged.
    """
    if raw.dtype.itemsize != 2 or raw.ndim != 2 or min(raw.shape) < 2:
        return raw, ()
    rows = raw[:: -(-raw.shape[0] // _MAX_ROWS)]
    given, other = _roughness(rows), _roughness(rows.byteswap())
    if given < _NOISE or other > given / 4:
        return raw, ()
    return raw.byteswap(), ("the bytes of the pixels are in the wrong order: exchanged",)


def _roughness(rows: npt.NDArray[Any]) -> float:
    """The mean step between neighbours, as a share of the range of the values."""
    values = rows.astype(np.int32)
    span = max(int(values.max()) - int(values.min()), 1)
    return float(np.abs(np.diff(values, axis=1)).mean()) / span


def stored_values(
    raw: npt.NDArray[Any], values: Int64Array, dataset: Any
) -> tuple[Int64Array, int, tuple[str, ...]]:
    """(stored value of each value in `values`, bits in use, notes).

    raw : the pixels (H, W), 8 or 16 bits, signed or unsigned, as the file has them.
    values : the different values of `raw` that are not padding.
    """
    width, bits = raw.dtype.itemsize * 8, int(dataset.BitsStored)
    high = dataset.get("HighBit")
    shift = int(high) + 1 - bits if isinstance(high, int) else 0
    used = int(np.bitwise_or.reduce(values & (2**width - 1)))
    if shift and 0 < shift <= width - bits:
        if used >> bits == 0:
            note = f"HighBit is {high}, but the pixels use the lowest {bits} bits"
            return _signed(values, bits, raw), bits, (note,)
        if used % 2**shift and _belong_together(raw, shift):
            note = f"BitsStored is {bits}, but the pixels use {width} bits"
            return values, width, (note,)
        return values >> shift, bits, ()
    notes: tuple[str, ...] = ()
    if shift:
        notes = (f"HighBit {high} contradicts BitsStored {bits} and was ignored",)
    least, most = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if raw.dtype.kind == "i" else (0, used)
    most = 2**bits - 1 if raw.dtype.kind == "u" else most
    if values.min() < least or values.max() > most:
        if raw.dtype.kind == "u" and _extends_sign(values, bits, width):
            note = "PixelRepresentation is unsigned, but the pixels are signed"
            return values - ((values >> (width - 1)) << width), bits, (*notes, note)
        if raw.dtype.kind == "i" and used >> bits == 0:  # negative values without sign extension
            return _two_complement(raw, values, bits, notes)
        if _belong_together(raw, bits):
            notes += (f"BitsStored is {bits}, but the pixels use {width} bits",)
            return values, width, notes
        notes += (f"bits above BitsStored, {bits}, hold other data and were cleared",)
        return _signed(values, bits, raw), bits, notes
    if np.count_nonzero(values < 0) >= (1 if bits == width else _MIN_PAIRS):
        return _two_complement(raw, values, bits, notes)
    wraps = raw.dtype.kind == "u" and (
        _wraps_below_zero(values, width) if bits == width else _wraps_at_half(raw, bits)
    )
    if wraps:
        note = "PixelRepresentation is unsigned, but the pixels are signed"
        return values - ((values >> (bits - 1)) << bits), bits, (*notes, note)
    return values, bits, notes


def _extends_sign(values: Int64Array, bits: int, width: int) -> bool:
    """Whether all bits above the lowest `bits` repeat the highest of these, as in negative numbers.

    >>> _extends_sign(np.array([0x0001, 0xFFFF]), 12, 16), _extends_sign(np.array([0x1001]), 12, 16)
    (True, False)
    """
    return bool(np.isin(values >> (bits - 1), (0, 2 ** (width - bits + 1) - 1)).all())


def _wraps_below_zero(values: Int64Array, width: int) -> bool:
    """Whether values fill both ends of the range and nothing between, as small negative ones do.

    A single high value may be padding, or a mark that was burnt in, and proves nothing.
    """
    negative = values[values >= 2 ** (width - 1)]
    quarter = 2 ** (width - 2)
    return bool(
        len(negative) >= _MIN_NEGATIVE
        and negative[-1] == 2**width - 1
        and negative[0] >= 3 * quarter
        and values[len(values) - len(negative) - 1] < quarter
        and values[0] < len(negative)
    )


def _wraps_at_half(raw: npt.NDArray[Any], bits: int) -> bool:
    """Whether neighbours jump from the highest values of `bits` bits to the lowest, as -1 to 0.

    Unsigned values cross the half of the range in small steps instead.
    """
    rows, half = _sample(raw), 2 ** (bits - 1)
    steps = np.abs(np.diff(rows, axis=1))[np.diff(rows >= half, axis=1)]
    jumps, small = np.count_nonzero(steps > 1.75 * half), np.count_nonzero(steps < half / 4)
    return bool(jumps >= 4 * max(int(small), _MIN_PAIRS))


def _two_complement(
    raw: npt.NDArray[Any], values: Int64Array, bits: int, notes: tuple[str, ...]
) -> tuple[Int64Array, int, tuple[str, ...]]:
    """Signed values, or unsigned ones where the sign bit is the highest bit of the value."""
    plain = raw.view(f"u{raw.dtype.itemsize}") & np.array(2**bits - 1, f"u{raw.dtype.itemsize}")
    if carry(plain, bits - 1) < -_EVIDENCE:
        note = "PixelRepresentation is signed, but the pixels are unsigned"
        return values & (2**bits - 1), bits, (*notes, note)
    return _signed(values, bits, raw), bits, notes


def _signed(values: Int64Array, bits: int, raw: npt.NDArray[Any]) -> Int64Array:
    """The lowest bits of values, in two's complement if the pixels are signed."""
    low = values & (2**bits - 1)
    return low - ((low >> (bits - 1)) << bits) if raw.dtype.kind == "i" else low


def _belong_together(raw: npt.NDArray[Any], bits: int) -> bool:
    """Whether the lower bits and the bits above them are one value.

    They are if the bits above carry, if the lower bits alone are noise and the whole is smooth, or
    if the lower bits are always the same.
    """
    if carry(raw, bits) < -_EVIDENCE:
        return True
    rows = _sample(raw)
    lower = rows & (2**bits - 1)
    if lower.min() == lower.max():
        return True
    alone = np.abs(np.diff(lower, axis=1)).mean() / 2**bits
    return bool(alone > _NOISE and _roughness(rows) < alone / 2)


def _sample(raw: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    return raw[:: -(-raw.shape[0] // _MAX_ROWS)].astype(np.int32)


def carry(raw: npt.NDArray[Any], bits: int) -> float:
    """How far the lower bits wrap where the bits above them change by one, from -1 to 1.

    Near -1 the bits above belong to the value, near 0 they are independent of it. 1 means that the
    bits below jump in the same direction, as signed values do at the sign bit.

    >>> carry(np.arange(2**13, dtype=np.uint16).reshape(1, -1), 8)
    -0.99609375
    """
    rows = _sample(raw)
    above, below = np.diff(rows >> bits, axis=1), np.diff(rows & (2**bits - 1), axis=1)
    near = np.abs(above) == 1
    if np.count_nonzero(near) < _MIN_PAIRS:
        return 0.0
    return float((above[near] * below[near]).mean()) / 2**bits


def _claim(name: str, value: Any) -> str:
    return f"{name} is {value}" if isinstance(value, int) else f"{name} is missing"
