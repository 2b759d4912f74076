"""Building an image without a container engine: what the steps of a Dockerfile come to."""

from __future__ import annotations

import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("dockerfile_parse", reason="needs dockerfile-parse")

import image_build
from image_build import Builder, Image, ImageError

USERS = "root:x:0:0:root:/root:/bin/sh\napp:x:7:8::/nonexistent:/bin/sh\n"
DOCKERFILE = """
FROM debian:trixie-slim AS build
WORKDIR /source
COPY a.txt code ./
RUN make && \\
    make install
FROM debian:trixie-slim
COPY --from=build /source/a.txt /opt/b.txt
ENV PATH=/opt/bin:$PATH A="x y"
USER app
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=3s CMD ["check", "now"]
ENTRYPOINT ["run"]
CMD ["--fast"]
"""


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that were run; debootstrap makes a folder with users, cp copies it."""
    made: list[list[str]] = []
    real = subprocess.run

    def run(command: list[str], **options: Any) -> Any:
        made.append(list(command))
        if command[0] == "cp":
            return real(command, **options)
        if command[0] == "debootstrap":
            etc = Path(command[-1]) / "etc"
            etc.mkdir(parents=True)
            (etc / "passwd").write_text(USERS)
        return SimpleNamespace(returncode=int("false" in command[-1]))

    monkeypatch.setattr(image_build.subprocess, "run", run)
    return made


def built(folder: Path, text: str, authority: Path | None = None) -> Image:
    context = folder / "context"
    (context / "code" / "__pycache__").mkdir(parents=True, exist_ok=True)
    (context / "code" / "main.py").touch()
    (context / "a.txt").write_text("a")
    (context / "Dockerfile").write_text(text)
    (folder / "place").mkdir(exist_ok=True)
    return Builder(context, folder / "place", authority).build(context / "Dockerfile")


def test_all_steps_are_run_and_the_image_described(tmp_path: Path, calls: list[list[str]]) -> None:
    image = built(tmp_path, DOCKERFILE, Path("/ca.pem"))
    assert (image.root / "opt/b.txt").read_text() == "a"
    source = tmp_path / "place/build/source"
    assert sorted(file.name for file in source.iterdir()) == ["a.txt", "main.py"]
    assert not (image.root / "source").exists()
    assert image.environment == {"PATH": f"/opt/bin:{image_build.PATH}", "A": "x y"}
    assert (image.entrypoint, image.command, image.health) == (
        ("run",), ("--fast",), ("check", "now"),
    )  # fmt: skip
    assert (image.user, image.owner(), image.volumes) == ("app", (7, 8), ("/data",))
    (step,) = (call for call in calls if call[0] == "unshare")
    assert step[-1].split() == ["make", "&&", "make", "install"]
    assert {"--chdir=/source", "--reuid=0", "PIP_CERT=/run/authority.pem"} <= set(step)
    assert sum(call[0] == "debootstrap" for call in calls) == 1
    built(tmp_path, DOCKERFILE)  # the fresh Debian is kept
    assert sum(call[0] == "debootstrap" for call in calls) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("FROM python:3.12", "expected debian:SUITE-slim"),
        ("RUN true", "before FROM"),
        ("# nothing", "has no FROM"),
        ("FROM debian:trixie-slim\nRUN false", "failed"),
        ("FROM debian:trixie-slim\nADD a.txt /", "ADD: not known"),
        ("FROM debian:trixie-slim\nCMD run", 'such as \\["serve"\\]'),
        ("FROM debian:trixie-slim\nUSER nobody\nRUN true", "USER nobody: not in /etc/passwd"),
    ],
)
def test_what_cannot_be_built_is_said(
    tmp_path: Path, calls: list[list[str]], text: str, said: str
) -> None:
    with pytest.raises(ImageError, match=said):
        built(tmp_path, text)
