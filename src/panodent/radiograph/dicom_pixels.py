"""A DICOM file's pixels as a radiograph needs them: grey in [0, 1], bright = dense, upright.

Order, as the standard has it (PS3.3 C.11, PS3.14): modality LUT, VOI LUT or window, then one
inversion for MONOCHROME1 or Presentation LUT Shape INVERSE. Headers are checked, and compressed
codestreams measured, before a pixel is decoded. Decoders: pydicom's own, Pillow, pylibjpeg's
OpenJPEG, CharLS, and GDCM for lossless JPEG.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import NoRadiographError, RadiographError
from panodent.radiograph import dicom_codestream
from panodent.radiograph.dicom_file import add_pixels, decoding, read_header
from panodent.radiograph.dicom_geometry import Turn, _spacing, _upright

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
    """pixels : float32 (H, W) in [0, 1]; spacing : (row, column) mm at the detector, or None."""

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    notes: tuple[str, ...]
    turn: Turn


def check_radiograph(header: Any) -> str:
    """'' for a single-frame radiograph object, else what it is instead, in words."""
    meta = getattr(header, "file_meta", {})
    uid = str(header.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID", ""))
    modality = str(header.get("Modality", "") or "").strip()
    if uid and uid not in RADIOGRAPH_CLASSES:
        from pydicom.uid import UID

        return f"a {UID(uid).name} object, not a radiograph"
    if modality not in _MODALITIES:
        known = modality.isascii() and modality.isalpha() and modality.isupper()
        return f"of {f'modality {modality!r}' if known else 'no known modality'}, not a radiograph"
    frames = header.get("NumberOfFrames")
    if frames is not None and not isinstance(frames, int):
        return "of a number of frames that is no number, so damaged"
    if frames is not None and frames > 1:
        return f"a multi-frame object of {int(frames)} frames; send the panoramic as one frame"
    return ""


def size_of(file: Path) -> tuple[int, int]:
    """(height, width) from a file's header, upright; raises `RadiographError`."""
    header = read_header(file)
    with decoding(file):
        rows, cols = int(header.Rows), int(header.Columns)
        return (cols, rows) if _upright(header)[0].transposed else (rows, cols)


def read_image(file: Path, max_pixels: int) -> DicomImage:
    """Pixels of a single-frame radiograph; raises `RadiographError` naming the file."""
    dataset = read_header(file)
    with decoding(file):
        if problem := check_radiograph(dataset):
            raise NoRadiographError(
                f"{file}: {problem}; expected one frame of Digital X-Ray, Computed Radiography, "
                "Intra-Oral X-Ray or Secondary Capture"
            )
        _check_size(int(dataset.Rows), int(dataset.Columns), max_pixels)
        _add_checked_pixels(dataset, file)
        pixels, notes = _grey(_stored(dataset), dataset)
        turn, turned = _upright(dataset)
        spacing, measured = _spacing(dataset)
    if turn.transposed and spacing is not None:
        spacing = spacing[::-1]
    return DicomImage(
        np.ascontiguousarray(turn.apply(pixels)), spacing, (*notes, *measured, *turned), turn
    )


def _check_size(rows: int, cols: int, max_pixels: int) -> None:
    if rows * cols > max_pixels:
        raise RadiographError(
            f"{cols} x {rows} is {rows * cols / 1e6:.1f} megapixels; the limit is "
            f"{max_pixels / 1e6:.1f} (raise it with --max-pixels if the file is to be trusted)"
        )
    if rows < 32 or cols < 32:
        raise RadiographError(
            f"{cols} x {rows} pixels is too small for a radiograph; expected at least 32 x 32"
        )


