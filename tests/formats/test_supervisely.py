"""Supervisely: bitmaps keep every pixel, and nothing is inflated before its size is known."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.parsing.png_mask import from_text, to_text
from panodent.formats.supervisely import FORMAT
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SQUARE = {"exterior": [[2, 1], [5, 1], [5, 3], [2, 3]], "interior": []}
"""Rows 1 to 3, columns 2 to 5."""
PIECE = np.array([[1, 1, 0], [0, 1, 1]], bool)


def polygon(title: str = "36", **changes: Any) -> dict[str, Any]:
    return {"classTitle": title, "geometryType": "polygon", "points": SQUARE, **changes}


def bitmap(title: str = "36", data: Any = None, origin: Any = (4, 3)) -> dict[str, Any]:
    text = to_text(PIECE, compressed=True) if data is None else data
    shape = {"data": text, "origin": list(origin) if isinstance(origin, tuple) else origin}
    return {"classTitle": title, "geometryType": "bitmap", "bitmap": shape}


def saved(root: Path, *objects: Any, name: str = "ds0/ann/1.jpg.json", **changes: Any) -> Path:
    file = root / name
    file.parent.mkdir(parents=True, exist_ok=True)
    data = {"size": {"height": 8, "width": 10}, "objects": list(objects), "tags": [], **changes}
    file.write_text(json.dumps(data), encoding="utf-8")
    return file


def read_first(root: Path) -> Teeth:
    return FORMAT.read(root)[0].read()


def png(image: np.ndarray, **options: Any) -> str:
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, format="PNG", **options)
    return base64.b64encode(zlib.compress(stream.getvalue())).decode()


def test_bitmaps_keep_every_pixel(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path, [("b/2 & <3>.png", truth), ("a.1.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a.1", (50, 70), None)
    assert (second.key, second.size) == ("b/2 & <3>", truth.size)
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth
    assert second.read() == truth


def test_holes_parts_and_equal_numbers_are_kept(tmp_path: Path) -> None:
    hollow = np.ones((5, 5), bool)
    hollow[2, 2] = False
    two = np.array([[1, 0, 1]], bool)
    teeth = [(36, hollow, (3, 4)), (37, two, (0, 0)), (37, two, (10, 10)), (0, two, (19, 17))]
    truth = Teeth.from_masks((20, 20), teeth)
    FORMAT.write(tmp_path, [("a.png", truth)], {})
    assert read_first(tmp_path) == truth


def test_what_is_written_is_a_project(tmp_path: Path) -> None:
    truth = Teeth.from_masks((20, 30), [(36, PIECE, (3, 4))])
    FORMAT.write(tmp_path, [("a.png", truth)], {"numbering": "universal"})
    meta = json.loads((tmp_path / "meta.json").read_text())
    titles = [entry["title"] for entry in meta["classes"]]
    assert len(titles) == len(set(titles)) == 53
    assert {"19", "A", "unnumbered"} <= set(titles)
    assert {entry["shape"] for entry in meta["classes"]} == {"bitmap"}
    assert all(len(entry["color"]) == 7 for entry in meta["classes"])
    data = json.loads((tmp_path / "ann/a.png.json").read_text())
    assert data["size"] == {"height": 20, "width": 30}
    (item,) = data["objects"]
    assert (item["classTitle"], item["bitmap"]["origin"]) == ("19", [4, 3])
    # The SDK takes the alpha channel that OpenCV makes of the palette.
    inflated = zlib.decompress(base64.b64decode(item["bitmap"]["data"]))
    pixels = cv2.imdecode(np.frombuffer(inflated, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(pixels[..., 3] > 0, PIECE)
    assert FORMAT.read(tmp_path, {"numbering": "universal"})[0].read() == truth


def test_polygons_and_bitmaps_by_hand(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), bitmap("37"))
    square, piece = np.zeros((2, 8, 10), bool)
    square[1:4, 2:6] = True
    piece[3:5, 4:7] = PIECE
    assert read_first(tmp_path) == Teeth.from_masks((8, 10), [(36, square), (37, piece)])


def test_corners_are_pixels_as_the_sdk_draws_them(tmp_path: Path) -> None:
    points = {
        "exterior": [[0.9, 0], [7, 0.2], [7.5, 6], [0, 6.9]],
        "interior": [[[2, 2], [4, 2], [4, 4]]],
    }
    saved(tmp_path, polygon(points=points))
    expected = np.zeros((8, 10), bool)
    expected[:7, :8] = True
    for row, cols in ((2, (2, 3, 4)), (3, (3, 4)), (4, (4,))):
        expected[row, list(cols)] = False
    assert np.array_equal(read_first(tmp_path).full_mask(0), expected)


def test_bitmaps_of_other_makers(tmp_path: Path) -> None:
    grey = png(PIECE.astype(np.uint8))
    alpha = png(np.dstack([np.full((2, 3), 9)] * 3 + [PIECE * 255]).astype(np.uint8))
    for data in (grey, alpha, to_text(PIECE)):
        saved(tmp_path, bitmap(data=data, origin=[4.5, 3]))
        teeth = read_first(tmp_path)
        assert teeth.boxes.tolist() == [[3, 4, 5, 7]]
        assert np.array_equal(teeth.masks[0], PIECE)


def test_what_leaves_the_image_is_cut_off(tmp_path: Path) -> None:
    wide = {"exterior": [[2, 1], [600000, 1], [600000, 3], [2, 3]]}
    objects = (
        bitmap(origin=(-2, -1)),  # its last pixel
        bitmap(origin=(8, 7)),
        bitmap(origin=(9, 8)),
        bitmap(origin=(-1000, 2)),
        polygon(points=wide),
    )
    saved(tmp_path, *objects)
    assert read_first(tmp_path).boxes.tolist() == [[0, 0, 1, 1], [7, 8, 8, 10], [1, 2, 4, 10]]


def test_radiographs_in_another_spelling_are_found_in_their_dataset(tmp_path: Path) -> None:
    saved(tmp_path, name="ds0/ann/\u00e4.png.json")
    saved(tmp_path, name="ds1/ann/b.png.json")
    for name in ("ds0/img/A\u0308.jpg", "ds0/img/b.png", "ds0/datasets/x/img/b.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    first, second = FORMAT.read(tmp_path)
    assert (first.image, second.image) == (tmp_path / "ds0/img/A\u0308.jpg", None)


def test_datasets_and_keys(tmp_path: Path) -> None:
    names = ("ann/1.jpg.json", "ds0/ann/1.jpg.json", "ds0/datasets/late/ann/sub/2.json")
    for name in names:
        saved(tmp_path, name=name)
    images = ("img/1.jpg", "ds0/img/other.jpg", "ds0/datasets/late/img/sub/2.TIF")
    for name in images:
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(b"")
    saved(tmp_path, name="ds1/ann/I.7.json")  # a DICOM file without a suffix of its own
    (tmp_path / "ds1/img").mkdir()
    (tmp_path / "ds1/img/I.7").write_bytes(b"")
    found = {item.key: item.image for item in FORMAT.read(tmp_path)}
    assert found == {
        "1": tmp_path / "img/1.jpg",
        "ds0/1": None,
        "ds0/datasets/late/sub/2": tmp_path / "ds0/datasets/late/img/sub/2.TIF",
        "ds1/I.7": tmp_path / "ds1/img/I.7",
    }
    (tmp_path / "ds0/datasets/late/img/sub/2.tif").write_bytes(b"")
    assert FORMAT.read(tmp_path)[2].image == tmp_path / "ds0/datasets/late/img/sub/2.tif"


def test_two_images_of_one_key_are_refused(tmp_path: Path) -> None:
    saved(tmp_path, name="ann/1.jpg.json")
    saved(tmp_path, name="ann/1.png.json")
    with pytest.raises(AnnotationError, match=r"two images share the name '1'"):
        FORMAT.read(tmp_path)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})


def test_names_are_proven_by_the_whole_project(tmp_path: Path) -> None:
    saved(tmp_path, polygon("11"))
    with pytest.raises(AnnotationError, match=r"class '11' may be .*--numbering"):
        FORMAT.read(tmp_path)
    assert FORMAT.read(tmp_path, {"numbering": "universal"})[0].read().fdi.tolist() == [23]
    saved(tmp_path, bitmap("48"), name="ds1/ann/1.jpg.json")
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[11], [48]]
    saved(tmp_path, bitmap("caries"), name="ds1/ann/2.jpg.json")
    with pytest.raises(AnnotationError, match="'caries' are not tooth numbers"):
        FORMAT.read(tmp_path)


def test_what_the_map_leaves_out_may_have_any_shape(tmp_path: Path) -> None:
    saved(tmp_path, polygon(), {"classTitle": "caries", "geometryType": "rectangle"})
    (item,) = FORMAT.read(tmp_path, {"map": {"caries": None, "36": 36}})
    assert item.read().fdi.tolist() == [36]


@pytest.mark.parametrize("geometry", ["rectangle", "line", "point", "graph", "alphaMask", None, []])
def test_other_shapes_are_refused(tmp_path: Path, geometry: Any) -> None:
    saved(tmp_path, polygon(), polygon("37", geometryType=geometry))
    with pytest.raises(AnnotationError, match=r"1\.jpg\.json: object 2 \('37'\): geometryType is"):
        read_first(tmp_path)


BIG = 10**400


@pytest.mark.parametrize(
    ("points", "reason"),
    [
        (None, "points of a polygon is None"),
        ([[1, 2]], r"points of a polygon is \[\[1, 2\]\]"),
        ({}, "exterior points are None"),
        ({"exterior": [[1, 2], [3, 4]]}, "exterior has 2 points"),
        ({"exterior": []}, "exterior has 0 points"),
        ({"exterior": [[1, 2], [3, 4], [5]]}, r"exterior points are .* list of finite \[x, y\]"),
        ({"exterior": [[1, 2], [3, 4], 5]}, "exterior points are"),
        ({"exterior": [[1, 2], [3, 4], ["5", 6]]}, "exterior points are"),
        ({"exterior": [[1, 2], [3, 4], [True, 6]]}, "exterior points are"),
        ({"exterior": [[1, 2], [3, 4], [BIG, 6]]}, "exterior points are"),
        ({"exterior": [[1, 2], [3, 4], [float("nan"), 6]]}, "exterior points are"),
        ({"exterior": [[1, 2], [3, 4], [float("inf"), 6]]}, "exterior points are"),
        (
            {"exterior": [[1, 2], [3, 4], [1e300, 6]]},
            "exterior has 3 points, the farthest at 1e[+]300",
        ),
        ({**SQUARE, "interior": 5}, "interior of a polygon is 5"),
        ({**SQUARE, "interior": [[1, 2]]}, "interior points are"),
        ({**SQUARE, "interior": [[[1, 2]]]}, "interior has 1 points"),
    ],
)
def test_malformed_polygons(tmp_path: Path, points: Any, reason: str) -> None:
    saved(tmp_path, polygon(points=points))
    with pytest.raises(AnnotationError, match=rf"1\.jpg\.json: object 1 \('36'\): {reason}"):
        read_first(tmp_path)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(width: int, height: int) -> bytes:
    fields = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", fields)


def coded(data: bytes, compress: bool = True) -> str:
    return base64.b64encode(zlib.compress(data, 9) if compress else data).decode()


def bomb(first: bytes = b"") -> Callable[[], str]:
    """Makes `coded(first + ZEROS)` when it is needed: packing takes a sixth of a second."""
    return lambda: coded(first + ZEROS)


ZEROS = bytes(50 << 20)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (None, "a mask is None; expected a PNG in base64"),
        (5, "a mask is 5"),
        ("§", "a mask is '§'"),
        ("abc", "a mask is 'abc'; expected a PNG in base64"),
        ("", "a mask starts with b''"),
        (coded(b"x" * 50, compress=False), "neither a PNG nor a zlib stream"),
        (coded(b"x" * 50), "a mask starts with b'xxxxxxxx'; expected a PNG"),
        (
            coded(header(3, 2))[:-20],
            "damaged PNG|neither a PNG|starts with|expected a PNG in base64",
        ),
        (coded(header(3, 2)), "damaged PNG"),
        (coded(header(3, 2) + chunk(b"IDAT", b"x" * 9)), "damaged PNG"),
        (coded(header(11, 2)), r"a mask of 2 x 11 pixels in an image of 8 x 10"),
        (coded(header(3, 0)), "a mask of 0 x 3 pixels"),
        (bomb(header(1 << 30, 1 << 30)), "a mask of 1073741824 x 1073741824 pixels"),
        (coded(header(1 << 30, 1 << 30), compress=False), "a mask of 1073741824 x 1073741824"),
        (bomb(header(3, 2)), "a mask of 2 x 3 pixels inflates to more than 65568 bytes"),
        (bomb(), "a mask starts with"),
        (png(np.zeros((2, 3, 3), np.uint8)), "a mask is a PNG of 3 channels"),
    ],
)
def test_malformed_bitmaps(tmp_path: Path, data: Any, reason: str) -> None:
    item = bitmap()
    item["bitmap"]["data"] = data() if callable(data) else data
    saved(tmp_path, item)
    with pytest.raises(AnnotationError, match=rf"1\.jpg\.json: object 1 \('36'\): .*({reason})"):
        read_first(tmp_path)


def test_a_bomb_of_pixels_ends_with_the_picture() -> None:
    packed = chunk(b"IDAT", zlib.compress(ZEROS, 9)) + chunk(b"IEND", b"")
    assert from_text(coded(header(3, 2) + packed), (8, 10)).tolist() == [[False] * 3] * 2


@pytest.mark.parametrize("origin", [None, [], [1], [1, 2, 3], ["1", 2], [BIG, 1], [1e7, 1], {}])
def test_malformed_origins(tmp_path: Path, origin: Any) -> None:
    saved(tmp_path, bitmap(origin=origin))
    with pytest.raises(AnnotationError, match=r"object 1 \('36'\): origin of a bitmap is"):
        read_first(tmp_path)


def test_a_bitmap_without_its_record(tmp_path: Path) -> None:
    saved(tmp_path, polygon(geometryType="bitmap"))
    with pytest.raises(AnnotationError, match="bitmap of a bitmap is None; expected an object"):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"size": None}, "size is None; expected height and width"),
        ({"size": {"height": 8}}, "height and width are 8 and None"),
        ({"size": {"height": 8, "width": True}}, "expected whole numbers from 1 to 100000"),
        ({"size": {"height": 8, "width": "x"}}, "expected whole numbers"),
        ({"size": {"height": 8, "width": BIG}}, "expected whole numbers"),
        ({"size": {"height": 8, "width": float("nan")}}, "expected whole numbers"),
        ({"size": {"height": 10**5, "width": 10**5}}, "at most 100000000 in all"),
        ({"objects": None}, "objects is None; expected a list of objects"),
        ({"objects": {}}, "objects is {}"),
        ({"objects": [5]}, r"objects is \[5\]"),
        ({"objects": [{}]}, "object 1: classTitle is None; expected a class name"),
        ({"objects": [{"classTitle": 3.6}]}, "object 1: classTitle is 3.6"),
    ],
)
def test_malformed_files(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    saved(tmp_path, **changes)
    with pytest.raises(AnnotationError, match=rf"1\.jpg\.json: .*{reason}"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON in UTF-8"),
        (b"{", "ends in the middle, at byte 1"),
        (b'{"a": "\xff"}', "is not text in UTF-8 .* --encoding"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON in UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b'{"a":' * 100_000, "nested too deep"),
        (b"[1]", r"holds \[1\]; expected a JSON object"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    saved(tmp_path).write_bytes(content)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=rf"1\.jpg\.json: .*{reason}"):
        FORMAT.read(tmp_path)


def test_what_is_nested_deep_is_cited_shortly(tmp_path: Path) -> None:
    file = saved(tmp_path)
    deep = "[" * 900 + "]" * 900
    file.write_text(f'{{"size": {{"height": {deep}, "width": 1}}, "objects": []}}')
    with pytest.raises(AnnotationError, match=r"1\.jpg\.json: height and width are"):
        FORMAT.read(tmp_path)


def test_a_file_that_changed_or_went_is_named(tmp_path: Path) -> None:
    file = saved(tmp_path, polygon())
    (item,) = FORMAT.read(tmp_path)
    saved(tmp_path, polygon("37"))
    with pytest.raises(AnnotationError, match="changed while it was read"):
        item.read()
    saved(tmp_path, polygon(), size={"height": 9, "width": 10})
    with pytest.raises(AnnotationError, match="changed while it was read"):
        item.read()
    file.unlink()
    with pytest.raises(AnnotationError, match=r"1\.jpg\.json: cannot be read"):
        item.read()


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone")
    with pytest.raises(AnnotationError, match=r"expected JSON files in ann/ or <dataset>/ann/"):
        FORMAT.read(tmp_path)
    file = saved(tmp_path)
    assert FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(file)
    saved(tmp_path, size=None)
    assert not FORMAT.recognises(tmp_path)
