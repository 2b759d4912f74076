"""Radiographs found by the names in annotation files: the longest end of a path, never a guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.formats.parsing.image_search import FoundImage, ImageSearch, Sought


def folder_of(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def found_for(root: Path, *names: str, places: tuple[str, ...] = ()) -> list[FoundImage]:
    beside = tuple(root / place for place in places)
    return ImageSearch(root).find(Sought(name, beside, "a.json") for name in names)


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("a.png", ["images/a.png"], "images/a.png"),
        ("images/a.png", ["images/a.png"], "images/a.png"),
        ("sub/a.png", ["images/sub/a.png", "images/a.png"], "images/sub/a.png"),
        # Prefixes of other tools and computers.
        ("data/obj/images/a.png", ["images/a.png"], "images/a.png"),
        ("images\\a.png", ["images/a.png"], "images/a.png"),
        ("C:\\Users\\me\\scans\\a.png", ["a.png"], "a.png"),
        ("C:a.png", ["a.png"], "a.png"),
        ("\\\\server\\share\\a.png", ["a.png"], "a.png"),
        ("/mnt/d/train/a.png", ["train/a.png", "valid/a.png"], "train/a.png"),
        ("../../train/a.png", ["train/a.png", "valid/a.png"], "train/a.png"),
        ("./a.png", ["a.png"], "a.png"),
        ("https://example.org/x/train/a.png?v=3", ["train/a.png", "valid/a.png"], "train/a.png"),
        ("file:///srv/a.png", ["a.png"], "a.png"),
        # The path from the data folder stands before a longer one with the same end.
        ("a.png", ["a.png", "old/a.png"], "a.png"),
        ("a.png", ["images/a.png", "old/a.png"], "images/a.png"),
        ("x/a.png", ["images/x/a.png", "x/x/a.png"], "images/x/a.png"),
        # Spelling: case, accents in two forms, spaces of URLs, digits of Label Studio, suffixes.
        ("A.PNG", ["a.png"], "a.png"),
        ("Mu\u0308ller.png", ["M\u00fcller.png"], "M\u00fcller.png"),
        ("a%20b.png", ["a b.png"], "a b.png"),
        ("a%20b.png", ["a b.png", "a%20b.png"], "a%20b.png"),
        ("images/1a2b3c4d-a.png", ["images/a.png"], "images/a.png"),
        ("1a2b3c4d-a.png", ["1a2b3c4d-a.png", "a.png"], "1a2b3c4d-a.png"),
        ("a.jpg", ["a.png"], "a.png"),
        ("scans/a.jpg", ["images/a.tif"], "images/a.tif"),
        ("10:30.png", ["10:30.png"], "10:30.png"),
        ("images/1a2b3c4d-scan_1.png", ["images/Scan (1).png"], "images/Scan (1).png"),
        ("images/scan_1.png", ["images/scan (1).png"], None),
        # Not there, and never outside.
        ("b.png", ["a.png"], None),
        ("%2F", ["a.png"], None),
        ("labels/b.png", ["labels/a.png"], None),
        ("x/b.png", ["labels/b.png"], None),
    ],
)
def test_a_name_finds_its_file(
    tmp_path: Path, name: str, files: list[str], expected: str | None
) -> None:
    folder_of(tmp_path, *files)
    (found,) = found_for(tmp_path, name)
    assert (found.file and found.file.relative_to(tmp_path).as_posix()) == expected
    assert found.problem == ""


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("a.png", ["images/x/a.png", "images/y/a.png"]),
        ("/srv/a.png", ["images/a.png", "images/y/a.png"]),
        ("z/a.png", ["x/a.png", "y/a.png"]),
        ("a.png", ["x/A.png", "y/A.png"]),
        ("a.jpg", ["a.png", "a.tif"]),
    ],
)
def test_two_files_that_suit_equally_are_no_answer(
    tmp_path: Path, name: str, files: list[str]
) -> None:
    (found,) = found_for(folder_of(tmp_path, *files), name)
    assert found.file is None
    assert all(file in found.problem for file in files)


def test_folders_of_the_file_come_first(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/train/a.png", "images/val/a.png", "val/b.png")
    (train,) = found_for(tmp_path, "a.png", places=("images/train",))
    assert (train.key, train.file) == ("train/a", tmp_path / "images" / "train" / "a.png")
    (value,) = found_for(tmp_path, "../images/val/a.png", places=("annotations",))
    assert value.file == tmp_path / "images" / "val" / "a.png"
    (below,) = found_for(tmp_path, "b.png")
    assert (below.key, below.file) == ("val/b", tmp_path / "val" / "b.png")


def test_nothing_outside_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder_of(tmp_path, "a.png", "data/b.png", "data/annotations/t.json")
    names = (
        "../a.png",
        "../../a.png",
        str(tmp_path / "a.png"),
        "x/../../a.png",
        "annotations/../../a.png",
    )
    for name in names:
        for places in ((), ("annotations",), ("..",)):
            (found,) = found_for(tmp_path / "data", name, places=places)
            assert found.file is None, name
    monkeypatch.chdir(tmp_path / "data")
    for name in names:
        (found,) = ImageSearch(Path()).find([Sought(name, (Path("annotations"),))])
        assert found.file is None, name


def test_a_file_is_given_to_the_name_that_suits_best(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/one/a.png")
    first, second = found_for(tmp_path, "/srv/two/a.png", "/srv/one/a.png")
    assert (first.file, first.key) == (None, "srv/two/a")
    assert second.file == tmp_path / "images" / "one" / "a.png"


def test_a_file_that_two_names_mean_equally_is_given_to_none(tmp_path: Path) -> None:
    found = found_for(folder_of(tmp_path, "a.png"), "/srv/one/a.png", "/srv/two/a.png")
    assert [item.file for item in found] == [None, None]
    assert found[0].problem.startswith("'srv/one/a.png' and 'srv/two/a.png' may both mean a.png")
    # The same name twice is one image listed twice, which the format refuses.
    assert all(item.file for item in found_for(tmp_path, "/srv/a.png", "/srv/a.png"))


def test_radiographs_that_are_not_where_they_have_to_be(tmp_path: Path) -> None:
    folder_of(tmp_path, "img/A.png", "img/b.png", "img/B.PNG")
    given = [("img/a.png", None), ("img/b.png", tmp_path / "img/b.png"), ("img/c.png", None)]
    first, second, third = ImageSearch(tmp_path).find_lacking(given)
    assert (first.file, second.file) == (tmp_path / "img/A.png", tmp_path / "img/b.png")
    assert (third.key, third.file) == ("img/c", None)
    (odd,) = ImageSearch(tmp_path).find_lacking([("img/a\n.png", None)])
    assert odd.file is None


def test_many_names_are_found_in_linear_time(tmp_path: Path) -> None:
    search = ImageSearch(tmp_path)
    search.__dict__["files"] = [tmp_path / str(n) / "a.png" for n in range(4_000)]
    found = search.find(Sought(f"/srv/{n}/a.png") for n in range(4_000))
    assert [item.key for item in found] == [f"{n}/a" for n in range(4_000)]


@pytest.mark.parametrize(
    ("file", "name", "images", "key", "image"),
    [
        # What the file names, beside it or in the folder that belongs to its own.
        ("sub/t.json", "a.png", ["sub/a.png", "a.png"], "sub/a", "sub/a.png"),
        ("sub/t.json", "C:\\x\\a.png", ["sub/a.png", "a.png"], "sub/a", "sub/a.png"),
        ("notes/sub/t.json", "a.png", ["images/sub/a.png", "images/a.png"], "sub/a", None),
        ("notes/t.json", "../images/a.png", ["images/a.png", "images/x/a.png"], "a", None),
        # What is called as the file.
        ("notes/sub/t.json", "a.png", ["images/sub/t.tif", "images/t.tif"], "sub/t", None),
        ("notes/t.json", None, ["images/t.tif"], "t", None),
        # Nothing.
        ("notes/sub/t.json", "C:\\x\\a.png", [], "sub/a", ""),
        ("notes/sub/t.json", "../../../a.png", [], "sub/a", ""),
        ("notes/sub/t.json", "../b/a.png", [], "b/a", ""),
        ("notes/sub/t.json", None, [], "sub/t", ""),
    ],
)
def test_radiographs_of_a_file_each(
    tmp_path: Path, file: str, name: str | None, images: list[str], key: str, image: str | None
) -> None:
    folder_of(tmp_path, file, *images)
    (found,) = ImageSearch(tmp_path).find_own([(tmp_path / file, name)], ("notes",))
    image = images[0] if image is None else image
    assert (found.key, found.file) == (key, tmp_path / image if image else None)


def test_a_radiograph_that_one_file_names_is_not_anothers_by_its_own_name(tmp_path: Path) -> None:
    folder_of(tmp_path, "a.json", "b.json", "b.png")
    files = [(tmp_path / "a.json", "b.png"), (tmp_path / "b.json", "c.png")]
    first, second = ImageSearch(tmp_path).find_own(files, ())
    assert (first.file, second.file) == (tmp_path / "b.png", None)
    assert second.key == "c"


def test_two_annotation_files_of_one_radiograph_are_named(tmp_path: Path) -> None:
    folder_of(tmp_path, "images/a.png", "images/b.png", "x/a.json", "y/a.json", "y/b.json")
    files = [
        (tmp_path / name, name[2:-5] + ".png") for name in ("x/a.json", "y/a.json", "y/b.json")
    ]
    found = ImageSearch(tmp_path).find_own(files, ("annotations",))
    problem = "x/a.json and y/a.json annotate images/a.png; keep one of them"
    assert found == [
        FoundImage("x/a", None, problem),
        FoundImage("y/a", None, problem),
        FoundImage("b", str(tmp_path / "images" / "b.png")),
    ]
