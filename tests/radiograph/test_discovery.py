"""Which files a call names, and where their results go."""

from pathlib import Path

import pytest

from panodent.radiograph.discovery import collect


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in (
        "a.png",
        "b.jpg",
        "b.png",
        "sub/a.png",
        "sub/deep/c.TIF",
        "notes.txt",
        ".hidden.png",
    ):
        file = tmp_path / "in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return tmp_path / "in"


def names(inputs: list) -> list[str]:
    return [item.name for item in inputs]


def test_folders_are_walked_and_keep_relative_paths(tree: Path) -> None:
    assert names(collect([tree])) == ["a", "b.jpg", "b.png", "sub/a", "sub/deep/c"]


@pytest.mark.parametrize(
    ("given", "paths"),
    [("in/sub", ["in/sub/a.png", "in/sub/deep/c.TIF"]), ("in/none", ["in/none"])],
)
def test_paths_stay_relative(
    tree: Path, monkeypatch: pytest.MonkeyPatch, given: str, paths: list[str]
) -> None:
    monkeypatch.chdir(tree.parent)
    assert [item.path.as_posix() for item in collect([given])] == paths


def test_two_inputs_never_share_a_place(tree: Path) -> None:
    found = collect([tree / "a.png", tree / "sub" / "a.png", tree / "b.png"])
    assert names(found) == ["a.png", "a.png-2", "b"]


def test_case_of_letters_does_not_tell_places_apart(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "y").mkdir()
    (tmp_path / "x" / "A.png").write_bytes(b"x")
    (tmp_path / "y" / "a.png").write_bytes(b"x")
    found = names(collect([tmp_path / "x" / "A.png", tmp_path / "y" / "a.png"]))
    assert len({name.casefold() for name in found}) == 2


def test_a_file_met_twice_counts_once(tree: Path) -> None:
    assert names(collect([tree / "a.png", tree, tree / "a.png"])).count("a") == 1


def test_the_output_folder_is_no_input(tree: Path) -> None:
    output = tree / "out"
    (output / "a").mkdir(parents=True)
    (output / "a" / "overlay.png").write_bytes(b"x")
    assert "out/a/overlay" not in names(collect([tree], output))


@pytest.mark.parametrize(
    ("make", "reason"), [(False, "no such file"), (True, "the folder contains no")]
)
def test_paths_without_a_radiograph_are_problems(tmp_path: Path, make: bool, reason: str) -> None:
    path = tmp_path / "nothing"
    if make:
        path.mkdir()
    (item,) = collect([path])
    assert reason in item.problem


def test_a_named_file_is_taken_whatever_its_suffix(tree: Path) -> None:
    assert names(collect([tree / "notes.txt"])) == ["notes"]