def _add_checked_pixels(dataset: Any, file: Path) -> None:
    """Reads the pixels; a compressed picture must be as large as the header says."""
    from pydicom.encaps import get_frame

    samples, width = int(dataset.SamplesPerPixel), -(-int(dataset.BitsAllocated) // 8)
    if samples not in (1, 3) or not 1 <= width <= 8:
        raise RadiographError(
            f"{samples} samples of {int(dataset.BitsAllocated)} bits a pixel; expected 1 or 3 of "
            "8 or 16 bits"
        )
    claim = (int(dataset.Rows), int(dataset.Columns), samples)
    add_pixels(dataset, file, claim[0] * claim[1] * samples * width)
    if not dataset.get("PixelData"):
        raise RadiographError("it holds no pixel data")
    syntax = dataset.file_meta.TransferSyntaxUID
    if syntax.is_encapsulated:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        dicom_codestream.check(frame, claim, str(syntax), width)


# --- values ------------------------------------------------------------------------------------


def _stored(dataset: Any) -> npt.NDArray[Any]:
    """Stored values (H, W) or RGB (H, W, 3); bits above those in use are cleared."""
    if str(dataset.file_meta.TransferSyntaxUID) in _JPEG_LS:
        dataset.pixel_array_options(decoding_plugin="pyjpegls")
    array: npt.NDArray[Any] = dataset.pixel_array
    if array.ndim == 2 and array.dtype.kind in "iu":
        spare = int(dataset.BitsAllocated) - int(dataset.BitsStored)
        if 0 < spare < array.dtype.itemsize * 8:
            array = (array << spare) >> spare
    return array


_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
"""Decoded by CharLS itself, in half the time that it takes by way of GDCM."""


def _grey(
    stored: npt.NDArray[Any], dataset: Any
) -> tuple[npt.NDArray[np.float32], tuple[str, ...]]:
    kind = str(dataset.PhotometricInterpretation)
    if kind == "PALETTE COLOR":
        from pydicom.pixels import apply_color_lut

        stored = apply_color_lut(stored, dataset)
    if stored.ndim == 3:
        top = float(np.iinfo(stored.dtype).max)
        luma = stored[..., :3].astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        return (luma / np.float32(top)).astype(np.float32), ("colour turned to grey",)
    if stored.ndim != 2 or stored.dtype.kind not in "iu" or stored.dtype.itemsize > 2:
        raise RadiographError(
            f"pixels are {stored.dtype} of shape {stored.shape}; expected 8 or 16 bits, one frame"
        )
    low, high = int(stored.min()), int(stored.max())
    # Every step maps one stored value to one grey value: do it once for each value there is.
    values = np.arange(low, high + 1, dtype=np.int32).astype(stored.dtype)
    table, notes = _presented(values, dataset)
    shape = str(dataset.get("PresentationLUTShape", "") or "").strip().upper()
    if kind == "MONOCHROME1" or shape == "INVERSE":
        table = 1 - table
        notes = (*notes, "inverted: the file counts dense as dark")
    index = stored.astype(np.int32) - low if low else stored
    return table.astype(np.float32)[index], notes


def _presented(
    values: npt.NDArray[Any], dataset: Any
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """Stored values in ascending order -> grey in [0, 1], by modality and VOI transformation."""
    from pydicom.pixels import apply_voi, apply_windowing

    real = _modality(values, dataset)
    try:
        if dataset.get("VOILUTSequence"):
            bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
            shown = np.asarray(apply_voi(real, dataset), np.float64)
            return np.clip(shown / (2.0**bits - 1), 0, 1), ()
        if window(dataset) is not None:
            # The standard's output range is ours to choose; a window's result is spread over it.
            ends = np.array([-1e9, 1e9])
            wide = np.concatenate([ends, real.astype(np.float64)])
            shown = np.asarray(apply_windowing(wide, _windowed(dataset)), np.float64)
            low, high = shown[:2]
            if high > low:
                return np.clip((shown[2:] - low) / (high - low), 0, 1), ()
    except (ValueError, KeyError, AttributeError, IndexError, TypeError):
        notes: tuple[str, ...] = ("its VOI transformation is damaged and was left out",)
    else:
        notes = ()
    low, high = _range(real, values, dataset)
    return np.clip((real.astype(np.float64) - low) / ((high - low) or 1), 0, 1), notes


def _modality(values: npt.NDArray[Any], dataset: Any) -> npt.NDArray[Any]:
    """Stored values by the modality LUT or rescale, whole numbers where they are whole."""
    from pydicom.pixels import apply_modality_lut

    if not dataset.get("ModalityLUTSequence") and rescale(dataset) is None:
        return values
    real = np.asarray(apply_modality_lut(values, dataset))
    sound = np.isfinite(real).all() and np.abs(real).max() < 1e9
    if not sound or (len(values) > 1 and real.min() == real.max()):
        raise RadiographError(
            "its modality LUT or rescale makes one value, or none, of all; send it again from its "
            "source"
        )
    if real.dtype.kind == "f" and (real == np.round(real)).all():
        real = real.astype(np.int32)
    return real


def rescale(dataset: Any) -> tuple[float, float] | None:
    """(slope, intercept), or None where the header does not tell both.

    Raises `ValueError` or `TypeError` for what is no number.
    """
    found = [dataset.get(name) for name in ("RescaleSlope", "RescaleIntercept")]
    if any(value is None or value == "" for value in found):
        return None
    return float(found[0]), float(found[1])


def window(dataset: Any) -> tuple[float, float] | None:
    """The first window's (centre, width), or None where there is none that makes sense."""
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None or centre == "" or width == "":
        return None
    try:
        first = [float(np.atleast_1d(np.asarray(v, np.float64))[0]) for v in (centre, width)]
    except (ValueError, TypeError, IndexError):
        return None
    return (first[0], first[1]) if np.isfinite(first).all() and first[1] >= 1 else None


def _windowed(dataset: Any) -> Any:
    """What `apply_windowing` reads, and no more: it refuses what it need not know."""
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
    """The function of the window if it is one that the standard knows, else None: linear."""
    function = str(dataset.get("VOILUTFunction", "") or "").strip()
    return function if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID") else None


def _range(real: npt.NDArray[Any], values: npt.NDArray[Any], dataset: Any) -> tuple[float, float]:
    """Grey's ends where nothing is said: all bits in use if unsigned, else what is there."""
    if values.dtype.kind == "u" and np.array_equal(real, values):
        bits = max(int(values[-1]).bit_length(), 8)
        return 0.0, 2.0 ** max(min(bits, int(dataset.BitsStored)), 8) - 1
    return float(real.min()), float(real.max())


# --- geometry ----------------------------------------------------------------------------------
