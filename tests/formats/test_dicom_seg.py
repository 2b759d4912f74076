"""DICOM Segmentations as annotations: panodent's own, and those that highdicom writes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pydicom = pytest.importorskip("pydicom")
highdicom = pytest.importorskip("highdicom")

from pydicom.sr.codedict import codes  # noqa: E402

from panodent import formats, phantom  # noqa: E402
from panodent.datasets.convert import convert  # noqa: E402
from panodent.datasets.dataset import find  # noqa: E402
from panodent.datasets.inspection import inspect  # noqa: E402
from panodent.dicom import seg  # noqa: E402
from panodent.dicom.source import Model, source_of  # noqa: E402
from panodent.errors import AnnotationError, ConfigError, MissingExtraError  # noqa: E402
from panodent.formats.base import Annotated  # noqa: E402
from panodent.formats.dicom_seg import FORMAT  # noqa: E402
from panodent.formats.faults import FaultList  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_file import quiet  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth.findings import Findings  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402

SIZE = (64, 128)
BLOCK = np.ones((9, 7), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (30, 90)), (37, BLOCK, (33, 95)), (0, BLOCK, (5, 5))])
"""Two teeth that overlap, and one without a number."""
Change = Callable[[Any], None]


@pytest.fixture(scope="module")
def drawing() -> Radiograph:
    return phantom.draw(1, SIZE)[0]


def image(file: Path, drawing: Radiograph, seed: int = 0, change: Change = lambda _: None) -> Any:
    file.parent.mkdir(parents=True, exist_ok=True)
    dataset = to_dicom(drawing, seed)
    change(dataset)
    dataset.save_as(file, enforce_file_format=True)
    return dataset


def own(file: Path, image: Path, teeth: Teeth = TEETH, findings: Findings | None = None) -> None:
    """What `panodent predict --dicom-seg` writes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    source = source_of(read(image), teeth, Model("test", "ab" * 32), findings)
    seg.segmentation(source).save_as(file, enforce_file_format=True)


def other(
    file: Path,
    image: Any,
    labels: dict[str, np.ndarray],
    code: Any = codes.SCT.Tooth,
    change: Change = lambda _: None,
    **how: Any,
) -> None:
    """What another program writes with highdicom: masks by label, one code for all."""
    with quiet():
        made = highdicom.seg.Segmentation(
            source_images=[image],
            pixel_array=np.stack(list(labels.values()), -1)[None],
            segmentation_type=how.pop("kind", "BINARY"),
            segment_descriptions=[
                highdicom.seg.SegmentDescription(
                    segment_number=number,
                    segment_label=label,
                    segmented_property_category=codes.cid7150.AnatomicalStructure,
                    segmented_property_type=code,
                    algorithm_type="MANUAL",
                )
                for number, label in enumerate(labels, start=1)
            ],
            series_instance_uid=highdicom.UID(),
            series_number=2,
            sop_instance_uid=highdicom.UID(),
            instance_number=1,
            manufacturer="Other",
            manufacturer_model_name="Other",
            software_versions="1",
            device_serial_number="1",
            **how,
        )
        change(made)
        made.save_as(file, enforce_file_format=True)


def square(top: int, left: int) -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[top : top + 8, left : left + 6] = True
    return mask


def numbers(item: Annotated) -> dict[int, int]:
    """Area by FDI number."""
    teeth = item.read()
    return dict(zip(teeth.fdi.tolist(), teeth.areas.tolist(), strict=True))


def test_what_panodent_wrote_comes_back_whole(tmp_path: Path, drawing: Radiograph) -> None:
    found = Findings.from_masks(
        SIZE, [("crown", 36, BLOCK[:3], (30, 90)), ("appliance", 0, BLOCK, (50, 20))]
    )
    for seed, name in enumerate(("b/2", "a")):
        image(tmp_path / "images" / f"{name}.dcm", drawing, seed)
    own(tmp_path / "seg" / "x.dcm", tmp_path / "images" / "b" / "2.dcm", TEETH, found)
    own(tmp_path / "seg" / "y.dcm", tmp_path / "images" / "a.dcm")
    assert formats.recognise(tmp_path) == "dicom-seg"
    dataset = find(tmp_path)
    assert [case.key for case in dataset.cases] == ["a", "b/2"]
    assert dataset.images_without_labels == dataset.labels_without_images == ()
    first, second = dataset.cases
    assert (first.teeth(), second.teeth(), second.teeth()) == (TEETH, TEETH, TEETH)
    assert second.annotation.size == SIZE
    none, treated = first.findings(), second.findings()
    assert none is not None
    assert treated is not None
    assert len(none.findings) == 0
    assert treated.findings == found


