"""DICOM results: same masks and numbers in another's eyes, same study, nothing invented."""

from __future__ import annotations

import json
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
from panodent.dicom.source import Model, Source, source_of  # noqa: E402
from panodent.errors import AnnotationError, RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.prediction import Options, predict_files  # noqa: E402
from panodent.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth import Teeth  # noqa: E402

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
def source(scene: tuple[Radiograph, Teeth], tmp_path_factory: Any) -> Source:
    file = stored(scene, tmp_path_factory.mktemp("s"))
    return source_of(read(file), scene[1], MODEL)


@pytest.fixture(scope="module")
def made(source: Source, tmp_path_factory: Any) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files.write(folder, source, ("seg", "pr", "sr"))
    return {kind: pydicom.dcmread(folder / files.name_of(kind)) for kind in files.KINDS}


def test_a_segmentation_holds_the_same_masks_and_numbers(
    made: dict[str, Any], source: Source
) -> None:
    found = seg.to_teeth(made["seg"])
    truth = source.teeth
    assert found.fdi.tolist() == truth.fdi.tolist()
    assert np.array_equal(found.boxes, truth.boxes)
    assert all(map(np.array_equal, found.masks, truth.masks))
    assert truth.areas.sum() > sum(m.any(axis=0).sum() for m in [_stack(truth)])  # overlaps


def _stack(teeth: Teeth) -> np.ndarray:
    return np.stack([teeth.full_mask(index) for index in range(len(teeth))])


def test_highdicom_reads_it_too(made: dict[str, Any], source: Source) -> None:
    read_back = highdicom.seg.Segmentation.from_dataset(made["seg"])
    numbers = list(read_back.segment_numbers)
    assert numbers == list(range(1, len(source.teeth) + 1))
    planes = read_back.get_pixels_by_source_instance([source.header.SOPInstanceUID])[0]
    assert np.array_equal(planes.astype(bool).transpose(2, 0, 1), _stack(source.teeth))


def test_segments_say_what_they_are(made: dict[str, Any], source: Source) -> None:
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
    from pydicom.sr._concepts_dict import concepts

    known = {
        code: groups for entry in concepts["SCT"].values() for code, (_, groups) in entry.items()
    }
    assert all(tooth.snomed in known for tooth in TEETH.values())


