"""A file from outside, in a place of ours: its name there is never taken from outside."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from panodent.radiograph.radiograph import SUFFIXES
from panodent.serve.study import shown_name

ORIGINAL = "original"


def new_id() -> str:
    """An id that nobody can guess."""
    return uuid.uuid4().hex


def suffix_of(name: str) -> str:
    """The suffix of an uploaded file's name if it is a known one, else none."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


@dataclass
class Upload:
    """id : of ours, and of the study that may become of it. name : as it may be shown.

    It lies at folder/id/original.suffix, alone.
    """

    id: str
    name: str
    suffix: str
    folder: Path
    size: int = 0

    @property
    def file(self) -> Path:
        """Where it lies."""
        return self.folder / self.id / f"{ORIGINAL}{self.suffix}"

    def remove(self) -> None:
        """Removes it."""
        shutil.rmtree(self.file.parent, ignore_errors=True)


def put(folder: Path, name: str, content: bytes) -> Upload:
    """A file of ours with this content, as if it had been uploaded."""
    shown = shown_name(name)
    upload = Upload(new_id(), shown, suffix_of(shown), folder, len(content))
    upload.file.parent.mkdir(parents=True, exist_ok=True)
    upload.file.write_bytes(content)
    return upload
