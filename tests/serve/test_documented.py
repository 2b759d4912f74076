"""The commands of docs/reference/service.md do what it says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from panodent.serve.tokens import own_token
from panodent.serve.workers.exports import MEDIA_TYPES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "reference" / "service.md").read_text(encoding="utf-8")
GUIDES = [DOCS / "how-to" / f"{name}.md" for name in ("deploy", "label-studio", "reverse-proxy")]


def commands() -> str:
    """The blocks of curl that speak to the service as it starts by default."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.S)
    return "set -eu\n" + "\n".join(block for block in blocks if "curl -s" in block)


def test_the_commands_run(server, png, dicom, tmp_path):
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    (tmp_path / "scan.png").write_bytes(png)
    own_token(tmp_path / "studies")
    (tmp_path / "other.dcm").write_bytes(dicom)
    script = commands().replace("http://127.0.0.1:8080", server.url)
    assert script.count("curl") >= 8
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert len(json.loads((tmp_path / "teeth.json").read_text())["teeth"]) > 20
    for name in ("labels.png", "overlay.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    saved = json.loads((tmp_path / "saved.json").read_text())
    assert [tooth["fdi"] for tooth in saved["teeth"]] == [12, 0]
    job = json.loads((tmp_path / "done.json").read_text())
    assert (job["state"], job["done"]) == ("done", 2)
    listed = json.loads((tmp_path / "list.json").read_text())
    assert any(study["name"] == "scan.png" for study in listed["studies"])
    assert not any(study["saved"] for study in listed["studies"])
    assert "event: done" in (tmp_path / "events.txt").read_text()
    assert server.get(f"/v1/studies/{saved['id']}").status_code == 404


def test_the_page_names_every_export():
    for name in MEDIA_TYPES:
        assert f"`{name}`" in PAGE


def test_the_reference_has_every_operation(server, monkeypatch):
    monkeypatch.syspath_prepend(str(DOCS))
    from extensions import http_api

    page = http_api.markdown()
    for path, methods in server.get("/openapi.json").json()["paths"].items():
        for method in methods:
            assert f"### `{method.upper()} {path}`" in page


def test_the_pages_name_the_options_that_there_are():
    from typer.testing import CliRunner

    from panodent.cli import app

    shown = CliRunner().invoke(app, ["serve", "--help"], env={"COLUMNS": "200"}).output
    text = PAGE + "".join(guide.read_text(encoding="utf-8") for guide in GUIDES)
    text = re.sub(r"`python benchmarks/[^`]*`", "", text)
    for option in set(re.findall(r"(?<![-\w])--[a-z][a-z-]+", text)):
        assert option in re.sub(r"\x1b\[[0-9;]*m", "", shown), option