def test_without_findings_nothing_is_said_of_them(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "a.dcm", drawing)
    own(tmp_path / "a.seg.dcm", tmp_path / "a.dcm")
    assert FORMAT.read(tmp_path)[0].findings is None
    assert formats.read(tmp_path / "a.seg.dcm")[1][0].read() == TEETH


@pytest.mark.parametrize("labels", [("36", "37"), ("tooth 36", "tooth_37"), ("FDI 36", "37")])
def test_labels_of_others_are_read_as_class_names(
    tmp_path: Path, drawing: Radiograph, labels: tuple[str, str]
) -> None:
    source = image(tmp_path / "a.dcm", drawing)
    first, second = labels
    other(tmp_path / "s.dcm", source, {first: square(9, 9), second: square(12, 12)})
    (item,) = FORMAT.read(tmp_path)
    assert (item.key, item.image) == ("a", tmp_path / "a.dcm")
    assert numbers(item) == {36: 48, 37: 48}


def test_another_numbering_a_map_and_names_of_findings(tmp_path: Path, drawing: Radiograph) -> None:
    source = image(tmp_path / "a.dcm", drawing)
    other(tmp_path / "s.dcm", source, {"19": square(9, 9), "crown": square(9, 9)})
    with pytest.raises(AnnotationError, match=r"'19' are not fdi numbers"):
        FORMAT.read(tmp_path, {"numbering": "fdi"})
    (item,) = FORMAT.read(tmp_path, {"numbering": "universal"})
    assert numbers(item) == {36: 48}
    assert item.findings is not None
    assert item.findings().findings.kinds == ("crown",)
    (item,) = FORMAT.read(tmp_path, {"map": {"19": 46, "crown": None}})
    assert (numbers(item), item.findings) == ({46: 48}, None)


def test_a_map_comes_before_codes_and_codes_before_labels(
    tmp_path: Path, drawing: Radiograph
) -> None:
    source = image(tmp_path / "a.dcm", drawing)
    other(tmp_path / "s.dcm", source, {"first": square(9, 9)}, seg.tooth_code(85))
    assert numbers(FORMAT.read(tmp_path)[0]) == {85: 48}
    assert numbers(FORMAT.read(tmp_path, {"map": {"first": 84}})[0]) == {84: 48}


def test_labels_that_are_no_teeth_name_a_map(tmp_path: Path, drawing: Radiograph) -> None:
    other(tmp_path / "s.dcm", image(tmp_path / "a.dcm", drawing), {"gum": square(9, 9)})
    with pytest.raises(AnnotationError, match=r"'gum' are not tooth numbers .*--map FILE"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    "name", ["opg.seg.dcm", "opg_seg.dcm", "opg-SEG.dcm", "opg/teeth.seg.dcm", "seg/opg.dcm"]
)
def test_without_its_uid_a_radiograph_is_found_by_name(
    tmp_path: Path, drawing: Radiograph, name: str
) -> None:
    image(tmp_path / "source.dcm", drawing)
    own(tmp_path / "data" / name, tmp_path / "source.dcm")
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(tmp_path / "data" / "opg.png")
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(tmp_path / "data" / "two.png")
    (case,) = find(tmp_path / "data").cases
    assert (case.key, case.image.name, case.teeth()) == ("opg", "opg.png", TEETH)


