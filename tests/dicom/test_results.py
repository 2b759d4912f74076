"""DICOM results: same study, nothing invented, for every kind of radiograph."""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
highdicom = pytest.importorskip("highdicom")

from pydicom import uid  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.dentition import PERMANENT  # noqa: E402
from panodent.dicom import files, seg  # noqa: E402
from panodent.dicom.source import Model, SourceImage, source_of  # noqa: E402
from panodent.inference.predictor import PERMANENT_ONLY, with_limits_noted  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402


def test_all_belong_to_the_radiographs_study_and_refer_to_it(
    made: dict[str, Any], source: SourceImage
) -> None:
    header = source.header
    for dataset in made.values():
        assert dataset.StudyInstanceUID == header.StudyInstanceUID
        assert dataset.PatientID == header.PatientID
        assert dataset.SeriesInstanceUID != header.SeriesInstanceUID
        assert header.SOPInstanceUID in str(dataset)
    assert len({dataset.SeriesInstanceUID for dataset in made.values()}) == len(made) == 4
    assert "FrameOfReferenceUID" not in made["seg"]
    assert "PlanePositionSequence" not in str(made["seg"])


def _luts(dataset: Any) -> None:
    from pydicom.dataset import Dataset
    from pydicom.sequence import Sequence

    item = Dataset()
    item.LUTDescriptor, item.LUTData = [4096, 0, 12], np.arange(4096, dtype="<u2").tobytes()
    item["LUTDescriptor"].VR, item["LUTData"].VR = "US", "OW"
    dataset.VOILUTSequence = Sequence([item])
    dataset.PixelData = (4095 - dataset.pixel_array).astype("<u2").tobytes()
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = "MONOCHROME1", "INVERSE"


def _colour(dataset: Any) -> None:
    values = (dataset.pixel_array >> 4).astype(np.uint8)
    dataset.SOPClassUID = uid.SecondaryCaptureImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = uid.SecondaryCaptureImageStorage
    dataset.Modality, dataset.ConversionType = "OT", "WSD"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, "RGB"
    dataset.PlanarConfiguration, dataset.BitsAllocated, dataset.BitsStored = 0, 8, 8
    dataset.HighBit = 7
    dataset.PixelData = np.stack([values] * 3, axis=-1).tobytes()
    dataset["PixelData"].VR = "OB"
    for name in ("WindowCenter", "WindowWidth", "RescaleSlope", "RescaleIntercept", "RescaleType"):
        delattr(dataset, name)


def _mirrored(dataset: Any) -> None:
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[:, ::-1]).tobytes()
    dataset.PatientOrientation = ["R", "F"]


def _lying(dataset: Any) -> None:
    dataset.PixelData = np.ascontiguousarray(dataset.pixel_array.T[::-1]).tobytes()
    dataset.Rows, dataset.Columns = dataset.Columns, dataset.Rows
    dataset.PatientOrientation = ["F", "R"]


def _ybr(dataset: Any) -> None:
    _colour(dataset)
    values = dataset.pixel_array.copy()
    values[..., 1:] = 128
    dataset.PhotometricInterpretation = "YBR_FULL"
    dataset.PixelData = values.tobytes()


def _computed(dataset: Any) -> None:
    """An old reader's: no orientation, no spacing, signed, MONOCHROME1."""
    dataset.SOPClassUID = uid.ComputedRadiographyImageStorage
    dataset.file_meta.MediaStorageSOPClassUID = uid.ComputedRadiographyImageStorage
    dataset.Modality, dataset.PixelRepresentation = "CR", 1
    dataset.PixelData = (2047 - dataset.pixel_array.astype(np.int16)).tobytes()
    dataset.PhotometricInterpretation, dataset.RescaleIntercept = "MONOCHROME1", 2048
    del dataset.PatientOrientation, dataset.ImagerPixelSpacing, dataset.PresentationLUTShape


def _faulty(dataset: Any) -> None:
    """What breaks the standard's rules and is met all the same."""
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.PatientName = "Yamada^Tarou=\u5c71\u7530^\u592a\u90ce"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset.PatientBirthDate, dataset.StudyDate = "unknown", "2026.01.01"
        dataset.StudyTime, dataset.PatientSex, dataset.AccessionNumber = "noon", "female", "9" * 40
        dataset.PatientOrientation, dataset.VOILUTFunction = ["UP", "DOWN"], "WAVY"
    del dataset.WindowWidth, dataset.RescaleIntercept


CHANGES = {
    "plain": lambda _: None,
    "LUTs, MONOCHROME1": _luts,
    "colour capture": _colour,
    "YBR capture": _ybr,
    "mirrored": _mirrored,
    "lying on its side": _lying,
    "computed radiography": _computed,
    "faulty": _faulty,
}


@pytest.mark.parametrize("what", CHANGES)
def test_every_kind_of_radiograph_gets_sound_results(
    scene: tuple[Radiograph, Teeth],
    store_file: Callable[..., Path],
    model: Model,
    tmp_path: Path,
    what: str,
) -> None:
    """They have the same masks in the file's own layout, and dciodvfy finds no error."""
    file = store_file(tmp_path, CHANGES[what])
    radiograph, truth = read(file), scene[1]
    assert np.abs(radiograph.pixels - scene[0].pixels).max() < 0.05 or what == "faulty"
    files.write(tmp_path, files.contents(source_of(radiograph, truth, model), files.KINDS))
    read_back = pydicom.dcmread(tmp_path / files.name_of("seg"))
    found = seg.to_teeth(read_back)
    assert found.fdi.tolist() == truth.fdi.tolist()
    for index in range(len(truth)):
        assert np.array_equal(radiograph.turn.apply(found.full_mask(index)), truth.full_mask(index))
    header = pydicom.dcmread(file)
    assert (read_back.Rows, read_back.Columns) == (header.Rows, header.Columns)
    assert str(read_back.PatientName) == str(header.PatientName)
    if shutil.which("dciodvfy") is not None:
        assert [line for kind in files.KINDS for line in _errors(tmp_path, kind)] == []


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
def test_results_of_a_child_are_sound(model: Model, tmp_path: Path) -> None:
    """Deciduous teeth, germs, and the note that a bundle knows permanent teeth only."""
    radiograph, truth = phantom.draw(4, (256, 512), age=8.0)
    to_dicom(radiograph, 4).save_as(tmp_path / "opg.dcm", enforce_file_format=True)
    noted = with_limits_noted(read(tmp_path / "opg.dcm"), PERMANENT)
    files.write(tmp_path, files.contents(source_of(noted, truth, model), files.KINDS))
    assert seg.to_teeth(pydicom.dcmread(tmp_path / files.name_of("seg"))).fdi.max() > 50
    report = pydicom.dcmread(tmp_path / files.name_of("sr"))
    assert report.ContentSequence[-1].TextValue == PERMANENT_ONLY
    assert [line for kind in files.KINDS for line in _errors(tmp_path, kind)] == []


def _errors(folder: Path, kind: str) -> list[str]:
    checked = subprocess.run(
        ["dciodvfy", str(folder / files.name_of(kind))], capture_output=True, text=True
    )
    said = (checked.stdout + checked.stderr).splitlines()
    return [f"{kind}: {line}" for line in said if "Error" in line]


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
def test_dciodvfy_would_find_an_error(made: dict[str, Any], tmp_path: Path) -> None:
    broken = pydicom.dcmread(io.BytesIO(files.to_bytes(made["seg"])))
    del broken.SegmentSequence[0].SegmentLabel
    broken.save_as(tmp_path / files.name_of("seg"))
    assert _errors(tmp_path, "seg")
