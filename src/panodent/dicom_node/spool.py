"""Radiographs on their way in and results on their way out, on disk: a crash loses none of them.

SPOOL/received/KEY.dcm      acknowledged to the sender, not segmented yet
SPOOL/outgoing/KEY/*.dcm    results not yet accepted by the receiver
SPOOL/seen/KEY              taken up once; the same object again is acknowledged, not redone
SPOOL/failed/KEY.dcm, .txt  what could not be segmented or was refused, and why
SPOOL/work/                 what is being received or written

KEY is the SHA-256 of the SOP instance UID: nothing from outside becomes a path. Every step is one
rename, so that each object is in exactly one place at any time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from panodent.errors import OutputError
from panodent.utils.atomic_files import write_whole

RECEIVED, OUTGOING, SEEN, FAILED, WORK = "received", "outgoing", "seen", "failed", "work"


@dataclass(frozen=True)
class Spool:
    """A spool folder of one process; `open_spool` makes it, `close` lets another have it."""

    root: Path
    lock: BinaryIO

    @property
    def work(self) -> Path:
        """Where files lie that are not whole yet."""
        return self.root / WORK

    def close(self) -> None:
        """Lets another process open it."""
        self.lock.close()

    def take(self, instance_uid: str, data: Path) -> str | None:
        """Moves a received file into the spool; its key, or None if it was taken before.

        When this returns, the file survives a crash of the machine.
        """
        key = hashlib.sha256(instance_uid.encode()).hexdigest()
        place = self.root / RECEIVED / f"{key}.dcm"
        if place.exists() or (self.root / SEEN / key).exists():
            return None
        beside = self.root / WORK / f"{key}.received"
        shutil.copyfile(data, beside)
        _sync(beside)
        os.replace(beside, place)
        _sync(place.parent)
        return key

    def waiting(self) -> list[Path]:
        """Received radiographs, oldest first."""
        found = []
        for file in (self.root / RECEIVED).glob("*.dcm"):
            if (self.root / SEEN / file.stem).exists():  # done, and a crash left it
                file.unlink()
            else:
                found.append((file.stat().st_mtime_ns, file))
        return [file for _, file in sorted(found)]

    def segmented(self, received: Path, results: Mapping[str, bytes]) -> None:
        """Puts a radiograph's results (file name -> content) on their way; it is done with."""
        key = received.stem
        beside = self.root / WORK / key
        shutil.rmtree(beside, ignore_errors=True)
        for name, content in results.items():
            write_whole(beside / name, content)
            _sync(beside / name)
        place = self.root / OUTGOING / key
        if results and not place.exists():
            os.replace(beside, place)
            _sync(place.parent)
        (self.root / SEEN / key).touch()
        received.unlink()

    def outgoing(self) -> Iterator[Path]:
        """Results to be sent, oldest first."""
        folders = sorted(
            (self.root / OUTGOING).iterdir(), key=lambda folder: folder.stat().st_mtime_ns
        )
        for folder in folders:
            yield from sorted(folder.glob("*.dcm"))

    def sent(self, file: Path) -> None:
        """The receiver has it."""
        (self.root / SEEN / file.parent.name).touch()
        file.unlink()
        _remove_if_empty(file.parent)

    def failed(self, file: Path, reason: str) -> None:
        """Lays a file aside, with the reason in words."""
        key = file.stem if file.parent.name == RECEIVED else f"{file.parent.name}-{file.stem}"
        write_whole(self.root / FAILED / f"{key}.txt", f"{reason}\n")
        os.replace(file, self.root / FAILED / f"{key}.dcm")
        (self.root / SEEN / key.partition("-")[0]).touch()
        if file.parent.name != RECEIVED:
            _remove_if_empty(file.parent)

    def sweep(self, oldest_kept: float) -> None:
        """Drops what a sender that vanished left in work/, not written to since this time."""
        for left in (self.root / WORK).glob("tmp*"):
            if left.stat().st_mtime < oldest_kept:
                left.unlink(missing_ok=True)

    def forget(self, oldest_kept: float) -> int:
        """Drops marks of objects taken up before this time (seconds since 1970); how many."""
        old = [m for m in (self.root / SEEN).iterdir() if m.stat().st_mtime < oldest_kept]
        for mark in old:
            mark.unlink(missing_ok=True)
        return len(old)


def open_spool(root: Path) -> Spool:
    """The spool in this folder, made where needed, readable by its owner alone.

    Raises `OutputError` where it cannot be written or another process has it.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = _locked(root / "lock")
        for name in (RECEIVED, OUTGOING, SEEN, FAILED, WORK):
            (root / name).mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        for left in (root / WORK).iterdir():  # of a crash; what counts is elsewhere
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    except OSError as error:
        raise OutputError(f"{root}: cannot be used as a spool ({error.strerror})") from None
    return Spool(root, lock)


def _locked(file: Path) -> BinaryIO:
    """The open file, locked until it is closed or the process ends, however it ends."""
    stream = file.open("wb")
    try:
        import fcntl
    except ImportError:  # Windows
        return stream
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        stream.close()
        raise OutputError(
            f"{file.parent}: another node uses this spool; stop it, or name another folder"
        ) from None
    return stream


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
