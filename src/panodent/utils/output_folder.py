"""The output folder of a command: one process at a time, and nothing left of a start that failed.

A file in the folder, `LOCK`, names its owner while a command writes there. It is deleted at the
end, so one that is left means that a command was killed. The next command then deletes the
incomplete files of `panodent.utils.atomic_files`.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     with occupied(Path(folder, "new"), "train", keep="last.npz"):
...         size = Path(folder, "new", "config.json").write_text("{}")
...     Path(folder, "new").exists()  # the command ended before it had anything to keep
False
"""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from panodent.errors import OutputError
from panodent.utils.file_lock import is_only_holder, lock_file

LOCK = ".panodent-lock"
"""Name of the file that a command locks; its text says who holds it."""
_PART = re.compile(r"\..+\.(\d+)-[0-9a-f]{8}\.part")
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)
"""Errors of file systems without locks; the folder is then used without one."""


@contextmanager
def occupied(
    folder: Path, command: str, *, keep: str = "", replaced: Callable[[], Collection[str]] = tuple
) -> Iterator[bool]:
    """Holds a folder for a command during the block; makes it if it does not exist.

    Parameters
    ----------
    folder : where the command writes.
    command : its name after `panodent`, for the message to others.
    keep : the file with which there is something to keep. If it does not exist at the end of the
        block, what the block added to the folder is deleted. A new folder that is still empty is
        deleted in any case.
    replaced : called at the end, returns names of entries that the block has replaced; they count
        as added by it.

    Yields whether an earlier command was killed there.

    Raises `OutputError` if another process holds the folder or it cannot be written.
    """
    made = _make(folder)
    left = (folder / LOCK).exists()
    stream = _locked(folder, _owner_text(command))
    before = set(os.listdir(folder))
    try:
        if left:
            remove_incomplete(folder)
        yield left
    finally:
        if keep and not (folder / keep).exists():
            _remove(folder, before - set(replaced()))
        _release(stream, folder, made)


@contextmanager
def joined(folder: Path, own: Path, command: str) -> Iterator[bool]:
    """Holds `own` for a command, and `folder` together with others that join it.

    Several machines work side by side in one folder so, each with a folder `own` below it. While
    one of them works, `occupied` refuses `folder`. Yields whether an earlier command was killed in
    `own`. Raises `OutputError` as `occupied`.
    """
    made = _make(folder)
    stream = _locked(folder, f"one or several calls of `panodent {command}`", shared=True)
    try:
        with occupied(own, command) as left:
            yield left
    finally:
        _release(stream, folder, made, alone=is_only_holder(stream))


def remove_incomplete(folder: Path) -> int:
    """Deletes the `.part` files below a folder whose writer has ended; returns how many."""
    count = 0
    for place, _, names in os.walk(folder):
        for name in names:
            match = _PART.fullmatch(name)
            if match and not _is_writing(int(match[1])):
                with suppress(OSError):
                    Path(place, name).unlink()
                    count += 1
    return count


def _is_writing(process: int) -> bool:
    """Whether a process of this number, other than this one, is running.

    This one has not written here yet. In a container a process often has the number of the one
    that was killed.
    """
    if process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # of another user
        return True
    return True


def _make(folder: Path) -> list[Path]:
    """Makes the folder; returns it and those of its parents that did not exist, outermost first."""
    missing = [place for place in (folder, *folder.parents) if not os.path.lexists(place)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise OutputError(f"{folder}: is a file; name a folder with --output") from None
    except OSError as error:
        raise _unwritable(folder, error) from None
    return missing[::-1]


def _release(stream: BinaryIO, folder: Path, made: list[Path], alone: bool = True) -> None:
    """Ends the hold of a folder; deletes its lock if held alone, and empty folders of `made`."""
    if alone:
        with suppress(OSError):
            (folder / LOCK).unlink()
    stream.close()
    for place in reversed(made):
        with suppress(OSError):  # not empty
            place.rmdir()


def _locked(folder: Path, owner: str, shared: bool = False) -> BinaryIO:
    file = folder / LOCK
    try:
        stream = lock_file(file, shared=shared)
    except BlockingIOError:
        raise OutputError(
            f"{folder}: in use by {_owner(file)}; wait for its end, or name another --output"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise _unwritable(folder, error) from None
        stream = file.open("ab")
    try:
        stream.truncate(0)
        stream.write(owner.encode())
        stream.flush()
    except OSError as error:
        with suppress(OSError):
            stream.close()
        with suppress(OSError):
            file.unlink()
        raise _unwritable(folder, error) from None
    return stream


def _owner_text(command: str) -> str:
    now = time.strftime("%Y-%m-%d %H:%M")
    return f"`panodent {command}` (process {os.getpid()} on {platform.node()}, since {now})"


def _owner(file: Path) -> str:
    with suppress(OSError):
        if text := file.read_text(encoding="utf-8", errors="replace").strip():
            return text
    return "another command of panodent"


def _unwritable(folder: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{folder}: cannot be written ({error.strerror}); check its permissions and the free "
        "space, or name another --output"
    )


def _remove(folder: Path, before: set[str]) -> None:
    """Deletes what was added to the folder since it had the entries `before`."""
    for name in set(os.listdir(folder)) - before:
        place = folder / name
        with suppress(OSError):
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink()
