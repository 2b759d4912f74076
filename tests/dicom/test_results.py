"""DICOM results: same masks and numbers in another's eyes, same study, nothing invented."""

from __future__ import annotations

import io
import shutil
import subprocess
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
highdicom = pytest.importorskip("highdicom")

from pydicom import uid  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.dentition import TEETH  # noqa: E402
from panodent.dicom import files, seg  # noqa: E402
from panodent.dicom.source import Model, SourceImage, source_of  # noqa: E402
from panodent.errors import AnnotationError, RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402

MODEL = Model("test", "ab" * 32)


@pytest.fixture(scope="module")
def scene() -> tuple[Radiograph, Teeth]:
    """A phantom and its truth, one tooth doubtful, one without a number, with overlaps."""
    radiograph, truth = phantom.draw(3, (256, 512))
    fdi = truth.fdi.copy()
    fdi[-1] = 0
    flags = [frozenset()] * (len(truth) - 2) + [frozenset({"doubtful"}), frozenset({"unnumbered"})]
    scores = np.linspace(0.5, 1, len(truth), dtype=np.float32)
    return radiograph, replace(truth, fdi=fdi, scores=scores, flags=tuple(flags))


def stored(
    scene: tuple[Radiograph, Teeth], folder: Path, change: Callable[[Any], None] = lambda _: None
) -> Path:
    dataset = to_dicom(scene[0], 7)
    dataset.PatientName = "Doe^Jane"
    change(dataset)
    dataset.save_as(folder / "opg.dcm", enforce_file_format=True)
    return folder / "opg.dcm"


@pytest.fixture(scope="module")
def source(scene: tuple[Radiograph, Teeth], tmp_path_factory: Any) -> SourceImage:
    file = stored(scene, tmp_path_factory.mktemp("s"))
    return source_of(read(file), scene[1], MODEL)


@pytest.fixture(scope="module")
def made(source: SourceImage, tmp_path_factory: Any) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files.write(folder, files.contents(source, ("seg", "pr", "sr")))
    return {kind: pydicom.dcmread(folder / files.name_of(kind)) for kind in files.KINDS}


def test_a_segmentation_holds_the_same_masks_and_numbers(
    made: dict[str, Any], source: SourceImage
) -> None:
    found = seg.to_teeth(made["seg"])
    truth = source.teeth
    assert found.fdi.tolist() == truth.fdi.tolist()
    assert np.array_equal(found.boxes, truth.boxes)
    assert all(map(np.array_equal, found.masks, truth.masks))
    assert truth.areas.sum() > sum(m.any(axis=0).sum() for m in [_stack(truth)])  # overlaps


def _stack(teeth: Teeth) -> np.ndarray:
    return np.stack([teeth.full_mask(index) for index in range(len(teeth))])


def test_highdicom_reads_it_too(made: dict[str, Any], source: SourceImage) -> None:
    read_back = highdicom.seg.Segmentation.from_dataset(made["seg"])
    numbers = list(read_back.segment_numbers)
    assert numbers == list(range(1, len(source.teeth) + 1))
    planes = read_back.get_pixels_by_source_instance([source.header.SOPInstanceUID])[0]
    assert np.array_equal(planes.astype(bool).transpose(2, 0, 1), _stack(source.teeth))


def test_segments_say_what_they_are(made: dict[str, Any], source: SourceImage) -> None:
    for item, fdi in zip(made["seg"].SegmentSequence, source.teeth.fdi.tolist(), strict=True):
        code = item.SegmentedPropertyTypeCodeSequence[0]
        assert item.SegmentLabel == (f"FDI {fdi}" if fdi else "unnumbered")
        assert code.CodeValue == (TEETH[fdi].snomed if fdi else "38199008")
        assert code.CodingSchemeDesignator == "SCT"
        assert item.SegmentAlgorithmType == "AUTOMATIC"
        assert (
            MODEL.digest in item.SegmentationAlgorithmIdentificationSequence[0].AlgorithmParameters
        )
        assert len(item.RecommendedDisplayCIELabValue) == 3


