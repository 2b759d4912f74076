"""labelme: polygons and masks keep every pixel, and a JSON names no file outside its folder."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.faults import OPTION, FaultList
from panodent.formats.labelme import FORMAT
from panodent.formats.parsing.png_mask import to_text
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

POINTS = [[2, 1], [6, 1.0], [6, 4], [2.0, 4]]
"""Rows 1 to 3, columns 2 to 5."""
PIECE = np.array([[1, 1, 0], [0, 1, 1]], bool)
BIG = 10**400


def polygon(label: Any = "36", **changes: Any) -> dict[str, Any]:
    return {
        "label": label,
        "points": POINTS,
        "group_id": None,
        "shape_type": "polygon",
        "flags": {},
        **changes,
    }


def mask(label: str = "36", points: Any = ((4, 3), (6, 4)), data: Any = None) -> dict[str, Any]:
    text = to_text(PIECE) if data is None else data
    corners = [list(point) for point in points] if isinstance(points, tuple) else points
    return polygon(label, shape_type="mask", points=corners, mask=text)


def saved(root: Path, *shapes: Any, name: str = "sub/opg.json", **changes: Any) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    data = {
        "version": "5.4.1",
        "flags": {},
        "shapes": list(shapes),
        "imagePath": "opg.png",
        "imageData": "not looked at",
        "imageHeight": 8,
        "imageWidth": 10,
        **changes,
    }
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def read_first(path: Path) -> Teeth:
    return FORMAT.read(path)[0].read()


def picture(file: Path, size: tuple[int, int] = (40, 50)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(file)
    return file


def test_every_pixel_is_kept(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path, [("b/2 & <3>.png", truth), ("a.1.png", Teeth.empty((50, 70)))], {})
    assert FORMAT.image_place("b/2.png") == "images/b/2.png"
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a.1", (50, 70), None)
    assert (second.key, second.size) == ("b/2 & <3>", truth.size)
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth
    assert second.read() == truth


def test_holes_parts_and_equal_numbers_are_kept(tmp_path: Path) -> None:
    hollow = np.ones((5, 7), bool)
    hollow[2, 2] = hollow[:, 5] = False
    two = np.array([[1, 0, 1]], bool)
    teeth = [(36, hollow, (3, 4)), (37, two, (0, 0)), (37, two, (10, 10)), (0, two, (15, 17))]
    truth = Teeth.from_masks((20, 20), teeth)
    FORMAT.write(tmp_path, [("a.png", truth)], {})
    shapes = json.loads((tmp_path / "images/a.json").read_text())["shapes"]
    assert [shape["shape_type"] for shape in shapes] == ["mask"] + ["polygon"] * 6
    assert [shape["group_id"] for shape in shapes] == [None, 2, 2, 3, 3, 4, 4]
    assert shapes[0]["points"] == [[4, 3], [10, 7]]
    # labelme takes the pixels as Pillow gives them.
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(shapes[0]["mask"]))))
    assert np.array_equal(pixels.astype(bool), hollow)
    assert read_first(tmp_path) == truth


def test_what_is_written_lies_beside_the_radiographs(tmp_path: Path) -> None:
    truth = Teeth.from_masks((20, 30), [(36, np.ones((2, 3)), (3, 4))])
    FORMAT.write(tmp_path, [("b/a.png", truth)], {"numbering": "palmer"})
    data = json.loads((tmp_path / "images/b/a.json").read_text())
    assert data["shapes"][0]["label"] == "LL6"
    assert data["shapes"][0]["points"] == [[4, 3], [7, 3], [7, 5], [4, 5]]
    assert (data["imagePath"], data["imageData"]) == ("a.png", None)
    image = picture(tmp_path / FORMAT.image_place("b/a.png"))
    (item,) = FORMAT.read(tmp_path)  # UL6 and the like prove themselves
    assert (item.key, item.image) == ("b/a", image)
    assert item.read() == truth


def test_polygons_and_masks_by_hand(tmp_path: Path) -> None:
    old = {"label": "37", "points": POINTS}
    saved(tmp_path, polygon(), mask(), old, polygon("38", shape_type=None))
    square, piece = np.zeros((2, 8, 10), bool)
    square[1:4, 2:6] = True
    piece[3:5, 4:7] = PIECE
    teeth = [(36, square), (36, piece), (37, square), (38, square)]
    assert read_first(tmp_path) == Teeth.from_masks((8, 10), teeth)


def test_a_group_of_one_label_is_one_tooth(tmp_path: Path) -> None:
    shapes = [polygon(group_id=4), mask(), polygon("37", group_id=4)]
    shapes += [{**mask(), "group_id": 4}, polygon(group_id="4")]
    saved(tmp_path, *shapes)
    teeth = read_first(tmp_path)
    assert teeth.fdi.tolist() == [36, 36, 37, 36]
    assert teeth.areas.tolist() == [12 + 2, 4, 12, 12]


def test_what_leaves_the_image_is_cut_off(tmp_path: Path) -> None:
    wide = [[2, 1], [600, 1], [600, 4], [2, 4]]
    saved(
        tmp_path,
        mask(points=((-2, -1), (0, 0))),
        mask(points=((8.5, 7.25), (10.5, 8.25))),
        mask(points=((800, 3), (802, 4))),
        polygon(points=wide),
    )
    assert read_first(tmp_path).boxes.tolist() == [[0, 0, 1, 1], [7, 8, 8, 10], [1, 2, 4, 10]]


def test_a_corner_may_lie_one_pixel_beyond(tmp_path: Path) -> None:
    saved(tmp_path, mask(points=((7, 6), (10, 8))))
    assert read_first(tmp_path).boxes.tolist() == [[6, 7, 8, 10]]


@pytest.mark.parametrize(
    ("json_file", "named", "image", "key"),
    [
        ("sub/opg.json", "opg.png", None, "sub/opg"),
        ("sub/opg.json", "opg.png", "sub/opg.png", "sub/opg"),
        ("images/sub/opg.json", "opg.png", "images/sub/opg.png", "sub/opg"),
        ("annotations/opg.json", "../images/opg.png", "images/opg.png", "opg"),
        ("annotations/opg.json", "..\\images\\opg.png", None, "opg"),
        ("annotations/sub/opg.json", "opg.png", "img/sub/opg.png", "sub/opg"),
        ("labels/7.json", "./other.png", None, "other"),
        ("labels/7.json", "./other.png", "images/7.jpg", "7"),
        ("labels/7.json", "other.png", "images/other.png", "other"),
        ("I7.json", "I.7", "I.7", "I.7"),
    ],
)
def test_the_radiograph_is_where_the_file_says(
    tmp_path: Path, json_file: str, named: str, image: str | None, key: str
) -> None:
    saved(tmp_path, name=json_file, imagePath=named)
    if image:
        (tmp_path / image).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / image).write_bytes(b"")
    (item,) = FORMAT.read(tmp_path)
    assert item.key == key
    assert item.image == (tmp_path / image if image else None)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "a\0.png",
        "a\ud800.png",
        "x" * 300 + ".png",
        "a/" * 2000 + "a.png",
    ],
)
def test_names_that_are_none_are_refused(tmp_path: Path, name: str) -> None:
    saved(tmp_path, imagePath=name)
    with pytest.raises(AnnotationError, match=r"opg\.json: an image is named .* expected the path"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "../../opg.png",
        "a/../../../opg.png",
        "..\\..\\opg.png",
        "/etc/opg.png",
        "C:\\scans\\opg.png",
        "http://127.0.0.1/opg.png",
    ],
)
def test_radiographs_of_other_places_are_found_in_the_folder_only(
    tmp_path: Path, name: str
) -> None:
    picture(tmp_path / "opg.png")
    saved(tmp_path / "data", imagePath=name)  # sub/opg.json
    (item,) = FORMAT.read(tmp_path / "data")
    assert (item.key, item.image) == ("sub/opg", None)
    image = picture(tmp_path / "data/sub/opg.png")
    picture(tmp_path / "data/other/opg.png")
    (item,) = FORMAT.read(tmp_path / "data")
    assert (item.key, item.image) == ("sub/opg", image)


def test_one_bad_file_costs_one_file(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), {"label": " "}, polygon("37", points=[[1, 2]]))
    (tmp_path / "sub" / "bad.json").write_text("{")
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {OPTION: faults})
    assert item.read().fdi.tolist() == [36]
    told = [str(fault).removeprefix(f"{tmp_path}/") for fault in faults.serious]
    assert [line[:30] for line in sorted(told)] == [
        "sub/bad.json: ends in the midd",
        "sub/opg.json: shape 2: label i",
        "sub/opg.json: shape 3 ('37'): ",
    ]


def test_other_json_files_are_passed_over(tmp_path: Path) -> None:
    saved(tmp_path, polygon())
    (tmp_path / "sub" / "classes.json").write_text('{"36": 1}')
    faults = FaultList()
    assert FORMAT.recognises(tmp_path)
    assert [item.key for item in FORMAT.read(tmp_path, {OPTION: faults})] == ["sub/opg"]
    assert "classes.json: is not a file of labelme; passed over" in str(*faults)


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    saved(tmp_path, name="sub/second.json")
    with pytest.raises(AnnotationError, match=r"two images share the name 'sub/opg'"):
        FORMAT.read(tmp_path)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})


def test_names_are_proven_by_all_files(tmp_path: Path) -> None:
    file = saved(tmp_path, polygon("11"))
    for place in (tmp_path, file):
        with pytest.raises(AnnotationError, match=r"class '11' may be .*--numbering"):
            FORMAT.read(place)
    assert FORMAT.read(file, {"numbering": "universal"})[0].read().fdi.tolist() == [23]
    saved(tmp_path, mask("48"), name="z.json", imagePath="z.png")
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[11], [48]]
    saved(tmp_path, polygon("caries"), name="y.json", imagePath="y.png")
    with pytest.raises(AnnotationError, match="'caries' are not tooth numbers"):
        FORMAT.read(tmp_path)


def test_what_the_map_leaves_out_may_have_any_shape(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), polygon("caries", shape_type="rectangle"))
    (item,) = FORMAT.read(tmp_path, {"map": {"caries": None, "36": 36}})
    assert item.read().fdi.tolist() == [36]


@pytest.mark.parametrize("kind", ["rectangle", "circle", "line", "linestrip", "point", "", 5, []])
def test_other_shapes_are_refused(tmp_path: Path, kind: Any) -> None:
    saved(tmp_path, polygon(), polygon("37", shape_type=kind))
    with pytest.raises(AnnotationError, match=r"opg\.json: shape 2 \('37'\): shape_type is"):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (None, "points are None"),
        ([], "at least three"),
        ([[1, 2], [3, 4]], "at least three"),
        ([[1, 2], [3, 4], [5]], r"points are .*finite \[x, y\]"),
        ([[1, 2], [3, 4], ["5", 6]], "points are"),
        ([[1, 2], [3, 4], [BIG, 6]], "points are"),
        ([[1, 2], [3, 4], [float("nan"), 6]], "points are"),
        ([[1, 2], [3, 4], [float("-inf"), 6]], "points are"),
        ([[1, 2], [3, 4], [1e300, 6]], "outline reaches 1e[+]300"),
    ],
)
def test_malformed_polygons(tmp_path: Path, points: Any, reason: str) -> None:
    saved(tmp_path, polygon(points=points))
    with pytest.raises(AnnotationError, match=rf"opg\.json: shape 1 \('36'\): .*{reason}"):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"points": [[4, 3]]}, r"points of a mask are \[\[4, 3\]\]; expected two corners"),
        ({"points": [[4, 3], [1e7, 4]]}, "expected two corners"),
        ({"points": [[4, 3], [BIG, 4]]}, "points are"),
        ({"points": [[4, 3], [7, 4]]}, "a mask of 2 x 3 pixels between corners 2 x 4 pixels"),
        ({"points": [[6, 4], [4, 3]]}, "a mask of 2 x 3 pixels between corners 0 x -1 pixels"),
        ({"mask": None}, "a mask is None; expected a PNG in base64"),
        ({"mask": "abc"}, "a mask is 'abc'"),
        ({"mask": to_text(np.ones((9, 3), bool))}, "a mask of 9 x 3 pixels in an image of"),
        ({"group_id": 1.5}, r"group_id is 1\.5; expected a whole number or null"),
        ({"group_id": True}, "group_id is True"),
        ({"group_id": []}, r"group_id is \[\]"),
    ],
)
def test_malformed_masks(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    saved(tmp_path, {**mask(), **changes})
    with pytest.raises(AnnotationError, match=rf"opg\.json: shape 1 \('36'\): .*{reason}"):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"imageHeight": None}, "height and width are None and 10"),
        ({"imageHeight": BIG}, "expected whole numbers"),
        ({"imageHeight": 10**5, "imageWidth": 10**5}, "at most 100000000 in all"),
        ({"imageHeight": -8}, "expected whole numbers from 1"),
        ({"imageHeight": "x"}, "expected whole numbers"),
        ({"imagePath": 5}, "imagePath is 5"),
        ({"shapes": None}, "shapes is None; expected a list of objects"),
        ({"shapes": [1]}, r"shapes is \[1\]"),
        ({"shapes": [{}]}, "shape 1: label is None; expected a class name"),
        ({"shapes": [polygon("")]}, "shape 1: label is ''"),
    ],
)
def test_malformed_files(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    saved(tmp_path, **changes)
    with pytest.raises(AnnotationError, match=rf"opg\.json: .*{reason}"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON in UTF-8"),
        (b"\xff", "is not text in UTF-8 .* --encoding"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON in UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b"[]", r"holds \[\]; expected a JSON object"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = saved(tmp_path)
    file.write_bytes(content)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=rf"opg\.json: .*{reason}"):
        FORMAT.read(file)


def test_the_radiograph_tells_the_size_where_the_file_does_not(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), imageHeight=None, imageWidth=None)
    (item,) = FORMAT.read(tmp_path)
    assert item.size is None
    with pytest.raises(AnnotationError, match=r"opg\.json: does not say the size of the image"):
        item.read()
    picture(tmp_path / "sub/opg.png")
    assert read_first(tmp_path).size == (40, 50)


def test_a_file_that_changed_or_went_is_named(tmp_path: Path) -> None:
    file = saved(tmp_path, polygon())
    (item,) = FORMAT.read(tmp_path)
    saved(tmp_path, polygon("37"))
    with pytest.raises(AnnotationError, match="changed while it was read"):
        item.read()
    file.unlink()
    with pytest.raises(AnnotationError, match=r"opg\.json: cannot be read"):
        item.read()


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone.json")
    with pytest.raises(AnnotationError, match="expected JSON files, as labelme writes them"):
        FORMAT.read(tmp_path)
    (tmp_path / "notes.txt").write_text("{}")
    (tmp_path / "._opg.json").write_text("{")
    assert not FORMAT.recognises(tmp_path / "notes.txt")
    file = saved(tmp_path)
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(file)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.json").write_text("{}")
    assert not FORMAT.recognises(tmp_path)


def test_without_a_name_the_radiograph_is_called_as_the_file(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), imagePath=None)
    Image.fromarray(np.zeros((8, 10), np.uint8)).save(tmp_path / "sub" / "opg.png")
    (item,) = FORMAT.read(tmp_path)
    assert (item.key, item.image) == ("sub/opg", tmp_path / "sub" / "opg.png")
