"""The sample files that pydicom ships: read, or refused in one line that says why."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph, read

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402

FOLDER = Path(pydicom.__file__).parent / "data"
SAMPLES = [
    file
    for file in sorted(FOLDER.rglob("*"))
    if file.is_file() and (file.suffix == ".dcm" or file.name.startswith("DICOMDIR"))
]


def attempt(file: Path) -> Radiograph | str:
    """The radiograph, or why there is none."""
    try:
        return read(file)
    except RadiographError as error:
        return str(error)


def test_each_is_read_or_refused_in_one_line() -> None:
    done = 0
    for file in SAMPLES:
        found = attempt(file)
        if isinstance(found, str):
            assert found.startswith(f"{file}: ")
            assert "\n" not in found
            continue
        assert 0 <= found.pixels.min() <= found.pixels.max() <= 1
        done += 1
    assert done >= 30


def test_a_directory_is_no_radiograph() -> None:
    with pytest.raises(RadiographError, match=r"Media Storage Directory.*not a radiograph"):
        read(FOLDER / "test_files" / "dicomdirtests" / "DICOMDIR")


def captures() -> Iterator[tuple[Path, Any]]:
    """Slices and ultrasound of one frame, as if somebody had captured them."""
    for file in SAMPLES:
        dataset = pydicom.dcmread(file, force=True)
        if file.name == "badVR.dcm" or "Rows" not in dataset or "PixelData" not in dataset:
            continue
        frames = dataset.get("NumberOfFrames") or 1
        if frames > 1 or min(dataset.Rows, dataset.Columns) < 32:
            continue
        dataset.SOPClassUID = uid.SecondaryCaptureImageStorage
        dataset.Modality = "OT"
        yield file, dataset


@pytest.mark.filterwarnings("ignore")
def test_all_ways_of_storing_pixels_are_decoded(tmp_path: Path) -> None:
    """Through a wide window grey is a straight line of the values that pydicom gives."""
    decoded: set[str] = set()
    for file, dataset in captures():
        for name in ("WindowCenter", "WindowWidth", "VOILUTSequence"):
            if name in dataset:
                delattr(dataset, name)
        try:
            dataset.save_as(tmp_path / "capture.dcm", enforce_file_format=True)
        except TypeError:
            continue  # of two kinds of VR, which pydicom reads and cannot write
        found = attempt(tmp_path / "capture.dcm")
        if isinstance(found, str):
            assert file.name in REFUSED, found
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            values = _grey(dataset)
        if any("far from all others" in note for note in found.notes):  # around a slice
            values = np.maximum(values, np.unique(values)[1])
        assert np.corrcoef(values.ravel(), found.pixels.ravel())[0, 1] > 0.999, file.name
        decoded.add(str(dataset.file_meta.TransferSyntaxUID))
    assert decoded >= {
        uid.ImplicitVRLittleEndian,
        uid.ExplicitVRLittleEndian,
        uid.ExplicitVRBigEndian,
        uid.DeflatedExplicitVRLittleEndian,
        uid.RLELossless,
        uid.JPEGBaseline8Bit,
        uid.JPEGLSLossless,
        uid.JPEGLSNearLossless,
        uid.JPEG2000,
        uid.JPEG2000Lossless,
    }


REFUSED = {
    "MR_truncated.dcm",
    "JPEG2000-embedded-sequence-delimiter.dcm",  # which stands where its width was
    "JPGExtended.dcm",  # twelve bits, lossy
    "JPEG-lossy.dcm",
    *("liver_1frame.dcm", "liver_expb_1frame.dcm"),  # one bit
}


def _grey(dataset: Any) -> np.ndarray:
    values = dataset.pixel_array
    if dataset.PhotometricInterpretation == "PALETTE COLOR":
        values = pydicom.pixels.apply_color_lut(values, dataset)
    values = values.astype(np.float64)
    if dataset.PhotometricInterpretation == "MONOCHROME1":
        values = -values
    return values @ [0.299, 0.587, 0.114] if values.ndim == 3 else values
