"""What an output folder holds already: found, told apart from files of the user, removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import OutputError
from panodent.outputs.earlier_results import MEASURES, find_earlier, remove_earlier
from panodent.reports import measures


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def names(folder: Path) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*"))


def test_nothing_is_found_in_other_folders(tmp_path: Path) -> None:
    made(tmp_path, "scan.png", "other/teeth.json", "other/labels.png")
    assert not find_earlier(tmp_path, ["scan"])
    assert not find_earlier(tmp_path / "new", ["scan"])


def test_files_that_a_call_would_replace_are_found(tmp_path: Path) -> None:
    made(tmp_path, "teeth.csv", "scan/labels.png", "scan/mine.png", "other/labels.png")
    found = find_earlier(tmp_path, ["scan"])
    assert (found.cases, found.marked) == ((), False)
    assert found.files == (tmp_path / "teeth.csv", tmp_path / "scan" / "labels.png")


def test_results_are_removed_and_the_rest_stays(tmp_path: Path) -> None:
    made(tmp_path, "run.json", "predictions.json", "notes.txt", "b/mine.png")
    for case in ("a", "b", "deep/er/c"):
        made(tmp_path, *(f"{case}/{name}" for name in ("teeth.json", "overlay.png", *MEASURES)))
    made(tmp_path, "a/teeth.seg.dcm", "interrupted/labels.png")
    earlier = find_earlier(tmp_path, ["interrupted"])
    assert len(earlier.cases) == 3
    assert earlier.marked
    remove_earlier(tmp_path, earlier)
    assert names(tmp_path) == ["b", "b/mine.png", "notes.txt"]


def test_the_names_of_measurements_are_those_that_measure_writes() -> None:
    assert MEASURES == (measures.JSON, measures.CSV, measures.HTML, measures.PDF)


def test_a_file_that_cannot_be_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path, "run.json")
    earlier = find_earlier(tmp_path, [])

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(OutputError, match=r"run\.json: cannot be replaced \(Permission denied\)"):
        remove_earlier(tmp_path, earlier)
