"""nnU-Net: label images by case, and a dataset.json that must say what their values mean."""

from __future__ import annotations

import gzip
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.datasets.dataset import find
from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.evaluation.case_scores import score_pair
from panodent.formats.base import losses
from panodent.formats.faults import FaultList
from panodent.formats.nnunet import FORMAT
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SQUARE = Teeth.from_masks((40, 50), [(36, np.ones((3, 4)), (1, 2))])


def nifti1(image: np.ndarray, dims: tuple[int, ...] | None = None) -> bytes:
    """The bytes of a NIfTI-1 file of uint8 or float32 pixels (rows, columns)."""
    sides = dims or (image.shape[1], image.shape[0], 1)
    head = bytearray(352)
    struct.pack_into("<i", head, 0, 348)
    struct.pack_into(f"<{1 + len(sides)}h", head, 40, len(sides), *sides)
    struct.pack_into("<h", head, 70, {"u1": 2, "f4": 16}[image.dtype.str[1:]])
    struct.pack_into("<3f", head, 108, 352, 1, 0)
    head[344:348] = b"n+1\0"
    return bytes(head) + image.tobytes()


def record(**changes: Any) -> dict[str, Any]:
    return {
        "channel_names": {"0": "radiograph"},
        "labels": {"background": 0, "36": 1, "48": 2},
        "numTraining": 1,
        "file_ending": ".png",
        **changes,
    }


def pixels(value: int = 1) -> np.ndarray:
    image = np.zeros((40, 50), np.uint8)
    image[1:4, 2:6] = value
    return image


def saved(folder: Path, image: Any = None, ending: str = ".png", **changes: Any) -> Path:
    """A data folder with one case, 'opg'."""
    for place in ("imagesTr/opg_0000", "labelsTr/opg"):
        file = folder / f"{place}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels() if image is None else image).save(file)
    (folder / "dataset.json").write_text(json.dumps(record(file_ending=ending, **changes)))
    return folder


def read_first(path: Path, **options: Any) -> Teeth:
    return FORMAT.read(path, options)[0].read()