def test_another_uid_under_the_same_name_is_a_warning(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "source.dcm", drawing)
    own(tmp_path / "data" / "a.seg.dcm", tmp_path / "source.dcm")
    image(tmp_path / "data" / "a.dcm", drawing, 5)
    faults = FaultList()
    assert FORMAT.read(tmp_path / "data", {"faults": faults})[0].key == "a"
    (fault,) = faults
    assert fault.is_warning
    assert "another SOP Instance UID than that of a.dcm" in fault.problem


def test_masks_are_turned_as_their_radiograph(tmp_path: Path, drawing: Radiograph) -> None:
    def mirrored(dataset: Any) -> None:
        dataset.PatientOrientation = ["R", "F"]

    source = image(tmp_path / "a.dcm", drawing, 0, mirrored)
    other(tmp_path / "s.dcm", source, {"36": square(9, 9)})
    assert FORMAT.read(tmp_path)[0].read().boxes.tolist() == [[9, 128 - 15, 17, 128 - 9]]
    own(tmp_path / "s.dcm", tmp_path / "a.dcm")
    assert FORMAT.read(tmp_path)[0].read() == TEETH


def test_a_lying_radiograph_is_turned_with_its_size(tmp_path: Path, drawing: Radiograph) -> None:
    def lying(dataset: Any) -> None:
        dataset.PatientOrientation = ["F", "L"]

    source = image(tmp_path / "a.dcm", drawing, 0, lying)
    other(tmp_path / "s.dcm", source, {"36": square(9, 20)})
    (case,) = find(tmp_path).cases
    assert case.annotation.size == case.radiograph().size == case.teeth().size == (128, 64)
    assert case.teeth().boxes.tolist() == [[20, 9, 26, 17]]


def unchanged(dataset: Any) -> None:
    """Leaves it as it is."""


def fractional(dataset: Any) -> None:
    dataset.SegmentationType = "FRACTIONAL"


def two_planes(dataset: Any) -> None:
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[1].SegmentIdentificationSequence = groups[0].SegmentIdentificationSequence


def unknown_segment(dataset: Any) -> None:
    del dataset.SegmentSequence[1]


def two_images(dataset: Any) -> None:
    items = dataset.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    items.append(pydicom.Dataset())
    items[1].ReferencedSOPInstanceUID = "2.25.1"


def cut_off(dataset: Any) -> None:
    dataset.PixelData = dataset.PixelData[:100]


def huge(dataset: Any) -> None:
    dataset.Rows = dataset.Columns = 60_000


def no_rows(dataset: Any) -> None:
    del dataset.Rows


def deep(dataset: Any) -> None:
    dataset.BitsAllocated = 8


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (fractional, "segmentation type FRACTIONAL; expected BINARY"),
        (two_planes, "segment 1 has several frames; expected one"),
        (unknown_segment, "a frame is of segment 2, which SegmentSequence does not describe"),
        (two_images, "segments 2 images; expected one"),
        (cut_off, "its pixels are cut off: 100 bytes for 2 frames of 128 x 64"),
        (huge, "60000 x 60000 pixels; expected"),
        (no_rows, "it has no Rows"),
        (deep, "8 bits a pixel; expected 1"),
    ],
)
def test_what_cannot_be_used_costs_one_radiograph(
    tmp_path: Path, drawing: Radiograph, change: Change, problem: str
) -> None:
    labels = {"36": square(9, 9), "37": square(12, 12)}
    for seed, name in enumerate("ab"):
        source = image(tmp_path / f"{name}.dcm", drawing, seed)
        other(tmp_path / f"{name}.seg.dcm", source, labels, change=change if seed else unchanged)
    with pytest.raises(AnnotationError, match=problem) as raised:
        [item.read() for item in FORMAT.read(tmp_path)]
    assert str(raised.value).count("b.seg.dcm") == 1
    faults = FaultList()
    kept = {}
    for item in FORMAT.read(tmp_path, {"faults": faults}):
        try:
            kept[item.key] = item.read()
        except AnnotationError as error:
            assert problem in str(error)  # noqa: PT017 - damage of the pixels shows here
    assert list(kept) == ["a"]


