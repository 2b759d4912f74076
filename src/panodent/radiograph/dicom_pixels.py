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
from panodent.radiograph.dicom_codestream import check_frame_size
from panodent.radiograph.dicom_file import add_pixels, decoding, read_header
from panodent.radiograph.dicom_geometry import Turn, spacing_of, upright_turn
from panodent.radiograph.luma import luma
from panodent.radiograph.size_limit import check_size

RADIOGRAPH_CLASSES = {
    "1.2.840.10008.5.1.4.1.1.1": "Computed Radiography",
    "1.2.840.10008.5.1.4.1.1.1.1": "Digital X-Ray (presentation)",
    "1.2.840.10008.5.1.4.1.1.1.1.1": "Digital X-Ray (processing)",
    "1.2.840.10008.5.1.4.1.1.1.3": "Intra-Oral X-Ray (presentation)",
    "1.2.840.10008.5.1.4.1.1.1.3.1": "Intra-Oral X-Ray (processing)",
    "1.2.840.10008.5.1.4.1.1.7": "Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.1": "Multi-frame Single Bit Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.2": "Multi-frame Grayscale Byte Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.3": "Multi-frame Grayscale Word Secondary Capture",
    "1.2.840.10008.5.1.4.1.1.7.4": "Multi-frame True Color Secondary Capture",
}
_MODALITIES = ("PX", "DX", "CR", "IO", "RG", "OT", "SC", "XC", "")


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


def find_problem(header: Any) -> str:
    """'' for a single-frame radiograph, else what the object is instead.

    >>> from pydicom.dataset import Dataset
    >>> header = Dataset()
    >>> header.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    >>> find_problem(header)
    'a CT Image Storage object, not a radiograph'
    """
    meta = getattr(header, "file_meta", {})
    uid = str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID", ""))
    modality = str(header.get("Modality", "") or "").strip()
    if uid and uid not in RADIOGRAPH_CLASSES:
        from pydicom.uid import UID

        return f"a {UID(uid).name} object, not a radiograph"
    if modality not in _MODALITIES:
        known = modality.isascii() and modality.isalpha() and modality.isupper()
        return f"of {f'modality {modality!r}' if known else 'unknown modality'}, not a radiograph"
    frames = header.get("NumberOfFrames")
    if frames is not None and not isinstance(frames, int):
        return "damaged: its number of frames is not a number"
    if frames is not None and frames > 1:
        return f"a multi-frame object of {int(frames)} frames; send the panoramic as one frame"
    return ""


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
    dataset = read_header(file)
    with decoding(file):
        if problem := find_problem(dataset):
            raise NoRadiographError(
                f"{file}: {problem}; expected one frame of Digital X-Ray, Computed Radiography, "
                "Intra-Oral X-Ray or Secondary Capture"
            )
        check_size(int(dataset.Rows), int(dataset.Columns), max_pixels)
        _add_checked_pixels(dataset, file)
        pixels, notes = _grey(_stored(dataset), dataset)
        turn, turn_notes = upright_turn(dataset)
        spacing, spacing_notes = spacing_of(dataset)
    if turn.transposed and spacing is not None:
        spacing = spacing[::-1]
    return DicomImage(
        np.ascontiguousarray(turn.apply(pixels)),
        spacing,
        (*notes, *spacing_notes, *turn_notes),
        turn,
    )


