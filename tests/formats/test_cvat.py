"""CVAT: masks keep every pixel, and XML that means harm or no teeth is refused by name."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from panodent.errors import AnnotationError, UnknownNameError
from panodent.evaluation.case_scores import score_pair
from panodent.formats.cvat import FORMAT
from panodent.formats.faults import FaultList
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SQUARE = '<polygon label="36" points="2.00,1.00;6.00,1.00;6.00,4.00;2.00,4.00" z_order="0"/>'
"""Rows 1 to 3, columns 2 to 5."""
MASK = '<mask label="36" rle="1, 2, 2, 1" left="4" top="3" width="3" height="2" z_order="0"></mask>'
"""Row 3: columns 5 and 6; row 4: column 6."""


def saved(
    folder: Path, shapes: str, image: str = 'name="sub/opg.png" width="10" height="8"'
) -> Path:
    file = folder / "annotations.xml"
    file.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>\n'
        "<meta><task><name>tæst</name><image>no image</image></task></meta>\n"
        f'<image id="0" {image}>{shapes}</image>\n</annotations>',
        encoding="utf-8",
    )
    return file


def read_first(file: Path) -> Teeth:
    return FORMAT.read(file)[0].read()


def pixels(*places: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((8, 10), bool)
    for place in places:
        mask[place] = True
    return mask


def test_masks_keep_every_pixel(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path, [("b/2 & <3>.png", truth), ("a.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a", (50, 70), None)
    assert (second.key, second.size) == ("b/2 & <3>", truth.size)
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth
    assert second.read() == truth


def test_polygons_are_nearly_exact(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    file = tmp_path / "t.xml"
    FORMAT.write(file, [("a.png", truth)], {"geometry": "polygon"})
    assert "<mask" not in file.read_text()
    dice = score_pair(truth, read_first(file)).dice
    assert dice is not None
    assert dice > 0.999


@pytest.mark.parametrize("geometry", ["mask", "polygon"])
def test_holes_parts_and_equal_numbers_are_kept(tmp_path: Path, geometry: str) -> None:
    ring = np.ones((5, 5), bool)
    ring[2, 2] = False
    two = np.array([[1, 0, 1]], bool)
    teeth = [(36, ring, (3, 4)), (37, two, (0, 0)), (37, two, (10, 10)), (0, two, (15, 1))]
    truth = Teeth.from_masks((20, 20), teeth)
    FORMAT.write(tmp_path, [("a.png", truth)], {"geometry": geometry})
    text = (tmp_path / "annotations.xml").read_text()
    assert text.count("<mask") == (4 if geometry == "mask" else 1)
    assert read_first(tmp_path) == truth


@pytest.mark.parametrize("numbering", ["universal", "palmer"])
def test_a_declared_numbering_is_written_and_read(tmp_path: Path, numbering: str) -> None:
    truth = Teeth.from_masks((20, 20), [(36, np.ones((3, 3)), (1, 1))])
    FORMAT.write(tmp_path, [("a.png", truth)], {"numbering": numbering})
    label = {"universal": "19", "palmer": "LL6"}[numbering]
    assert f'<mask label="{label}"' in (tmp_path / "annotations.xml").read_text()
    assert FORMAT.read(tmp_path, {"numbering": numbering})[0].read() == truth


def test_masks_and_polygons_by_hand(tmp_path: Path) -> None:
    teeth = read_first(saved(tmp_path, '<tag label="upright"/>' + SQUARE + MASK))
    square = pixels(*[(row, col) for row in range(1, 4) for col in range(2, 6)])
    mask = pixels((3, 5), (3, 6), (4, 6))
    assert teeth == Teeth.from_masks((8, 10), [(36, square), (36, mask)])


def test_a_group_of_one_label_is_one_tooth(tmp_path: Path) -> None:
    grouped = [
        shape.replace(" z_order", ' group_id="4" z_order') for shape in (SQUARE, MASK, SQUARE)
    ]
    grouped[2] = grouped[2].replace("36", "37")
    teeth = read_first(saved(tmp_path, "".join(grouped)))
    assert teeth.fdi.tolist() == [36, 37]
    assert teeth.areas.tolist() == [12 + 2, 12]


def test_what_leaves_the_image_is_cut_off(tmp_path: Path) -> None:
    corner = MASK.replace('left="4"', 'left="-2"').replace('top="3"', 'top="-1"')
    far = MASK.replace('left="4"', 'left="8"').replace('top="3"', 'top="7"')
    gone = MASK.replace('left="4"', 'left="800"')
    wide = SQUARE.replace("6.00", "600.00")
    teeth = read_first(saved(tmp_path, corner + far + gone + wide))
    assert teeth.boxes.tolist() == [[0, 0, 1, 1], [7, 9, 8, 10], [1, 2, 4, 10]]


def test_names_are_proven_by_the_whole_file(tmp_path: Path) -> None:
    only = 'name="b.png" width="10" height="8"'
    text = saved(tmp_path, SQUARE.replace("36", "11")).read_text()
    second = f"<image {only}>{MASK.replace('36', '48')}</image></annotations>"
    file = tmp_path / "annotations.xml"
    file.write_text(text)
    with pytest.raises(AnnotationError, match=r"annotations\.xml: class '11' may be .*--numbering"):
        FORMAT.read(file)
    file.write_text(text.replace("</annotations>", second))
    assert [item.read().fdi.tolist() for item in FORMAT.read(file)] == [[48], [11]]


def test_a_box_that_the_map_leaves_out_is_no_error(tmp_path: Path) -> None:
    file = saved(tmp_path, SQUARE + '<box label="caries" xtl="1" ytl="1" xbr="2" ybr="2"/>')
    (item,) = FORMAT.read(file, {"map": {"caries": None, "36": 36}})
    assert item.read().fdi.tolist() == [36]
    with pytest.raises(AnnotationError, match="class names 'caries' are not tooth numbers"):
        FORMAT.read(file)


@pytest.mark.parametrize("kind", ["box", "polyline", "points", "ellipse", "cuboid", "skeleton"])
def test_other_shapes_are_refused(tmp_path: Path, kind: str) -> None:
    file = saved(tmp_path, f'<{kind} label="36" points="1,1;2,2;3,1"></{kind}>')
    with pytest.raises(AnnotationError, match=rf"xml: sub/opg\.png: shape 1: 36: a {kind} is"):
        read_first(file)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('points="2.00,1.00;', 'points="2.00;', "shape|points|list of numbers"),
        ("2.00,1.00;6.00,1.00;6.00,4.00;2.00,4.00", "1,2;3,4", "at least three"),
        ("2.00,1.00;6.00,1.00;6.00,4.00;2.00,4.00", "", "points are ''"),
        ("6.00,1.00", "nan,1.00", "finite"),
        ("6.00,1.00", "1e400,1.00", "finite"),
        ("6.00,1.00", "x,1.00", "points are .*expected x,y;x,y"),
        ("points=", "dots=", "points are ''"),
    ],
)
def test_malformed_polygons(tmp_path: Path, old: str, new: str, reason: str) -> None:
    file = saved(tmp_path, SQUARE.replace(old, new))
    with pytest.raises(AnnotationError, match=rf"xml: sub/opg\.png: shape 1: 36: .*({reason})"):
        read_first(file)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1, 2, 2, 1", "1, 2, 2", "adds up to 5; its box of 2 x 3 has 6 pixels"),
        ("1, 2, 2, 1", "1, -2, 2, 5", "negative"),
        ("1, 2, 2, 1", "1, 2.5, 2, 1", "not a list of whole numbers"),
        ("1, 2, 2, 1", "", "not a list of whole numbers"),
        ("1, 2, 2, 1", "9" * 5000, "not a list of whole numbers"),
        ('width="3"', 'width="30000"', "a mask of 2 x 30000 pixels in an image"),
        ('width="3"', 'width="0"', "a mask of 2 x 0 pixels"),
        ('top="3"', 'top="3.5"', "top of a mask is '3.5'"),
        ('top="3"', 'top="inf"', "top of a mask is 'inf'"),
        ('top="3"', 'top="nan"', "top of a mask is 'nan'"),
        ('top="3"', "", "top of a mask is None"),
    ],
)
def test_malformed_masks(tmp_path: Path, old: str, new: str, reason: str) -> None:
    file = saved(tmp_path, MASK.replace(old, new))
    with pytest.raises(AnnotationError, match=rf"xml: sub/opg\.png: shape 1: 36: .*{reason}"):
        read_first(file)


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ('name="a.png" width="10"', "a.png: height and width are None and '10'"),
        ('name="a.png" width="10" height="0"', "from 1 to 100000"),
        ('name="a.png" width="10" height="1.5"', "from 1 to 100000"),
        ('name="a.png" width="100001" height="2"', "from 1 to 100000"),
        ('name="a.png" width="inf" height="nan"', "from 1 to 100000"),
        ('name="a.png" width="100000" height="100000"', "at most 100000000 in all"),
        ('width="10" height="8"', "an image has no name; expected the path of a file"),
        ('name="../" width="10" height="8"', r"named '\.\./'; expected the path of a file"),
    ],
)
def test_malformed_images(tmp_path: Path, image: str, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"annotations\.xml: .*{reason}"):
        FORMAT.read(saved(tmp_path, SQUARE, image))


@pytest.mark.parametrize("label", ["lable=", 'label="" was='])
def test_a_shape_without_label_is_named(tmp_path: Path, label: str) -> None:
    with pytest.raises(AnnotationError, match=r"opg\.png: shape 1: a polygon has no label"):
        FORMAT.read(saved(tmp_path, SQUARE.replace("label=", label)))


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    file = saved(tmp_path, "")
    image = '<image name="sub/opg.jpg" width="3" height="3"/></annotations>'
    file.write_text(file.read_text().replace("</annotations>", image))
    with pytest.raises(AnnotationError, match=r"annotations\.xml: two images share .*'sub/opg'"):
        FORMAT.read(file)
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path / "out", [("a.png", empty), ("a.jpg", empty)], {})
    with pytest.raises(AnnotationError, match="below the data folder"):
        FORMAT.write(tmp_path / "out", [("../a.png", empty)], {})
    assert not list(tmp_path.glob("out/*"))


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", "C:\\a.png"])
def test_a_name_that_leads_elsewhere_opens_no_file_there(tmp_path: Path, name: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "a.png").touch()
    file = saved(data, SQUARE, f'name="{name}" width="10" height="8"')
    assert [item.image for item in FORMAT.read(file)] == [None]
    (data / "a.png").touch()
    assert [(item.key, item.image) for item in FORMAT.read(file)] == [("a", data / "a.png")]


def project(folder: Path, *images: str, head: str = "") -> Path:
    file = folder / "annotations.xml"
    rows = "".join(f'<image {i} width="10" height="8">{SQUARE}</image>' for i in images)
    file.write_text(f"<annotations>{head}{rows}</annotations>")
    return file


def test_a_project_has_its_radiographs_in_folders_of_subsets(tmp_path: Path) -> None:
    for subset in ("train", "default"):
        (tmp_path / "images" / subset).mkdir(parents=True)
        (tmp_path / "images" / subset / "a.png").touch()
    file = project(
        tmp_path, *(f'name="a.png" subset="{s}" task_id="1"' for s in ("train", "default"))
    )
    found = [(item.key, item.image) for item in FORMAT.read(file)]
    assert found == [
        ("default/a", tmp_path / "images" / "default" / "a.png"),
        ("train/a", tmp_path / "images" / "train" / "a.png"),
    ]


def test_equal_names_of_two_subsets_and_one_file_are_not_guessed(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    for name in ("a.png", "b.png"):
        (tmp_path / "images" / name).touch()
    images = [f'name="a.png" subset="{s}"' for s in ("train", "test")]
    file = project(tmp_path, *images, 'name="b.png" subset="test"')
    faults = FaultList()
    assert [item.key for item in FORMAT.read(file, {"faults": faults})] == ["b"]
    assert [(fault.image, fault.cost) for fault in faults] == [
        ("train/a.png", "radiograph"),
        ("test/a.png", "radiograph"),
    ]
    assert "'train/a.png' and 'test/a.png' may both mean images/a.png" in str(next(iter(faults)))


VIDEO = "<meta><project><tasks><task><id>3</id><name>films</name></task></tasks></project></meta>"
TRACK = '<track id="0" label="36" task_id="3"><box frame="0"/></track>'


def test_a_video_is_refused_by_the_name_of_its_task(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="holds tracks of a video, task 'films'; expected im"):
        FORMAT.read(project(tmp_path, head=VIDEO + TRACK))
    file = project(tmp_path, 'name="a.png"', head=VIDEO + TRACK)
    faults = FaultList()
    assert [item.key for item in FORMAT.read(file, {"faults": faults})] == ["a"]
    assert [fault.cost for fault in faults] == ["radiograph"]


def test_one_bad_shape_or_image_costs_itself(tmp_path: Path) -> None:
    shapes = SQUARE + SQUARE.replace("label=", "lable=") + SQUARE.replace("1.00;", "x;")
    shapes += SQUARE.replace("36", "37") + SQUARE.replace("2.00", "90").replace("6.00", "95")
    file = saved(tmp_path, shapes)
    bad = '<image name="bad.png" width="x" height="3"/></annotations>'
    file.write_text(file.read_text().replace("</annotations>", bad))
    faults = FaultList()
    (item,) = FORMAT.read(file, {"faults": faults})
    assert item.read().fdi.tolist() == item.read().fdi.tolist() == [36, 37]
    assert [(f.image, f.item, f.cost) for f in faults.serious] == [
        ("sub/opg.png", "shape 2", "annotation"),
        ("bad.png", "", "radiograph"),
        ("sub/opg.png", "shape 3: 36", "annotation"),
        ("sub/opg.png", "shape 5: 36", "annotation"),  # outside of the image
    ]


BOMB = """<!DOCTYPE annotations [<!ENTITY a "36"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""


@pytest.mark.parametrize(
    "declared",
    [
        BOMB,
        '<!DOCTYPE annotations [<!ENTITY c SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE annotations SYSTEM "http://127.0.0.1/x.dtd">',
    ],
)
def test_entities_are_refused(tmp_path: Path, declared: str) -> None:
    file = saved(tmp_path, SQUARE.replace("36", "&c;"))
    file.write_text(file.read_text().replace("<annotations>", declared + "<annotations>"))
    assert not FORMAT.recognises(file)
    with pytest.raises(AnnotationError, match=r"annotations\.xml: declares a document type"):
        FORMAT.read(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not well-formed XML in UTF-8"),
        (b"<annotations><image>", "ends in the middle, at byte 20"),
        (b"<annotations>&x;</annotations>", "not well-formed XML"),
        (b"<annotations/><annotations/>", "not well-formed XML"),
        (b"<annotations>\xff</annotations>", "is not text in UTF-8 .* --encoding"),
        ("<annotations/>".encode("utf-16-le"), "may be utf-16-le"),
        (b"<annotation/>", "root element is <annotation>; expected <annotations>"),
        (b"<annotations><track/></annotations>", "tracks of a video"),
        (b"<annotations>" + b"<g>" * 100, "nested deeper than 64"),
    ],
)
def test_broken_files_are_named(tmp_path: Path, content: bytes, reason: str) -> None:
    file = tmp_path / "t.xml"
    file.write_bytes(content)
    with pytest.raises(AnnotationError, match=rf"t\.xml: .*{reason}"):
        FORMAT.read(file)


