"""One bad object does not stop a node: it is laid aside with the reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom", reason="needs the dicom extra")

from panodent.bundle.bundle import load  # noqa: E402
from panodent.dicom_node.segmenting import segment  # noqa: E402
from panodent.dicom_node.spool import Spool, open_spool  # noqa: E402
from panodent.inference.predictor import Predictor  # noqa: E402


@pytest.fixture
def received(tmp_path: Path, phantoms: list[Any]) -> tuple[Spool, Path]:
    spool = open_spool(tmp_path / "spool")
    phantoms[0].save_as(tmp_path / "in.dcm", enforce_file_format=True)
    spool.receive("1.2.3", tmp_path / "in.dcm")
    (file,) = spool.received()
    return spool, file


@pytest.mark.parametrize(
    ("content", "reason"), [(b"no picture", "not its content"), (None, "RuntimeError")]
)
def test_what_cannot_be_segmented_is_kept_with_the_reason(
    received: tuple[Spool, Path],
    teeth_bundle: Path,
    monkeypatch: pytest.MonkeyPatch,
    content: bytes | None,
    reason: str,
) -> None:
    spool, file = received
    predictor, said = Predictor(load(teeth_bundle)), []
    if content is None:
        monkeypatch.setattr(Predictor, "predict", lambda *_: (_ for _ in ()).throw(RuntimeError()))
    else:
        file.write_bytes(content)
    assert not segment(predictor, spool, file, ("sr",), said.append)
    assert reason in (spool.root / "failed" / f"{file.stem}.txt").read_text()
    assert "cannot be segmented" in said[0]
    assert spool.knows("1.2.3")


def test_results_that_cannot_be_sent_are_kept_with_the_reason(
    received: tuple[Spool, Path], teeth_bundle: Path
) -> None:
    spool, file = received
    dataset, said = pydicom.dcmread(file), []
    del dataset.SeriesInstanceUID
    dataset.save_as(file)
    sent = file.read_bytes()
    assert not segment(Predictor(load(teeth_bundle)), spool, file, ("seg", "sr"), said.append)
    why = "teeth.seg.dcm, teeth.sr.dcm were left out: lacks SeriesInstanceUID"
    place = spool.root / "kept" / file.stem
    assert (place / "not-sent.txt").read_text().startswith(why)
    record = json.loads((place / "teeth.json").read_text())
    assert record["teeth"]
    assert record["notes"][-1].startswith(why)
    assert (place / "overlay.png").exists()
    assert (place / "radiograph.dcm").read_bytes() == sent
    assert not any([*(spool.root / "failed").iterdir(), *spool.outgoing(), *spool.received()])
    assert why in said[0]
    assert said[1].endswith("nothing to send; see kept/ in the spool")
    assert not any("PHANTOM" in text for text in said)
