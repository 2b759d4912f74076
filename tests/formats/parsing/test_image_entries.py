"""Declared names and sizes of images: inside the folder, within bounds, one for each radiograph."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.errors import AnnotationError
from panodent.formats.base import Annotated
from panodent.formats.parsing.image_entries import (
    checked_names,
    image_path,
    image_size,
    in_order,
    size_of_file,
)
from panodent.teeth.teeth import Teeth

FILE = Path("t.xml")
NONE = Teeth.empty((8, 8))


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("opg.png", "opg.png"),
        ("sub/opg.png", "sub/opg.png"),
        ("sub\\opg.png", "sub/opg.png"),
        ("./opg.png", "opg.png"),
        ("a..b/ü &.png", "a..b/ü &.png"),
        (17, "17"),
    ],
)
def test_names_below_the_folder(name: Any, path: str) -> None:
    assert image_path(name, FILE) == PurePosixPath(path)


@pytest.mark.parametrize(
    "name",
    [
        *(None, "", ".", "..", "../a.png", "a/../../a.png", "/etc/a.png", "\\\\server\\a.png"),
        *("C:\\a.png", "http://127.0.0.1/a.png", "a\0.png", "a\n.png", "a\ud800.png"),
        *("x" * 256, "é" * 128, "a/" * 1024 + "a.png"),
    ],
)
def test_other_names_are_refused(name: Any) -> None:
    with pytest.raises(AnnotationError, match=r"^t\.xml: an image is named .*; expected a file"):
        image_path(name, FILE)


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [
        (1, 100_000, (1, 100_000)),
        ("8", " 10 ", (8, 10)),
        (8.0, "1e3", (8, 1000)),
        (10_000, 10_000, (10_000, 10_000)),
    ],
)
def test_sizes(height: Any, width: Any, size: tuple[int, int]) -> None:
    assert image_size(height, width, "t.xml") == size


@pytest.mark.parametrize(
    "side",
    [0, -8, 8.5, 100_001, True, None, "", "high", "nan", "inf", float("nan"), 10**400, [], {}],
)
def test_other_sizes_are_refused(side: Any) -> None:
    for sides in ((side, 8), (8, side)):
        with pytest.raises(AnnotationError, match=r"^t\.xml: height and width are .*from 1 to"):
            image_size(*sides, "t.xml")


def test_sizes_may_be_texts() -> None:
    assert image_size("8", 10, "t.json") == (8, 10)


def test_the_area_is_bounded_too() -> None:
    with pytest.raises(AnnotationError, match=r"100000 x 1001 pixels; expected at most 100000000"):
        image_size(100_000, 1001, "t.xml")


def test_the_size_comes_from_the_radiograph(tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(file)
    assert size_of_file(file, "t.txt") == (40, 50)
    file.write_bytes(b"x")
    with pytest.raises(AnnotationError, match=r"^t\.txt: does not say the size .*; .*a\.png"):
        size_of_file(file, "t.txt")
    with pytest.raises(AnnotationError, match=r"^t\.txt: .* and its radiograph was not found"):
        size_of_file(None, "t.txt")


def test_annotations_are_sorted_and_their_keys_unique() -> None:
    def items(*keys: str) -> list[Annotated]:
        return [Annotated(key, lambda: NONE) for key in keys]

    assert [item.key for item in in_order(FILE, items("b", "a/2", "a/10"))] == ["a/10", "a/2", "b"]
    with pytest.raises(AnnotationError, match=r"^t\.xml: two images share the name 'b'"):
        in_order(FILE, items("b", "a", "b"))


def test_names_to_write_are_checked_one_by_one() -> None:
    def items() -> Any:
        yield "sub\\a.png", NONE
        yield "b.png", NONE
        yield "b.jpg", NONE

    found = checked_names(items(), FILE)
    assert next(found) == (PurePosixPath("sub/a.png"), NONE)
    assert next(found) == (PurePosixPath("b.png"), NONE)
    with pytest.raises(AnnotationError, match=r"^b\.png and b\.jpg would both be written as b;"):
        next(found)


def test_numbers_are_not_suffixes() -> None:
    names = [name for name, _ in checked_names([("1.2.17", NONE), ("1.2.18", NONE)], FILE)]
    assert names == [PurePosixPath("1.2.17"), PurePosixPath("1.2.18")]


def test_a_name_to_write_stays_in_the_folder() -> None:
    with pytest.raises(AnnotationError, match=r"named '\.\./a\.png'; expected a file below"):
        list(checked_names([("../a.png", NONE)], FILE))


@pytest.mark.parametrize("name", ["a\x1b.png", "a" * 256 + ".png"])
def test_a_name_that_no_file_has_is_said_to_be_one(name: str) -> None:
    with pytest.raises(
        AnnotationError, match=r"control characters, .* 255 bytes .*; rename the image"
    ):
        image_path(name, Path("a.json"))
