"""Label Studio: brushes keep every pixel and score, and exports that are no truth are refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError, UnknownNameError
from panodent.evaluation.case_scores import score_pair
from panodent.formats.faults import OPTION, FaultList
from panodent.formats.label_studio import FORMAT
from panodent.formats.parsing.brush_rle import encode
from panodent.formats.parsing.png_mask import to_text
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

POINTS = [[20, 12.5], [60, 12.5], [60, 50], [20, 50]]
"""Rows 1 to 3, columns 2 to 5 of (8, 10), in percent."""
SQUARE = np.zeros((8, 10), bool)
SQUARE[1:4, 2:6] = True
URL = "/data/upload/1/3f2a1b2c-opg.png"


def region(kind: str = "polygonlabels", label: str = "36", **changes: Any) -> dict[str, Any]:
    value = (
        {"points": POINTS} if kind != "brushlabels" else {"format": "rle", "rle": encode(SQUARE)}
    )
    return {
        "id": "x",
        "type": kind,
        "value": {**value, kind: [label]},
        "original_width": 10,
        "original_height": 8,
        "image_rotation": 0,
        **changes,
    }


def annotation(*regions: Any, **changes: Any) -> dict[str, Any]:
    return {"id": 1, "result": list(regions), "was_cancelled": False, **changes}


def task(*annotations: Any, url: str = URL, **changes: Any) -> dict[str, Any]:
    return {"id": 5, "data": {"image": url}, "annotations": list(annotations), **changes}


def saved(folder: Path, *tasks: Any) -> Path:
    file = folder / "export.json"
    file.write_text(json.dumps(list(tasks)), encoding="utf-8")
    return file


def read_first(path: Path, **options: Any) -> Teeth:
    return FORMAT.read(path, options)[0].read()


def picture(file: Path, size: tuple[int, int] = (40, 50)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(file)
    return file


def test_brushes_keep_every_pixel(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    odd = "b/2 & %41+ü#?.png"
    FORMAT.write(tmp_path, [(odd, truth), ("a.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a", (50, 70), None)
    assert (second.key, second.size) == (odd[:-4], truth.size)
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth
    assert second.read() == truth


def test_polygons_are_nearly_exact(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    file = tmp_path / "t.json"
    FORMAT.write(file, [("a.png", truth)], {"geometry": "polygon"})
    assert "polygonlabels" in file.read_text()
    dice = score_pair(truth, read_first(file)).dice
    assert dice is not None
    assert dice > 0.999


@pytest.mark.parametrize("geometry", ["brush", "polygon"])
def test_holes_parts_equal_numbers_and_scores_are_kept(tmp_path: Path, geometry: str) -> None:
    ring, two, one = np.ones((5, 5), bool), np.array([[1, 0, 1]], bool), np.ones((2, 2), bool)
    ring[2, 2] = False
    teeth = [(36, ring, (3, 4)), (37, two, (0, 0)), (37, one, (10, 10)), (0, one, (15, 1))]
    truth = Teeth.from_masks((20, 23), teeth, [0.1, 1, 1 / 3, 0])
    FORMAT.write(tmp_path, [("a.png", truth)], {"geometry": geometry})
    (written,) = json.loads((tmp_path / "tasks.json").read_text())
    kinds = [result["from_name"] for result in written["annotations"][0]["result"]]
    assert kinds == ["brush", "brush", geometry, geometry]
    assert read_first(tmp_path) == truth


def test_a_declared_numbering_is_written_and_read(tmp_path: Path) -> None:
    truth = Teeth.from_masks((20, 20), [(36, np.ones((3, 3)), (1, 1))])
    FORMAT.write(tmp_path, [("a.png", truth)], {"numbering": "universal"})
    assert '"brushlabels": ["19"]' in (tmp_path / "tasks.json").read_text()
    assert read_first(tmp_path, numbering="universal") == truth


@pytest.mark.parametrize("kind", ["polygonlabels", "brushlabels", "labels"])
def test_regions_by_hand(tmp_path: Path, kind: str) -> None:
    choices = {"type": "choices", "value": {"choices": ["good"]}, "from_name": "quality"}
    relation = {"type": "relation", "from_id": "a", "to_id": "b"}
    drawn = annotation(choices, region(kind, score=0.25), relation)
    expected = Teeth.from_masks((8, 10), [(36, SQUARE)], [0.25])
    assert read_first(saved(tmp_path, task(drawn))) == expected


def test_what_leaves_the_image_is_cut_off(tmp_path: Path) -> None:
    wide = region(
        value={"points": [[-50, -50], [500, -50], [500, 50], [-50, 50]], "polygonlabels": ["36"]}
    )
    assert read_first(saved(tmp_path, task(annotation(wide)))).boxes.tolist() == [[0, 0, 4, 10]]


@pytest.mark.parametrize(
    ("annotations", "expected"),
    [
        ([("2024-01-02T00:00:00Z", "36"), ("2024-01-01T00:00:00Z", "37")], 36),
        ([("2024-01-01T10:00:00.5Z", "36"), ("2024-01-01T10:00:00Z", "37")], 36),
        ([("2024-01-01T10:00:00+02:00", "36"), ("2024-01-01T09:00:00", "37")], 37),
        ([("2024-01-01T00:00:00Z", "36"), ("2024-01-01T00:00:00Z", "37")], 37),
        ([(None, "36"), (None, "37")], 37),
        ([("2024-01-01T00:00:00Z", "36"), (None, "37")], 36),
    ],
)
def test_the_annotation_updated_last_counts(
    tmp_path: Path, annotations: list[tuple[str | None, str]], expected: int
) -> None:
    listed = [annotation(region(label=label), updated_at=at) for at, label in annotations]
    cancelled = annotation(
        region(label="38"), was_cancelled=True, updated_at="2030-01-01T00:00:00Z"
    )
    assert read_first(saved(tmp_path, task(cancelled, *listed))).fdi.tolist() == [expected]


def test_tasks_without_annotations_are_passed_over(tmp_path: Path) -> None:
    cancelled = task(annotation(region(), was_cancelled=True), url="c.png")
    file = saved(tmp_path, task(url="b.png"), cancelled, task(annotation(region()), url="a.png"))
    assert [item.key for item in FORMAT.read(file)] == ["a"]


def test_predictions_are_read_on_demand_where_nobody_annotated(tmp_path: Path) -> None:
    found = [annotation(region(label="37", score=0.5))]
    only = task(url="a.png", predictions=found)
    both = task(annotation(region()), url="b.png", predictions=found)
    cancelled = task(annotation(was_cancelled=True), url="c.png", predictions=found)
    file = saved(tmp_path, only, both, cancelled)
    assert [item.key for item in FORMAT.read(file)] == ["b"]
    read = {item.key: item.read() for item in FORMAT.read(file, {"predictions": True})}
    assert {key: teeth.fdi.tolist() for key, teeth in read.items()} == {"a": [37], "b": [36]}
    assert read["a"].scores.tolist() == [0.5]
    with pytest.raises(
        AnnotationError, match=r"export\.json: holds predictions and no annotations; insp"
    ):
        FORMAT.read(saved(tmp_path, only))


def test_names_are_proven_by_all_tasks(tmp_path: Path) -> None:
    first = task(annotation(region(label="11")), url="a.png")
    with pytest.raises(AnnotationError, match=r"export\.json: class '11' may be .*--numbering"):
        FORMAT.read(saved(tmp_path, first))
    file = saved(tmp_path, first, task(annotation(region(label="48")), url="b.png"))
    assert [item.read().fdi.tolist() for item in FORMAT.read(file)] == [[11], [48]]


def test_a_rectangle_that_the_map_leaves_out_is_no_error(tmp_path: Path) -> None:
    file = saved(tmp_path, task(annotation(region(), region("rectanglelabels", "caries"))))
    assert read_first(file, map={"caries": None, "36": 36}).fdi.tolist() == [36]
    with pytest.raises(AnnotationError, match="class names 'caries' are not tooth numbers"):
        FORMAT.read(file)


@pytest.mark.parametrize(
    "kind", ["rectanglelabels", "ellipselabels", "bitmasklabels", "vectorlabels"]
)
def test_other_shapes_are_refused(tmp_path: Path, kind: str) -> None:
    file = saved(tmp_path, task(annotation(region(kind))))
    with pytest.raises(
        AnnotationError, match=rf"task 5: region 'x': 36: '{kind}' is not an outline"
    ):
        read_first(file)


def test_bitmasks_keep_every_pixel(tmp_path: Path) -> None:
    url = f"data:image/png;base64,{to_text(SQUARE)}"
    drawn = region("bitmasklabels", value={"imageDataURL": url, "bitmasklabels": ["36"]})
    (mask,) = read_first(saved(tmp_path, task(annotation(drawn)))).masks
    assert mask.sum() == SQUARE.sum()
    small = f"data:image/png;base64,{to_text(SQUARE[:4])}"
    for odd, reason in (
        (small, "a mask of 4 x 10 pixels on an image of 8 x 10"),
        (7, "a mask is 7"),
    ):
        drawn["value"]["imageDataURL"] = odd
        with pytest.raises(AnnotationError, match=reason):
            read_first(saved(tmp_path, task(annotation(drawn))))


def test_a_task_of_several_pictures_is_not_mixed_up(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((8, 10), np.uint8)).save(tmp_path / name)
    data = {"image": "/x/a.png", "second": "/x/b.png"}
    drawn = [region(to_name=name) for name in ("image", "second")]
    for one, key in zip(drawn, ("a", "b"), strict=True):
        given = task(annotation(one), file_upload="a.png") | {"data": data}
        assert [item.key for item in FORMAT.read(saved(tmp_path, given))] == [key]
    both = task(annotation(*drawn)) | {"data": data}
    with pytest.raises(AnnotationError, match=r"2 pictures.*a task for each radiograph"):
        FORMAT.read(saved(tmp_path, both))


def test_several_annotations_of_a_task_are_noted(tmp_path: Path) -> None:
    faults = FaultList()
    given = task(annotation(region()), annotation(region(label="37")))
    FORMAT.read(saved(tmp_path, given, task(annotation(), url="/b.png")), {OPTION: faults})
    assert [note.problem[:36] for note in faults.notes] == ["tasks with several annotations: 1; o"]


def test_an_answer_for_each_region_may_name_the_tooth(tmp_path: Path) -> None:
    def answer(key: str, number: object, kind: str = "choices") -> dict[str, Any]:
        return {"id": key, "from_name": "number", "type": kind, "value": {kind: number}}

    drawn = [region(label=label, id=label) for label in ("tooth", "crown")]
    drawn += [region(label="tooth", id="second"), region(label="48", id="third")]
    answers = [answer("tooth", ["36"]), answer("crown", ["x"]), answer("second", 37, "number")]
    file = saved(tmp_path, task(annotation(*drawn, *answers)))
    with pytest.raises(AnnotationError, match="class names 'tooth' are not"):
        FORMAT.read(file)
    assert read_first(file, attribute="number").fdi.tolist() == [36, 37, 48]
    with pytest.raises(AnnotationError, match=r"attributes \['number'\]; none is 'no'"):
        FORMAT.read(file, {"attribute": "no"})


def test_a_point_that_was_left_is_noted(tmp_path: Path) -> None:
    file = saved(tmp_path, task(annotation(region("keypointlabels", "37"), region())))
    assert read_first(file).fdi.tolist() == [36]
    faults = FaultList()
    FORMAT.read(file, {"faults": faults})[0].read()
    assert [(fault.problem, fault.is_note) for fault in faults] == [
        ("is a point, not an outline, and is left out", True)
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"value": {"points": POINTS[:2]}}, "at least three"),
        ({"value": {"points": []}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [1, 2, 3, 4, 5, 6]}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [[1, 2, 3]] * 3}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [[1, 2], [3], [4, 5]]}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [["a", 2]] * 3}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [[10**400, 2]] * 3}}, "expected a list of .x, y. in percent"),
        ({"value": {"points": [[float("nan"), 2]] * 3}}, "finite"),
        ({"value": {"points": [[1e308, 2]] * 3}}, "finite"),
        ({"value": {"points": [[None, 2]] * 3}}, "finite"),
        ({"value": {}}, "'polygonlabels' is not an outline"),
        ({"image_rotation": 90}, "rotated by 90 degrees"),
        ({"score": 1.5}, "score is 1.5; expected a number from 0 to 1"),
        ({"score": float("nan")}, "score is nan"),
        ({"score": "high"}, "score is 'high'"),
    ],
)
def test_malformed_polygons(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    drawn = region(**changes)
    drawn["value"]["polygonlabels"] = ["36"]
    with pytest.raises(AnnotationError, match=rf"task 5: region 'x': 36: .*{reason}"):
        read_first(saved(tmp_path, task(annotation(drawn))))


@pytest.mark.parametrize(
    ("rle", "reason"),
    [
        (encode(SQUARE)[:-1], "ends before all"),
        (encode(SQUARE[1:]), "brush of 280 values; an image of size .8, 10. has 320"),
        ([255] * 40, "brush of 4294967295 values"),
        ([1, 2, "3"], "from 0 to 255"),
        ("@@", "from 0 to 255"),
        (None, "from 0 to 255"),
    ],
)
def test_malformed_brushes(tmp_path: Path, rle: Any, reason: str) -> None:
    drawn = region("brushlabels", value={"rle": rle, "brushlabels": ["36"]})
    with pytest.raises(AnnotationError, match=rf"task 5: region 'x': 36: .*{reason}"):
        read_first(saved(tmp_path, task(annotation(drawn))))


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"id": 5}, "is not a task"),
        ([1], "is not a task"),
        ({"id": 5, "data": []}, "is not a task"),
        (task("x"), "task 5: annotations are not a list of objects"),
        ({**task(), "annotations": {"a": 1}}, "task 5: annotations are not a list"),
        (task({"id": 1}), "task 5: result is not a list"),
        (task(annotation("x")), "task 5: result is not a list"),
        (task(annotation(region(value=None))), "'polygonlabels' of a region are None"),
        (task(annotation(region(value={"points": POINTS}))), "are None; expected one label"),
        (
            task(annotation(region(value={"polygonlabels": ["36", "37"]}))),
            "are .'36', '37'.; expected one label",
        ),
        (task(annotation(region(value={"polygonlabels": [3.6]}))), "expected one label"),
        (task(annotation(), annotation(updated_at="soon")), "updated_at is 'soon'"),
        (task(annotation(), annotation(updated_at=3)), "updated_at is 3; expected a date"),
        (
            task(annotation(region(original_width="wide"))),
            "task 5: height and width are 8 and 'wide'",
        ),
        (task(annotation(region(original_width=None))), "from 1 to 100000"),
        (task(annotation(region(original_width=True))), "from 1 to 100000"),
        (task(annotation(region(original_height=10**400))), "from 1 to 100000"),
        (task(annotation(region(original_height=1e5, original_width=1e5))), "at most 100000000"),
        (task(annotation(region(), region(original_width=11))), "regions are of images of sizes"),
        ({**task(annotation()), "data": {"a.png": 1}}, "data holds 'a.png'; expected 'image'"),
        ({**task(annotation()), "data": {"image": 3}}, "data holds 'image'"),
        ({**task(annotation()), "data": {"a": "1.png", "b": "2.png"}}, "data holds 'a', 'b'"),
        (task(annotation(), url="http://[x/a.png"), "is not a URL"),
        (task(annotation(), url="data:"), "is part of the task"),
        (task(annotation(), url="/data/upload/1/.."), "an image is named '..'"),
        (task(annotation(), url="/data/upload/1/%2e%2e"), "an image is named '..'"),
        (task(annotation(), url="/data/local-files/?d=../a.png"), "an image is named '../a.png'"),
        (task(annotation(), url="/data/local-files/?d=x/../../a.png"), "expected a file below"),
        (task(annotation(), url="/data/local-files/?d=..%5Ca.png"), "expected a file below"),
        (task(annotation(), url="/data/local-files/?x=a.png"), "an image is named ''"),
        (task(annotation(), url="a\ud800.png"), "an image is named"),
        (task(annotation(), url="a%00.png"), "an image is named"),
    ],
)
def test_malformed_tasks(tmp_path: Path, item: Any, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"export\.json: .*{reason}"):
        FORMAT.read(saved(tmp_path, item))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b" ", "not JSON of the expected form from byte 0"),
        (b"[", "ends in the middle, at byte 1"),
        (b"{}", "from byte 0"),
        (b"[1, 2]", "from byte 1"),
        (b"['x', {}]", "from byte 1"),
        (b'["x]', "ends in the middle, at byte 4"),
        (b'[{"a": 1}', "is not a task"),
        (b'[{"data": {}, "annotations": []} {"data": {}}]', "from byte 32"),
        (b'[{"data": {}, "annotations": []}]]', "from byte 32"),
        (b'[{"data": {}, "annotations": []},]', "from byte 32"),
        (b'[{"data": {}, "annotations": []}', "ends in the middle, at byte 32"),
        (b'[{"data": {}, "annotations": [}]}]', "byte 1 to 32 is not JSON"),
        (b'[{"data": {"image": "\xff"}}]', "is not text in UTF-8 .* --encoding"),
        (b"[" + b"[" * 100_000 + b"]" * 100_000 + b"]", "is not JSON"),
        ("[{}]".encode("utf-16"), "is not a task"),
        (b'["' + b'\\"' * 100_000, "ends in the middle, at byte 200002"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "t.json"
    file.write_bytes(content)
    with pytest.raises(AnnotationError, match=rf"t\.json: .*{reason}"):
        FORMAT.read(file)


def test_brackets_and_quotes_in_texts_are_no_structure(tmp_path: Path) -> None:
    odd = annotation(region(), comment='}]"\\"[{\\')
    file = saved(tmp_path, task(odd, url="a.png"), task(odd, url="b.png"))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes() + b"\n")
    assert [item.read().fdi.tolist() for item in FORMAT.read(file)] == [[36], [36]]


@pytest.mark.parametrize(
    ("url", "image", "key"),
    [
        (URL, "opg.png", "opg"),
        (URL, "images/sub/opg.png", "sub/opg"),
        (URL, "images/3f2a1b2c-opg.png", "3f2a1b2c-opg"),
        ("/data/upload/1/3f2a1b2c-o%20pg.png", "o pg.png", "o pg"),
        ("/data/local-files/?d=sub/opg.png", "images/sub/opg.png", "sub/opg"),
        ("/data/local-files/?d=project/data/images/sub/opg.png", "images/sub/opg.png", "sub/opg"),
        ("http://localhost:8080/data/local-files/?d=%2Fsub%2Fopg.png", "sub/opg.png", "sub/opg"),
        ("/data/local-files/?d=x/opg.png", "images/y/opg.png", "y/opg"),
        ("https://example.org/a/opg.png?token=x", "opg.png", "opg"),
        ("s3://bucket/a/opg.png", "opg.png", "opg"),
        ("C:\\data\\opg.png", "opg.png", "opg"),
    ],
)
def test_radiographs_are_found(tmp_path: Path, url: str, image: str, key: str) -> None:
    file = picture(tmp_path / image)
    (item,) = FORMAT.read(saved(tmp_path, task(annotation(region()), url=url)))
    assert (item.key, item.image, item.size) == (key, file, (8, 10))


def test_what_is_written_belongs_to_its_place(tmp_path: Path) -> None:
    file = picture(tmp_path / FORMAT.image_place("sub/a.png"))
    FORMAT.write(tmp_path, [("sub/a.png", Teeth.empty((40, 50)))], {})
    assert FORMAT.read(tmp_path)[0].image == file


def test_without_radiographs_names_are_kept_whole(tmp_path: Path) -> None:
    picture(tmp_path / "etc/passwd.png")
    outside = task(annotation(region()), url="/data/upload/../../etc/passwd.png")
    (tmp_path / "data").mkdir()
    file = saved(tmp_path / "data", task(annotation(region())), outside)
    found = [(item.key, item.image) for item in FORMAT.read(file)]
    assert found == [("3f2a1b2c-opg", None), ("passwd", None)]


def test_two_radiographs_or_tasks_of_one_name_are_refused(tmp_path: Path) -> None:
    picture(tmp_path / "a/opg.png")
    file = saved(tmp_path, task(annotation(region())), task(annotation(region())))
    with pytest.raises(AnnotationError, match=r"export\.json: two images share the name 'a/opg'"):
        FORMAT.read(file)
    picture(tmp_path / "b/opg.png")
    with pytest.raises(AnnotationError, match=r"task 5: image opg\.png may be a/opg\.png or b/opg"):
        FORMAT.read(file)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})
    assert not list(tmp_path.glob("out/*"))


def test_the_radiograph_tells_the_size_of_what_has_no_teeth(tmp_path: Path) -> None:
    saved(tmp_path, task(annotation()))
    (item,) = FORMAT.read(tmp_path)
    assert item.size is None
    with pytest.raises(
        AnnotationError, match=r"export\.json: task 5: does not say the size of the image"
    ):
        item.read()
    file = picture(tmp_path / "opg.png")
    assert read_first(tmp_path) == Teeth.empty((40, 50))
    file.write_bytes(b"x")
    with pytest.raises(
        AnnotationError, match=r"task 5: does not say the size of the image; .*opg\.png"
    ):
        read_first(tmp_path)


def test_a_file_that_changed_or_went_is_named(tmp_path: Path) -> None:
    file = saved(tmp_path, task(annotation(region())))
    (item,) = FORMAT.read(file)
    saved(tmp_path, task(annotation(region(label="37"))))
    with pytest.raises(AnnotationError, match=r"export\.json: changed while it was read"):
        item.read()
    file.write_text("[]")
    with pytest.raises(AnnotationError, match=r"export\.json: .* is not JSON"):
        item.read()
    file.unlink()
    with pytest.raises(AnnotationError, match=r"export\.json: cannot be read"):
        item.read()


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone.json")
    for other in ("{}", "[]", "[1]", '[{"image": "a.png"}]', '[{"data": {}}]', "x"):
        (tmp_path / "other.json").write_text(other)
        assert not FORMAT.recognises(tmp_path)
    file = saved(tmp_path, task())
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(file)
    (tmp_path / "second.json").write_text(file.read_text())
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match="expected one JSON export of Label Studio"):
        FORMAT.read(tmp_path)


def test_an_unknown_geometry_suggests(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'polygon'"):
        FORMAT.write(tmp_path, [], {"geometry": "polygons"})
    FORMAT.write(tmp_path, [], {})
    assert FORMAT.read(tmp_path / "tasks.json") == []


@pytest.mark.parametrize("value", [{"points": POINTS, "polygonlabels": []}, {"points": POINTS}])
@pytest.mark.parametrize("kind", ["polygonlabels", "polygon"])
def test_a_region_without_a_label_is_named_and_not_dropped(
    tmp_path: Path, kind: str, value: dict[str, Any]
) -> None:
    open_one = region(id="y", type=kind, value=value)
    file = saved(tmp_path, task(annotation(region(), open_one)))
    with pytest.raises(AnnotationError, match=r"task 5: region 'y': .*label.*; expected one label"):
        FORMAT.read(file)
    faults = FaultList()
    (item,) = FORMAT.read(file, {"faults": faults})
    assert item.read().fdi.tolist() == [36, 0]
    ((fault),) = faults
    assert (fault.image, fault.item, fault.cost) == ("task 5", "region 'y'", "nothing")


def test_a_label_in_a_result_of_its_own_counts(tmp_path: Path) -> None:
    drawn = region(type="polygon", value={"points": POINTS})
    named = region(type="labels", value={"points": POINTS, "labels": ["36"]})
    assert read_first(saved(tmp_path, task(annotation(drawn, named)))).fdi.tolist() == [36]


def test_one_bad_task_or_region_costs_itself(tmp_path: Path) -> None:
    far = region(id="far", value={"points": [[1, 2, 3]], "polygonlabels": ["37"]})
    bad = [{"id": 1}, task("x", id=2), task(annotation(updated_at=3), id=3)]
    faults = FaultList()
    file = saved(tmp_path, task(annotation(region(), far)), *bad)
    (item,) = FORMAT.read(file, {"faults": faults})
    assert item.read().fdi.tolist() == [36]
    assert [(fault.image, fault.item, fault.cost) for fault in faults] == [
        ("", "", "radiograph"),
        ("task 2", "", "radiograph"),
        ("task 3", "", "radiograph"),
        ("task 5", "region 'far': 37", "annotation"),
    ]


def test_a_point_without_a_size_costs_no_radiograph(tmp_path: Path) -> None:
    point = {"id": "p", "type": "keypointlabels", "value": {"x": 1, "keypointlabels": ["36"]}}
    faults = FaultList()
    (item,) = FORMAT.read(saved(tmp_path, task(annotation(region(), point))), {OPTION: faults})
    assert item.read().fdi.tolist() == [36]
    (fault,) = faults
    assert (fault.problem, fault.cost) == (
        "is a point, not an outline, and is left out",
        "nothing",
    )


def test_sizes_and_names_of_old_exports(tmp_path: Path) -> None:
    file = picture(tmp_path / "images" / "opg.png")
    drawn = region()
    del drawn["original_width"], drawn["original_height"]
    old = {**task(url="/data/upload/opg.png"), "completions": [annotation(drawn)]}
    del old["annotations"]
    (item,) = FORMAT.read(saved(tmp_path, old))
    assert (item.image, item.size, item.read().size) == (file, None, (40, 50))


def test_a_label_may_be_a_number(tmp_path: Path) -> None:
    drawn = region(value={"points": POINTS, "polygonlabels": [36]})
    assert read_first(saved(tmp_path, task(annotation(drawn)))).fdi.tolist() == [36]
