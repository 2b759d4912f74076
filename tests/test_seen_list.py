"""The tool that lists in a bundle what it was trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import seen_list
from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.dataset import find
from panodent.datasets.radiograph_digest import digest


def test_radiographs_are_added_to_the_list(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    phantom.write(tmp_path / "data", 2, size=(64, 128))
    bundle.save(replace(bundle.load(), seen=Seen()), tmp_path / "b")
    before = bundle.load(tmp_path / "b")
    seen_list.main([str(tmp_path / "b"), str(tmp_path / "data" / "images")])
    assert "2 radiographs listed" in capsys.readouterr().out
    made = bundle.load(tmp_path / "b")
    assert made.seen.complete
    assert all(digest(case.radiograph()) in made.seen for case in find(tmp_path / "data").cases)
    assert made.digest == before.digest
    seen_list.main([str(tmp_path / "b"), str(tmp_path / "data" / "images"), "--incomplete"])
    assert not bundle.load(tmp_path / "b").seen.complete
