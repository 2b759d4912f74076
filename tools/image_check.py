"""Builds the container image without a container engine, and uses it as a container would be used.

    sudo .venv/bin/python tools/image_check.py [--place FOLDER] [--authority FILE]

`image_build` runs the steps of packaging/docker/Dockerfile. The result then runs with namespaces of
its own: a read-only root, /tmp and the volumes in memory, no network but loopback, the user of the
image, no capabilities. The health check must pass, a phantom is sent and its report fetched, the
DICOM node of compose.yaml must answer its check, and both must stop in time. Needs root and
debootstrap, and some minutes; `--place` keeps the folders, and so the fresh Debian, for next time.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from image_build import Builder, Image, ImageError, inside, run

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / "packaging" / "docker"
START_SECONDS, STOP_SECONDS = 120.0, 50.0
LEAST_TEETH = 20
TMPFS = "noexec,nosuid,nodev"
"""As `docker run --tmpfs` mounts it."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--place", type=Path, help="folder for the file systems, kept afterwards")
    parser.add_argument("--authority", type=Path, help="certificates that pip is to trust")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    try:
        if given.inside is not None:
            use(Image(**{**json.loads(given.inside.read_text()), "root": given.inside.parent}))
            return 0
        if os.geteuid() != 0:
            raise ImageError("needs root, to mount and to change root")
        with contextlib.ExitStack() as stack:
            folder = given.place or Path(
                stack.enter_context(tempfile.TemporaryDirectory(prefix="panodent-image-"))
            )
            folder.mkdir(parents=True, exist_ok=True)
            return in_namespaces(
                Builder(ROOT, folder.resolve(), given.authority).build(DOCKER / "Dockerfile")
            )
    except ImageError as error:
        print(f"image_check: {error}", file=sys.stderr)
        return 1


def in_namespaces(image: Image) -> int:
    """Calls this program again, alone with its mounts, processes and network."""
    description = image.root / "image.json"
    description.write_text(json.dumps(asdict(image), default=str))
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child"]
    command += [sys.executable, str(Path(__file__).resolve()), "--inside", str(description)]
    return subprocess.run(command).returncode


def use(image: Image) -> None:
    """Mounts the image and uses it. Raises `ImageError`."""
    container = Container(image)
    container.mount()
    start_loopback()
    said = container.run(
        "sh", "-c", "id -u; touch /etc/x /opt/panodent/x 2>&1; grep Cap /proc/self/status"
    )
    print(f"user, two files that must not be written, capabilities:\n{said}")
    if said.count("Read-only file system") != 2 or not said.startswith(f"{image.user}\n"):
        raise ImageError("the image runs as another user, or its root can be written")
    if any(line.split()[1].strip("0") for line in said.splitlines() if line.startswith("CapEff")):
        raise ImageError("its processes have capabilities")
    container.run(*image.entrypoint, "phantom", "--count", "1", "--output", "/tmp/phantom")  # noqa: S108
    token = secrets.token_hex(32)
    with container.started(image.command, image.health, {"PANODENT_TOKEN": token}):
        send_phantom(token, next((image.root / "tmp/phantom/images").iterdir()))
    node = compose()["services"]["dicom-node"]
    check = tuple(node["healthcheck"]["test"][1:])
    with container.started([str(word) for word in node["command"]], check, {}):
        pass


def compose() -> Any:
    import yaml

    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@dataclass
class Container:
    """The image's root, mounted read-only, with memory where it may write."""

    image: Image

    def mount(self) -> None:
        root = self.image.root
        run("mount", "--bind", root, root)
        run("mount", "-t", "proc", "proc", root / "proc")
        run("mount", "--rbind", "/dev", root / "dev")
        run("mount", "-o", "remount,bind,ro", root)
        run("mount", "-t", "tmpfs", "-o", f"mode=1777,{TMPFS}", "tmpfs", root / "tmp")
        for volume in self.image.volumes:
            there = inside(self.image, volume).stat()  # a new volume looks like the folder it hides
            options = f"uid={there.st_uid},gid={there.st_gid},mode={there.st_mode & 0o777:o}"
            run("mount", "-t", "tmpfs", "-o", options, "tmpfs", inside(self.image, volume))

    def command(self, words: Sequence[str], variables: dict[str, str]) -> list[str]:
        """How to run words in the image, as its user and without rights."""
        user, group = self.image.owner()
        every = {**self.image.environment, **variables}
        return [
            *("chroot", str(self.image.root), "setpriv", f"--reuid={user}", f"--regid={group}"),
            *("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"),
            *("env", "-i", f"--chdir={self.image.folder}"),
            *(f"{key}={value}" for key, value in every.items()),
            *words,
        ]

    def run(self, *words: str) -> str:
        """What a command says; raises `ImageError` if it says nothing."""
        done = subprocess.run(self.command(words, {}), capture_output=True, text=True)
        if not done.stdout:
            raise ImageError(f"{' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    @contextlib.contextmanager
    def started(
        self, command: Sequence[str], check: Sequence[str], variables: dict[str, str]
    ) -> Iterator[None]:
        """Runs a command of the image; raises `ImageError` unless it is healthy and stops in time.

        check : words that succeed when it is healthy.
        """
        began = time.monotonic()
        process = subprocess.Popen(self.command([*self.image.entrypoint, *command], variables))
        while subprocess.run(self.command(check, {}), capture_output=True).returncode:
            if process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise ImageError(f"{command[0]}: not healthy within {START_SECONDS:.0f} s")
            time.sleep(0.5)
        print(f"{command[0]}: healthy after {time.monotonic() - began:.1f} s", flush=True)
        yield
        process.send_signal(signal.SIGTERM)
        began = time.monotonic()
        try:
            code = process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            raise ImageError(f"{command[0]}: did not stop within {STOP_SECONDS:.0f} s") from None
        print(f"{command[0]}: stopped after {time.monotonic() - began:.1f} s, exit code {code}")
        if code:
            raise ImageError(f"{command[0]}: exit code {code}, expected 0")


def send_phantom(token: str, file: Path) -> None:
    """Sends a radiograph as a study and fetches its teeth and its report. Raises `ImageError`."""
    from panodent.client import Client

    with Client("http://127.0.0.1:8080", token=token) as client:
        study = client.add_study(file)
        numbers = [tooth["fdi"] for tooth in study["teeth"]]
        print(f"{file.name}: teeth {sorted(numbers)}")
        if len(set(numbers)) < LEAST_TEETH:
            raise ImageError(f"{len(set(numbers))} teeth, expected at least {LEAST_TEETH}")
        for name, start in (("report.pdf", b"%PDF"), ("overlay.png", b"\x89PNG")):
            made = client.export_study(study["id"], name)
            print(f"{name}: {len(made)} bytes")
            if not made.startswith(start):
                raise ImageError(f"{name}: begins with {made[:8]!r}")
        client.delete_study(study["id"])


def start_loopback() -> None:
    """In a new network namespace it is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        flags = struct.unpack("16sH", fcntl.ioctl(line, 0x8913, struct.pack("16s16x", b"lo"))[:18])
        request = struct.pack("16sH14x", b"lo", flags[1] | 1)  # SIOCSIFFLAGS, IFF_UP
        fcntl.ioctl(line, 0x8914, request)


if __name__ == "__main__":
    sys.exit(main())
