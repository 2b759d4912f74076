"""The check of the image: what is run in it has the image's user and no rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from image_build import Image, ImageError
from image_check import DOCKER, Container, compose


def test_commands_run_without_rights(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/passwd").write_text("app:x:7:8::/nonexistent:/bin/sh\n")
    made = Container(Image(tmp_path, {"A": "1"}, user="7")).command(["run", "it"], {"B": "2"})
    assert made[:2] == ["chroot", str(tmp_path)]
    assert {"--reuid=7", "--regid=8", "--no-new-privs", "--bounding-set=-all"} < set(made)
    assert made[-4:] == ["A=1", "B=2", "run", "it"]


def test_a_command_that_fails_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    container = Container(Image(tmp_path))
    monkeypatch.setattr(container, "command", lambda words, variables: ["false"])
    with pytest.raises(ImageError, match="broken"):
        container.run("broken")


@pytest.mark.skipif(not DOCKER.exists(), reason="a source distribution has no packaging files")
def test_the_node_of_the_compose_file_has_a_check() -> None:
    assert compose()["services"]["dicom-node"]["healthcheck"]["test"][0] == "CMD"
