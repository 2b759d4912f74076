"""COCO: what is written is read back, and what is no truth about teeth is refused by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from panodent.errors import AnnotationError, OutputError, UnknownNameError
from panodent.evaluation.case_scores import score_pair
from panodent.formats.coco import FORMAT
from panodent.formats.coco_document import categories
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.run_lengths import to_counts
from panodent.teeth.teeth import Teeth

SQUARE = [2.0, 1.0, 6.0, 1.0, 6.0, 4.0, 2.0, 4.0]
"""Polygon (x, y) of rows 1 to 3, columns 2 to 5."""


def record(**changes: Any) -> dict[str, Any]:
    """A COCO file of one image (8, 10) with tooth 36, some of it replaced."""
    return {
        "images": [{"id": 7, "file_name": "sub/opg.png", "height": 8, "width": 10}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 3, "segmentation": [SQUARE]}],
        "categories": [{"id": 3, "name": "36"}],
        **changes,
    }


def image_entry(**changes: Any) -> dict[str, Any]:
    return {"id": 7, "file_name": "a.png", "height": 8, "width": 10, **changes}


def saved(folder: Path, data: Any) -> Path:
    file = folder / "truth.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def read_first(file: Path) -> Teeth:
    return FORMAT.read(file)[0].read()


def with_segmentation(segmentation: Any) -> dict[str, Any]:
    return record(
        annotations=[{"id": 1, "image_id": 7, "category_id": 3, "segmentation": segmentation}]
    )


def test_run_lengths_keep_every_pixel(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path / "t.json", [("b/2.png", truth), ("a.png", Teeth.empty((50, 70)))])
    first, second = FORMAT.read(tmp_path / "t.json")
    assert (first.key, second.key) == ("a", "b/2")
    assert (first.size, second.size) == ((50, 70), truth.size)
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth


def test_polygons_are_nearly_exact(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    FORMAT.write(tmp_path / "t.json", [("a.png", truth)], {"geometry": "polygon"})
    entries = json.loads((tmp_path / "t.json").read_text())["annotations"]
    assert all(isinstance(entry["segmentation"], list) for entry in entries)
    dice = score_pair(truth, read_first(tmp_path / "t.json")).dice
    assert dice is not None
    assert dice > 0.999


def test_a_tooth_with_a_hole_is_written_as_run_lengths(tmp_path: Path) -> None:
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    truth = Teeth.from_masks((20, 20), [(11, ring, (3, 4)), (21, np.ones((4, 4)), (10, 10))])
    FORMAT.write(tmp_path / "t.json", [("a.png", truth)], {"geometry": "polygon"})
    first, second = json.loads((tmp_path / "t.json").read_text())["annotations"]
    assert isinstance(first["segmentation"], dict)
    assert isinstance(second["segmentation"], list)
    assert read_first(tmp_path / "t.json") == truth


def test_annotations_bear_area_box_and_own_ids(tmp_path: Path) -> None:
    truth = Teeth.from_masks(
        (20, 30), [(36, np.ones((3, 5)), (7, 4)), (46, np.ones((2, 2)), (0, 0))]
    )
    FORMAT.write(tmp_path / "t.json", [("a.png", truth), ("b.png", truth)])
    data = json.loads((tmp_path / "t.json").read_text())
    assert [entry["id"] for entry in data["annotations"]] == [1, 2, 3, 4]
    assert [entry["image_id"] for entry in data["annotations"]] == [1, 1, 2, 2]
    assert data["annotations"][0]["bbox"] == [4, 7, 5, 3]
    assert data["annotations"][0]["area"] == 15
    assert data["categories"] == categories()
    assert len(data["categories"]) == 52


def test_teeth_without_a_number_keep_none(tmp_path: Path) -> None:
    truth = Teeth.from_masks(
        (20, 30), [(0, np.ones((3, 5)), (7, 4)), (46, np.ones((2, 2)), (0, 0))]
    )
    FORMAT.write(tmp_path / "t.json", [("a.png", truth)])
    data = json.loads((tmp_path / "t.json").read_text())
    assert data["categories"][0] == {"id": 0, "name": "unnumbered", "supercategory": "tooth"}
    assert len(data["categories"]) == 53
    assert read_first(tmp_path / "t.json") == truth


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([{"id": 3, "name": "36"}], 36),
        ([{"id": 3, "name": " 36 "}, {"id": 1, "name": "11"}], 36),
        ([{"id": 36, "name": "lower left first molar"}, {"id": 3, "name": "unnumbered"}], 0),
        ([{"id": 3, "name": "unnumbered"}, {"id": 9, "name": "36"}], 0),
        ([{"id": 3, "name": "Supernumerary"}, {"id": 9, "name": "36"}], 0),
        # Both are FDI numbers: the name counts.
        ([{"id": 3, "name": "75"}, {"id": 11, "name": "36"}], 75),
    ],
)
def test_categories_by_name(tmp_path: Path, entries: list[dict[str, Any]], expected: int) -> None:
    assert read_first(saved(tmp_path, record(categories=entries))).fdi.tolist() == [expected]


def test_categories_by_id_where_names_are_words(tmp_path: Path) -> None:
    data = record(categories=[{"id": 36, "name": "first molar"}, {"id": 11}])
    data["annotations"][0]["category_id"] = 36
    assert read_first(saved(tmp_path, data)).fdi.tolist() == [36]


@pytest.mark.parametrize(
    "entries",
    [
        [{"id": 1, "name": "tooth"}],
        [{"id": 0, "name": "teeth"}, {"id": 36, "name": "molar"}],
        [{"id": 1, "name": "36"}, {"id": 2, "name": "99"}],
        [{"id": 19, "name": "19"}, {"id": 36, "name": "36"}],
        [{"id": 0, "name": "0"}],
    ],
)
def test_categories_that_are_no_fdi_numbers_are_refused(
    tmp_path: Path, entries: list[dict[str, Any]]
) -> None:
    data = record(categories=entries)
    drawn = data["annotations"][0]
    data["annotations"] = [{**drawn, "category_id": entry["id"]} for entry in entries]
    with pytest.raises(AnnotationError, match=r"truth\.json: class names .* not tooth numbers"):
        FORMAT.read(saved(tmp_path, data))


def test_an_unknown_category_is_an_error_that_names_file_and_image(tmp_path: Path) -> None:
    file = saved(tmp_path, record(categories=[{"id": 4, "name": "36"}]))
    with pytest.raises(AnnotationError, match=r"sub/opg\.png: annotation 1: category_id 3 is not"):
        read_first(file)


def test_an_annotation_of_no_image_is_an_error(tmp_path: Path) -> None:
    data = record()
    data["annotations"][0]["image_id"] = 8
    with pytest.raises(AnnotationError, match=r"truth\.json: annotation 1: image_id 8 is not"):
        FORMAT.read(saved(tmp_path, data))


@pytest.mark.parametrize(
    ("segmentation", "reason"),
    [
        ({"size": [10, 8], "counts": [80]}, r"run lengths of size \[10, 8\]"),
        ({"size": "8x10", "counts": [80]}, "run lengths of size '8x10'"),
        ({"size": [8, 10], "counts": [70]}, "add up to 70"),
        ({"size": [8, 10], "counts": [-1, 81]}, "negative"),
        ({"size": [8, 10], "counts": None}, "not a list"),
        ({"size": [8, 10], "counts": "~~"}, "characters"),
        ({"size": [8, 10]}, "expected polygons"),
        ([], "expected polygons"),
        (None, "expected polygons"),
        ([SQUARE[:4]], "expected six numbers or more"),
        ([SQUARE[:7]], "even count"),
        (SQUARE[:7], "even count"),
        ([["a"] * 6], "expected numbers and nothing else"),
        ([[None] * 6], "finite"),
        ([[1, 2, 3, [4], 5, 6]], "expected numbers and nothing else"),
        ([[1, 2, 3, float("nan"), 5, 6]], "finite"),
        ([[1, 2, 3, 10**400, 5, 6]], "expected numbers and nothing else"),
        ([[1, 2, 3, float("inf"), 5, 6]], "finite"),
        ({"size": [10**400, 10], "counts": [80]}, r"run lengths of size \[1000"),
        ({"size": "\ud800", "counts": [80]}, r"run lengths of size '\\ud800'"),
        ({"size": [8, 10], "counts": [10**400]}, "add up to 1000"),
        ({"size": [8, 10], "counts": [float("inf")]}, "not a list"),
        ({"size": [8, 10], "counts": "\ud800"}, "characters"),
    ],
)
def test_a_malformed_segmentation_names_file_and_image(
    tmp_path: Path, segmentation: Any, reason: str
) -> None:
    with pytest.raises(AnnotationError, match=rf"truth\.json: sub/opg\.png: .*{reason}"):
        read_first(saved(tmp_path, with_segmentation(segmentation)))


def test_polygons_run_counts_and_text_say_the_same(tmp_path: Path) -> None:
    mask = np.zeros((8, 10), bool)
    mask[1:4, 2:6] = True
    expected = Teeth.from_masks((8, 10), [(36, mask)])
    for segmentation in (
        [SQUARE],
        {"size": [8, 10], "counts": to_counts(mask)},
        {"size": [8, 10], "counts": expected.rle(0)},
    ):
        assert read_first(saved(tmp_path, with_segmentation(segmentation))) == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images": [{"id": 7, "file_name": "a.png", "width": 3}]}, "whole numbers"),
        ({"images": ["a.png"]}, "lacks id"),
        ({"images": [{"id": 7, "file_name": "a.png", "height": "x", "width": 3}]}, "whole numbers"),
        ({"images": [{"id": 7, "file_name": "a.png", "height": 0, "width": 3}]}, "whole numbers"),
        ({"images": [{"id": 7, "file_name": "a", "height": 1, "width": 1e9}]}, "whole numbers"),
        ({"images": [{"id": 7, "file_name": "", "height": 8, "width": 10}]}, "is named ''"),
        ({"images": [image_entry(height=True)]}, "height and width are True and 10"),
        ({"images": [image_entry(width=10**400)]}, "expected whole numbers from 1 to 100000"),
        ({"images": [image_entry(width=None)]}, "height and width are 8 and None"),
        ({"images": [image_entry(height=1e5, width=1e5)]}, "at most 100000000 in all"),
        ({"images": [image_entry(file_name="../")]}, r"is named '\.\./'; expected the path of"),
        ({"images": [image_entry(file_name="a\ud800.png")]}, r"is named 'a\\ud800\.png'"),
        ({"images": [image_entry(file_name=["a.png"])]}, r"file_name is \['a\.png'\]"),
        ({"categories": [{"id": 3, "name": "\ud800"}]}, r"class names '\\ud800' are no"),
        ({"categories": [{"id": 3, "name": ["36"]}]}, r"name of categories is \['36'\]"),
        ({"categories": [{"id": "\ud800", "name": "36"}] * 2}, r"id '\\ud800' of categories"),
        ({"images": record()["images"] * 2}, "id 7 of images is used twice"),
        ({"images": [{"id": [7], "file_name": "a", "height": 8, "width": 10}]}, "id of images"),
        ({"categories": [{"id": 3, "name": "36"}, {"id": 3, "name": "37"}]}, "used twice"),
        ({"categories": ["36"]}, "lacks id"),
        ({"annotations": [[1, 2]]}, "lacks image_id"),
        (
            {"annotations": [{"image_id": 7, "category_id": [3], "segmentation": []}]},
            "category_id of annotations",
        ),
    ],
)
def test_a_malformed_file_is_named(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"truth\.json: .*{reason}") as caught:
        FORMAT.read(saved(tmp_path, record(**changes)))
    str(caught.value).encode()


@pytest.mark.parametrize("depth", [1_000, 100_000])
@pytest.mark.parametrize("place", ["{}", '{{"images": {}, "annotations": [], "categories": []}}'])
def test_deep_nesting_is_not_recognised(tmp_path: Path, depth: int, place: str) -> None:
    file = tmp_path / "t.json"
    file.write_text(place.format("[" * depth + "]" * depth))
    with pytest.raises(AnnotationError, match=r"t\.json: ") as caught:
        FORMAT.read(file)
    if depth == 100_000:  # more than any Python reads; from 3.13 on it reads a thousand
        assert not FORMAT.recognises(tmp_path)
        assert "expected a COCO file" in str(caught.value)


@pytest.mark.parametrize("depth", range(700, 1000, 7))
def test_nesting_near_the_limit_is_no_other_error(tmp_path: Path, depth: int) -> None:
    deep = "[" * depth + "]" * depth
    text = json.dumps(record()).replace('"36"', '"36", "x": 0')
    for changed in (
        text.replace('"segmentation": [[', f'"segmentation": {deep}, "y": [['),
        text.replace('"height": 8', f'"height": {deep}'),
        text.replace('"category_id": 3', f'"category_id": {deep}'),
        text.replace('"image_id": 7', f'"image": {deep}'),
        text.replace('"36"', deep),
        text.replace('"sub/opg.png"', deep),
    ):
        (tmp_path / "t.json").write_text(changed)
        with pytest.raises(AnnotationError):
            read_first(tmp_path / "t.json")


def test_images_that_differ_in_suffix_alone_are_refused(tmp_path: Path) -> None:
    images = [image_entry(id=7, file_name="a.png"), image_entry(id=8, file_name="a.jpg")]
    with pytest.raises(AnnotationError, match=r"truth\.json: two images share the name 'a'"):
        FORMAT.read(saved(tmp_path, record(images=images)))


def test_windows_paths_and_dots_make_keys(tmp_path: Path) -> None:
    images = [{"id": 7, "file_name": "sub\\opg.v2.png", "height": 8.0, "width": 10}]
    (item,) = FORMAT.read(saved(tmp_path, record(images=images)))
    assert (item.key, item.size) == ("sub/opg.v2", (8, 10))


def test_a_folder_is_searched_for_its_files(tmp_path: Path) -> None:
    saved(tmp_path, record())
    (tmp_path / "other.json").write_text("[1, 2]")
    (tmp_path / "broken.json").write_bytes(b"\xff{")
    assert FORMAT.recognises(tmp_path)
    assert [item.key for item in FORMAT.read(tmp_path)] == ["sub/opg"]
    other = record(images=[image_entry(file_name="b.png")])
    (tmp_path / "second.json").write_text(json.dumps(other))
    assert [item.key for item in FORMAT.read(tmp_path)] == ["b", "sub/opg"]


def test_a_radiograph_that_two_files_annotate_is_not_guessed(tmp_path: Path) -> None:
    saved(tmp_path, record())
    (tmp_path / "copy.json").write_text(json.dumps(record()))
    with pytest.raises(AnnotationError, match=r"annotated in several files \(copy\.json, truth\.j"):
        FORMAT.read(tmp_path)
    # A file that lists the radiograph and says nothing of it changes nothing.
    (tmp_path / "copy.json").write_text(json.dumps(record(annotations=[])))
    assert [len(item.read()) for item in FORMAT.read(tmp_path)] == [1]


def test_writing_is_whole_or_nothing(tmp_path: Path) -> None:
    file = saved(tmp_path, {"old": 1})
    with pytest.raises(RuntimeError):
        FORMAT.write(file, (_ for _ in [1]).throw(RuntimeError))
    assert file.read_text() == '{"old": 1}'
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(OutputError, match=r"folder\.json: cannot be written"):
        FORMAT.write(tmp_path / "folder.json", [("a.png", Teeth.empty((8, 8)))])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["folder.json", "truth.json"]


@pytest.mark.parametrize("count", [0, 1, 3])
def test_what_is_written_bit_by_bit_is_one_plain_json(tmp_path: Path, count: int) -> None:
    truth = Teeth.from_masks(
        (20, 30), [(0, np.ones((3, 5)), (0, 0)), (46, np.ones((2, 2)), (1, 1))]
    )
    names = [f"{number}ü.png" for number in range(count)]
    FORMAT.write(tmp_path, ((name, truth) for name in names), {})
    text = (tmp_path / "annotations.json").read_text()
    data = json.loads(text)
    assert text == json.dumps(data)
    assert list(data) == ["images", "annotations", "categories"]
    assert [image["file_name"] for image in data["images"]] == names
    assert [entry["id"] for entry in data["annotations"]] == [
        number + 1 for number in range(count * len(truth))
    ]
    assert [item.read() for item in FORMAT.read(tmp_path)] == [truth] * count
    assert [file.name for file in tmp_path.iterdir()] == ["annotations.json"]


@pytest.mark.parametrize("name", ["../a.png", "/srv/a.png", "b/../../a.png", ""])
def test_names_that_lead_out_are_not_written(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match="expected a file below the data folder"):
        FORMAT.write(tmp_path, [(name, Teeth.empty((8, 8)))])
    assert not list(tmp_path.iterdir())


def test_an_unknown_geometry_suggests(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'polygon'"):
        FORMAT.write(tmp_path / "t.json", [], {"geometry": "polygons"})
    assert not (tmp_path / "t.json").exists()


@pytest.mark.parametrize("name", ["{}", "tooth {}"])
def test_numbers_that_are_fdi_and_universal_are_not_guessed(tmp_path: Path, name: str) -> None:
    """11 and 21 are incisors in FDI and canine and premolar in Universal; 36 is FDI alone."""

    def written(*numbers: int) -> Path:
        categories = [{"id": n, "name": name.format(n)} for n in numbers]
        image = {"id": 1, "file_name": "a.png", "height": 40, "width": 50}
        mark = {"image_id": 1, "category_id": 11, "segmentation": [[1, 1, 9, 1, 9, 9]]}
        data = {"images": [image], "annotations": [mark], "categories": categories}
        (tmp_path / "a.json").write_text(json.dumps(data))
        return tmp_path / "a.json"

    with pytest.raises(AnnotationError, match=r"FDI 11.*FDI 23.*--numbering"):
        FORMAT.read(written(11, 21))
    for numbers, options, expected in (
        ((11, 21), {"numbering": "fdi"}, 11),
        ((11, 21), {"numbering": "universal"}, 23),
        ((11, 36), {}, 11),
    ):
        (item,) = FORMAT.read(written(*numbers), options)
        assert item.read().fdi.tolist() == [expected]


def two_teeth(*changes: dict[str, Any]) -> dict[str, Any]:
    """A COCO file with tooth 36 twice, each annotation changed."""
    listed = [
        {"id": place, "image_id": 7, "category_id": 3, "segmentation": [SQUARE], **change}
        for place, change in enumerate(changes, start=1)
    ]
    return record(annotations=listed)


CVAT = {"iscrowd": 1, "attributes": {"occluded": False}}


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ({"iscrowd": 0}, {"iscrowd": 0, "ignore": 0}, [36, 36]),
        ({"iscrowd": 0}, {"iscrowd": 1}, [36, 0]),
        ({}, {"ignore": 1}, [36, 0]),
        ({"ignore": True}, {"ignore": "1"}, [0, 0]),
        # CVAT's own sign, and a file in which the mark says nothing: teeth as run lengths.
        ({"iscrowd": 0}, CVAT, [36, 36]),
        ({"iscrowd": 1}, {"iscrowd": 1}, [36, 36]),
        ({"iscrowd": 1}, {"iscrowd": 1, "ignore": 1}, [36, 0]),
    ],
)
def test_a_region_to_be_ignored_has_no_number(
    tmp_path: Path, first: dict[str, Any], second: dict[str, Any], expected: list[int]
) -> None:
    assert read_first(saved(tmp_path, two_teeth(first, second))).fdi.tolist() == expected


def test_a_region_to_be_ignored_of_a_category_that_is_left_out_stays_out(tmp_path: Path) -> None:
    data = two_teeth({}, {"ignore": 1, "category_id": 4})
    data["categories"].append({"id": 4, "name": "bridge"})
    file = saved(tmp_path, data)
    found = FORMAT.read(file, {"map": {"36": 36, "bridge": None}})[0].read()
    assert found.fdi.tolist() == [36]


@pytest.mark.parametrize("name", ["iscrowd", "ignore"])
def test_a_mark_that_is_not_0_or_1_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match=rf"annotation 2: {name} of annotations is .*yes"):
        FORMAT.read(saved(tmp_path, two_teeth({}, {name: "yes"})))


def test_an_image_without_a_size_has_that_of_its_radiograph(tmp_path: Path) -> None:
    entry = {"id": 7, "file_name": "opg.png"}
    saved(tmp_path, record(images=[entry], annotations=[]))
    cv2.imwrite(str(tmp_path / "opg.png"), np.zeros((8, 10), np.uint8))
    (item,) = FORMAT.read(tmp_path)
    assert (item.size, item.read().size) == (None, (8, 10))
    (tmp_path / "opg.png").unlink()
    (item,) = FORMAT.read(tmp_path)
    with pytest.raises(AnnotationError, match=r"opg\.png: does not say the size of the image"):
        item.read()


def test_a_polygon_without_the_list_around_it(tmp_path: Path) -> None:
    whole = read_first(saved(tmp_path, with_segmentation([SQUARE])))
    assert read_first(saved(tmp_path, with_segmentation(SQUARE))) == whole
