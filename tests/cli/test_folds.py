"""`panodent folds`."""

from __future__ import annotations

import shutil
from pathlib import Path


def test_runs_are_scored_on_what_they_held_out(
    panodent, finished_run: Path, tmp_path: Path
) -> None:
    found = panodent("folds", finished_run, "-o", tmp_path)
    assert found.code == 0
    assert found.err == (
        "warning: folds 2, 3 are missing, so their radiographs are not scored; train them with "
        "panodent train --fold\n"
    )
    first, together, page = found.out.splitlines()
    assert first.startswith("held out of ")
    assert together.startswith("all 1: dice 0.")
    assert page == f"page: {tmp_path / 'index.html'}"
    assert (tmp_path / "index.html").exists()
    again = panodent("folds", finished_run, "-o", tmp_path)
    assert (again.code, again.out) == (1, "")
    assert "already holds a report (cases.csv); replace it with --overwrite" in again.err


def test_the_folder_of_all_folds(panodent, finished_run: Path, tmp_path: Path) -> None:
    shutil.copytree(finished_run, tmp_path / "fold-1")
    found = panodent("folds", tmp_path)
    assert found.code == 0
    assert found.out == panodent("folds", finished_run).out


def test_faults(panodent, tmp_path: Path) -> None:
    assert panodent("folds").code == 2
    found = panodent("folds", tmp_path)
    assert (found.code, found.out) == (1, "")
    assert "holds no training run" in found.err


def test_a_fold_that_is_given_twice(panodent, finished_run: Path) -> None:
    found = panodent("folds", finished_run, finished_run)
    assert (found.code, found.out) == (1, "")
    assert "both held out fold 1/3; give each fold once" in found.err
