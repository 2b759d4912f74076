"""A DICOM file's pixels as a radiograph needs them: grey in [0, 1], bright = dense, upright.

Order, as the standard has it (PS3.3 C.11, PS3.14): modality LUT, VOI LUT or window, then one
inversion for MONOCHROME1 or Presentation LUT Shape INVERSE. Headers are checked, and compressed
codestreams measured, before a pixel is decoded. Decoders: pydicom's own, Pillow, pylibjpeg's
OpenJPEG, CharLS, and GDCM for lossless and 12-bit JPEG.
"""

from __future__ import annotations

import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import MissingExtraError, NoRadiographError, PanodentError, RadiographError

SUFFIXES = (".dcm", ".dicom", ".dic", ".ima")
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
_DEFLATED = "1.2.840.10008.1.2.1.99"
_SLACK = 64_000_000
"""Bytes that a file may hold besides its pixels."""


@dataclass(frozen=True)
class Turn:
    """How a file's pixels were laid upright: transposed first, then rows and columns reversed."""

    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def __bool__(self) -> bool:
        return self.transposed or self.rows or self.columns

    def apply(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An image of the file's own layout (H, W), upright."""
        image = image.T if self.transposed else image
        image = image[::-1] if self.rows else image
        return image[:, ::-1] if self.columns else image

    def undo(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An upright image (H, W) in the file's own layout."""
        image = image[:, ::-1] if self.columns else image
        image = image[::-1] if self.rows else image
        return image.T if self.transposed else image


@dataclass(frozen=True)
class DicomImage:
    """pixels : float32 (H, W) in [0, 1]; spacing : (row, column) mm at the detector, or None."""

    pixels: npt.NDArray[np.float32]
    spacing: tuple[float, float] | None
    notes: tuple[str, ...]
    turn: Turn


def is_dicom(file: Path) -> bool:
    """Whether a file has DICOM's mark, or a name that says so."""
    try:
        with file.open("rb") as stream:
            head = stream.read(132)
    except OSError:
        return False
    return head[128:] == b"DICM" or (bool(head) and file.suffix.lower() in SUFFIXES)


def read_header(file: Path) -> Any:
    """The dataset of a DICOM file without its pixels. Raises `RadiographError`."""
    return _dataset(file, stop_before_pixels=True, limit=_SLACK)


def check_radiograph(header: Any) -> str:
    """'' for a single-frame radiograph object, else what it is instead, in words."""
    uid = str(header.get("SOPClassUID", ""))
    modality = str(header.get("Modality", "") or "").strip()
    if uid and uid not in RADIOGRAPH_CLASSES:
        from pydicom.uid import UID

        return f"a {UID(uid).name} object, not a radiograph"
    if modality not in _MODALITIES:
        return f"of modality {modality!r}, not a radiograph"
    frames = header.get("NumberOfFrames") or 1
    if int(frames) > 1:
        return f"a multi-frame object of {int(frames)} frames; send the panoramic as one frame"
    return ""


def directory_files(file: Path) -> list[Path]:
    """The files that a DICOMDIR lists, below its own folder, in its order.

    Raises `RadiographError` when it is damaged or names a place outside.
    """
    root = file.resolve().parent
    found: list[Path] = []
    with _decoding(file):
        for record in read_header(file).DirectoryRecordSequence:
            parts = record.get("ReferencedFileID")
            if not parts:
                continue
            place = root.joinpath(*([parts] if isinstance(parts, str) else parts)).resolve()
            if not place.is_relative_to(root):
                raise RadiographError(f"{file}: refers to a file outside its own folder")
            found.append(place)
    return found


def size_of(header: Any) -> tuple[int, int]:
    """(height, width), upright."""
    rows, cols = int(header.Rows), int(header.Columns)
    return (cols, rows) if _upright(header)[0].transposed else (rows, cols)


def read_image(file: Path, max_pixels: int) -> DicomImage:
    """Pixels of a single-frame radiograph; raises `RadiographError` naming the file."""
    header = read_header(file)
    if problem := check_radiograph(header):
        raise NoRadiographError(
            f"{file}: {problem}; expected one frame of Digital X-Ray, Computed Radiography, "
            "Intra-Oral X-Ray or Secondary Capture"
        )
    with _decoding(file):
        rows, cols = int(header.Rows), int(header.Columns)
        if rows * cols > max_pixels:
            raise RadiographError(
                f"{file}: {cols} x {rows} is {rows * cols / 1e6:.1f} megapixels; the limit is "
                f"{max_pixels / 1e6:.1f} (raise it with --max-pixels if the file is to be trusted)"
            )
        if rows < 32 or cols < 32:
            raise RadiographError(
                f"{file}: {cols} x {rows} pixels is too small for a radiograph; expected at "
                "least 32 x 32"
            )
        dataset = _dataset(file, stop_before_pixels=False, limit=_SLACK + 16 * max_pixels)
        _check_codestream(dataset, rows, cols)
        stored = _stored(dataset)
        if stored.shape[:2] != (rows, cols):
            raise RadiographError(
                f"{file}: the pixels are {stored.shape[1]} x {stored.shape[0]}, its header says "
                f"{cols} x {rows}"
            )
        pixels, notes = _grey(stored, dataset)
    turn, turned = _upright(dataset)
    spacing, measured = _spacing(dataset)
    if turn.transposed and spacing is not None:
        spacing = spacing[::-1]
    return DicomImage(
        np.ascontiguousarray(turn.apply(pixels)), spacing, (*notes, *measured, *turned), turn
    )


# --- reading -----------------------------------------------------------------------------------


@contextmanager
def _decoding(file: Path) -> Iterator[None]:
    """Whatever a damaged file makes a decoder raise becomes one line naming the file."""
    logger = logging.getLogger("pydicom")  # it prints values, and those can be a patient's
    level = logger.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.CRITICAL + 1)
        try:
            yield
        except PanodentError as error:
            raise (
                error if str(file) in str(error) else RadiographError(f"{file}: {error}")
            ) from None
        except Exception as error:  # decoders raise anything
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise RadiographError(
                f"{file}: the DICOM file is damaged, cut off or of a kind that no decoder here "
                f"reads ({reason}); send it again from its source"
            ) from None
        finally:
            logger.setLevel(level)


def _dataset(file: Path, *, stop_before_pixels: bool, limit: int) -> Any:
    try:
        import pydicom
    except ImportError:
        raise MissingExtraError("dicom", f"{file}: reading DICOM", "pydicom") from None
    with _decoding(file):
        _check_deflated(file, limit)
        return pydicom.dcmread(file, force=True, stop_before_pixels=stop_before_pixels)


def _check_deflated(file: Path, limit: int) -> None:
    """A deflated data set must not swell beyond what pixels need."""
    import pydicom
    from pydicom.filereader import read_preamble

    with file.open("rb") as stream:
        if read_preamble(stream, force=True) is None:
            return
        meta = pydicom.filereader.read_file_meta_info(file)
        if str(meta.get("TransferSyntaxUID", "")) != _DEFLATED:
            return
        length = meta.get("FileMetaInformationGroupLength")
        if length is None:
            raise RadiographError(f"{file}: deflated, and its header does not say where it starts")
        stream.seek(144 + int(length))
        inflater, total = zlib.decompressobj(-zlib.MAX_WBITS), 0
        pending = stream.read(1 << 16)
        while pending and not inflater.eof:
            total += len(inflater.decompress(pending, 1 << 20))
            if total > limit:
                raise RadiographError(
                    f"{file}: its deflated data swell beyond {limit / 1e6:.0f} MB; refused"
                )
            pending = inflater.unconsumed_tail or stream.read(1 << 16)


def _check_codestream(dataset: Any, rows: int, cols: int) -> None:
    """The picture inside a compressed file must be as large as the header says."""
    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        return
    if dataset.file_meta.TransferSyntaxUID == _DEFLATED:
        return
    from pydicom.encaps import get_frame

    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    size = _jpeg_size(frame) or _jpeg2000_size(frame)
    if size is not None and size != (rows, cols):
        raise RadiographError(
            f"the compressed picture is {size[1]} x {size[0]}, the header says {cols} x {rows}"
        )


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) in a JPEG's or JPEG-LS's frame header."""
    if data[:2] != b"\xff\xd8":
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        kind = data[at + 1]
        if kind in _FRAME_HEADERS:
            return int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
        at += 1 if kind == 0xFF else 2 + int.from_bytes(data[at + 2 : at + 4])
    return None


_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


def _jpeg2000_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) in a JPEG 2000 codestream's SIZ segment, with or without a JP2 wrapper."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0 or at > 4096 or len(data) < at + 24:
        return None
    right, bottom, left, top = (
        int.from_bytes(data[at + 8 + 4 * i : at + 12 + 4 * i]) for i in range(4)
    )
    return bottom - top, right - left


def _stored(dataset: Any) -> npt.NDArray[Any]:
    """Stored values (H, W) or RGB (H, W, 3); bits above those in use are cleared."""
    if "PixelData" not in dataset:
        raise RadiographError("it holds no pixel data")
    array: npt.NDArray[Any] = dataset.pixel_array
    if array.ndim == 2 and array.dtype.kind in "iu":
        spare = int(dataset.BitsAllocated) - int(dataset.BitsStored)
        if 0 < spare < array.dtype.itemsize * 8:
            array = (array << spare) >> spare
    return array


# --- values ------------------------------------------------------------------------------------


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
    from pydicom.pixels import apply_modality_lut, apply_voi, apply_windowing

    real = np.asarray(apply_modality_lut(values, dataset))
    if real.dtype.kind == "f" and (real == np.round(real)).all():
        real = real.astype(np.int32)
    try:
        if dataset.get("VOILUTSequence"):
            bits = int(dataset.VOILUTSequence[0].LUTDescriptor[2])
            shown = np.asarray(apply_voi(real, dataset), np.float64)
            return np.clip(shown / (2.0**bits - 1), 0, 1), ()
        if _window(dataset) is not None:
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


def _window(dataset: Any) -> tuple[float, float] | None:
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None or centre == "" or width == "":
        return None
    first = [float(np.atleast_1d(np.asarray(v, np.float64))[0]) for v in (centre, width)]
    return (first[0], first[1]) if np.isfinite(first).all() and first[1] >= 1 else None


def _windowed(dataset: Any) -> Any:
    """What `apply_windowing` reads, and no more: it refuses what it need not know."""
    from pydicom.dataset import Dataset

    bare = Dataset()
    centre, width = _window(dataset) or (0.0, 1.0)
    bare.WindowCenter, bare.WindowWidth = f"{centre:.10g}"[:16], f"{width:.10g}"[:16]
    bare.PhotometricInterpretation = "MONOCHROME2"
    bare.PixelRepresentation, bare.BitsStored = 0, 16
    function = str(dataset.get("VOILUTFunction", "") or "").strip()
    if function in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        bare.VOILUTFunction = function
    return bare


def _range(real: npt.NDArray[Any], values: npt.NDArray[Any], dataset: Any) -> tuple[float, float]:
    """Grey's ends where nothing is said: all bits in use if unsigned, else what is there."""
    if values.dtype.kind == "u" and np.array_equal(real, values):
        bits = max(int(values[-1]).bit_length(), 8)
        return 0.0, 2.0 ** max(min(bits, int(dataset.BitsStored)), 8) - 1
    return float(real.min()), float(real.max())


