"""Pascal VOC: boxes keep every pixel, say that they are boxes, and find their radiographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.base import losses
from panodent.formats.faults import OPTION, FaultList
from panodent.formats.voc import FORMAT
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SIZE = "<size><width>10</width><height>8</height><depth>3</depth></size>"
BOX = "<bndbox><xmin>3</xmin><ymin>2</ymin><xmax>6</xmax><ymax>4</ymax></bndbox>"
"""Rows 1 to 3, columns 2 to 5."""
TOOTH = f"<object><name>36</name><pose>Left</pose>{BOX}<difficult>0</difficult></object>"


def saved(file: Path, content: str = SIZE + TOOTH, name: str = "opg.png") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"<annotation><folder>x</folder><filename>{name}</filename>{content}</annotation>",
        encoding="utf-8",
    )
    return file


def picture(file: Path, size: tuple[int, int] = (40, 50)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(file)
    return file


def read_first(path: Path) -> Teeth:
    return FORMAT.read(path)[0].read()


def boxed(teeth: Teeth) -> Teeth:
    """The same teeth as filled boxes with the flag."""
    masks = tuple(np.ones_like(mask) for mask in teeth.masks)
    flags = tuple(frozenset({"box"}) for _ in masks)
    return Teeth(teeth.size, teeth.fdi, teeth.boxes, masks, teeth.scores, flags)


def test_boxes_keep_every_pixel(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    teeth = Teeth.from_masks(
        (20, 30), [(36, np.ones((20, 30))), (0, np.ones((1, 1)), (0, 0)), (36, [[1]], (19, 29))]
    )
    FORMAT.write(tmp_path, [("b/2 & 3.png", truth), ("a.png", teeth)], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a", (20, 30), None)
    assert (second.key, second.size) == ("b/2 & 3", truth.size)
    assert first.read() == boxed(teeth)
    assert second.read() == boxed(truth)
    FORMAT.write(tmp_path / "again", [("a.png", first.read())], {})
    again = (tmp_path / "again/Annotations/a.xml").read_text()
    assert again == (tmp_path / "Annotations/a.xml").read_text()


def test_pixels_are_counted_from_one_and_both_ends_belong_to_the_box(tmp_path: Path) -> None:
    teeth = read_first(saved(tmp_path / "opg.xml"))
    assert teeth.size == (8, 10)
    assert teeth.boxes.tolist() == [[1, 2, 4, 6]]
    assert teeth.areas.tolist() == [12]
    assert teeth.flags == (frozenset({"box"}),)
    FORMAT.write(tmp_path / "out", [("opg.png", teeth)], {})
    assert BOX in (tmp_path / "out/Annotations/opg.xml").read_text()


def test_what_is_lost_is_told() -> None:
    teeth = Teeth.from_masks((8, 8), [(36, np.ones((2, 2)), (1, 1))])
    assert losses(teeth, FORMAT.limits) == ["outlines (boxes only)"]
    assert losses(Teeth.empty((8, 8)), FORMAT.limits) == []


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        (("0", "-4", "11", "99"), [[0, 0, 8, 10]]),
        (("10", "8", "10", "8"), [[7, 9, 8, 10]]),
        (("2.5", "1.6", "6.49", "3.5"), [[1, 2, 4, 6]]),
    ],
)
def test_boxes_are_rounded_and_cut_off(
    tmp_path: Path, sides: tuple[str, ...], expected: list[list[int]]
) -> None:
    content = TOOTH
    for old, new in zip((">3<", ">2<", ">6<", ">4<"), sides, strict=True):
        content = content.replace(old, f"> {new} <")
    assert read_first(saved(tmp_path / "a.xml", SIZE + content)).boxes.tolist() == expected


@pytest.mark.parametrize(
    "sides", [("11", "1", "12", "2"), ("-3", "1", "0", "2"), ("1", "1e9", "2", "1e12")]
)
def test_a_box_outside_of_the_image_is_a_fault(tmp_path: Path, sides: tuple[str, ...]) -> None:
    content = TOOTH
    for old, new in zip((">3<", ">2<", ">6<", ">4<"), sides, strict=True):
        content = content.replace(old, f">{new}<")
    with pytest.raises(AnnotationError, match="outside of the image"):
        read_first(saved(tmp_path / "a.xml", SIZE + content))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (">3<", ">x<", r"object 1 \('36'\): bndbox is xmin x, ymin 2, xmax 6, ymax 4; expected"),
        (">3<", "><", r"\('36'\): bndbox is xmin , ymin 2"),
        (">3<", ">7<", "xmin <= xmax"),
        (">2<", ">5<", "ymin <= ymax"),
        (">3<", ">nan<", "bndbox is xmin nan"),
        (">6<", ">inf<", "bndbox is xmin 3, ymin 2, xmax inf"),
        ("<xmin>3</xmin>", "", "bndbox is xmin None"),
        (BOX, "", "bndbox is xmin None"),
        ("<name>36</name>", "", "an object has no name"),
        ("<name>36</name>", "<name> </name>", "an object has no name"),
        ("<width>10<", "<width>100001<", "from 1 to 100000"),
        ("<width>10<", "<width>-1<", "from 1 to 100000"),
        ("<width>10<", "<width>0<", "from 1 to 100000"),
        ("<width>10</width>", "", "height and width are '8' and None"),
        ("</object>", "", "not well-formed XML"),
        ("36", "&a;", "not well-formed XML"),
    ],
)
def test_malformed_files_are_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    saved(tmp_path / "Annotations/t.xml", (SIZE + TOOTH).replace(old, new))
    with pytest.raises(AnnotationError, match=rf"t\.xml: .*{reason}"):
        FORMAT.read(tmp_path)


def test_entities_and_other_files_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path / "t.xml", SIZE + TOOTH.replace("36", "&a;"))
    text = file.read_text()
    file.write_text('<!DOCTYPE annotation [<!ENTITY a "&b;&b;"><!ENTITY b "36">]>' + text)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=r"t\.xml: declares a document type"):
        FORMAT.read(tmp_path)
    file.write_text("<annotations/>")
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=r"t\.xml: the root element is <annotations>"):
        FORMAT.read(tmp_path)


def test_names_are_proven_by_all_files(tmp_path: Path) -> None:
    saved(tmp_path / "Annotations/a.xml", SIZE + TOOTH.replace("36", "11"), "a.png")
    with pytest.raises(AnnotationError, match=r"class '11' may be .*--numbering"):
        FORMAT.read(tmp_path)
    (item,) = FORMAT.read(tmp_path, {"numbering": "universal"})
    assert item.read().fdi.tolist() == [23]
    saved(tmp_path / "Annotations/b.xml", SIZE + TOOTH.replace("36", "48"), "b.png")
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[11], [48]]
    saved(tmp_path / "Annotations/c.xml", SIZE + TOOTH.replace("36", "caries"), "c.png")
    with pytest.raises(AnnotationError, match="class names 'caries' are not tooth numbers"):
        FORMAT.read(tmp_path)
    assert len(FORMAT.read(tmp_path, {"map": {"caries": None}})[2].read()) == 0


def test_a_declared_numbering_is_written(tmp_path: Path) -> None:
    truth = Teeth.from_masks((20, 20), [(36, np.ones((3, 3)), (1, 1))])
    FORMAT.write(tmp_path, [("a.png", truth)], {"numbering": "palmer"})
    assert "<name>LL6</name>" in (tmp_path / "Annotations/a.xml").read_text()
    assert FORMAT.read(tmp_path, {"numbering": "palmer"})[0].read() == boxed(truth)


@pytest.mark.parametrize(
    ("xml", "image", "key"),
    [
        ("Annotations/opg.xml", "JPEGImages/opg.png", "opg"),
        ("Annotations/sub/opg.xml", "JPEGImages/sub/opg.png", "sub/opg"),
        ("Annotations/opg.xml", "images/opg.png", "opg"),
        ("Annotations/opg.xml", "opg.png", "opg"),
        ("images/sub/opg.xml", "images/sub/opg.png", "sub/opg"),
        ("sub/opg.xml", "sub/opg.png", "sub/opg"),
        ("Annotations/7.XML", "JPEGImages/opg.png", "opg"),
        # The name inside is that of no file: the XML's own name counts.
        ("Annotations/7.xml", "JPEGImages/7.jpg", "7"),
        ("7.xml", "7.jpg", "7"),
    ],
)
def test_radiographs_are_found(tmp_path: Path, xml: str, image: str, key: str) -> None:
    saved(tmp_path / xml)
    file = picture(tmp_path / image)
    assert FORMAT.recognises(tmp_path)
    (item,) = FORMAT.read(tmp_path)
    assert (item.key, item.image) == (key, file)


def test_the_radiograph_tells_the_size_where_the_file_does_not(tmp_path: Path) -> None:
    for size in ("", "<size><width>0</width><height>0</height></size>"):
        saved(tmp_path / "Annotations/opg.xml", size + TOOTH)
        (item,) = FORMAT.read(tmp_path)
        assert item.size is None
        with pytest.raises(
            AnnotationError,
            match=r"opg\.xml: does not say the size of the image, and its radiograph was not found",
        ):
            item.read()
    file = picture(tmp_path / FORMAT.image_place("opg.png"))
    assert read_first(tmp_path).size == (40, 50)
    file.write_bytes(b"x")
    with pytest.raises(
        AnnotationError,
        match=r"opg\.xml: does not say the size of the image; .*opg\.png: not a picture",
    ):
        read_first(tmp_path)


@pytest.mark.parametrize(
    ("name", "key"), [("../../opg.png", "opg"), ("C:\\data\\opg.png", "opg"), ("", "t")]
)
def test_paths_of_other_computers_are_not_followed(tmp_path: Path, name: str, key: str) -> None:
    picture(tmp_path / "opg.png")
    saved(tmp_path / "data/Annotations/t.xml", name=name)
    (item,) = FORMAT.read(tmp_path / "data")
    assert (item.key, item.image) == (key, None)


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "t.xml", name="..")
    with pytest.raises(AnnotationError, match=r"t\.xml: an image is named '\.\.'"):
        FORMAT.read(tmp_path)


def test_two_files_of_one_radiograph_are_refused(tmp_path: Path) -> None:
    saved(tmp_path / "Annotations/1.xml")
    saved(tmp_path / "Annotations/2.xml", name="opg.jpg")
    with pytest.raises(AnnotationError, match="two images share the name 'opg'"):
        FORMAT.read(tmp_path)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})


def test_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    for place in (tmp_path, tmp_path / "gone", tmp_path / "a.txt"):
        assert not FORMAT.recognises(place)
        with pytest.raises(AnnotationError, match="expected XML files"):
            FORMAT.read(place)


# --- polygons, and the warning of boxes -----------------------------------------------------------

ROBOFLOW = "<x1>2</x1><y1>1</y1><x2>6</x2><y2>1</y2><x3>6.0</x3><y3>4</y3><x4>2</x4><y4>4</y4>"
LABELME = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((2, 1), (6, 1), (6, 4), (2, 4)))


def outlined(inside: str, name: str = "36") -> str:
    return f"<object><name>{name}</name>{BOX}<polygon>{inside}</polygon></object>"


@pytest.mark.parametrize("inside", [ROBOFLOW, LABELME, LABELME.replace("pt>", "point>")])
def test_polygons_are_outlines(tmp_path: Path, inside: str) -> None:
    saved(tmp_path / "a.xml", SIZE + outlined(inside) + TOOTH)
    teeth = read_first(tmp_path)
    square = np.zeros((8, 10), bool)
    square[1:4, 2:6] = True
    assert (teeth.full_mask(0) == square).all()
    assert teeth.flags == (frozenset(), frozenset({"box"}))


def test_several_polygons_are_parts(tmp_path: Path) -> None:
    second = LABELME.replace("<x>6<", "<x>9<").replace("<x>2<", "<x>8<")
    both = outlined(LABELME).replace("</object>", f"<polygon>{second}</polygon></object>")
    saved(tmp_path / "a.xml", SIZE + both)
    assert read_first(tmp_path).areas.tolist() == [12 + 3]


@pytest.mark.parametrize(
    ("old", "new"),
    [("<x1>2</x1>", ""), (">6.0<", ">six<"), (ROBOFLOW, ""), (ROBOFLOW, ROBOFLOW[:40])],
)
def test_malformed_polygons_are_named(tmp_path: Path, old: str, new: str) -> None:
    saved(tmp_path / "a.xml", SIZE + outlined(ROBOFLOW).replace(old, new))
    with pytest.raises(AnnotationError, match=r"a\.xml: object 1 \('36'\): a polygon has the cor"):
        FORMAT.read(tmp_path)


def test_boxes_are_warned_of(tmp_path: Path) -> None:
    saved(tmp_path / "a.xml", SIZE + TOOTH + outlined(LABELME) + TOOTH.replace("36", "caries"))
    faults = FaultList()
    FORMAT.read(tmp_path, {OPTION: faults, "map": {"caries": None}})
    (warning,) = faults
    assert warning.is_warning
    assert f"{tmp_path}: 1 of 2 teeth are boxes and no outline" in str(warning)
    saved(tmp_path / "a.xml", SIZE + outlined(LABELME))
    FORMAT.read(tmp_path, {OPTION: (faults := FaultList())})
    assert not list(faults)


def test_one_bad_object_costs_one_object_and_one_bad_file_one_file(tmp_path: Path) -> None:
    saved(tmp_path / "Annotations/a.xml", SIZE + TOOTH + TOOTH.replace(">3<", ">x<"))
    saved(tmp_path / "Annotations/b.xml", "<")
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {OPTION: faults})
    assert len(item.read()) == 1
    told = [str(fault).rpartition("Annotations/")[2] for fault in faults.serious]
    assert [line[:24] for line in told] == ["a.xml: object 2 ('36'): ", "b.xml: not well-formed X"]


def test_radiographs_of_two_folders_are_not_mixed_up(tmp_path: Path) -> None:
    for split in ("train", "valid"):
        saved(tmp_path / split / "opg.xml")
        picture(tmp_path / split / "opg.png")
    assert {item.key: item.image for item in FORMAT.read(tmp_path)} == {
        f"{split}/opg": tmp_path / split / "opg.png" for split in ("train", "valid")
    }


def test_an_object_that_was_deleted_is_not_read(tmp_path: Path) -> None:
    ring = "<pt><x>1</x><y>1</y></pt><pt><x>3</x><y>1</y></pt><pt><x>3</x><y>3</y></pt>"
    objects = "".join(
        f"<object><name>{name}</name><deleted>{deleted}</deleted><polygon>{ring}</polygon></object>"
        for name, deleted in (("36", 0), ("mistake", 1))
    )
    size = "<size><height>9</height><width>9</width></size>"
    (tmp_path / "a.xml").write_text(f"<annotation>{size}{objects}</annotation>")
    assert FORMAT.read(tmp_path)[0].read().fdi.tolist() == [36]


def test_a_file_of_something_else_costs_no_folder(tmp_path: Path) -> None:
    for name in ("a.xml", "b.xml"):
        (tmp_path / name).write_text("<settings/>" if name == "a.xml" else "")
    saved(tmp_path / "opg.xml")
    faults = FaultList()
    assert FORMAT.recognises(tmp_path)
    assert [item.key for item in FORMAT.read(tmp_path, {OPTION: faults})] == ["opg"]
    assert [(Path(fault.file).name, fault.is_note) for fault in [*faults][:2]] == [
        ("a.xml", True),
        ("b.xml", False),
    ]
