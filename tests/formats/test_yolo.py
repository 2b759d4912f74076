"""YOLO: outlines, holes and parts come back; lines that are not an outline are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from PIL import Image

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.faults import OPTION, FaultList
from panodent.formats.yolo import CLASSES, FORMAT, one_ring
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.outlines import fill, to_parts
from panodent.teeth.teeth import Teeth

SQUARE = "0.05 0.025 0.15 0.025 0.15 0.1 0.05 0.1"
"""Rows 1 to 3, columns 2 to 5 of (40, 40)."""


def picture(file: Path, size: tuple[int, int] = (40, 40)) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(size, np.uint8)).save(file)
    return file


def saved(
    folder: Path, text: str = f"0 {SQUARE}\n", names: Any = ("36",), name: str = "opg"
) -> Path:
    """A data folder with one radiograph and its labels."""
    picture(folder / f"images/{name}.png")
    file = folder / f"labels/{name}.txt"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    listed = list(names) if isinstance(names, tuple) else names
    (folder / "data.yaml").write_text(yaml.safe_dump({"names": listed}))
    return folder


def read_first(path: Path, **options: Any) -> Teeth:
    return FORMAT.read(path, options)[0].read()


def test_pixels_come_back(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    picture(tmp_path / FORMAT.image_place("b/2.v1.png"), truth.size)
    picture(tmp_path / FORMAT.image_place("a.png"), (50, 70))
    FORMAT.write(tmp_path, [("b/2.v1.png", truth), ("a.png", Teeth.empty((50, 70)))], {})
    first, second = FORMAT.read(tmp_path)
    assert (first.key, first.size, first.image) == ("a", None, tmp_path / "images/a.png")
    assert second.key == "b/2.v1"
    assert first.read() == Teeth.empty((50, 70))
    assert second.read() == truth


def test_holes_parts_equal_and_missing_numbers_come_back(tmp_path: Path) -> None:
    ring, two, one = np.ones((7, 7), bool), np.array([[1, 0, 1]], bool), np.ones((2, 2), bool)
    ring[2:5, 2:5], ring[3, 3] = False, True  # an island in a hole
    teeth = [(36, ring, (3, 4)), (37, two, (0, 0)), (37, one, (10, 13)), (0, one, (15, 1))]
    truth = Teeth.from_masks((43, 37), [*teeth, (85, one, (30, 30))])
    picture(tmp_path / "images/a.png", (43, 37))
    FORMAT.write(tmp_path, [("a.png", truth)], {})
    assert len((tmp_path / "labels/a.txt").read_text().splitlines()) == 5
    assert read_first(tmp_path) == truth


@pytest.mark.parametrize("seed", range(20))
def test_bridges_enclose_nothing(seed: int) -> None:
    mask = np.random.default_rng(seed).random((17, 23)) < 0.4 + seed / 50
    ring = one_ring(to_parts(mask))
    assert np.array_equal(fill([[ring]], mask.shape), mask)
    steps = np.abs(np.diff(ring, axis=0, append=ring[:1]))
    assert (steps.min(axis=1) == 0).all()  # along rows and columns alone


def test_the_classes_are_fixed(tmp_path: Path) -> None:
    FORMAT.write(tmp_path, [], {})
    data = yaml.safe_load((tmp_path / "data.yaml").read_text())
    assert data["names"] == dict(enumerate([*map(str, CLASSES[:-1]), "unnumbered"]))
    assert (data["train"], data["val"]) == ("images", "images")
    assert len(CLASSES) == 53
    assert FORMAT.read(tmp_path) == []


def test_a_declared_numbering_is_written_and_proves_itself(tmp_path: Path) -> None:
    truth = Teeth.from_masks((40, 40), [(36, np.ones((3, 3)), (1, 1))])
    picture(tmp_path / "images/a.png")
    FORMAT.write(tmp_path, [("a.png", truth)], {"numbering": "universal"})
    assert yaml.safe_load((tmp_path / "data.yaml").read_text())["names"][CLASSES.index(36)] == "19"
    assert read_first(tmp_path) == truth


def test_a_map_that_gives_two_teeth_one_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"36 and 37 would both be written as '36'"):
        FORMAT.write(tmp_path, [], {"map": {"36": 37}})
    with pytest.raises(UnknownNameError, match="universal"):
        FORMAT.write(tmp_path, [], {"numbering": "universall"})


@pytest.mark.parametrize(
    ("names", "options", "expected"),
    [
        (["36"], {}, [36]),
        ([36], {}, [36]),
        ({0: "36", 7: "11"}, {}, [36]),
        ({"0": 36}, {}, [36]),
        (["tooth 36", "tooth 48"], {}, [36]),
        (["19", "A"], {}, [36]),
        (["19"], {"numbering": "universal"}, [36]),
        (["molar"], {"map": {"molar": 46}}, [46]),
        (["caries"], {"map": {"caries": None}}, []),
        (["unnumbered"], {}, [0]),
    ],
)
def test_names(tmp_path: Path, names: Any, options: dict[str, Any], expected: list[int]) -> None:
    assert read_first(saved(tmp_path, names=names), **options).fdi.tolist() == expected


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["caries", "36"], "class names 'caries' are not tooth numbers"),
        (["11"], "class '11' may be"),
        ([], "expected names"),
        ("36", "names is '36'; expected names"),
        (None, "expected names"),
        ([True], "class 0 is True; expected text"),
        ([None], "class 0 is None; expected text"),
        ([[36]], r"class 0 is \[36\]; expected text"),
        ([36.5], "class 0 is 36.5; expected text"),
        ({"a": "36"}, "'a' is not a class number"),
        ({-1: "36"}, "-1 is not a class number"),
        ({True: "36"}, "True is not a class number"),
        ({0: "36", "0": "37"}, "class 0 is named twice"),
    ],
)
def test_names_that_are_none(tmp_path: Path, names: Any, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"data\.yaml: .*{reason}"):
        FORMAT.read(saved(tmp_path, names=names))


def test_numbers_of_thousands_of_digits_are_no_names(tmp_path: Path) -> None:
    (saved(tmp_path) / "data.yaml").write_text(f"names: [0x1{'0' * 5000}]")
    with pytest.raises(AnnotationError, match=r"data\.yaml: names: class 0 is a value of type int"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"names: !!python/object/apply:os.system ['true']",
        b"\xff\xfe\x00",
        b"names: !!int ''",
        b"names: !!bool x",
        b"names: !!timestamp x",
        b"names: 2020-13-45",
        b"names: " + b"[" * 20_000,
        b"? {a: [1]} : 2\n? [1, [2]] : 3",
        b"a: *b",
        b"\x00",
    ],
)
def test_a_broken_yaml_is_named(tmp_path: Path, content: bytes) -> None:
    (saved(tmp_path) / "data.yaml").write_bytes(content)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(
        AnnotationError, match=r"data\.yaml: (is not YAML|expected names|is not text)"
    ):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("names: [", "ends in the middle, at byte 8, in line 1; copy or export it again"),
        ("path: .\nnames: ['36', '3", "ends in the middle, at byte 24, in line 2"),
        ("names:\n  0: '36'\n  1", "ends in the middle, at byte 20, in line 3"),
        (
            "names:\n  0: '36'\n  1:",
            "names: class 1 is None; expected text; the file may be cut off",
        ),
        ("nc: 3\nnames:\n- '36'\n", "names 1 classes, but nc is 3; the file may be cut off"),
        ("names:\n  0: '36'\n", "labels use 2 after it, the first is 1; the file may be cut off"),
    ],
)
def test_a_yaml_that_is_cut_off_is_recognised_and_named(
    tmp_path: Path, content: str, reason: str
) -> None:
    (saved(tmp_path) / "data.yaml").write_text(content)
    outline = "0.1 0.1 0.4 0.1 0.4 0.4\n"
    (tmp_path / "labels/opg.txt").write_text("".join(f"{n} {outline}" for n in range(3)))
    assert FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=rf"data\.yaml: .*{reason}"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("content", ["", "a", "3", "[1]", "names: &a [*a]", "path: /etc"])
def test_a_yaml_of_something_else_is_not_recognised(tmp_path: Path, content: str) -> None:
    (saved(tmp_path) / "data.yaml").write_text(content)
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=r"data\.yaml: .*expected"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("0 0.5 0.5 0.1 0.1", "five numbers are a box; expected an outline"),
        ("0", "1 numbers; expected a class and at least three pairs"),
        ("0 0.1 0.1", "3 numbers; expected"),
        (f"0 {SQUARE} 0.9", "10 numbers; expected .* no score"),
        (f"1 {SQUARE}", "class 1 is not among the names"),
        (f"-1 {SQUARE}", "is not a class number with coordinates"),
        (f"0.5 {SQUARE}", "is not a class number"),
        (f"nan {SQUARE}", "is not a class number"),
        (f"inf {SQUARE}", "is not a class number"),
        (f"1e300 {SQUARE}", "is not a class number"),
        (f"tooth {SQUARE}", "'tooth 0.05 .* is not a class number"),
        ("0 a b c d e f", "is not a class number with coordinates"),
        ("0 0.1 0.1 0.2 0.1 0.2 nan", "coordinate nan; expected fractions from 0 to 1"),
        ("0 0.1 0.1 0.2 0.1 0.2 inf", "coordinate inf"),
        ("0 10 10 20 10 20 20", "coordinate 10; expected fractions from 0 to 1"),
        ("0 0.1 0.1 0.2 -0.1 0.2 0.2", "coordinate -0.1"),
        ("0 0.1 0.1 0.2 0.1 0.2 1" + "0" * 400, "coordinate inf"),
        ("\ud800 0.1", "is not text in UTF-8"),
    ],
)
def test_malformed_lines(tmp_path: Path, line: str, reason: str) -> None:
    saved(tmp_path)
    text = f"\n0 {SQUARE}\n{line}\n"
    (tmp_path / "labels/opg.txt").write_bytes(text.encode("utf-8", "surrogatepass"))
    where = "" if "UTF-8" in reason else "line 3: "
    with pytest.raises(AnnotationError, match=rf"opg\.txt: {where}.*{reason}"):
        read_first(tmp_path)


def test_coordinates_a_little_outside_are_cut_off(tmp_path: Path) -> None:
    teeth = read_first(saved(tmp_path, "0 -0.005 0 1.005 0 1.005 0.5 -0.005 0.5"))
    assert teeth.boxes.tolist() == [[0, 0, 20, 40]]


def test_an_empty_file_is_annotated_and_a_missing_one_is_not(tmp_path: Path) -> None:
    saved(tmp_path, "")
    picture(tmp_path / "images/new.png")
    (item,) = FORMAT.read(tmp_path)
    assert item.read() == Teeth.empty((40, 40))


@pytest.mark.parametrize("mark", ["\ufeff", "\n\n", "\r\n"])
def test_blank_lines_and_byte_order_marks_are_nothing(tmp_path: Path, mark: str) -> None:
    teeth = read_first(saved(tmp_path, f"{mark}0.0 {SQUARE} \r\n\r\n"))
    assert teeth == Teeth.from_masks((40, 40), [(36, np.ones((3, 4)), (1, 2))])


def test_splits_in_both_manners(tmp_path: Path) -> None:
    saved(saved(tmp_path / "one", name="train/opg"), name="val/opg")
    assert [item.key for item in FORMAT.read(tmp_path / "one")] == ["train/opg", "val/opg"]
    for split in ("train", "valid"):
        saved(tmp_path / "two" / split).joinpath("data.yaml").rename(tmp_path / "two/data.yaml")
    items = FORMAT.read(tmp_path / "two")
    assert [item.key for item in items] == ["train/opg", "valid/opg"]
    assert items[0].image == tmp_path / "two/train/images/opg.png"
    assert [item.read().fdi.tolist() for item in items] == [[36], [36]]


def test_radiographs_beside_labels(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "images/opg.png").rename(tmp_path / "opg.PNG")
    (tmp_path / "images").rmdir()
    (item,) = FORMAT.read(tmp_path)
    assert item.image == tmp_path / "opg.PNG"


@pytest.mark.parametrize("paths", [{"path": "/etc"}, {"path": "../../x", "train": "../images"}])
def test_paths_of_the_yaml_lead_nowhere(tmp_path: Path, paths: dict[str, str]) -> None:
    picture(tmp_path / "images/secret.png")
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels/secret.txt").write_text(f"0 {SQUARE}")
    data = {**paths, "val": [str(tmp_path / "images")], "names": ["36"]}
    (saved(tmp_path / "data") / "data.yaml").write_text(yaml.safe_dump(data))
    assert [item.key for item in FORMAT.read(tmp_path / "data")] == ["opg"]


def test_lists_of_classes_are_no_labels(tmp_path: Path) -> None:
    saved(tmp_path)
    (tmp_path / "labels/classes.txt").write_text("36\n37\n")
    assert [item.key for item in FORMAT.read(tmp_path)] == ["opg"]
    saved(tmp_path, name="classes")
    assert [item.key for item in FORMAT.read(tmp_path)] == ["classes", "opg"]


def test_labels_without_their_radiograph_say_so(tmp_path: Path) -> None:
    saved(tmp_path)
    image = tmp_path / "images/opg.png"
    image.write_bytes(b"x")
    with pytest.raises(
        AnnotationError, match=r"opg\.txt: does not say the size of the image; .*opg\.png"
    ):
        read_first(tmp_path)
    image.unlink()
    (item,) = FORMAT.read(tmp_path)
    assert item.image is None
    with pytest.raises(
        AnnotationError, match=r"opg\.txt: does not say the size of the image, and its radiograph"
    ):
        item.read()


def test_labels_that_went_are_named(tmp_path: Path) -> None:
    (item,) = FORMAT.read(saved(tmp_path))
    (tmp_path / "labels/opg.txt").unlink()
    with pytest.raises(AnnotationError, match=r"opg\.txt: cannot be read"):
        item.read()


def test_two_radiographs_of_one_name_are_refused(tmp_path: Path) -> None:
    picture(saved(tmp_path) / "images/opg.jpg")
    with pytest.raises(AnnotationError, match=r"opg\.txt: may be of opg\.jpg or opg\.png"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("name", ["../a.png", "/srv/a.png", "C:\\a.png", "", "b/../../a.png"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match="expected a file below the data folder"):
        FORMAT.write(tmp_path / "out", [(name, Teeth.empty((8, 8)))], {})
    assert not list(tmp_path.rglob("*.txt"))


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    empty = Teeth.empty((8, 8))
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        FORMAT.write(tmp_path, [("a.png", empty), ("a.jpg", empty)], {})
    assert not (tmp_path / "data.yaml").exists()


def test_recognising(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    assert not FORMAT.recognises(tmp_path / "gone.yaml")
    with pytest.raises(AnnotationError, match=r"expected data\.yaml or dataset\.yaml"):
        FORMAT.read(tmp_path)
    saved(tmp_path)
    assert FORMAT.recognises(tmp_path)
    assert FORMAT.recognises(tmp_path / "data.yaml")
    assert not FORMAT.recognises(tmp_path / "labels/opg.txt")
    (tmp_path / "data.yaml").rename(tmp_path / "teeth.yml")
    assert FORMAT.recognises(tmp_path)
    (tmp_path / "other.yaml").write_text("a: 1")
    assert FORMAT.recognises(tmp_path)
    (tmp_path / "other.yaml").write_text((tmp_path / "teeth.yml").read_text())
    assert not FORMAT.recognises(tmp_path)
    (tmp_path / "teeth.yml").rename(tmp_path / "dataset.yaml")
    assert [item.key for item in FORMAT.read(tmp_path)] == ["opg"]
    (tmp_path / "labels").rename(tmp_path / "truth")
    assert FORMAT.recognises(tmp_path)
    assert [(item.key, item.image) for item in FORMAT.read(tmp_path)] == [
        ("opg", tmp_path / "images" / "opg.png")
    ]
    (tmp_path / "truth" / "opg.txt").unlink()
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=r"dataset\.yaml: expected a folder labels"):
        FORMAT.read(tmp_path)


# --- without YAML, and other layouts ------------------------------------------------------------


def texts(root: Path, **files: str) -> None:
    for name, text in files.items():
        place = root / name.replace("__", "/").replace("_txt", ".txt").replace("_names", ".names")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


@pytest.mark.parametrize(
    ("files", "images", "keys"),
    [
        # Label Studio.
        ({"classes_txt": "36\n", "labels__a_txt": f"0 {SQUARE}"}, ["images/a.png"], ["a"]),
        # LabelImg: all in one folder, one radiograph without teeth.
        (
            {"classes_txt": "36\n", "a_txt": f"0 {SQUARE}", "b_txt": "", "notes_txt": "see a"},
            ["a.png", "b.jpg", "c.png"],
            ["a", "b"],
        ),
        # Darknet and CVAT's "YOLO 1.1".
        (
            {
                "obj_names": "36\n",
                "train_txt": "data/obj_train_data/a.png\n",
                "obj_train_data__a_txt": f"0 {SQUARE}",
            },
            ["obj_train_data/a.png"],
            ["obj_train_data/a"],
        ),
        # Names beside the labels, and labels in a folder of another name.
        ({"labels__classes_txt": "36\n", "labels__a_txt": f"0 {SQUARE}"}, ["a.png"], ["a"]),
        ({"classes_txt": "36\n", "truth__a_txt": f"0 {SQUARE}"}, ["images/a.png"], ["a"]),
        # Splits with equal names.
        (
            {
                "classes_txt": "36\n",
                "train__labels__a_txt": f"0 {SQUARE}",
                "val__labels__a_txt": f"0 {SQUARE}",
            },
            ["train/images/a.png", "val/images/a.png"],
            ["train/a", "val/a"],
        ),
        (
            {"classes_txt": "36\n", "train__a_txt": f"0 {SQUARE}", "val__a_txt": f"0 {SQUARE}"},
            ["train/a.png", "val/a.png"],
            ["train/a", "val/a"],
        ),
        ({"classes_txt": "36\n", "images__a_txt": f"0 {SQUARE}"}, ["images/a.png"], ["a"]),
    ],
)
def test_layouts_without_yaml(
    tmp_path: Path, files: dict[str, str], images: list[str], keys: list[str]
) -> None:
    texts(tmp_path, **files)
    for image in images:
        picture(tmp_path / image)
    assert FORMAT.recognises(tmp_path)
    items = FORMAT.read(tmp_path)
    assert [item.key for item in items] == keys
    assert [item.image.relative_to(tmp_path).as_posix() for item in items] == images[: len(keys)]
    assert items[0].read().fdi.tolist() == [36]


def test_a_list_of_classes_alone_is_no_data_folder(tmp_path: Path) -> None:
    texts(tmp_path, classes_txt="36\n", readme_txt="36 radiographs of 3 clinics and 2 more")
    picture(tmp_path / "a.png")
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match=r"classes\.txt: expected a folder labels beside it"):
        FORMAT.read(tmp_path)


def test_a_class_that_nothing_uses_does_no_harm(tmp_path: Path) -> None:
    faults = FaultList()
    saved(tmp_path, names=("36", "background", "jaw"))
    (item,) = FORMAT.read(tmp_path, {OPTION: faults})
    assert item.read().fdi.tolist() == [36]
    assert "class names 'jaw' are not teeth and no annotation uses them" in str(*faults.notes)
    saved(tmp_path, f"0 {SQUARE}\n2 {SQUARE}\n", names=("36", "background", "jaw"))
    with pytest.raises(AnnotationError, match=r"'jaw' are not tooth numbers.*\"jaw\": null"):
        FORMAT.read(tmp_path)


def test_one_bad_line_costs_one_line_and_one_bad_file_one_file(tmp_path: Path) -> None:
    saved(tmp_path, f"0 {SQUARE}\nx\n0 0.5 0.5 0.1 0.1\n7 {SQUARE}\n")
    saved(tmp_path, f"0 {SQUARE}\n", name="two")
    picture(tmp_path / "images/two.bmp")
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {OPTION: faults})
    assert item.read().fdi.tolist() == [36]
    told = [str(fault).partition("labels/")[2] for fault in faults.serious]
    assert [line[:28] for line in told] == [
        "two.txt: may be of two.bmp o",
        "opg.txt: line 2: 'x' is not ",
        "opg.txt: line 3: five number",
        "opg.txt: line 4: class 7 is ",
    ]


def test_turned_boxes_are_warned_of(tmp_path: Path) -> None:
    (tmp_path / "labels").mkdir()
    (tmp_path / "data.yaml").write_text("names: ['11', '48']")
    text = tmp_path / "labels" / "a.txt"
    for more, warnings in (("", 1), ("1 0 0 1 0 1 1 0 1 0 .5\n", 0)):
        text.write_text("0 0 0 1 0 1 1 0 1 \n1 0.1 0 0.2 0 0.2 1 0 1\n" * 10 + more)
        faults = FaultList()
        FORMAT.read(tmp_path, {"faults": faults})
        assert ["all 20 outlines have four corners" in str(fault) for fault in faults] == [
            True
        ] * warnings