def test_all_but_overlaps_come_back(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert losses(truth, FORMAT.limits) == ["overlap"]
    FORMAT.write(tmp_path, [("b/2.v1.png", truth), ("a.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a", None, None)
    assert second.key == "b__2.v1"
    assert first.read() == Teeth.empty((50, 70))
    assert second.read().sorted() == Teeth.from_label_image(truth.label_image())
    dice = score_pair(truth, second.read()).dice
    assert dice is not None
    assert dice > 0.97


def test_holes_and_parts_come_back(tmp_path: Path) -> None:
    ring, two = np.ones((5, 5), bool), np.array([[1, 0, 1]], bool)
    ring[2, 2] = False
    truth = Teeth.from_masks((20, 23), [(36, ring, (3, 4)), (85, two, (0, 0))])
    assert losses(truth, FORMAT.limits) == []
    FORMAT.write(tmp_path, [("a.png", truth)], {})
    assert read_first(tmp_path) == truth


def test_what_is_written(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [("sub/a.png", SQUARE), ("b.png", SQUARE)], {})
    data = json.loads((tmp_path / "dataset.json").read_text())
    assert data["channel_names"] == {"0": "radiograph"}
    assert (data["numTraining"], data["file_ending"]) == (2, ".png")
    names = ["background", *map(str, TEETH)]
    assert data["labels"] == {name: value for value, name in enumerate(names)}
    with Image.open(tmp_path / "labelsTr/sub__a.png") as picture:
        assert picture.mode == "L"
        assert np.asarray(picture).max() == names.index("36")
    assert FORMAT.image_place("sub/a.v1.jpg") == "imagesTr/sub__a.v1_0000.png"


def test_a_declared_numbering_is_written_and_proves_itself(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [("a.png", SQUARE)], {"numbering": "universal"})
    assert '"19": ' in (tmp_path / "dataset.json").read_text()
    assert read_first(tmp_path) == SQUARE
    with pytest.raises(AnnotationError, match="would both be written as '36'"):
        FORMAT.write(tmp_path, [], {"map": {"36": 37}})


def test_a_radiograph_in_another_spelling_is_found(tmp_path: Path) -> None:
    folder = saved(tmp_path)
    (folder / "imagesTr/opg_0000.png").rename(folder / "imagesTr/OPG_0000.PNG")
    (item,) = FORMAT.read(folder)
    assert (item.key, item.image) == ("opg", folder / "imagesTr/OPG_0000.PNG")


def test_regions_to_be_ignored_have_no_number(tmp_path: Path) -> None:
    labels = {"background": 0, "36": 1, "48": 2, "ignore": 3}
    saved(tmp_path, pixels(3), labels=labels)
    assert read_first(tmp_path).fdi.tolist() == [0]
    assert read_first(tmp_path, map={"ignore": None}).fdi.tolist() == []


def test_nothing_is_a_data_set_too(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [], {})
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.read(tmp_path) == []


def test_two_names_that_flatten_to_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"a/b\.png and a__b\.png would both .* case a__b"):
        FORMAT.write(tmp_path, [("a/b.png", SQUARE), ("a__b.png", SQUARE)], {})
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path, [("a.png", SQUARE), ("a.jpg", SQUARE)], {})
    assert not (tmp_path / "dataset.json").exists()


@pytest.mark.parametrize("name", ["../a.png", "/srv/a.png", "C:\\a.png", "", "b/../../a.png"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match="expected a file below the data folder"):
        FORMAT.write(tmp_path / "out", [(name, SQUARE)], {})
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("ending", [".png", ".bmp", ".tif"])
def test_pictures_are_read_with_their_radiographs(tmp_path: Path, ending: str) -> None:
    (item,) = FORMAT.read(saved(tmp_path, ending=ending))
    assert (item.key, item.image) == ("opg", tmp_path / f"imagesTr/opg_0000{ending}")
    assert item.read() == SQUARE


def test_a_radiograph_may_lack_the_number_of_its_channel(tmp_path: Path) -> None:
    file = saved(tmp_path) / "imagesTr" / "opg_0000.png"
    renamed = file.rename(tmp_path / "imagesTr" / "opg.png")
    (item,) = FORMAT.read(tmp_path)
    assert item.image == renamed


def test_a_data_folder_pairs_by_case(tmp_path: Path) -> None:
    saved(tmp_path)
    Image.fromarray(pixels()).save(tmp_path / "imagesTr/new_0000.png")
    found = find(tmp_path)
    assert found.format == "nnunet"
    assert [case.key for case in found.cases] == ["opg"]
    assert found.images_without_labels == ("imagesTr/new_0000",)


@pytest.mark.parametrize(
    ("labels", "options", "expected"),
    [
        ({"background": 0, "tooth 36": 1}, {}, [36]),
        ({"36": 1}, {}, [36]),
        ({"19": 1}, {"numbering": "universal"}, [36]),
        ({"Background": 0, "caries": 1}, {"map": {"caries": None}}, []),
        ({"36": 2, "ignore": 1}, {"map": {"ignore": None}}, []),
        ({"molar": 1}, {"map": {"molar": 46}}, [46]),
        ({"unnumbered": 1}, {}, [0]),
    ],
)
def test_labels(
    tmp_path: Path, labels: dict[str, int], options: dict[str, Any], expected: list[int]
) -> None:
    assert read_first(saved(tmp_path, labels=labels), **options).fdi.tolist() == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": {"background": 0, "molars": [1, 2]}}, "label 'molars' is a region of several"),
        ({"labels": {"0": "background", "1": "36"}}, "as in version 1; expected class name"),
        ({"labels": {"36": True}}, "label '36' is True; expected a whole number"),
        ({"labels": {"36": -1}}, "label '36' is -1"),
        ({"labels": {"36": 1.5}}, "label '36' is 1.5"),
        ({"labels": {"36": "1"}}, "label '36' is '1'"),
        ({"labels": {"36": 10**400}}, "label '36' is 1000"),
        ({"labels": {"36": None}}, "label '36' is None"),
        ({"labels": {"36": 1, "37": 1}}, "label '37' is 1, and so is '36'"),
        ({"labels": {"36": 0}}, "label '36' is 0; expected the background"),
        ({"labels": {"caries": 1}}, "class names 'caries' are not tooth numbers"),
        ({"labels": {"\ud800": 1}}, r"class names '\\ud800'"),
        ({"labels": {"11": 1}}, "class '11' may be"),
        ({"labels": None}, "expected labels"),
        ({"labels": ["36"]}, "expected labels"),
        ({"file_ending": ".mha"}, "file_ending is '.mha'; expected .png.*nii.*save the label maps"),
        ({"file_ending": ".jpg"}, "file_ending is '.jpg'"),
        ({"file_ending": None}, "file_ending is None"),
        ({"file_ending": [".png"]}, "file_ending is "),
    ],
)
def test_a_malformed_data_set(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    saved(tmp_path)
    (tmp_path / "dataset.json").write_text(json.dumps(record(**changes)))
    with pytest.raises(AnnotationError, match=rf"dataset\.json: .*{reason}") as caught:
        FORMAT.read(tmp_path)
    str(caught.value).encode()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[1]", b"3", b"\xff", b"[" * 100_000, b'{"labels": ' + b"[" * 100_000]
)
def test_a_broken_json_is_named(tmp_path: Path, content: bytes) -> None:
    (saved(tmp_path) / "dataset.json").write_bytes(content)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(
        AnnotationError,
        match=r"dataset\.json: (is not JSON|ends in the middle|is not text|is nested too deep|"
        r".* expected a JSON obj)",
    ):
        FORMAT.read(tmp_path)


def test_a_value_without_a_label_names_image_and_value(tmp_path: Path) -> None:
    with pytest.raises(
        AnnotationError, match=r"labelsTr.opg\.png: pixel value 7; expected one of the labels"
    ):
        read_first(saved(tmp_path, pixels(7)))


@pytest.mark.parametrize("cut", [0, 10, 40, 60])
def test_a_broken_label_image_is_named(tmp_path: Path, cut: int) -> None:
    file = saved(tmp_path) / "labelsTr/opg.png"
    file.write_bytes(file.read_bytes()[:cut])
    with pytest.raises(AnnotationError, match=r"opg\.png: label map cannot be read"):
        read_first(tmp_path)


def test_a_coloured_label_image_is_refused(tmp_path: Path) -> None:
    image = np.zeros((40, 50, 3), np.uint8)
    image[3, 3] = (1, 2, 3)
    with pytest.raises(AnnotationError, match=r"opg\.png: .*expected one channel"):
        read_first(saved(tmp_path, image))


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone")
    for path in (tmp_path, tmp_path / "gone"):
        with pytest.raises(AnnotationError, match="cannot be read"):
            FORMAT.read(path)
    saved(tmp_path)
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(tmp_path / "dataset.json")
    assert [item.key for item in FORMAT.read(tmp_path / "dataset.json")] == ["opg"]
    data = record()
    del data["numTraining"]
    (tmp_path / "dataset.json").write_text(json.dumps(data))
    assert not FORMAT.recognises(tmp_path)


def test_without_label_images_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps(record()))
    with pytest.raises(AnnotationError, match=r"dataset\.json: expected a folder labelsTr"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("ending", [".nii.gz", ".nii"])
def test_label_maps_in_nifti_with_their_radiographs(tmp_path: Path, ending: str) -> None:
    for place, image in (("imagesTr/opg_0000", pixels(200)), ("labelsTr/opg", pixels(1.0))):
        file = tmp_path / f"{place}{ending}"
        file.parent.mkdir(parents=True, exist_ok=True)
        content = nifti1(image.astype(np.float32 if "labels" in place else np.uint8))
        file.write_bytes(gzip.compress(content) if ending.endswith("gz") else content)
    (tmp_path / "dataset.json").write_text(json.dumps(record(file_ending=ending)))
    (case,) = find(tmp_path).cases
    assert (case.key, case.image.name) == ("opg", f"opg_0000{ending}")
    assert case.teeth() == SQUARE
    assert case.radiograph().size == SQUARE.size


def test_a_nifti_with_fractions_or_a_volume_is_no_label_map(tmp_path: Path) -> None:
    (tmp_path / "labelsTr").mkdir()
    (tmp_path / "dataset.json").write_text(json.dumps(record(file_ending=".nii")))
    file = tmp_path / "labelsTr" / "opg.nii"
    for image, dims, reason in (
        (pixels(1).astype(np.float32) / 2, None, "opg.nii: label map has fractions"),
        (pixels(1), (25, 40, 2), "a volume is not a radiograph"),
    ):
        file.write_bytes(nifti1(image, dims=dims))
        with pytest.raises(AnnotationError, match=reason):
            read_first(tmp_path)


def test_a_class_that_nobody_declared_costs_its_pixels(tmp_path: Path) -> None:
    image = pixels()
    image[20:25, 20:25] = 7
    saved(tmp_path, image)
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {"faults": faults})
    assert item.read() == SQUARE
    (fault,) = faults
    assert fault.problem == "pixel value 7; expected one of the labels of dataset.json"


def test_a_class_that_no_label_map_has_does_no_harm(tmp_path: Path) -> None:
    saved(tmp_path)
    file = tmp_path / "dataset.json"
    data = json.loads(file.read_text())
    data["labels"]["gum"] = 200
    file.write_text(json.dumps(data))
    (item, *_) = FORMAT.read(tmp_path)
    assert len(item.read()) > 0
    data["labels"] = {"background": 0, "gum": 1, "48": 200}
    file.write_text(json.dumps(data))
    (item, *_) = FORMAT.read(tmp_path)
    with pytest.raises(AnnotationError, match=r"pixel value.*'gum' are not tooth numbers.*--map"):
        item.read()


def test_label_maps_that_are_not_read_are_named(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [("a.png", Teeth.from_label_image([[0, 36]]))])
    (tmp_path / "labelsTs").mkdir()
    faults = FaultList()
    assert [item.key for item in FORMAT.read(tmp_path, {"faults": faults})] == ["a"]
    assert ["labelsTs are not read" in str(fault) for fault in faults] == [True]
    (tmp_path / "labelsTr" / "a.png").rename(tmp_path / "labelsTr" / "a.PNG")
    with pytest.raises(AnnotationError, match=r"labelsTr has no such file; the first is a\.PNG"):
        FORMAT.read(tmp_path)
