"""Sentences about scored radiographs that the network was trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.dataset import find
from panodent.datasets.radiograph_digest import digest
from panodent.evaluation.pairing import Pair, Pairing
from panodent.evaluation.seen_cases import about_seen, note_on_seen

ZERO = "00" * 32


@pytest.mark.parametrize(
    ("seen", "keys", "start"),
    [
        (Seen((ZERO,), True), (), ""),
        (Seen((ZERO,)), (), "x lists only a part of the radiographs that it was trained on; if"),
        (Seen(), (), "x has no list of the radiographs that it was trained on; if scored"),
        (Seen((ZERO,), True), ("a",), "1 of 9 scored radiographs was in the training of x, so"),
        (Seen((ZERO,)), tuple("abcde"), "5 of 9 scored radiographs were in the training of x, so"),
    ],
)
def test_what_is_said(seen: Seen, keys: tuple[str, ...], start: str) -> None:
    text = about_seen("x", seen, keys, 9)
    assert text.startswith(start)
    assert bool(text) == bool(start)
    assert ("(a, b, c and 2 more)" in text) == (len(keys) == 5)


def test_nothing_is_said_when_nothing_is_scored() -> None:
    assert about_seen("x", Seen(), (), 0) == ""


@pytest.fixture
def pairing(tmp_path: Path) -> Pairing:
    """Two predicted radiographs, and one without a prediction."""
    phantom.write(tmp_path / "data", 3, size=(64, 128))
    cases = find(tmp_path / "data").cases
    pairs = [Pair(c.key, c.teeth, c.teeth, c.radiograph) for c in cases[:2]]
    return Pairing((*pairs, Pair(cases[2].key, cases[2].teeth, None, cases[2].radiograph)))


def wrote(folder: Path, **entry: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps({"bundle": entry}))
    return folder


def test_the_bundle_that_predicted_is_asked(pairing: Pairing, tmp_path: Path) -> None:
    radiograph = pairing.pairs[0].radiograph
    assert radiograph is not None
    seen = Seen((digest(radiograph()),), complete=True)
    made = replace(bundle.load(), seen=seen)
    bundle.save(made, tmp_path / "b")
    for variant in (made, made.without_refiner(), made.without_findings()):
        out = wrote(tmp_path / "out", path=str(tmp_path / "b"), sha256=variant.digest)
        assert note_on_seen(pairing, out).startswith("1 of 2 scored radiographs was in the")
    assert note_on_seen(pairing, out / "predictions.json").endswith("(phantom-00000)")


def test_a_bundle_that_is_gone_or_another_by_now(pairing: Pairing, tmp_path: Path) -> None:
    for path in (str(tmp_path / "gone"), "default"):
        out = wrote(tmp_path / "out", path=path, sha256="another")
        assert f"the bundle {path} has no list of the radiographs" in note_on_seen(pairing, out)


def test_a_bundle_below_the_current_folder_is_named_from_there(
    pairing: Pairing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    out = wrote(tmp_path / "out", path=str(tmp_path / "runs" / "mine"), sha256="another")
    assert note_on_seen(pairing, out).startswith("the bundle runs/mine has no list")


def test_nothing_is_said_of_other_programs(pairing: Pairing, tmp_path: Path) -> None:
    assert note_on_seen(pairing, tmp_path) == ""
    (tmp_path / "run.json").write_text("[]")
    assert note_on_seen(pairing, tmp_path) == ""
