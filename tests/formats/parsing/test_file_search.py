"""Finding the files of a format: the only JSON, the first folder, the file to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.file_search import (
    TRIED,
    files_below,
    first_sound,
    nearest,
    only_json,
    target_file,
)


def touched(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("yes" if "yes" in name else "no")
    return root


def look(file: Path) -> str | None:
    return file.name if file.read_text() == "yes" else None


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), None),
        (("no.json",), None),
        (("yes.json",), "yes.json"),
        (("yes.json", "no.json", "yes.txt"), "yes.json"),
        (("yes.json", "yes2.json"), None),
        (("sub/yes.json",), None),
    ],
)
def test_the_only_json_of_a_folder(tmp_path: Path, names: tuple[str, ...], found: str) -> None:
    assert only_json(touched(tmp_path, *names), look) == found


@pytest.mark.parametrize(
    ("name", "found"), [("yes.json", "yes.json"), ("yes.JSON", "yes.JSON"), ("yes.txt", None)]
)
def test_a_file_may_be_named_itself(tmp_path: Path, name: str, found: str | None) -> None:
    assert only_json(touched(tmp_path, name) / name, look) == found
    assert only_json(tmp_path / "gone.json", look) is None


@pytest.mark.parametrize(
    ("names", "folder", "files"),
    [
        ((), "", []),
        (("a.xml", "b.txt"), "", ["a.xml"]),
        (("b.XML", "a.xml", "sub/c.xml"), "", ["a.xml", "b.XML", "sub/c.xml"]),
        (("one/a.xml", "two/b.xml", "c.xml"), "one", ["one/a.xml"]),
        (("one/a.txt", "two/sub/b.xml"), "two", ["two/sub/b.xml"]),
        (("one/._a.xml", "c.xml"), "", ["c.xml"]),
    ],
)
def test_the_first_folder_with_files(
    tmp_path: Path, names: tuple[str, ...], folder: str, files: list[str]
) -> None:
    place, found = files_below(touched(tmp_path, *names), ("one", "two"), ".xml")
    assert (place, list(found)) == (tmp_path / folder, [tmp_path / name for name in files])


def test_a_single_file_lies_in_its_folder(tmp_path: Path) -> None:
    file = touched(tmp_path, "a.xml") / "a.xml"
    assert files_below(file, (), ".xml") == (tmp_path, [file])
    assert files_below(file, (), ".json") == (tmp_path, [])
    assert files_below(tmp_path / "gone", ("one",), ".xml") == (tmp_path / "gone", [])


@pytest.mark.parametrize(
    ("path", "file"),
    [("out", "out/t.json"), ("out/x.json", "out/x.json"), ("out.xml", "out.xml/t.json")],
)
def test_the_file_to_write(path: str, file: str) -> None:
    assert target_file(Path(path), "t.json") == Path(file)


def test_one_damaged_file_does_not_hide_a_folder(tmp_path: Path) -> None:
    def read(file: Path) -> str:
        if file.name < "c":
            raise AnnotationError("damaged")
        return file.name

    files = [tmp_path / name for name in "abcd"]
    assert first_sound(files, read) == "c"
    assert first_sound(files[:2], read) is None
    assert first_sound([tmp_path / "a"] * TRIED + files, read) is None


def test_json_files_of_the_nearest_level(tmp_path: Path) -> None:
    touched(tmp_path, "b/x/1.json", "b/2.json", "a/3.JSON", "a/no.json", ".c/4.json", "a/5.xml")

    def accepts(file: Path) -> bool:
        return file.stem.isdigit()

    assert [file.name for file in nearest(tmp_path, [".json"], accepts)] == ["3.JSON", "2.json"]
    assert nearest(tmp_path / "b", [".json"], accepts) == [tmp_path / "b/2.json"]
    assert nearest(tmp_path / "a/no.json", [".json"], accepts) == []
    assert nearest(tmp_path / "gone", [".json"], accepts) == []
