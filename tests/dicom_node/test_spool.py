"""The spool of a DICOM node: each object in one place, at whatever step a crash comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.dicom_node.spool import open_spool
from panodent.errors import OutputError


def test_a_crash_between_two_steps_does_nothing_twice(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    (tmp_path / "in").write_bytes(b"radiograph")
    received = spool.receive("1.2.3", tmp_path / "in")
    assert received is not None
    assert spool.received() == [received]
    kept = received.read_bytes()
    spool.add_results(received, {"teeth.sr.dcm": b"report"})
    received.write_bytes(kept)  # as if the machine had stopped before it was deleted
    (result,) = spool.outgoing()
    spool.mark_sent(result)
    assert spool.received() == []
    assert not received.exists()


def test_a_spool_is_one_nodes(tmp_path: Path) -> None:
    spool = open_spool(tmp_path)
    with pytest.raises(OutputError, match="another node uses this spool"):
        open_spool(tmp_path)
    spool.close()
    open_spool(tmp_path).close()


def test_a_spool_that_cannot_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="spool"):
        open_spool(tmp_path / "file")


def test_a_file_that_vanishes_does_not_stop_the_clean_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = open_spool(tmp_path)
    stale, vanished = spool.work / "tmp1", spool.work / "tmp0"
    stale.write_bytes(b"half an object")
    listed = [vanished, stale]
    monkeypatch.setattr(type(spool.work), "glob", lambda *_: iter(listed))
    spool.remove_stale(stale.stat().st_mtime + 1)
    assert not stale.exists()
