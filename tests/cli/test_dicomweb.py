"""`panodent dicomweb`; tests/dicom_node/test_web_relay.py tests what it does."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomweb_client", reason="needs the dicom extra")

from panodent.dicom_node import web_relay

BOTH = ("--from", "http://127.0.0.1:1/a", "--to", "https://b.example/dicom-web")


@pytest.mark.parametrize(
    ("failed", "kept", "stopped", "code", "told"),
    [
        (0, 0, False, 0, ""),
        (2, 1, False, 1, ", 1 not stored (see kept/ in the spool)"),
        (0, 0, True, 130, "; interrupted, the same command goes on"),
    ],
)
def test_a_run(
    panodent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failed: int,
    kept: int,
    stopped: bool,
    code: int,
    told: str,
) -> None:
    made: list[web_relay.WebRelay] = []

    def run(self: web_relay.WebRelay, every: float | None) -> web_relay.Counts:
        made.append(self)
        self._spool.close()
        return web_relay.Counts(fetched=1, stored=3, failed=failed, kept=kept, stopped=stopped)

    monkeypatch.setattr(web_relay.WebRelay, "run", run)
    token = tmp_path / "token"
    token.write_text("abc\n")
    found = panodent(
        *("dicomweb", *BOTH, "--spool", tmp_path / "spool", "--query", "StudyDate=20260101-"),
        *("--to-token", token, "--results", "seg,sr"),
    )
    assert found.code == code
    assert found.out == f"1 radiograph fetched, 3 results stored, {failed} failed{told}\n"
    assert made[0].query == [("Modality", "PX"), ("StudyDate", "20260101-")]
    assert made[0].kinds == ("seg", "sr")
    assert made[0].target().name == "b.example"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--query", "StudyDate"), 2, "--query is 'StudyDate'; expected NAME=VALUE"),
        (("--query", "StudyDat=2026"), 2, "no attribute of DICOM"),
        (("--query", "StudyDat=2026"), 2, "did you mean StudyDate?"),
        (("--query", "limit=3"), 2, "limit is no attribute of DICOM"),
        (("--query", "StudyDate= "), 2, "expected NAME=VALUE"),
        (("--query", "Modality=PX", "--query", "00080060=DX"), 2, "has Modality twice"),
        (("--results", "seg,xml"), 2, "unknown DICOM result 'xml'"),
        (("--from", "pacs"), 2, "address 'pacs'; expected one such as"),
        (("--to-login", "none.txt"), 2, "none.txt: cannot be read"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("dicomweb", *BOTH, "--spool", tmp_path / "spool", *arguments)
    assert (found.code, message in found.err) == (code, True)