def test_teeth_codes_are_those_of_the_context_groups() -> None:
    from pydicom.sr.codedict import codes

    for group, wanted in ((codes.CID4018, (1, 2, 3, 4)), (codes.CID4019, (5, 6, 7, 8))):
        listed = {getattr(group, name).value for name in group.dir()}
        assert {tooth.snomed for fdi, tooth in TEETH.items() if fdi // 10 in wanted} <= listed


def test_all_belong_to_the_radiographs_study_and_refer_to_it(
    made: dict[str, Any], source: SourceImage
) -> None:
    header = source.header
    for dataset in made.values():
        assert dataset.StudyInstanceUID == header.StudyInstanceUID
        assert dataset.PatientID == header.PatientID
        assert dataset.SeriesInstanceUID != header.SeriesInstanceUID
        assert header.SOPInstanceUID in str(dataset)
    assert len({dataset.SeriesInstanceUID for dataset in made.values()}) == 3
    assert "FrameOfReferenceUID" not in made["seg"]
    assert "PlanePositionSequence" not in str(made["seg"])


def test_equal_results_are_one_object(source: SourceImage) -> None:
    first, again = seg.segmentation(source), seg.segmentation(source)
    assert first.SOPInstanceUID == again.SOPInstanceUID
    edited = replace(source, teeth=source.teeth.select(np.arange(5)))
    assert seg.segmentation(edited).SOPInstanceUID != first.SOPInstanceUID
    other = replace(source, model=Model("test", "cd" * 32))
    assert seg.segmentation(other).SOPInstanceUID != first.SOPInstanceUID


def test_a_presentation_state_draws_every_tooth(made: dict[str, Any], source: SourceImage) -> None:
    annotation = made["pr"].GraphicAnnotationSequence[0]
    texts = [item.UnformattedTextValue for item in annotation.TextObjectSequence]
    assert texts == [str(fdi) if fdi else "?" for fdi in source.teeth.fdi.tolist()]
    assert len(annotation.GraphicObjectSequence) >= len(source.teeth)
    first = np.array(annotation.GraphicObjectSequence[0].GraphicData).reshape(-1, 2)
    top, left, bottom, right = source.teeth.boxes[0].tolist()
    assert first.min(axis=0).tolist() == pytest.approx([left, top], abs=1)
    assert first.max(axis=0).tolist() == pytest.approx([right, bottom], abs=1)
    assert made["pr"].SoftcopyVOILUTSequence[0].WindowWidth == source.header.WindowWidth


def test_a_report_lists_found_absent_and_doubtful(
    made: dict[str, Any], source: SourceImage
) -> None:
    content = highdicom.sr.ComprehensiveSR.from_dataset(made["sr"]).content
    groups = content.get_planar_roi_measurement_groups()
    assert len(groups) == len(source.teeth)
    states = {}
    for group in groups:
        site = group.finding_sites[0].value.value
        states[site] = group.get_qualitative_evaluations()[0].value.meaning
    order = source.teeth.fdi.tolist()
    assert states[TEETH[order[0]].snomed] == "Present"
    assert states[TEETH[order[-2]].snomed] == "Indeterminate"
    absent = content.get_image_measurement_groups()
    numbers = {group.finding_sites[0].value.value for group in absent}
    assert numbers == {TEETH[f].snomed for f in range(11, 49) if f in TEETH and f not in order}


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
    scene: tuple[Radiograph, Teeth], tmp_path: Path, what: str
) -> None:
    """They have the same masks in the file's own layout, and dciodvfy finds no error."""
    file = stored(scene, tmp_path, CHANGES[what])
    radiograph, truth = read(file), scene[1]
    assert np.abs(radiograph.pixels - scene[0].pixels).max() < 0.05 or what == "faulty"
    files.write(tmp_path, files.contents(source_of(radiograph, truth, MODEL), files.KINDS))
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


def test_without_teeth_there_is_no_segmentation_but_a_report(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    file = stored(scene, tmp_path)
    nothing = Teeth.empty(scene[0].size)
    (tmp_path / "teeth.seg.dcm").write_text("of an earlier result")
    files.write(tmp_path, files.contents(source_of(read(file), nothing, MODEL), files.KINDS))
    assert sorted(p.name for p in tmp_path.glob("teeth.*")) == ["teeth.sr.dcm"]


def test_other_objects_are_no_segmentation(source: SourceImage) -> None:
    with pytest.raises(AnnotationError, match="not a DICOM segmentation"):
        seg.to_teeth(source.header)


def test_a_header_that_nothing_can_refer_to_is_refused(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    def bare(dataset: Any) -> None:
        del dataset.StudyInstanceUID

    file = stored(scene, tmp_path, bare)
    with pytest.raises(RadiographError, match="lacks StudyInstanceUID"):
        source_of(read(file), scene[1], MODEL)
