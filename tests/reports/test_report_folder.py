"""Tests of `panodent.reports.report_folder`."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import OutputError
from panodent.reports.report_folder import EVALUATION, INSPECTION, check_free, replacing


def filled(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)


def test_a_new_folder_and_one_with_other_files_are_free(tmp_path: Path) -> None:
    filled(tmp_path, "pictures/opg-1.jpg", "notes.txt")
    for files in (EVALUATION, INSPECTION):
        check_free(None, files, overwrite=False)
        check_free(tmp_path / "new", files, overwrite=False)
        check_free(tmp_path, files, overwrite=False)


def test_a_report_is_replaced_as_a_whole_and_on_request_only(tmp_path: Path) -> None:
    earlier = ("cases.csv", "index.html", "cases/worst-1.jpg", "plates/01.svg")
    filled(tmp_path, *earlier, "cases/mine.png", "notes.txt")
    with pytest.raises(OutputError, match=r"already holds a report \(cases.csv\); replace it with"):
        check_free(tmp_path, EVALUATION, overwrite=False)
    with pytest.raises(OutputError), replacing(tmp_path, EVALUATION, overwrite=False):
        pytest.fail("it began")
    assert all((tmp_path / name).exists() for name in earlier)
    check_free(tmp_path, EVALUATION, overwrite=True)
    with replacing(tmp_path, EVALUATION, overwrite=True):
        left = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*.*")}
        assert left == {"cases/mine.png", "notes.txt", ".panodent-lock"}


@pytest.mark.parametrize("overwrite", [False, True])
def test_files_of_the_user_are_never_replaced(tmp_path: Path, overwrite: bool) -> None:
    filled(tmp_path, "scores.json")  # as in the folder of a training run
    with pytest.raises(OutputError, match=r"has scores\.json, which no call of panodent eval"):
        check_free(tmp_path, EVALUATION, overwrite)