def test_a_file_that_changed_or_went_is_named(tmp_path: Path) -> None:
    file = saved(tmp_path, SQUARE)
    (item,) = FORMAT.read(file)
    for text, reason in (("<annotations/>" * 50, "changed"), ("", "not well-formed")):
        file.write_text(text)
        with pytest.raises(
            AnnotationError, match=rf"annotations\.xml: .*({reason}|not well-formed)"
        ):
            item.read()
    saved(tmp_path, SQUARE.replace("36", "37"))
    with pytest.raises(AnnotationError, match="changed while it was read"):
        item.read()
    file.unlink()
    with pytest.raises(AnnotationError, match=r"annotations\.xml: cannot be read"):
        item.read()


def test_many_images_are_read_from_their_places(tmp_path: Path) -> None:
    teeth = {
        f"{number:04}.png": Teeth.from_masks(
            (400, 500), [(36, np.tile([[True, False]], (300, 50)), (number % 90, number % 300))]
        )
        for number in range(60)  # more than a chunk of the stream
    }
    FORMAT.write(tmp_path, teeth.items(), {})
    assert (tmp_path / "annotations.xml").stat().st_size > 1 << 20
    found = FORMAT.read(tmp_path)
    assert [item.key + ".png" for item in found] == list(teeth)
    assert all(item.read() == teeth[item.key + ".png"] for item in found[::7])


