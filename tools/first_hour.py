"""Runs the first hour of a new user: every command of it, and what each one prints.

    python tools/first_hour.py [FOLDER]

A demonstration, the prediction of a folder with odd files, a training that is killed and resumed,
scores, a correction in the service, a second training and the export of annotations and model. All
radiographs are phantoms, and small, so that it takes about two minutes. Everything is written to
FOLDER, a new folder (default: a temporary one, deleted at the end). Needs the extras train, dicom
and serve. Stops with exit code 1 where a command ends with another exit code than expected.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from panodent import phantom
from panodent.phantom.dicom import dicom_bytes
from panodent.utils.wording import shown

TINY = "--size 128x256 --batch-size 2"
"""Settings of a training that takes seconds; a real one leaves them out."""
SECONDS = 300
"""No command may take longer."""


class UnexpectedEndError(Exception):
    """A command ended otherwise than it should."""


@dataclass
class Session:
    """A user at a terminal, in a folder.

    folder : where the commands run.
    start : what `panodent` stands for, given the words after it.
    say : prints a line.
    """

    folder: Path
    start: Callable[[Sequence[str]], list[str]]
    say: Callable[[str], object] = print

    def heading(self, text: str) -> None:
        self.say(f"\n# {text}")

    def panodent(self, line: str, code: int = 0) -> str:
        """Runs `panodent LINE` and prints what it prints; returns that.

        Raises `UnexpectedEndError` if the exit code is not `code`.
        """
        with self._running(line) as process:
            text = "".join(self._printed(process))
            self._check(line, process.wait(SECONDS), code)
        return text

    def killed(self, line: str, after: str) -> None:
        """Kills `panodent LINE` once it has printed a line that begins with `after`."""
        with self._running(line) as process:
            for printed in self._printed(process):
                if printed.startswith(after):
                    break
            else:
                raise UnexpectedEndError(f"panodent {line}: never printed {after!r}; see above")
            process.kill()
            process.wait(SECONDS)
            self.say("(killed with kill -9)")

    @contextmanager
    def service(self, line: str) -> Iterator[tuple[str, str]]:
        """Runs `panodent LINE`, a service, during the block; yields its address and its token."""
        with self._running(line) as process:
            lines = self._printed(process)
            address = next((part for part in next(lines, "").split() if "://" in part), "")
            if not address:
                raise UnexpectedEndError(
                    f"panodent {line}: did not say where it listens; see above"
                )
            next(lines, "")
            address, _, token = address.partition("#token=")
            _await(address + "readyz")
            yield address, token
            process.send_signal(signal.SIGTERM)
            for _ in lines:
                pass
            self._check(line, process.wait(SECONDS), 0 if os.name == "posix" else 1)

    @contextmanager
    def _running(self, line: str) -> Iterator[subprocess.Popen[str]]:
        self.say(f"\n$ panodent {line}")
        process = subprocess.Popen(
            self.start(shlex.split(line)),
            cwd=self.folder,
            env={**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "PYTHONUTF8": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _printed(self, process: subprocess.Popen[str]) -> Iterator[str]:
        for line in process.stdout or ():
            self.say(line.rstrip("\n"))
            yield line

    def _check(self, line: str, found: int, expected: int) -> None:
        if found != expected:
            raise UnexpectedEndError(
                f"panodent {line}: ended with exit code {found}, expected {expected}; what it "
                "printed is above"
            )
        if found:
            self.say(f"(exit code {found}, as expected)")


def _await(url: str) -> None:
    """Waits until the service answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(url, timeout=SECONDS):  # noqa: S310
                return
        except OSError as error:
            if time.monotonic() > end:
                raise UnexpectedEndError(f"{url}: no answer after {SECONDS} s ({error})") from None
            time.sleep(0.05)


# --- the folder with odd files -------------------------------------------------------------------


def odd_files(folder: Path) -> list[str]:
    """Writes what lies among radiographs into a folder; returns the names.

    The radiographs of 16 bits and in DICOM can be read, the two in one picture, too.
    """
    pixels = [(phantom.draw(seed, (256, 512))[0].pixels * 255).astype(np.uint8) for seed in (3, 4)]
    png = _encoded(".png", pixels[0])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("opg.png", png)
    content: dict[str | bytes, bytes] = {
        "animation.gif": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
        "empty.png": b"",
        "letter.png": b"Dear colleague, please find the radiograph attached.\n",
        "sixteen-bits.tif": _encoded(".tif", pixels[0].astype(np.uint16) * 257),
        "IM000001": dicom_bytes(phantom.draw(5, (256, 512))[0], 5),
        "archive.zip": archive.getvalue(),
        "two-in-one.png": _encoded(".png", np.hstack(pixels)),
        "photograph.jpg": _encoded(".jpg", _photograph()),
        b"Mu\xf1oz.png": png,
        "cut-off.jpg": _encoded(".jpg", pixels[1])[:5000],
        ".hidden.png": png,
    }
    made = ["moved-away.png"]
    (folder / made[0]).symlink_to("elsewhere/moved-away.png")
    for name, data in content.items():
        file = folder / os.fsdecode(name)
        try:
            file.write_bytes(data)
        except OSError:  # a file system whose names are UTF-8
            continue
        made.append(file.name)
    locked = folder / "locked"
    locked.mkdir()
    (locked / "opg.png").write_bytes(png)
    locked.chmod(0)
    return [*made, locked.name]


def _encoded(suffix: str, pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(suffix, pixels)[1])


