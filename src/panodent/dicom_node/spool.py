"""The spool of a DICOM node: received radiographs and unsent results, kept on disk across crashes.

SPOOL/received/KEY.dcm      acknowledged to the sender, not segmented yet
SPOOL/outgoing/KEY/*.dcm    results that the receiver has not acknowledged yet
SPOOL/seen/KEY              mark of a processed object; if it is sent again, it is not redone
SPOOL/failed/KEY.dcm, .txt  objects that could not be segmented or were refused, and the reason
SPOOL/kept/KEY/             results that cannot be sent, with the radiograph and the reason
SPOOL/work/                 files that are being received or written

KEY is the SHA-256 of the SOP instance UID, so no value from outside becomes a path. Each step is
one rename, so each object is in exactly one of these folders at any time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from panodent.errors import OutputError
from panodent.utils.atomic_files import replace_durably, sync, write_whole
from panodent.utils.file_lock import lock_file

RECEIVED, OUTGOING, SEEN, FAILED, WORK = "received", "outgoing", "seen", "failed", "work"
KEPT = "kept"
RADIOGRAPH, REASON = "radiograph.dcm", "not-sent.txt"
"""Files in a folder of kept/."""


@dataclass(frozen=True)
class Spool:
    """A spool folder, locked for this process; made by `open_spool`."""

    root: Path
    lock: BinaryIO

    @property
    def work(self) -> Path:
        """The folder of incomplete files."""
        return self.root / WORK

    def close(self) -> None:
        """Unlocks the folder for other processes."""
        self.lock.close()

    def knows(self, instance_uid: str) -> bool:
        """Whether an object was received before, processed or not."""
        key = _key(instance_uid)
        return (self.root / RECEIVED / f"{key}.dcm").exists() or (self.root / SEEN / key).exists()

    def receive(self, instance_uid: str, data: Path) -> Path | None:
        """Copies a received file into the spool; returns its place, None if it is known already.

        When this returns, the file survives a crash of the machine. Raises `OSError`.
        """
        if self.knows(instance_uid):
            return None
        key = _key(instance_uid)
        place = self.root / RECEIVED / f"{key}.dcm"
        beside = self.root / WORK / f"{key}.received"
        shutil.copyfile(data, beside)
        sync(beside)
        replace_durably(beside, place)
        return place

    def received(self) -> list[Path]:
        """Received radiographs, oldest first."""
        found = []
        for file in (self.root / RECEIVED).glob("*.dcm"):
            if (
                self.root / SEEN / file.stem
            ).exists():  # processed already, but a crash prevented its deletion
                file.unlink()
            else:
                found.append((file.stat().st_mtime_ns, file))
        return [file for _, file in sorted(found)]

    def add_results(self, received: Path, results: Mapping[str, bytes]) -> None:
        """Queues a radiograph's results (content by file name) and deletes the radiograph."""
        beside = self._emptied(received)
        for name, content in results.items():
            write_whole(beside / name, content)
        self._finish(received, OUTGOING if results else None)

    def keep(self, received: Path, save: Callable[[Path], object], reason: str) -> None:
        """Keeps a radiograph whose results cannot be sent, these, and the reason as a text file.

        `save` writes the results to a folder. Raises `OutputError`, `OSError`.
        """
        beside = self._emptied(received)
        save(beside)
        write_whole(beside / REASON, f"{reason}\n")
        shutil.copyfile(received, beside / RADIOGRAPH)
        self._finish(received, KEPT)

    def _emptied(self, received: Path) -> Path:
        """The folder in work/ for the results of a radiograph, not made yet."""
        beside = self.root / WORK / received.stem
        shutil.rmtree(beside, ignore_errors=True)
        return beside

    def _finish(self, received: Path, target: str | None) -> None:
        """Moves the results of a radiograph from work/ to `target`, and deletes the radiograph."""
        beside = self.root / WORK / received.stem
        if target and not (place := self.root / target / received.stem).exists():
            for file in beside.iterdir():
                sync(file)
            replace_durably(beside, place)
        (self.root / SEEN / received.stem).touch()
        received.unlink()

    def outgoing(self) -> Iterator[Path]:
        """Unsent results, oldest first."""
        folders = sorted(
            (self.root / OUTGOING).iterdir(), key=lambda folder: folder.stat().st_mtime_ns
        )
        for folder in folders:
            yield from sorted(folder.glob("*.dcm"))

    def mark_sent(self, file: Path) -> None:
        """Deletes a result that the receiver has acknowledged."""
        (self.root / SEEN / file.parent.name).touch()
        file.unlink()
        _remove_if_empty(file.parent)

    def mark_failed(self, file: Path, reason: str) -> None:
        """Moves a radiograph or a result to failed/, with the reason as a text file."""
        key = file.stem if file.parent.name == RECEIVED else f"{file.parent.name}-{file.stem}"
        write_whole(self.root / FAILED / f"{key}.txt", f"{reason}\n")
        os.replace(file, self.root / FAILED / f"{key}.dcm")
        (self.root / SEEN / key.partition("-")[0]).touch()
        if file.parent.name != RECEIVED:
            _remove_if_empty(file.parent)

    def remove_stale(self, oldest_kept: float) -> None:
        """Deletes partly received files last written before this time (seconds since 1970)."""
        for left in (self.root / WORK).glob("tmp*"):
            with suppress(FileNotFoundError):  # completed or removed since it was listed
                if left.stat().st_mtime < oldest_kept:
                    left.unlink()

    def remove_old_marks(self, oldest_kept: float) -> int:
        """Deletes marks of objects processed before this time (seconds since 1970); returns how
        many.
        """
        old = [m for m in (self.root / SEEN).iterdir() if m.stat().st_mtime < oldest_kept]
        for mark in old:
            mark.unlink(missing_ok=True)
        return len(old)


def open_spool(root: Path) -> Spool:
    """Opens the spool in this folder, and creates it if needed; only its owner can read it.

    Raises `OutputError` if it cannot be written, or if another process uses it.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = lock_file(root / "lock")
        for name in (RECEIVED, OUTGOING, SEEN, FAILED, KEPT, WORK):
            (root / name).mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        for left in (root / WORK).iterdir():  # incomplete files of a crash
            shutil.rmtree(left) if left.is_dir() else left.unlink()
    except BlockingIOError:
        raise OutputError(
            f"{root}: another node uses this spool; stop it, or name another folder"
        ) from None
    except OSError as error:
        raise OutputError(
            f"{root}: cannot be used as a spool ({error.strerror}); check its permissions"
        ) from None
    return Spool(root, lock)


def _key(instance_uid: str) -> str:
    return hashlib.sha256(instance_uid.encode()).hexdigest()


def _remove_if_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()
