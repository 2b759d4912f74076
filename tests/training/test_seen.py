"""What a network has seen after its training, and held-out radiographs that it knew before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest
from panodent.training.recipes import recipe
from panodent.training.run import Run, prepare
from panodent.training.run_data import DataSource
from panodent.training.seen import known_before, seen_by, seen_with


@pytest.fixture
def run(tmp_path: Path) -> Run:
    phantom.write(tmp_path / "data", 4, size=(64, 128))
    config = replace(recipe("default"), validation=0.5)
    return prepare(tmp_path / "run", [DataSource(tmp_path / "data")], config, lambda *_: None)


def test_a_network_has_seen_its_data_and_those_of_its_start(run: Run) -> None:
    own = {digest(case.radiograph()) for case in run.training}
    start = Seen(("00" * 32,), complete=True)
    assert set(seen_with(run.training, start).digests) == own | {"00" * 32}
    assert seen_with(run.training, start).complete
    assert not seen_with(run.training, start, Seen()).complete


def test_held_out_radiographs_that_the_start_knew(run: Run) -> None:
    first = run.validation[0]
    seen = Seen((digest(first.radiograph()),), complete=True)
    assert known_before(run, seen) == {"1-data": [first.key]}
    assert known_before(run, Seen()) == {"1-data": []}


def test_what_a_start_has_seen(tmp_path: Path) -> None:
    assert seen_by("") == Seen(complete=True)
    assert seen_by(tmp_path) == Seen()
    made = replace(bundle.load(), seen=Seen(("00" * 32,), complete=True))
    bundle.save(made, tmp_path)
    assert seen_by(tmp_path) == made.seen
