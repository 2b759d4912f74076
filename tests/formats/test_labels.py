"""Label images: values mean what is declared, and nothing is guessed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.dentition import PERMANENT
from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.labels import COLOUR_MAP, FORMAT, VALUE_MAPS, read_label_image, value_map
from panodent.formats.naming import Naming
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

FDI = VALUE_MAPS["fdi"]


def block(value: int = 36, dtype: type = np.uint8) -> np.ndarray:
    """A label image (40, 50) with this value in rows 5 to 9, columns 10 to 19."""
    image = np.zeros((40, 50), dtype)
    image[5:10, 10:20] = value
    return image


def expected(fdi: int = 36) -> Teeth:
    return Teeth.from_masks((40, 50), [(fdi, block() > 0)])


def saved(file: Path, image: np.ndarray) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(file)
    return file


def colour_map(file: Path, entries: dict[str, Any]) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(entries))
    return file


@pytest.mark.parametrize("values", ["fdi", "universal", "hitl", "json"])
def test_what_is_written_is_read_back(
    tmp_path: Path, drawn: tuple[Radiograph, Teeth], values: str
) -> None:
    flat = Teeth.from_label_image(drawn[1].label_image())  # a label image holds no overlaps
    if values == "json":
        grey = {str(fdi): [200 - fdi] * 3 for fdi in PERMANENT}
        values = str(colour_map(tmp_path / "map.json", grey))
    FORMAT.write(
        tmp_path, [("b/2.png", flat), ("a.jpg", Teeth.empty((40, 50)))], {"values": values}
    )
    first, second = FORMAT.read(tmp_path, {"values": values})
    assert (first.key, second.key) == ("a", "b/2")
    assert len(first.read()) == 0
    assert first.read().size == (40, 50)
    assert second.read().sorted() == flat


def test_the_smaller_tooth_is_on_top(tmp_path: Path) -> None:
    large, small = np.zeros((2, 40, 50), bool)
    large[5:20, 5:20] = small[15:25, 15:25] = True
    FORMAT.write(tmp_path, [("a.png", Teeth.from_masks((40, 50), [(11, small), (12, large)]))])
    (item,) = FORMAT.read(tmp_path, {"values": "fdi"})
    assert item.read().areas.tolist() == [100, 225 - 25]


def test_the_maps_of_hitl_and_universal() -> None:
    assert {value: VALUE_MAPS["hitl"][value] for value in (18, 17, 14, 1)} == {
        18: 18,
        17: 38,
        14: 48,
        1: 25,
    }
    assert VALUE_MAPS["universal"][1] == 18
    assert VALUE_MAPS["universal"][17] == 38
    for name in ("hitl", "universal"):
        assert sorted(VALUE_MAPS[name]) == list(range(1, 33))
        assert set(VALUE_MAPS[name].values()) == set(PERMANENT)


def test_a_value_outside_the_map_names_image_and_value(tmp_path: Path) -> None:
    saved(tmp_path / "masks" / "x7.png", block(99))
    (item,) = FORMAT.read(tmp_path, {"values": "fdi"})
    with pytest.raises(AnnotationError, match=r"x7\.png: pixel value 99"):
        item.read()


def test_values_are_demanded_and_not_guessed(tmp_path: Path) -> None:
    saved(tmp_path / "masks_machine" / "1.png", block(18))
    with pytest.raises(
        AnnotationError, match=r"--values fdi, universal, hitl \(.* Humans in the Loop\), or a JSON"
    ):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("place", [COLOUR_MAP, f"masks_machine/{COLOUR_MAP}"])
def test_the_colour_map_beside_is_used(tmp_path: Path, place: str) -> None:
    saved(tmp_path / "masks_machine" / "1.png", block(18))
    colour_map(tmp_path / place, {"background": [0, 0, 0], "1": [18, 18, 18], "32": [14, 14, 14]})
    (item,) = FORMAT.read(tmp_path)
    assert item.read() == expected(18)
    # What is said counts more than what lies there.
    (item,) = FORMAT.read(tmp_path, {"values": "universal"})
    assert item.read() == expected(37)


def test_results_of_predict_are_read_as_fdi(
    tmp_path: Path, drawn: tuple[Radiograph, Teeth]
) -> None:
    _, truth = drawn
    for name in ("a", "sub/b"):
        saved(tmp_path / name / "labels.png", truth.label_image())
    items = FORMAT.read(tmp_path)
    assert [item.key for item in items] == ["a", "sub/b"]
    assert items[1].read() == Teeth.from_label_image(truth.label_image())


def test_a_palette_keeps_its_indices(tmp_path: Path) -> None:
    picture = Image.fromarray(block())
    picture.putpalette([(7 * index) % 256 for index in range(768)])
    assert picture.mode == "P"
    picture.save(tmp_path / "p.png")
    assert read_label_image(tmp_path / "p.png", FDI) == expected()


@pytest.mark.parametrize(
    "image",
    [
        np.repeat(block()[..., None], 3, 2),
        np.dstack([block(), block(), block(), np.full((40, 50), 255, np.uint8)]),
        block(dtype=np.uint16),
    ],
    ids=["RGB", "RGBA", "16 bits"],
)
def test_grey_in_other_forms(tmp_path: Path, image: np.ndarray) -> None:
    assert read_label_image(saved(tmp_path / "p.png", image), FDI) == expected()


def test_colours_that_are_no_grey_are_refused(tmp_path: Path) -> None:
    image = np.dstack([block(), block(11), block()])
    with pytest.raises(AnnotationError, match=r"p\.png: .*one channel"):
        read_label_image(saved(tmp_path / "p.png", image), FDI)


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_damaged_label_images_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "p.png").write_bytes(content)
    with pytest.raises(AnnotationError, match=r"p\.png: label map cannot be read"):
        read_label_image(tmp_path / "p.png", FDI)


def test_a_label_image_of_absurd_size_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20000, 20000)).save(tmp_path / "p.png")
    with pytest.raises(AnnotationError, match=r"p\.png: label map cannot be read"):
        read_label_image(tmp_path / "p.png", FDI)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["11", "12", "28"], "class '11' may be .*FDI 11.* or .*FDI 23.*; say which"),
        (["36", "UR6"], "class names '36', 'UR6' are not tooth numbers of one system"),
        (["molar", "canine"], "class names 'molar', 'canine' are not tooth numbers"),
    ],
)
def test_an_ambiguous_numbering_is_an_error(tmp_path: Path, names: list[str], reason: str) -> None:
    file = colour_map(tmp_path / "m.json", {name: i for i, name in enumerate(names, start=1)})
    with pytest.raises(AnnotationError, match=rf"m\.json: {reason}"):
        value_map(file)


@pytest.mark.parametrize(
    ("names", "numbering", "fdi"),
    [
        (["1", "32"], None, [18, 48]),
        (["11", "48"], None, [11, 48]),
        (["UR6", "LL6"], None, [16, 36]),
        (["11", "12"], "fdi", [11, 12]),
        (["11", "12"], "universal", [23, 24]),
    ],
)
def test_a_numbering_is_proven_or_declared(
    tmp_path: Path, names: list[str], numbering: str | None, fdi: list[int]
) -> None:
    file = colour_map(tmp_path / "m.json", {"bg": 0, names[0]: 5, names[1]: [6, 6, 6]})
    assert value_map(file, Naming(numbering)) == {5: fdi[0], 6: fdi[1]}


def test_a_map_may_leave_a_class_out(tmp_path: Path) -> None:
    file = colour_map(tmp_path / "m.json", {"36": 5, "caries": 6, "stump": 7})
    image = block(5)
    image[20:22, :3], image[30:32, :3] = 6, 7
    saved(tmp_path / "masks" / "1.png", image)
    (item,) = FORMAT.read(tmp_path, {"values": file, "map": {"caries": None, "stump": 0}})
    assert item.read().fdi.tolist() == [36, 0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"36": [1, 2, 3]}', r"36: pixel value is \[1, 2, 3\]; expected a whole number"),
        ('{"36": 5, "37": 5}', "share one pixel value"),
        ('{"36": "red"}', "36: pixel value is 'red'"),
        ('{"36": []}', r"36: pixel value is \[\]"),
        ('{"36": true}', "36: pixel value is True"),
        ('{"36": null}', "36: pixel value is None"),
        ('["36"]', "expected a JSON object"),
        ("{", "ends in the middle, at byte 1"),
        ("{,}", "is not JSON in UTF-8"),
    ],
)
def test_a_malformed_colour_map_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "m.json").write_text(text)
    with pytest.raises(AnnotationError, match=rf"m\.json: .*{reason}"):
        value_map(tmp_path / "m.json")


def test_unknown_maps_and_numbers_say_what_is_known(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'universal'"):
        value_map("universl")
    with pytest.raises(AnnotationError, match=r"gone\.json"):
        value_map(tmp_path / "gone.json")
    file = colour_map(tmp_path / "m.json", {"36": 5})
    with pytest.raises(
        AnnotationError, match=r"m\.json: class names '36' are not universal numbers"
    ):
        value_map(file, Naming("universal"))


def test_writing_what_the_map_lacks_is_an_error(tmp_path: Path) -> None:
    milk = Teeth.from_masks((40, 50), [(75, block() > 0)])
    with pytest.raises(AnnotationError, match=r"a\.png: .*tooth 75"):
        FORMAT.write(tmp_path, [("a.png", milk)], {"values": "universal"})
    file = colour_map(tmp_path / "m.json", {"36": 300})
    with pytest.raises(AnnotationError, match="300"):
        FORMAT.write(tmp_path, [("a.png", expected())], {"values": file})
    assert not list(tmp_path.rglob("*.png"))


@pytest.mark.parametrize("suffix", ["PNG", "tif", "TIFF", "bmp"])
def test_pictures_that_keep_pixel_values_are_read(tmp_path: Path, suffix: str) -> None:
    saved(tmp_path / "masks" / f"a.{suffix}", block())
    saved(tmp_path / "masks" / "b_36.ome.tif", block())
    (item,) = FORMAT.read(tmp_path, {"values": "fdi"})
    assert (item.key, item.read()) == ("a", expected())


def test_a_folder_without_label_images_is_an_error(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match="no label maps; expected PNG, TIFF or BMP files in"):
        FORMAT.read(tmp_path, {"values": "fdi"})


@pytest.mark.parametrize("values", ["fdi", "universal", "hitl"])
def test_what_is_written_is_read_back_without_an_option(tmp_path: Path, values: str) -> None:
    teeth = Teeth.from_masks(
        (8, 10), [(36, np.ones((2, 3)), (1, 2)), (11, np.ones((2, 2)), (5, 5))]
    )
    FORMAT.write(tmp_path, [("opg.png", teeth)], {"values": values})
    (item,) = FORMAT.read(tmp_path)
    assert item.read().sorted() == teeth.sorted()


def test_a_class_that_no_label_map_has_does_no_harm(tmp_path: Path) -> None:
    """Whether a class is used is known when its label map is read."""
    saved(tmp_path / "masks" / "a.png", np.pad(np.full((2, 2), 36, np.uint8), 3))
    (tmp_path / COLOUR_MAP).write_text('{"36": 36, "gum": 7, "background": 9}')
    (item,) = FORMAT.read(tmp_path)
    assert item.read().fdi.tolist() == [36]
    saved(tmp_path / "masks" / "a.png", np.pad(np.full((2, 2), 7, np.uint8), 3))
    with pytest.raises(AnnotationError, match=r"pixel value 7; .*'gum' are not tooth.*\"gum\": nu"):
        item.read()
    (left_out,) = FORMAT.read(tmp_path, {"map": {"gum": None}})
    assert len(left_out.read()) == 0


@pytest.mark.parametrize(
    ("label", "radiograph", "key"),
    [
        ("masks/opg.PNG", "images/opg.png", "opg"),
        ("masks/OPG.png", "images/opg.jpg", "opg"),
        ("masks/opg_mask.png", "images/opg.jpg", "opg"),
        ("masks/opg.jpg.png", "opg.jpg", "opg"),
        ("masks/sub/opg.png", "img/sub/opg.png", "sub/opg"),
        ("train/masks/opg.png", "train/images/opg.png", "train/opg"),
        ("masks/mask.png", "images/other.png", "mask"),
        ("masks/a_mask.png", "images/b.png", "a_mask"),
    ],
)
def test_names_of_label_maps(tmp_path: Path, label: str, radiograph: str, key: str) -> None:
    saved(tmp_path / label, block())
    saved(tmp_path / radiograph, block())
    saved(tmp_path / "masks_machine" / "._opg.png", block())  # of macOS, and in an earlier folder
    (item,) = FORMAT.read(tmp_path, {"values": "fdi"})
    assert (item.key, item.read()) == (key, expected())
    assert (item.image is not None) is (not label.endswith(("/mask.png", "a_mask.png")))


def test_a_radiograph_has_one_label_map(tmp_path: Path) -> None:
    for name in ("masks/a.png", "masks/a_mask.png", "images/a.png"):
        saved(tmp_path / name, block())
    found = FORMAT.read(tmp_path, {"values": "fdi"})
    assert [(item.key, item.image is not None) for item in found] == [
        ("a", True),
        ("a_mask", False),
    ]


@pytest.mark.parametrize("other", ["d2/ann/opg.png.json", "annotations.json", "d2/opg.xml"])
def test_label_maps_of_a_split_beside_other_annotations_do_not_count(
    tmp_path: Path, other: str
) -> None:
    saved(tmp_path / "d2" / "masks_machine" / "opg.png", block())
    (tmp_path / COLOUR_MAP).write_text("{}")
    assert FORMAT.recognises(tmp_path)
    (tmp_path / other).parent.mkdir(exist_ok=True)
    (tmp_path / other).touch()
    assert not FORMAT.recognises(tmp_path)


def test_two_radiographs_of_one_name_are_not_guessed(tmp_path: Path) -> None:
    for name in ("masks/a.png", "images/a.png", "images/a.jpg"):
        saved(tmp_path / name, block())
    (item,) = FORMAT.read(tmp_path, {"values": "fdi"})
    assert (item.key, item.image) == ("a", None)