def test_a_fractional_segmentation_of_highdicom_is_refused(
    tmp_path: Path, drawing: Radiograph
) -> None:
    source = image(tmp_path / "a.dcm", drawing)
    kind = highdicom.seg.SegmentationFractionalTypeValues.PROBABILITY
    how = {"kind": "FRACTIONAL", "fractional_type": kind}
    other(tmp_path / "s.dcm", source, {"36": square(9, 9).astype(float)}, **how)
    with pytest.raises(AnnotationError, match=r"s\.dcm: segmentation type FRACTIONAL"):
        FORMAT.read(tmp_path)


def test_two_segmentations_of_one_radiograph_are_named(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "a.dcm", drawing)
    for name in "xy":
        own(tmp_path / f"{name}.dcm", tmp_path / "a.dcm")
    with pytest.raises(AnnotationError, match=r"y\.dcm: segments a, as x\.dcm does; keep one"):
        FORMAT.read(tmp_path)


def test_a_size_that_differs_is_a_problem(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "source.dcm", drawing)
    own(tmp_path / "data" / "a.seg.dcm", tmp_path / "source.dcm")
    Image.fromarray(np.zeros((50, 70), np.uint8)).save(tmp_path / "data" / "a.png")
    (problem,) = inspect(tmp_path / "data").problems
    assert "its annotation 128 x 64" in problem.problem


def test_damaged_bytes_raise_annotation_errors_only(tmp_path: Path, drawing: Radiograph) -> None:
    source = image(tmp_path / "a.dcm", drawing)
    other(tmp_path / "s.dcm", source, {"36": square(9, 9), "37": square(12, 12)})
    whole = (tmp_path / "s.dcm").read_bytes()
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(whole[: random.integers(200, len(whole) + 1)])
        for place in random.integers(132, len(damaged), 8):
            damaged[place] = random.integers(256)
        (tmp_path / "s.dcm").write_bytes(damaged)
        FORMAT.recognises(tmp_path)
        try:
            for item in FORMAT.read(tmp_path):
                item.read()
        except AnnotationError:
            continue


def test_results_beside_their_record_are_read_as_before(
    tmp_path: Path, drawing: Radiograph
) -> None:
    image(tmp_path / "a.dcm", drawing)
    own(tmp_path / "a" / "teeth.seg.dcm", tmp_path / "a.dcm")
    assert FORMAT.recognises(tmp_path)
    (tmp_path / "a" / "teeth.json").write_text("{}")
    assert not FORMAT.recognises(tmp_path)
    assert FORMAT.read(tmp_path)[0].read() == TEETH


def test_other_places_are_not_recognised(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "a.dcm", drawing)
    for place in (tmp_path, tmp_path / "a.dcm", tmp_path / "gone"):
        assert not FORMAT.recognises(place)
        with pytest.raises(AnnotationError, match="no DICOM segmentation"):
            FORMAT.read(place)


def test_it_converts_to_others_and_is_not_written(tmp_path: Path, drawing: Radiograph) -> None:
    image(tmp_path / "data" / "a.dcm", drawing)
    own(tmp_path / "data" / "a.seg.dcm", tmp_path / "data" / "a.dcm")
    done = convert(tmp_path / "data", tmp_path / "coco", "coco")
    assert (done.source_format, done.written, done.teeth, done.lost) == ("dicom-seg", 1, 3, {})
    assert find(tmp_path / "coco").cases[0].teeth() == TEETH
    with pytest.raises(ConfigError, match="predict --dicom-seg"):
        FORMAT.write(tmp_path / "new", [])
    with pytest.raises(ConfigError, match="predict --dicom-seg"):
        convert(tmp_path / "coco", tmp_path / "new", "dicom-seg")
    assert not (tmp_path / "new").exists()


def test_without_pydicom_the_extra_is_named(
    tmp_path: Path, drawing: Radiograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    image(tmp_path / "a.dcm", drawing)
    own(tmp_path / "s.dcm", tmp_path / "a.dcm")
    shutil.copy(tmp_path / "a.dcm", tmp_path / "b.dcm")
    monkeypatch.setitem(__import__("sys").modules, "pydicom", None)
    assert FORMAT.recognises(tmp_path)
    with pytest.raises(MissingExtraError, match=r"panodent\[dicom\]"):
        FORMAT.read(tmp_path)
