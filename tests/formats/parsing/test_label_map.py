"""Label maps: values as they are in the file, and each value a tooth, left out or an error."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.parsing.label_map import lookup_table, read_values, to_teeth, write_png

IMAGE = np.array([[0, 5, 5], [7, 0, 255]], np.uint8)


def saved(file: Path, image: np.ndarray) -> Path:
    Image.fromarray(image).save(file)
    return file


@pytest.mark.parametrize(
    "image",
    [
        IMAGE,
        IMAGE.astype(np.uint16),
        IMAGE.astype(np.int32),
        np.repeat(IMAGE[..., None], 3, 2),
        np.dstack([IMAGE, IMAGE, IMAGE, np.full_like(IMAGE, 255)]),
    ],
    ids=["8 bits", "16 bits", "32 bits", "RGB", "RGBA"],
)
def test_values_of_one_channel(tmp_path: Path, image: np.ndarray) -> None:
    assert np.array_equal(read_values(saved(tmp_path / "a.tif", image)), IMAGE)


def test_indices_of_a_palette_count_not_its_colours(tmp_path: Path) -> None:
    picture = Image.fromarray(IMAGE)
    picture.putpalette([(7 * index) % 256 for index in range(768)])
    picture.save(tmp_path / "a.png")
    assert np.array_equal(read_values(tmp_path / "a.png"), IMAGE)


def test_colours_are_refused(tmp_path: Path) -> None:
    image = np.dstack([IMAGE, IMAGE + 1, IMAGE])
    with pytest.raises(AnnotationError, match=r"a\.png: label map is uint8 \(2, 3, 3\); expected"):
        read_values(saved(tmp_path / "a.png", image))


def test_fractions_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="float32"):
        read_values(saved(tmp_path / "a.tif", IMAGE.astype(np.float32)))


@pytest.mark.parametrize("content", [b"", b"text", b"\x89PNG\r\n\x1a\n"])
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(AnnotationError, match=r"a\.png: label map cannot be read"):
        read_values(tmp_path / "a.png")


def test_each_value_is_a_tooth_or_left_out() -> None:
    teeth = to_teeth(IMAGE.astype(np.int64), {5: 36, 7: 0, 255: None}, Path("a.png"), "")
    assert teeth.fdi.tolist() == [36, 0]
    assert teeth.boxes.tolist() == [[0, 1, 1, 3], [1, 0, 2, 1]]


def test_two_values_of_one_tooth_stay_two() -> None:
    teeth = to_teeth(IMAGE.astype(np.int64), {5: 36, 7: 36, 255: None}, Path("a.png"), "")
    assert teeth.fdi.tolist() == [36, 36]


def test_an_unknown_value_names_the_file() -> None:
    with pytest.raises(AnnotationError, match=r"^a\.png: pixel values 7, 255; expected 5$"):
        to_teeth(IMAGE.astype(np.int64), {5: 36}, Path("a.png"), "expected 5")


def test_a_mask_of_all_teeth_together_is_named() -> None:
    with pytest.raises(
        AnnotationError, match=r"pixel value 255 alone, .* does not tell them apart"
    ):
        to_teeth(np.array([[0, 255]]), {11: 11}, Path("a.png"), "is another --values meant?")


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    write_png(tmp_path / "sub" / "a.png", IMAGE)
    assert np.array_equal(read_values(tmp_path / "sub" / "a.png"), IMAGE)
    with Image.open(tmp_path / "sub" / "a.png") as picture:
        assert picture.mode == "L"


def test_the_lookup_table_knows_all_numbers() -> None:
    table = lookup_table({11: 1, 85: 52})
    assert table.shape == (256,)
    assert (table[11], table[85], table.sum()) == (1, 52, 53)