def test_all_belong_to_the_radiographs_study_and_refer_to_it(
    made: dict[str, Any], source: Source
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


def test_equal_results_are_one_object(source: Source) -> None:
    first, again = seg.segmentation(source), seg.segmentation(source)
    assert first.SOPInstanceUID == again.SOPInstanceUID
    edited = replace(source, teeth=source.teeth.select(np.arange(5)))
    assert seg.segmentation(edited).SOPInstanceUID != first.SOPInstanceUID
    other = replace(source, model=Model("test", "cd" * 32))
    assert seg.segmentation(other).SOPInstanceUID != first.SOPInstanceUID


def test_a_presentation_state_draws_every_tooth(made: dict[str, Any], source: Source) -> None:
    annotation = made["pr"].GraphicAnnotationSequence[0]
    texts = [item.UnformattedTextValue for item in annotation.TextObjectSequence]
    assert texts == [str(fdi) if fdi else "?" for fdi in source.teeth.fdi.tolist()]
    assert len(annotation.GraphicObjectSequence) >= len(source.teeth)
    first = np.array(annotation.GraphicObjectSequence[0].GraphicData).reshape(-1, 2)
    top, left, bottom, right = source.teeth.boxes[0].tolist()
    assert first.min(axis=0).tolist() == pytest.approx([left, top], abs=1)
    assert first.max(axis=0).tolist() == pytest.approx([right, bottom], abs=1)
    assert made["pr"].SoftcopyVOILUTSequence[0].WindowWidth == source.header.WindowWidth


def test_a_report_lists_found_absent_and_doubtful(made: dict[str, Any], source: Source) -> None:
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


CHANGES = {"plain": lambda _: None, "LUTs, MONOCHROME1": _luts, "colour capture": _colour}


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
@pytest.mark.parametrize("what", CHANGES)
def test_dciodvfy_finds_no_error(
    scene: tuple[Radiograph, Teeth], tmp_path: Path, what: str
) -> None:
    file = stored(scene, tmp_path, CHANGES[what])
    files.write(tmp_path, source_of(read(file), scene[1], MODEL), ("seg", "pr", "sr"))
    for kind in files.KINDS:
        checked = subprocess.run(
            ["dciodvfy", str(tmp_path / files.name_of(kind))], capture_output=True, text=True
        )
        errors = [
            line for line in (checked.stdout + checked.stderr).splitlines() if "Error" in line
        ]
        assert errors == [], kind


def test_what_lies_mirrored_is_segmented_in_its_own_layout(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    def mirrored(dataset: Any) -> None:
        dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[:, ::-1]).tobytes()
        dataset.PatientOrientation = ["R", "F"]

    radiograph = read(stored(scene, tmp_path, mirrored))
    assert np.abs(radiograph.pixels - scene[0].pixels).max() < 0.01
    found = seg.to_teeth(seg.segmentation(source_of(radiograph, scene[1], MODEL)))
    assert found.fdi.tolist() == scene[1].fdi.tolist()
    assert np.array_equal(found.full_mask(0), scene[1].full_mask(0)[:, ::-1])


def test_without_teeth_there_is_no_segmentation_but_a_report(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    file = stored(scene, tmp_path)
    nothing = Teeth.empty(scene[0].size)
    (tmp_path / "teeth.seg.dcm").write_text("of an earlier result")
    files.write(tmp_path, source_of(read(file), nothing, MODEL), ("seg", "pr", "sr"))
    assert sorted(p.name for p in tmp_path.glob("teeth.*")) == ["teeth.sr.dcm"]


def test_other_objects_are_no_segmentation(source: Source) -> None:
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


# --- the command's side ------------------------------------------------------------------------


def test_predicting_a_study_of_mixed_objects(
    scene: tuple[Radiograph, Teeth], tmp_path: Path, capfd: Any
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    shutil.move(stored(scene, tmp_path), study / "1.2.3.4")
    shutil.move(stored(scene, tmp_path, lambda d: d.__setattr__("Modality", "US")), study / "IM2")
    phantom.write(tmp_path / "png", 1, size=(256, 512))
    options = Options(dicom=("seg", "pr", "sr"))
    statuses = predict_files([study, tmp_path / "png/images"], tmp_path / "out", options=options)
    assert [s.status for s in statuses] == ["done", "ignored", "failed"]
    assert "modality 'US'" in statuses[1].error
    assert "not a DICOM file, so there is no study" in statuses[2].error
    place = tmp_path / "out" / "1.2.3.4"
    assert {"labels.png", "teeth.json", "teeth.seg.dcm", "teeth.pr.dcm", "teeth.sr.dcm"} <= {
        p.name for p in place.iterdir()
    }
    labels = seg.to_teeth(pydicom.dcmread(place / "teeth.seg.dcm"))
    record = json.loads((place / "teeth.json").read_text())
    assert [tooth["fdi"] for tooth in record["teeth"]] == labels.fdi.tolist()
    assert [tooth["rle"] for tooth in record["teeth"]] == [
        labels.rle(i) for i in range(len(labels))
    ]
    assert not (tmp_path / "out" / "phantom-00000").exists()
    printed = "".join(capfd.readouterr())
    written = [p.read_text() for p in (tmp_path / "out").rglob("*.json")]
    assert not any("Doe" in text or "PHANTOM-7" in text for text in [printed, *written])
    again = predict_files([study], tmp_path / "out", options=options, resume=True)
    assert [s.status for s in again] == ["skipped", "ignored"]


def test_a_directory_file_stands_for_its_files(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    from pydicom.fileset import FileSet

    made = FileSet()
    made.add(stored(scene, tmp_path))
    made.write(tmp_path / "disc")
    (status,) = predict_files([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out")
    assert status.status == "done"
    (walked,) = predict_files([tmp_path / "disc"], tmp_path / "out2")
    assert walked.output == status.output
    (tmp_path / "disc" / status.file.split("disc/")[1]).unlink()
    (gone,) = predict_files([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out3")
    assert "not there" in gone.error


@pytest.mark.filterwarnings("ignore:Invalid value for VR")
def test_a_directory_file_that_leads_out_is_refused(
    scene: tuple[Radiograph, Teeth], tmp_path: Path
) -> None:
    from pydicom.fileset import FileSet

    made = FileSet()
    made.add(stored(scene, tmp_path))
    made.write(tmp_path / "disc")
    listing = pydicom.dcmread(tmp_path / "disc" / "DICOMDIR")
    for record in listing.DirectoryRecordSequence:
        if "ReferencedFileID" in record:
            record.ReferencedFileID = ["..", "opg.dcm"]
    listing.save_as(tmp_path / "disc" / "DICOMDIR")
    (status,) = predict_files([tmp_path / "disc" / "DICOMDIR"], tmp_path / "out")
    assert "outside its own folder" in status.error
