"""The protocol of peers' runners, and the one runner that needs only the packages of the tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import panodent
from panodent.benchmark import peers, report
from panodent.errors import BenchmarkError, UnknownNameError

PEER = """
import sys, json
print(json.dumps({"about": "a peer for tests"}), flush=True)
for line in sys.stdin:
    print(json.dumps({"network": 2.0, "whole": 10.0 * len(line.split("phantom"))}), flush=True)
"""


def measured(files: list[Path], tmp_path: Path, names: tuple[str, ...]) -> list[peers.Peer]:
    predictor = panodent.load()
    with peers.started(names, sys.executable) as runners:
        return peers.measure(runners, predictor, files, tmp_path / "out", 1)


def test_a_peer_predicts_every_radiograph(files, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "peer.py").write_text(PEER)
    monkeypatch.setattr(peers, "runners_folder", lambda: tmp_path)
    monkeypatch.setitem(peers.PEERS, "mine", (("peer.py", "x"),))
    (found,) = measured(files, tmp_path, ("mine",))
    assert (found.name, found.about) == ("peer x", "a peer for tests")
    assert found.stages["whole"].median == 20.0
    assert found.stages["whole"].count == 2
    assert found.ratio.low <= 20.0 / found.panodent.low + 1e-3
    assert found.ratio.high >= 20.0 / found.panodent.high - 1e-3


def test_a_peer_that_ends_says_what_it_needs(files, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "peer.py").write_text("raise SystemExit(3)")
    monkeypatch.setattr(peers, "runners_folder", lambda: tmp_path)
    monkeypatch.setitem(peers.PEERS, "mine", (("peer.py",),))
    with pytest.raises(BenchmarkError, match="ended with 3; what it needs: pip install -r"):
        measured(files, tmp_path, ("mine",))


def test_an_unknown_peer_and_a_missing_runner_are_named(files, tmp_path: Path, monkeypatch) -> None:
    with pytest.raises(UnknownNameError, match="known: seed-keras, yolo-onnx, yolo-onnx-boxes"):
        measured(files, tmp_path, ("yolo",))
    monkeypatch.setattr(peers, "runners_folder", lambda: tmp_path)
    with pytest.raises(BenchmarkError, match=r"seed_keras\.py, which is in panodent's source"):
        measured(files, tmp_path, ("seed-keras",))


def test_a_peer_that_cannot_run_is_told_before_anything_is_measured(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(peers, "runners_folder", lambda: tmp_path)
    said: list[str] = []
    with pytest.raises(BenchmarkError, match="source only"):
        report.measure(report.BenchmarkSettings(against=("seed-keras",)), said.append)
    assert said == []


def test_the_yolo_shaped_peer_is_as_large_as_published(files, tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    found = {peer.name: peer.about for peer in measured(files[:1], tmp_path, ("yolo-onnx",))}
    assert list(found) == ["yolo-onnx n", "yolo-onnx s"]
    # 2.9 M and 10.1 M with 80 classes; with 32 a little less.
    assert "2.8 M parameters, 4.8 G multiply-adds" in found["yolo-onnx n"]
    assert "10.1 M parameters, 16.5 G multiply-adds" in found["yolo-onnx s"]
