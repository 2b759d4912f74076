"""Uploaded files in the store, in folders by id: names from outside never become paths."""

from __future__ import annotations

import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from panodent.radiograph.radiograph import SUFFIXES
from panodent.serve.study import display_name

ORIGINAL = "original"


def new_id() -> str:
    """A random id of 32 hexadecimal digits."""
    return uuid.uuid4().hex


def suffix_of(name: str) -> str:
    """The suffix of a file name in lower case if it is one of a radiograph, else ''.

    >>> suffix_of("scan.PNG"), suffix_of("scan.exe")
    ('.png', '')
    """
    suffix = Path(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


@dataclass
class Upload:
    """An uploaded file at folder/id/original.suffix.

    id : id of the file, and of the study that is made from it.
    name : the file name as it may be shown; see `panodent.serve.study.display_name`.
    """

    id: str
    name: str
    suffix: str
    folder: Path
    size: int = 0

    @property
    def file(self) -> Path:
        """Path of the file."""
        return self.folder / self.id / f"{ORIGINAL}{self.suffix}"

    def remove(self) -> None:
        """Deletes the file and its folder."""
        shutil.rmtree(self.file.parent, ignore_errors=True)


def write_upload(folder: Path, name: str, content: bytes) -> Upload:
    """Writes `content` as an uploaded file with this name."""
    shown = display_name(name)
    upload = Upload(new_id(), shown, suffix_of(shown), folder, len(content))
    upload.file.parent.mkdir(parents=True, exist_ok=True)
    upload.file.write_bytes(content)
    return upload