def test_the_radiograph_is_where_the_export_has_it(tmp_path: Path) -> None:
    file = saved(tmp_path, SQUARE)
    place = tmp_path / FORMAT.image_place("sub/opg.png")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"")
    assert FORMAT.read(tmp_path)[0].image == place
    assert FORMAT.read(file)[0].image == place


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone.xml")
    with pytest.raises(AnnotationError, match=r"expected annotations\.xml"):
        FORMAT.read(tmp_path)
    file = saved(tmp_path, SQUARE)
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(file)
    file.write_text(re.sub("</?annotations>", "", file.read_text()))
    assert not FORMAT.recognises(tmp_path)


def test_an_unknown_geometry_suggests(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'polygon'"):
        FORMAT.write(tmp_path, [], {"geometry": "polygons"})


def polygon_of(label: str, left: int, right: int, layer: int) -> str:
    points = f"{left},1;{right},1;{right},4;{left},4"
    return f'<polygon label="{label}" points="{points}" z_order="{layer}"></polygon>'


@pytest.mark.parametrize(
    ("shapes", "area"),
    [
        (polygon_of("36", 1, 7, 0) + polygon_of("background", 3, 5, 0), 12),
        (polygon_of("background", 3, 5, 0) + polygon_of("36", 1, 7, 0), 18),
        # The layer counts, not the order.
        (polygon_of("background", 3, 5, 2) + polygon_of("36", 1, 7, 1), 12),
        (polygon_of("36", 1, 7, 1) + polygon_of("background", 3, 5, 0), 18),
        (polygon_of("36", 1, 7, 0) + polygon_of("background", 3, 5, 1).replace('"1"', '"x"'), 12),
    ],
)
def test_background_cuts_out_of_lower_layers(tmp_path: Path, shapes: str, area: int) -> None:
    file = saved(tmp_path, shapes)
    for options in ({}, {"map": {"background": None}}):
        (item,) = FORMAT.read(file, options)
        assert item.read().areas.tolist() == [area]
