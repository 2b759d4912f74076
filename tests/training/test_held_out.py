"""Held-out radiographs: whose they are, and their scores with the default bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.dentition import PERMANENT
from panodent.training.held_out import folder_name, folder_names, held_out
from panodent.training.recipes import recipe
from panodent.training.run import prepare
from panodent.training.run_data import DataSource


@pytest.mark.parametrize(
    ("path", "name"),
    [("/a/b", "b"), ("/a/b/", "b"), ("C:\\a\\b", "b"), ("b", "b"), ("", "")],
)
def test_a_folder_has_the_last_part_of_its_path(path: str, name: str) -> None:
    assert folder_name(path) == name


def test_each_held_out_radiograph_comes_once_with_its_folder(tmp_path: Path) -> None:
    roots = [tmp_path / "one" / "data", tmp_path / "two" / "data"]
    for seed, root in enumerate(roots):
        phantom.write(root, 2, seed=40 + 2 * seed, size=(128, 256))
    config = replace(recipe("default"), validation=0.5)
    told: list[tuple[str, dict[str, float]]] = []
    run = prepare(
        tmp_path / "run",
        [DataSource(root) for root in roots],
        config,
        lambda event, row: told.append((event, row)),
    )
    items = list(held_out(run, bundle.load()))
    assert folder_names(run) == ["1-data", "2-data"]
    assert [item.folder for item in items] == ["1-data", "2-data"]
    assert [item.case.key for item in items] == [case.key for case in run.validation]
    for item in items:
        assert item.scores.key == item.case.key
        assert item.truth == item.case.teeth()
        assert item.found.size == item.radiograph.size == (128, 256)
    scoring = [item for item in told if item[0] == "scoring"]
    assert scoring == [("scoring", {"done": n, "cases": 2}) for n in (1, 2)]


def test_only_teeth_that_the_network_knows_are_scored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phantom.write(tmp_path / "data", 2, seed=3, size=(128, 256))
    run = prepare(
        tmp_path / "run",
        [DataSource(tmp_path / "data")],
        replace(recipe("default"), validation=0.5),
        lambda event, row: None,
    )
    truth = run.validation[0].teeth()
    molars = tuple(fdi for fdi in PERMANENT if fdi % 10 >= 6)
    known = truth.select(np.isin(truth.fdi, molars))
    monkeypatch.setattr("panodent.training.held_out.predict_teeth", lambda made, pixels: known)
    (item,) = held_out(run, replace(bundle.load(), classes=molars))
    assert 0 < len(known) < len(truth)
    assert item.truth == truth
    assert item.unscored == len(truth) - len(known)
    assert item.scores.dice == 1.0
    (item,) = held_out(run, bundle.load())
    assert item.unscored == 0
    assert item.scores.dice < 0.5
