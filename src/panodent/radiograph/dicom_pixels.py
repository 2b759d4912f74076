"""Pixels of DICOM radiographs: grey in [0, 1], bright where the patient is dense, upright.

The order is that of the standard (DICOM PS3.3 C.11, PS3.14): modality LUT, then VOI LUT or window,
then one inversion for MONOCHROME1 or Presentation LUT Shape INVERSE. Sizes in the header and in
compressed frames are checked before pixels are decoded. Decoders: pydicom, Pillow, OpenJPEG
(pylibjpeg), CharLS, and GDCM for lossless JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import NoRadiographError, RadiographError
from panodent.radiograph.dicom_bits import complete, in_order, stored_values
from panodent.radiograph.dicom_codestream import check_frame_size
from panodent.radiograph.dicom_file import add_pixels, decoding, read_header, reason
from panodent.radiograph.dicom_geometry import Turn, spacing_of, upright_turn
from panodent.radiograph.dicom_kind import find_problem, kind_note
from panodent.radiograph.dicom_layout import complete_layout, match_frame, match_length
from panodent.radiograph.dicom_padding import outside, padding_values
from panodent.radiograph.dicom_voi import presented, read_lut
from panodent.radiograph.luma import luma
from panodent.radiograph.size_limit import check_size


@dataclass(frozen=True)
class DicomImage:
    """An upright radiograph from a DICOM file.

    pixels : float32 (height, width) in [0, 1], bright where the patient is dense.
    spacing : (row, column) millimetres at the detector, uncalibrated, or None.
    notes : how the pixels were changed.
    turn : how the file's pixels were made upright.
    """

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    notes: tuple[str, ...]
    turn: Turn


def size_of(file: Path) -> tuple[int, int]:
    """(height, width) of the upright radiograph, from the header; raises `RadiographError`."""
    header = read_header(file)
    with decoding(file):
        rows, cols = int(header.Rows), int(header.Columns)
        return (cols, rows) if upright_turn(header)[0].transposed else (rows, cols)


def read_image(file: Path, max_pixels: int) -> DicomImage:
    """Reads a single-frame radiograph of at most `max_pixels` pixels.

    Raises `NoRadiographError` for another kind of object, and `RadiographError` for a damaged,
    too small or too large one.
    """
    dataset, notes = read_dataset(file, max_pixels)
    with decoding(file):
        pixels, grey_notes = _grey(_stored(dataset), dataset)
        turn, turn_notes = upright_turn(dataset)
        spacing, spacing_notes = spacing_of(dataset)
    if turn.transposed and spacing is not None:
        spacing = spacing[::-1]
    return DicomImage(
        np.ascontiguousarray(turn.apply(pixels)),
        spacing,
        (*notes, *grey_notes, *spacing_notes, *turn_notes),
        turn,
    )


def read_dataset(file: Path, max_pixels: int) -> tuple[Any, tuple[str, ...]]:
    """(data set of pydicom whose header describes its pixels, notes on what was corrected in it).

    Values above `panodent.radiograph.dicom_file.MAX_VALUE_BYTES` are left out. Raises as
    `read_image`.
    """
    dataset = read_header(file)
    with decoding(file):
        if problem := find_problem(dataset):
            raise NoRadiographError(
                f"{file}: {problem}; expected one frame of Digital X-Ray, Computed Radiography, "
                "Intra-Oral X-Ray or Secondary Capture"
            )
        check_size(int(dataset.Rows), int(dataset.Columns), max_pixels)
        notes = complete_layout(dataset) + complete(dataset)
        notes += _add_checked_pixels(dataset, file)
        notes = (getattr(dataset, "reading_note", ""), kind_note(dataset), *notes)
    return dataset, tuple(filter(None, notes))


def _add_checked_pixels(dataset: Any, file: Path) -> tuple[str, ...]:
    """Adds the pixel data to the data set; a compressed frame must have the size of the header.

    Returns notes about samples and bits that the header has wrong.
    """
    from pydicom.encaps import get_frame

    samples, bits = int(dataset.SamplesPerPixel), int(dataset.BitsAllocated)
    if samples not in (1, 3) or not 8 <= bits <= 64:
        raise RadiographError(
            f"{samples} samples of {bits} bits per pixel; expected 1 or 3 of 8 or 16 bits; export "
            "it as such"
        )
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    add_pixels(dataset, file, rows * columns * samples * bits // 8)
    if not dataset.get("PixelData"):
        raise RadiographError("it contains no pixel data; export it with its pixels")
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_encapsulated:
        return match_length(dataset)
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    notes = match_frame(dataset, frame)
    size = (rows, columns, int(dataset.SamplesPerPixel))
    check_frame_size(frame, size, str(syntax), int(dataset.BitsAllocated) // 8)
    return notes


# --- values ------------------------------------------------------------------------------------


def _stored(dataset: Any) -> npt.NDArray[Any]:
    """Pixels (H, W) or RGB (H, W, 3), as the file has them."""
    if str(dataset.file_meta.TransferSyntaxUID) in _JPEG_LS:
        dataset.pixel_array_options(decoding_plugin="pyjpegls")
    claimed = dataset.BitsStored
    if not dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        dataset.BitsStored = dataset.BitsAllocated  # pydicom clears the bits above
    array: npt.NDArray[Any] = dataset.pixel_array
    dataset.BitsStored = claimed
    return array


_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
"""Decoded by CharLS (pyjpegls), which takes half the time of GDCM."""


def _grey(raw: npt.NDArray[Any], dataset: Any) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    kind = str(dataset.PhotometricInterpretation)
    if kind == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        raw = apply_color_lut(raw, dataset)
    if raw.ndim == 3:
        # Palettes and pictures of 16 bits may use the lower bits only.
        top = 2.0 ** max(int(raw.max()).bit_length(), 8) - 1
        grey = luma(raw)
        return (grey / np.float32(top)).astype(np.float32), ("colour converted to grey",)
    raw = _narrowed(raw, dataset)
    if raw.ndim != 2 or raw.dtype.kind not in "iu" or raw.dtype.itemsize > 2:
        raise RadiographError(
            f"pixels are {raw.dtype} of shape {raw.shape}; expected 8 or 16 bits, one frame; "
            "export it as such"
        )
    raw, order_notes = in_order(raw)
    # Every step maps a value to a value: apply it to a table of all values instead.
    lowest = int(raw.min())
    index = raw.astype(np.int32) - lowest if lowest else raw
    in_use = np.bincount(index.ravel())
    values = np.flatnonzero(in_use)
    counts, values = in_use[values], values + lowest
    padding, notes = padding_values(raw, values, counts, dataset)
    inverse = kind == "MONOCHROME1" or _shape(dataset) == "INVERSE"
    table, more = _table(raw, values, counts, padding, dataset)
    notes = (*order_notes, *notes, *more)
    if inverse:
        table = 1 - table
        notes += ("inverted: the file stores dense as dark",)
    full = np.zeros(len(in_use), np.float32)
    full[values - lowest] = table
    image = full[index]
    if padding.any():
        filled = np.zeros(len(in_use), bool)
        filled[values[padding] - lowest] = True
        image[outside(filled[index])] = 0
    return image, notes


def _narrowed(raw: npt.NDArray[Any], dataset: Any) -> npt.NDArray[Any]:
    """Integers of more than 16 bits as such of 16 bits, if their values allow it."""
    if raw.dtype.itemsize > 2 and raw.dtype.kind in "iu":
        for kind in (np.uint16, np.int16):
            if np.iinfo(kind).min <= raw.min() and raw.max() <= np.iinfo(kind).max:
                dataset.BitsStored, dataset.HighBit = 16, 15
                return raw.astype(kind)
    return raw


def _shape(dataset: Any) -> str:
    return str(dataset.get("PresentationLUTShape", "") or "").strip().upper()


def _table(
    raw: npt.NDArray[Any],
    values: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    padding: npt.NDArray[np.bool_],
    dataset: Any,
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """(grey of each value, not inverted, notes); padding gets that of the next value."""
    kept = values[~padding]
    stored, bits, notes = stored_values(raw, kept, dataset)
    real, lut_notes = _modality(stored, dataset)
    notes += lut_notes
    ends = _range(real, stored, bits)
    grey, more = presented(real, counts[~padding], dataset, ends)
    nearest = np.searchsorted(kept, values).clip(max=len(kept) - 1)
    return grey[nearest], (*notes, *more)


def _modality(values: npt.NDArray[Any], dataset: Any) -> tuple[npt.NDArray[Any], tuple[str, ...]]:
    """(stored values after the modality LUT or rescale, notes); a broken one is left out."""
    has_lut = bool(dataset.get("ModalityLUTSequence"))
    try:
        if has_lut:
            low, high = float(values.min()), float(values.max())
            real: npt.NDArray[Any] = read_lut(dataset, "ModalityLUTSequence", low, high).entries(
                values
            )
        elif (line := rescale(dataset)) is not None:
            real = values * line[0] + line[1]
        elif all(dataset.get(name) not in (None, "") for name in _RESCALE):
            raise ValueError("slope and intercept are not usable numbers")
        else:
            return values, ()
        if not np.isfinite(real).all() or np.abs(real).max() >= 1e9:
            raise ValueError("its results are not usable numbers")
        if len(values) > 1 and real.min() == real.max():
            raise ValueError("it maps all pixels to one value")
    except (ValueError, TypeError) as error:
        what = "modality LUT" if has_lut else "rescale"
        return values, (f"its {what} is damaged and was left out: {reason(error)}",)
    return real, ()


def rescale(dataset: Any) -> tuple[float, float] | None:
    """(slope, intercept), or None if the header does not have both, or has no usable ones."""
    try:
        slope, intercept = (float(dataset.get(name)) for name in _RESCALE)
    except (ValueError, TypeError):
        return None
    usable = np.isfinite([slope, intercept]).all() and slope != 0
    return (slope, intercept) if usable else None


_RESCALE = ("RescaleSlope", "RescaleIntercept")


def _range(real: npt.NDArray[Any], stored: npt.NDArray[np.int64], bits: int) -> tuple[float, float]:
    """(black, white) without a window: range of the bits in use if unsigned, else min and max."""
    if stored.min() >= 0 and np.array_equal(real, stored):
        return 0.0, 2.0 ** max(min(int(stored.max()).bit_length(), bits), 8) - 1
    return float(real.min()), float(real.max())
