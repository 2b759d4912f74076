"""Tests of `panodent.training.independence`: which networks learnt from a radiograph."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.dataset import find
from panodent.datasets.radiograph_digest import digest_of
from panodent.datasets.splits import fingerprint
from panodent.errors import TrainingError
from panodent.training.independence import most_independent, origins
from panodent.training.train_config import TrainConfig
from panodent.utils.arrays import Float32Array


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 3, size=(64, 128))
    return root


@pytest.fixture(scope="module")
def prints(data: Path) -> list[Float32Array]:
    return [fingerprint(case.radiograph()) for case in find(data).cases]


def run(folder: Path, root: Path, training: list[int], start: str = "") -> str:
    """A training run that learnt from these phantoms of `root`; its bundle's name."""
    keys = [f"phantom-{number:05d}" for number in training]
    item = {"root": str(root), "format": "coco", "options": {}, "repeat": 1}
    item |= {"training": keys, "validation": []}
    record = {"config": TrainConfig().to_dict(), "start": start, "data": [item]}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(record))
    return str(folder)


def without_list(folder: Path) -> str:
    """A bundle that does not say which radiographs it has seen."""
    bundle.save(replace(bundle.load(), seen=Seen()), folder)
    return str(folder)


def test_the_run_that_held_a_radiograph_out_is_chosen(data, prints, tmp_path) -> None:
    folds = [run(tmp_path / "1", data, [0, 1]), run(tmp_path / "2", data, [2])]
    known = origins(folds)
    assert [most_independent(known, item) for item in prints] == [(1, "no"), (1, "no"), (0, "no")]


def test_copies_in_another_folder_are_found(data, prints, tmp_path) -> None:
    shutil.copytree(data, tmp_path / "copy")
    (origin,) = origins([run(tmp_path / "1", tmp_path / "copy", [0])])
    assert [origin.trained_on(item) for item in prints] == ["yes", "no", "no"]


def test_the_bundle_folder_of_a_run(data, prints, tmp_path) -> None:
    name = run(tmp_path / "1", data, [0])
    (origin,) = origins([f"{name}/bundle"])
    assert origin.trained_on(prints[0]) == "yes"


def test_what_a_run_started_from_counts(data, prints, tmp_path) -> None:
    first = run(tmp_path / "1", data, [0])
    start = without_list(tmp_path / "start")
    second, third = origins(
        [run(tmp_path / "2", data, [1], first), run(tmp_path / "3", data, [1], start)]
    )
    assert [second.trained_on(item) for item in prints] == ["yes", "yes", "no"]
    assert [third.trained_on(item) for item in prints] == ["unknown", "yes", "unknown"]
    assert f"started from another bundle: {start} is not part of a training run" in third.gaps[0]


def test_a_bundle_knows_by_its_list_what_it_has_seen(data, prints, tmp_path) -> None:
    listed = Seen((digest_of(prints[0]),), complete=True)
    bundle.save(replace(bundle.load(), seen=listed), tmp_path / "b")
    known, started = origins(
        [str(tmp_path / "b"), run(tmp_path / "1", data, [1], str(tmp_path / "b"))]
    )
    assert [known.trained_on(item) for item in prints] == ["yes", "no", "no"]
    assert [started.trained_on(item) for item in prints] == ["yes", "yes", "no"]
    assert bundle.load().seen.complete


def test_data_that_are_gone_are_unknown(data, prints, tmp_path) -> None:
    (origin,) = origins([run(tmp_path / "1", data / "gone", [0])])
    assert origin.trained_on(prints[0]) == "unknown"
    assert "cannot be read" in origin.gaps[0]


def test_a_bundle_without_a_run_says_what_it_learnt_from(prints, tmp_path) -> None:
    (origin,) = origins([without_list(tmp_path / "start")])
    assert most_independent([origin], prints[0]) == (0, "unknown")
    assert "it says that it learnt from " in origin.gaps[0]


def test_a_damaged_run(tmp_path) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"config": TrainConfig().to_dict(), "start": "", "data": [{}]})
    )
    with pytest.raises(TrainingError, match="where data were expected"):
        origins([str(tmp_path)])