# --- geometry ----------------------------------------------------------------------------------

_SPACINGS = ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing")


def _spacing(dataset: Any) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    for name in _SPACINGS:
        value = dataset.get(name)
        if value is not None and len(np.atleast_1d(value)) == 2:
            row, col = float(value[0]), float(value[1])
            if np.isfinite([row, col]).all() and min(row, col) > 0:
                return (row, col), (f"spacing is {name}, uncalibrated",)
    return None, ()


def _upright(dataset: Any) -> tuple[Turn, tuple[str, ...]]:
    """How to lay the image so that rows run to the patient's left and columns to the feet."""
    notes: list[str] = []
    side = str(dataset.get("ImageLaterality", "") or "").strip().upper()
    if side in ("L", "R"):
        notes.append(f"ImageLaterality {side}: one side of the patient only")
    value = dataset.get("PatientOrientation")
    along = [str(item).strip().upper()[:1] for item in value] if value else []
    if len(along) != 2:
        return Turn(), tuple(notes)
    transposed = along[0] in ("H", "F") and along[1] in ("L", "R")
    if transposed:
        along = along[::-1]
    if along[0] not in ("L", "R") or along[1] not in ("H", "F"):
        return Turn(), tuple(notes)
    turn = Turn(transposed, along[1] == "H", along[0] == "R")
    if turn:
        given = "\\".join(str(item) for item in value)
        mirrored = turn.transposed ^ turn.rows ^ turn.columns
        notes.append(
            f"{'mirrored' if mirrored else 'turned'} upright: PatientOrientation is {given}"
        )
    return turn, tuple(notes)
