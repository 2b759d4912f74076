"""Folders of the store: their deletion, and their way to the disk."""

from __future__ import annotations

import contextlib
import logging
import shutil
from pathlib import Path

from panodent.utils.atomic_files import sync

log = logging.getLogger("panodent.serve")


def delete_folder(place: Path) -> None:
    """Deletes a folder of files; what cannot be deleted is logged."""
    try:
        shutil.rmtree(place)
    except FileNotFoundError:
        return
    except OSError as error:  # `Store.recover` tries again at the next start
        log.error("files of a deleted study could not be removed: %s", error.strerror)


def sync_folder(folder: Path) -> None:
    """Flushes the files of a folder and its entries to the disk (fsync)."""
    for place in (*folder.iterdir(), folder):
        with contextlib.suppress(OSError):  # some file systems cannot flush folders
            sync(place)
