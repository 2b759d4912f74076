"""Runs of a cross-validation scored together; their bundles are copies, nothing is trained here."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.errors import DatasetError, TrainingError
from panodent.training.cross_validation import evaluate_folds, missing_folds
from panodent.training.recipes import recipe
from panodent.training.run import prepare
from panodent.training.run_data import DataSource


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 5, seed=10, size=(256, 512))
    return root


def run_of(folder: Path, data: Path, fold: tuple[int, int], finished: bool = True) -> Path:
    prepare(folder, [DataSource(data)], replace(recipe("default"), fold=fold), lambda *_: None)
    if finished:
        shutil.copytree(Path(bundle.__file__).parent / "default", folder / "bundle")
    return folder


@pytest.fixture(scope="module")
def runs(data: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("runs")
    return [run_of(root / str(k), data, (k, 3)) for k in (1, 2, 3)]


def test_every_radiograph_counts_once(runs: list[Path]) -> None:
    told: list[tuple[int, int]] = []
    each, together, pictures = evaluate_folds(runs, lambda done, total: told.append((done, total)))
    names = [case.key.rsplit("/", 1)[1] for case in together.cases]
    assert sorted(names) == [f"phantom-{n:05d}" for n in range(10, 15)]
    assert together.figures["dice"].value > 0.6
    assert len(each) == 1
    assert set(pictures) == {case.key for case in together.cases}
    assert told[-1] == (5, 5)


def test_a_radiograph_held_out_twice_is_refused(
    runs: list[Path], data: Path, tmp_path: Path
) -> None:
    other = run_of(tmp_path / "other", data, (1, 2))
    with pytest.raises(DatasetError, match="give runs of one cross-validation"):
        evaluate_folds([*runs, other])
    share = tmp_path / "share"
    prepare(share, [DataSource(data)], recipe("default"), lambda *_: None)
    shutil.copytree(runs[0] / "bundle", share / "bundle")
    with pytest.raises(DatasetError, match="held out by"):
        evaluate_folds([*runs, share])


def test_a_fold_counts_once_and_missing_ones_are_named(runs: list[Path], tmp_path: Path) -> None:
    assert missing_folds(runs) == []
    assert missing_folds([runs[1]]) == [1, 3]
    for again in (runs[0], shutil.copytree(runs[0], tmp_path / "copy")):
        with pytest.raises(DatasetError, match="both held out fold 1/3"):
            evaluate_folds([*runs, again])


def test_an_unfinished_run_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="--resume"):
        evaluate_folds([run_of(tmp_path / "half", data, (1, 2), finished=False)])
