"""`panodent dicom-node`; what it does with radiographs is tested with the node."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pynetdicom", reason="needs the dicom extra")

PEER = ("--forward", "PACS@127.0.0.1:104", "--spool", "{tmp}/spool")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panodent", "dicom-node", "--forward", "PACS@127.0.0.1:104"]
    node = subprocess.Popen(
        [*command, "--spool", str(tmp_path), "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    assert node.stdout is not None
    line = node.stdout.readline()
    assert re.match(r"PANODENT listens on 127\.0\.0\.1:\d+; sends results to PACS\n", line)
    node.send_signal(signal.SIGTERM)
    assert node.wait(60) == 0
    assert "not sent yet stay in the spool" in node.stdout.read()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--spool", "{tmp}/spool"), 2, "--forward"),
        (("--forward", "nobody", "--spool", "{tmp}/spool"), 2, "nobody"),
        ((*PEER, "--results", "seg,sg"), 2, "Did you mean 'seg'"),
        ((*PEER, "--host", "192.0.2.1"), 2, "--allow"),
        ((*PEER, "--bundle", "{tmp}/none"), 1, "no bundle there"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("dicom-node", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err