def _photograph() -> np.ndarray:
    """A face, as far as a network can see: (300, 400, 3), uint8."""
    picture = np.full((300, 400, 3), (200, 160, 90), np.uint8)
    cv2.ellipse(picture, (200, 150), (80, 110), 0, 0, 360, (130, 170, 220), -1)
    for x in (170, 230):
        cv2.circle(picture, (x, 120), 12, (40, 30, 30), -1)
    cv2.ellipse(picture, (200, 200), (35, 15), 0, 0, 180, (60, 60, 180), -1)
    return cv2.GaussianBlur(picture, (0, 0), 3)


# --- the hour ------------------------------------------------------------------------------------


def demonstration(user: Session) -> None:
    user.heading("Is it installed? A demonstration")
    user.panodent("--version")
    user.panodent("phantom --output demo/phantom --count 1 --seed 7 --size 256x512")
    user.panodent("predict demo/phantom/images --output demo/teeth --chart")
    user.panodent("evaluate demo/teeth demo/phantom --output demo/scores")


def own_folder(user: Session) -> None:
    user.heading("A folder of my own, with odd files among the radiographs")
    user.panodent("phantom --output drawn --count 2 --seed 20 --size 256x512")
    scans = user.folder / "scans"
    shutil.copytree(user.folder / "drawn" / "images", scans)
    user.say("odd files: " + ", ".join(map(shown, sorted(odd_files(scans)))))
    user.panodent("predict scans --output out", code=1)
    user.panodent("predict scans --output out", code=1)
    user.panodent("predict scans --output out --resume", code=1)
    user.panodent("measure out")


def first_training(user: Session) -> None:
    user.heading("Training on twelve radiographs: killed after the first epoch, then resumed")
    user.panodent("phantom --output twelve --count 12 --seed 100 --size 128x256")
    user.panodent("inspect twelve --output inspection")
    train = f"train twelve --output runs/first --epochs 2 {TINY}"
    user.killed(train, after="epoch 1/")
    user.panodent(train, code=1)
    user.panodent("train --resume --output runs/first")


def scores(user: Session) -> None:
    user.heading("Scores of the trained model")
    user.panodent("predict twelve/images --bundle runs/first --output found")
    user.panodent("evaluate found twelve --output scores")


def correction(user: Session) -> None:
    user.heading("A correction in the service, and a second training with it")
    with user.service("serve --store studies --port 0 --workers 1") as (address, token):
        for number in (20, 21):
            file = user.folder / "scans" / f"phantom-{number:05d}.png"
            study = _asked(user, "POST", f"{address}v1/studies", token, file)
            teeth = [{"id": tooth["id"], "fdi": tooth["fdi"]} for tooth in study["teeth"]]
            kept = {"revision": study["revision"], "teeth": teeth[1:]}  # the first is deleted
            _asked(user, "PUT", f"{address}v1/studies/{study['id']}/teeth", token, kept)
    user.panodent("inspect studies/training")
    user.panodent(
        f"train twelve studies/training --from runs/first --output runs/second --epochs 1 {TINY}"
    )


def _asked(
    user: Session, method: str, url: str, token: str, sent: Path | dict[str, Any]
) -> dict[str, Any]:
    """Sends a file or JSON to the service and prints the request; returns the answer."""
    if isinstance(sent, Path):
        user.say(f'$ curl -H "$AUTH" -F file=@{sent.name} {url}')
        first = (
            f'--xx\r\nContent-Disposition: form-data; name="file"; filename="{sent.name}"\r\n\r\n'
        )
        body = first.encode() + sent.read_bytes() + b"\r\n--xx--\r\n"
        kind = "multipart/form-data; boundary=xx"
    else:
        user.say(f"$ curl -H \"$AUTH\" -X {method} -d '{{... {len(sent['teeth'])} teeth}}' {url}")
        body, kind = json.dumps(sent).encode(), "application/json"
    head = {"Content-Type": kind, "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, body, head, method=method)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
    except OSError as error:
        raise UnexpectedEndError(f"{method} {url}: {error}") from None
    user.say(f"revision {found['revision']}, {len(found['teeth'])} teeth")
    return found


def export(user: Session) -> None:
    user.heading("Export: annotations for other programs, and a copy of the model")
    user.panodent("convert twelve labelme --to labelme")
    user.panodent("convert found coco --to coco --radiographs twelve/images")
    user.say("\n$ cp -r runs/second/bundle my-model && rm -r runs")
    shutil.copytree(user.folder / "runs" / "second" / "bundle", user.folder / "my-model")
    shutil.rmtree(user.folder / "runs")
    user.panodent("predict twelve/images --bundle my-model --output found-again --no-overlay")


HOUR = (demonstration, own_folder, first_training, scores, correction, export)


def run(user: Session) -> None:
    """All commands, in order. Raises `UnexpectedEndError` at the first that ends otherwise."""
    try:
        for part in HOUR:
            part(user)
    finally:
        if (locked := user.folder / "scans" / "locked").exists():
            locked.chmod(0o700)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, help="a new folder to keep everything in")
    given = parser.parse_args()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="panodent-first-hour-") as temporary:
        folder = given.folder or Path(temporary)
        if given.folder is not None:
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                sys.exit(f"error: {folder}: {error.strerror}; name a new folder")
        user = Session(folder.resolve(), lambda words: [sys.executable, "-m", "panodent", *words])
        try:
            run(user)
        except UnexpectedEndError as error:
            sys.exit(f"error: {error}")
    print(f"\nAll commands ended as expected, in {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    main()
