"""A DICOMDIR of a copied disc: names in lower case, with .dcm, with ;1."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

pydicom = pytest.importorskip("pydicom")

from panodent import phantom  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicomdir import directory_files, is_directory_file  # noqa: E402
from panodent.radiograph.discovery import collect  # noqa: E402
from panodent.radiograph.radiograph import read  # noqa: E402


@pytest.fixture(scope="module")
def disc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from pydicom.fileset import FileSet

    folder = tmp_path_factory.mktemp("made")
    made = FileSet()
    for seed in (1, 2):
        to_dicom(phantom.draw(seed, (64, 128))[0], seed).save_as(
            folder / f"{seed}.dcm", enforce_file_format=True
        )
        made.add(folder / f"{seed}.dcm")
    made.write(folder / "disc")
    return folder / "disc"


def renamed(disc: Path, copy: Path, change: Callable[[str], str], directory: str) -> Path:
    """A copy with other names of files and folders; the DICOMDIR in it."""
    for file in disc.rglob("*"):
        if file.is_file() and file.name != "DICOMDIR":
            parts = file.relative_to(disc).parts
            names = [*(p.lower() if change("A") == "a" else p for p in parts[:-1])]
            place = copy.joinpath(*names, change(parts[-1]))
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, place)
    shutil.copy(disc / "DICOMDIR", copy / directory)
    return copy / directory


CHANGES: dict[str, Callable[[str], str]] = {
    "as listed": lambda name: name,
    "lower case": str.lower,
    ".dcm": lambda name: f"{name}.dcm",
    ".DCM;1": lambda name: f"{name}.DCM;1",
    ";1": lambda name: f"{name};1",
    "lower case, .;1": lambda name: f"{name.lower()}.;1",
}


@pytest.mark.parametrize("directory", ["DICOMDIR", "dicomdir", "DICOMDIR.dcm", "DICOMDIR;1"])
@pytest.mark.parametrize("change", CHANGES)
def test_files_are_found_by_their_changed_names(
    disc: Path, tmp_path: Path, change: str, directory: str
) -> None:
    place = renamed(disc, tmp_path / "copy", CHANGES[change], directory)
    found = collect([place])
    assert [item.problem for item in found] == ["", ""]
    assert [read(item.path).size for item in found] == [(64, 128)] * 2
    walked = collect([place.parent])
    assert {item.path for item in walked} == {item.path for item in found}
    assert {item.name for item in walked} == {item.name for item in found}


def test_paths_stay_relative(disc: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = renamed(disc, tmp_path / "copy", str.lower, "DICOMDIR")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "DICOMDIR").symlink_to(place)
    monkeypatch.chdir(tmp_path)
    found = [item.path for item in collect(["copy/DICOMDIR"])]
    assert found == [item.path for item in collect(["copy"])]
    assert not any(path.is_absolute() for path in found)
    assert [item.path for item in collect(["linked/DICOMDIR"])] == [tmp_path / f for f in found]


def test_the_listed_name_comes_first(disc: Path, tmp_path: Path) -> None:
    place = renamed(disc, tmp_path / "copy", lambda name: name, "DICOMDIR")
    expected = directory_files(place)
    for file in expected:
        shutil.copy(file, f"{file}.dcm")
    assert directory_files(place) == expected


def test_a_missing_file_keeps_its_listed_name(disc: Path, tmp_path: Path) -> None:
    place = renamed(disc, tmp_path / "copy", str.lower, "DICOMDIR")
    gone = directory_files(place)[0]
    gone.unlink()
    assert directory_files(place)[0].name == gone.name.upper()
    assert "does not exist" in collect([place])[1].problem


def test_a_link_that_leads_out_is_refused(disc: Path, tmp_path: Path) -> None:
    place = renamed(disc, tmp_path / "copy", str.lower, "DICOMDIR")
    inside = directory_files(place)[0]
    shutil.copy(inside, tmp_path / "outside.dcm")
    inside.unlink()
    inside.symlink_to(tmp_path / "outside.dcm")
    assert "outside its own folder" in collect([place])[0].problem


@pytest.mark.parametrize("name", ["DICOMDIR2", "MYDICOMDIR", "dicomdir.txt", ""])
def test_other_names_are_no_directory(name: str) -> None:
    assert not is_directory_file(name)
