"""VIA: polygons keep all but holes and parts, and it is clear which attribute names the tooth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.evaluation.case_scores import score_pair
from panodent.formats.base import losses
from panodent.formats.faults import OPTION, FaultList
from panodent.formats.via import FORMAT
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

X, Y = [2, 6, 6.0, 2], [1, 1, 4, 4.0]
"""Rows 1 to 3, columns 2 to 5."""
BIG = 10**400


def region(tooth: Any = "36", name: Any = "polygon", **shape: Any) -> dict[str, Any]:
    attributes = tooth if isinstance(tooth, dict) else {"tooth": tooth}
    points = {"all_points_x": X, "all_points_y": Y}
    return {
        "shape_attributes": {"name": name, **points, **shape},
        "region_attributes": attributes,
    }


def image(*regions: Any, filename: Any = "sub/opg.png", **changes: Any) -> dict[str, Any]:
    return {
        "filename": filename,
        "size": 123,
        "regions": list(regions),
        "file_attributes": {"image_height": "8", "image_width": 10},
        **changes,
    }


def saved(folder: Path, *images: Any, project: bool = True) -> Path:
    listed = {f"image{index}": entry for index, entry in enumerate(images)}
    data = {"_via_settings": {}, "_via_img_metadata": listed} if project else listed
    file = folder / "export.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def read_first(path: Path, **options: Any) -> Teeth:
    return FORMAT.read(path, options)[0].read()


def picture(file: Path, size: tuple[int, int] = (40, 50)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(file)
    return file


def test_outlines_are_kept(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path, [("b/2 & <3>.png", truth), ("a.1.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a.1", (50, 70), None)
    assert (second.key, second.size) == ("b/2 & <3>", truth.size)
    assert first.read() == Teeth.empty((50, 70))
    dice = score_pair(truth, second.read()).dice
    assert dice is not None
    assert dice > 0.999
    if not losses(truth, FORMAT.limits):
        assert second.read() == truth
    assert second.read() == second.read()


def test_of_holes_and_parts_the_largest_outline_is_written(tmp_path: Path) -> None:
    hollow = np.ones((5, 7), bool)
    hollow[2, 2] = hollow[:, 5] = False
    whole = np.ones((3, 3), bool)
    teeth = [(36, hollow, (3, 4)), (37, whole, (0, 0)), (37, whole, (1, 1)), (0, whole, (15, 17))]
    truth = Teeth.from_masks((20, 20), teeth)
    assert losses(truth, FORMAT.limits) == ["holes", "several parts of a tooth"]
    FORMAT.write(tmp_path, [("a.png", truth)], {})
    expected = [(36, np.ones((5, 5), bool), (3, 4)), *teeth[1:]]
    assert read_first(tmp_path) == Teeth.from_masks((20, 20), expected)


def test_what_is_written_is_a_project(tmp_path: Path) -> None:
    truth = Teeth.from_masks((20, 30), [(36, np.ones((2, 3)), (3, 4))])
    options = {"numbering": "universal", "attribute": "Zahn"}
    FORMAT.write(tmp_path / "x.json", [("b/ü.png", truth)], options)
    data = json.loads((tmp_path / "x.json").read_text(encoding="utf-8"))
    assert data["_via_image_id_list"] == list(data["_via_img_metadata"]) == ["b/ü.png-1"]
    entry = data["_via_img_metadata"]["b/ü.png-1"]
    assert (entry["filename"], entry["size"]) == ("b/ü.png", -1)
    assert entry["regions"] == [
        {
            "shape_attributes": {
                "name": "polygon",
                "all_points_x": [4, 7, 7, 4],
                "all_points_y": [3, 3, 5, 5],
            },
            "region_attributes": {"Zahn": "19"},
        }
    ]
    choices = data["_via_attributes"]["region"]["Zahn"]["options"]
    assert len(choices) == 53
    assert "left" in choices["19"]
    picture(tmp_path / FORMAT.image_place("b/ü.png"))
    (item,) = FORMAT.read(tmp_path, {"numbering": "universal"})
    assert item.image == tmp_path / "images/b/ü.png"
    assert item.read() == truth


@pytest.mark.parametrize("project", [True, False])
def test_polygons_by_hand(tmp_path: Path, project: bool) -> None:
    square = np.zeros((8, 10), bool)
    square[1:4, 2:6] = True
    closed = region(37, all_points_x=[*X, 2], all_points_y=[*Y, 1])
    wide = region("38", all_points_x=[2, 600, 600, 2])
    file = saved(tmp_path, image(region(), closed, wide), project=project)
    assert FORMAT.recognises(file)
    beyond = np.zeros((8, 10), bool)
    beyond[1:4, 2:] = True
    teeth = [(36, square), (37, square), (38, beyond)]
    assert read_first(tmp_path) == Teeth.from_masks((8, 10), teeth)


def test_regions_may_be_numbered(tmp_path: Path) -> None:
    saved(tmp_path, image(regions={"0": region(), "1": region("37")}), project=False)
    assert read_first(tmp_path).fdi.tolist() == [36, 37]


@pytest.mark.parametrize(
    ("attributes", "option"),
    [
        ([{"Zahn": "36"}, {"Zahn": "37"}], None),
        ([{"Zahn": "36", "note": ""}, {"Zahn": "37"}], None),
        ([{"note": "x", "FDI": "36"}, {"note": "y", "FDI": 37}], None),
        ([{"name": "x", "label": "36"}, {"name": "y", "label": "37"}], None),
        ([{"ToothNo": "36", "quality": "good"}, {"ToothNo": "37", "quality": "good"}], None),
        ([{"ToothNo": "36"}, {"ToothNo": 37, "quality": "bad"}], None),
        ([{"a": "1", "b": "36"}, {"a": "2", "b": "37"}], "b"),
        ([{"tooth": "x", "b": "36"}, {"tooth": "y", "b": "37"}], "b"),
        ([{"tooth": {"36": True, "37": False}}, {"tooth": {"36": False, "37": True}}], None),
    ],
)
def test_the_attribute_that_names_teeth(
    tmp_path: Path, attributes: list[dict[str, Any]], option: str | None
) -> None:
    first, second = (region(item) for item in attributes)
    saved(tmp_path, image(first), image(second, filename="z.png"))
    found = FORMAT.read(tmp_path, {"attribute": option})
    assert [item.read().fdi.tolist() for item in found] == [[36], [37]]


@pytest.mark.parametrize(
    ("attributes", "option", "reason"),
    [
        ({"a": "36", "b": "37"}, None, r"attributes \['a', 'b'\]; say with --attribute"),
        ({}, None, r"regions have the attributes \[\]; say"),
        ({"a": "36"}, "c", r"attributes \['a'\]; none is 'c', which --attribute names"),
        ({"tooth": ""}, None, r"sub/opg\.png: region 1: attribute 'tooth' is ''; expected one"),
        ({"tooth": None}, None, "attribute 'tooth' is None"),
        ({"tooth": True}, None, "attribute 'tooth' is True"),
        ({"tooth": 36.5}, None, r"attribute 'tooth' is 36\.5"),
        ({"tooth": {"36": True, "37": True}}, None, "attribute 'tooth' is .*; expected one class"),
        ({"tooth": {}}, None, "attribute 'tooth' is {}"),
    ],
)
def test_attributes_that_name_none(
    tmp_path: Path, attributes: dict[str, Any], option: str | None, reason: str
) -> None:
    saved(tmp_path, image(region(attributes)))
    with pytest.raises(AnnotationError, match=rf"export\.json: .*{reason}"):
        FORMAT.read(tmp_path, {"attribute": option})


def test_a_region_without_the_attribute_is_named(tmp_path: Path) -> None:
    saved(tmp_path, image(region(), region({"fdi": "37"})))
    with pytest.raises(AnnotationError, match=r"region 2: attribute 'tooth' is None"):
        FORMAT.read(tmp_path)


def test_names_are_proven_by_the_whole_file(tmp_path: Path) -> None:
    saved(tmp_path, image(region("11")))
    with pytest.raises(AnnotationError, match=r"export\.json: class '11' may be .*--numbering"):
        FORMAT.read(tmp_path)
    assert read_first(tmp_path, numbering="universal").fdi.tolist() == [23]
    saved(tmp_path, image(region("11")), image(region("48"), filename="z.png"))
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[11], [48]]
    saved(tmp_path, image(region("caries")))
    with pytest.raises(AnnotationError, match="'caries' are not tooth numbers"):
        FORMAT.read(tmp_path)


def test_what_the_map_leaves_out_may_have_any_shape(tmp_path: Path) -> None:
    saved(tmp_path, image(region(), region("caries", "rect")))
    teeth = read_first(tmp_path, map={"caries": None, "36": 36})
    assert teeth.fdi.tolist() == [36]


@pytest.mark.parametrize(
    "name", ["rect", "circle", "ellipse", "polyline", "point", "polygons", None, 5, []]
)
def test_other_shapes_are_refused(tmp_path: Path, name: Any) -> None:
    saved(tmp_path, image(region(), region("37", name)))
    with pytest.raises(
        AnnotationError, match=r"export\.json: sub/opg\.png: region 2 \('37'\): shape is"
    ):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        ({"all_points_x": None}, "all_points_x and all_points_y are None and .* of one length"),
        ({"all_points_x": [1, 2, 3]}, "expected lists of one length"),
        ({"all_points_y": "1234"}, "expected lists of one length"),
        ({"all_points_x": [], "all_points_y": []}, "at least three"),
        ({"all_points_x": [1, 2], "all_points_y": [1, 2]}, "at least three"),
        ({"all_points_x": [1, 2, 3, "4"]}, r"points are .*finite \[x, y\]"),
        ({"all_points_x": [1, 2, 3, BIG]}, "points are"),
        ({"all_points_x": [1, 2, 3, [4]]}, "points are"),
        ({"all_points_x": [1, 2, 3, float("nan")]}, "points are"),
        ({"all_points_x": [1, 2, 3, float("inf")]}, "points are"),
        ({"all_points_x": [1, 2, 3, 1e300]}, "outline reaches 1e[+]300"),
    ],
)
def test_malformed_polygons(tmp_path: Path, shape: dict[str, Any], reason: str) -> None:
    saved(tmp_path, image(region(**shape)))
    with pytest.raises(AnnotationError, match=rf"opg\.png: region 1 \('36'\): .*{reason}"):
        read_first(tmp_path)


def test_a_region_without_shape_is_named(tmp_path: Path) -> None:
    saved(tmp_path, image({"region_attributes": {"tooth": "36"}}))
    with pytest.raises(AnnotationError, match="shape_attributes are None; expected an object"):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (5, "'image0' is 5; expected an image with its regions"),
        ({}, "'image0': filename is None; expected the name of an image"),
        (image(filename=5), "'image0': filename is 5"),
        (image(filename=""), "an image is named ''"),
        (image(filename="a\0.png"), "expected the path of"),
        (image(filename="\ud800.png"), "expected the path of"),
        (image(filename="x" * 300), "expected the path of"),
        (image(regions=None), r"sub/opg\.png: regions is None; expected a list of objects"),
        (image(regions=[5]), r"sub/opg\.png: regions is \[5\]"),
        (image({}), r"sub/opg\.png: region 1: region_attributes are None; expected an object"),
        (image(file_attributes={"image_height": "", "image_width": "5"}), "whole numbers from 1"),
        (image(file_attributes={"image_height": BIG, "image_width": 5}), "whole numbers from 1"),
        (image(file_attributes={"image_height": [[]], "image_width": 5}), "whole numbers from 1"),
        (image(file_attributes={"image_height": "1e5", "image_width": 1e5}), "at most 100000000"),
    ],
)
def test_malformed_images(tmp_path: Path, entry: Any, reason: str) -> None:
    file = saved(tmp_path, entry)
    with pytest.raises(AnnotationError, match=rf"export\.json: .*{reason}"):
        FORMAT.read(file)


@pytest.mark.parametrize(
    "name",
    [*("../opg.png", "/etc/opg.png", "..\\opg.png", "C:\\opg.png", "http://127.0.0.1/opg.png")],
)
def test_radiographs_of_other_places_are_found_in_the_folder_only(
    tmp_path: Path, name: str
) -> None:
    picture(tmp_path / "opg.png")
    (tmp_path / "data").mkdir()
    saved(tmp_path / "data", image(region(), filename=name))
    (item,) = FORMAT.read(tmp_path / "data")
    assert item.image is None
    radiograph = picture(tmp_path / "data/scans/opg.png")
    (item,) = FORMAT.read(tmp_path / "data")
    assert (item.key, item.image) == ("scans/opg", radiograph)


def test_the_folder_of_a_project_decides_between_two(tmp_path: Path) -> None:
    for folder in ("old", "new"):
        picture(tmp_path / folder / "opg.png")
    entry = image(region(), filename="opg.png")
    settings = {"core": {"default_filepath": "new/"}}
    project = {"_via_settings": settings, "_via_img_metadata": {"opg.png-1": entry}}
    (tmp_path / "via.json").write_text(json.dumps(project))
    (item,) = FORMAT.read(tmp_path)
    assert item.image == tmp_path / "new" / "opg.png"


def test_one_bad_item_costs_one_item(tmp_path: Path) -> None:
    shapes = [region(), region({"tooth": ""}), {}, region("37", "rect")]
    saved(tmp_path, image(*shapes), image(filename="", regions=[]), 5)
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {OPTION: faults})
    assert item.read().fdi.tolist() == [36]
    told = [str(fault).partition("export.json: ")[2] for fault in faults.serious]
    assert [line[:35] for line in told] == [
        "sub/opg.png: region 3: region_attri",
        "'image1': an image is named ''; exp",
        "'image2': 'image2' is 5; expected a",
        "sub/opg.png: region 2: attribute 't",
        "sub/opg.png: region 4 ('37'): shape",
    ]


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    saved(tmp_path, image(), image(filename="sub/opg.jpg"))
    with pytest.raises(AnnotationError, match=r"export\.json: two images share .*'sub/opg'"):
        FORMAT.read(tmp_path)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize("attributes", [{}, [], None, {"image_height": "8"}])
def test_the_radiograph_tells_the_size(tmp_path: Path, attributes: Any) -> None:
    saved(tmp_path, image(region(), file_attributes=attributes))
    (item,) = FORMAT.read(tmp_path)
    assert (item.size, item.image) == (None, None)
    with pytest.raises(
        AnnotationError,
        match=r"export\.json: sub/opg\.png: does not say the size of the image, and",
    ):
        item.read()
    file = picture(tmp_path / "sub/opg.png")
    assert read_first(tmp_path).size == (40, 50)
    file.write_bytes(b"x")
    with pytest.raises(
        AnnotationError, match=r"sub/opg\.png: does not say the size of the image; .*opg\.png"
    ):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty; expected JSON"),
        (b"\xff", "is not text in UTF-8 .* --encoding"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON"),
        (b'{"a":' * 100_000, "ends in the middle, at byte 500000"),
        (b"[]", "not JSON of the expected form from byte 0 on"),
        (b'{"_via_img_metadata": []}', r"_via_img_metadata is \[\]; expected an object"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "export.json"
    file.write_bytes(content)
    with pytest.raises(AnnotationError, match=rf"export\.json: .*{reason}"):
        FORMAT.read(file)


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone.json")
    for other in ("{}", "[]", '{"a": 1}', '{"a": {"filename": "a.png"}}', "x"):
        (tmp_path / "other.json").write_text(other)
        assert not FORMAT.recognises(tmp_path)
    file = saved(tmp_path, image())
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(file)
    file.unlink()
    with pytest.raises(
        AnnotationError, match="expected a project or an export of VIA 2, JSON or CSV"
    ):
        FORMAT.read(tmp_path)


def test_several_files_are_read_together(tmp_path: Path) -> None:
    for split, name in (("train", "a.png"), ("val", "b.png")):
        picture(tmp_path / split / name)
        saved(tmp_path / split, image(region(), filename=name))
    assert FORMAT.recognises(tmp_path)
    assert [item.key for item in FORMAT.read(tmp_path)] == ["train/a", "val/b"]


def test_a_radiograph_of_two_files_is_that_with_regions(tmp_path: Path) -> None:
    file = saved(tmp_path, image(region()))
    (tmp_path / "x.json").write_text(file.read_text())
    (item,) = FORMAT.read(tmp_path)  # the same twice, as a project and its export
    assert item.read().fdi.tolist() == [36]
    saved(tmp_path, image(region("37")))
    with pytest.raises(AnnotationError, match=r"several files \(export\.json, x\.json\); keep one"):
        FORMAT.read(tmp_path)
    saved(tmp_path, image(regions=[]))
    (item,) = FORMAT.read(tmp_path)
    assert "x.json" in str(item.read.args[0].file)  # type: ignore[attr-defined]


def test_a_project_without_images(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [], {})
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.read(tmp_path / "via.json") == []