def _add_checked_pixels(dataset: Any, file: Path) -> None:
    """Adds the pixel data to the data set; a compressed frame must have the size of the header."""
    from pydicom.encaps import get_frame

    samples, width = int(dataset.SamplesPerPixel), -(-int(dataset.BitsAllocated) // 8)
    if samples not in (1, 3) or not 1 <= width <= 8:
        raise RadiographError(
            f"{samples} samples of {int(dataset.BitsAllocated)} bits per pixel; expected 1 or 3 of "
            "8 or 16 bits"
        )
    size = (int(dataset.Rows), int(dataset.Columns), samples)
    add_pixels(dataset, file, size[0] * size[1] * samples * width)
    if not dataset.get("PixelData"):
        raise RadiographError("it contains no pixel data")
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        check_frame_size(frame, size, str(syntax), width)


# --- values ------------------------------------------------------------------------------------


def _stored(dataset: Any) -> npt.NDArray[Any]:
    """Stored values (H, W) or RGB (H, W, 3); bits above BitsStored are cleared."""
    if str(dataset.file_meta.TransferSyntaxUID) in _JPEG_LS:
        dataset.pixel_array_options(decoding_plugin="pyjpegls")
    array: npt.NDArray[Any] = dataset.pixel_array
    if array.ndim == 2 and array.dtype.kind in "iu":
        spare = int(dataset.BitsAllocated) - int(dataset.BitsStored)
        if 0 < spare < array.dtype.itemsize * 8:
            array = (array << spare) >> spare
    return array


_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
"""Decoded by CharLS (pyjpegls), which takes half the time of GDCM."""


def _grey(
    stored: npt.NDArray[Any], dataset: Any
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    kind = str(dataset.PhotometricInterpretation)
    if kind == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        top = float(np.iinfo(stored.dtype).max)
        grey = luma(stored)
        return (grey / np.float32(top)).astype(np.float32), ("colour converted to grey",)
    if stored.ndim != 2 or stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2:
        raise RadiographError(
            f"pixels are {stored.dtype} of shape {stored.shape}; expected 8 or 16 bits, one frame"
        )
    low, high = int(stored.min()), int(stored.max())
    # Every step maps a stored value to a grey value: apply it to a table of all values instead.
    values = np.arange(low, high + 1, dtype=np.int32).astype(stored.dtype)
    table, notes = _presented(values, dataset)
    shape = str(dataset.get("PresentationLUTShape", "") or "").strip().upper()
    if kind == "MONOCHROME1" or shape == "INVERSE":
        table = 1 - table
        notes = (*notes, "inverted: the file stores dense as dark")
    index = stored.astype(np.int32) - low if low else stored
    return table.astype(np.float32)[index], notes


def _presented(
    values: npt.NDArray[Any], dataset: Any
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Stored values in ascending order -> (grey in [0, 1] by modality and VOI LUT, notes)."""
    from pydicom.pixels import apply_voi, apply_windowing

    real = _modality(values, dataset)
    try:
        if dataset.get("VOILUTSequence"):
            bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
            shown = np.asarray(apply_voi(real, dataset), np.float64)
            return np.clip(shown / (2.0**bits - 1), 0, 1), ()
        if window(dataset) is not None:
            # The standard leaves the output range open: scale the window's result to [0, 1].
            ends = np.array([-1e9, 1e9])
            wide = np.concatenate([ends, real.astype(np.float64)])
            shown = np.asarray(apply_windowing(wide, _window_only(dataset)), np.float64)
            low, high = shown[:2]
            if high > low:
                return np.clip((shown[2:] - low) / (high - low), 0, 1), ()
    except (ValueError, KeyError, AttributeError, IndexError, TypeError):
        notes: tuple[str, ...] = ("its VOI transformation is damaged and was ignored",)
    else:
        notes = ()
    low, high = _range(real, values, dataset)
    return np.clip((real.astype(np.float64) - low) / ((high - low) or 1), 0, 1), notes


def _modality(values: npt.NDArray[Any], dataset: Any) -> npt.NDArray[Any]:
    """Stored values after the modality LUT or rescale; integers if all results are whole."""
    from pydicom.pixels import apply_modality_lut

    if not dataset.get("ModalityLUTSequence") and rescale(dataset) is None:
        return values
    real = np.asarray(apply_modality_lut(values, dataset))
    valid = np.isfinite(real).all() and np.abs(real).max() < 1e9
    if not valid or (len(values) > 1 and real.min() == real.max()):
        raise RadiographError(
            "its modality LUT or rescale maps all pixels to one value or to invalid numbers; send "
            "it again from its source"
        )
    if real.dtype.kind == "f" and (real == np.round(real)).all():
        real = real.astype(np.int32)
    return real


def rescale(dataset: Any) -> tuple[float, float] | None:
    """(slope, intercept), or None if the header does not have both.

    Raises `ValueError` or `TypeError` for values that are not numbers.
    """
    found = [dataset.get(name) for name in ("RescaleSlope", "RescaleIntercept")]
    if any(value is None or value == "" for value in found):
        return None
    return float(found[0]), float(found[1])


def window(dataset: Any) -> tuple[float, float] | None:
    """(centre, width) of the first window, or None if there is no valid one."""
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None or centre == "" or width == "":
        return None
    try:
        first = [float(np.atleast_1d(np.asarray(v, np.float64))[0]) for v in (centre, width)]
    except (ValueError, TypeError, IndexError):
        return None
    return (first[0], first[1]) if np.isfinite(first).all() and first[1] >= 1 else None


def _window_only(dataset: Any) -> Any:
    """A data set with the window only: `apply_windowing` refuses some unrelated values."""
    from pydicom.dataset import Dataset

    bare = Dataset()
    centre, width = window(dataset) or (0.0, 1.0)
    bare.WindowCenter, bare.WindowWidth = f"{centre:.10g}"[:16], f"{width:.10g}"[:16]
    bare.PhotometricInterpretation = "MONOCHROME2"
    bare.PixelRepresentation, bare.BitsStored = 0, 16
    if function := window_function(dataset):
        bare.VOILUTFunction = function
    return bare


def window_function(dataset: Any) -> str | None:
    """VOILUTFunction if it is one of the standard, else None, which means linear."""
    function = str(dataset.get("VOILUTFunction", "") or "").strip()
    return function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else None


def _range(real: npt.NDArray[Any], values: npt.NDArray[Any], dataset: Any) -> tuple[float, float]:
    """(black, white) without a window: range of the bits in use if unsigned, else min and max."""
    if values.dtype.kind == "u" and np.array_equal(real, values):
        bits = max(int(values[-1]).bit_length(), 8)
        return 0.0, 2.0 ** max(min(bits, int(dataset.BitsStored)), 8) - 1
    return float(real.min()), float(real.max())
