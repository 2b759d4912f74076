"""Folders on stores such as S3, which fsspec reaches by a URL.

Files of a store appear complete or not at all. Options of a store, such as keys and the address of
a server, are those that fsspec and its drivers read from their own settings.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panodent.errors import (
    ConfigError,
    MissingExtraError,
    OutputError,
    PanodentError,
    RadiographError,
)
from panodent.utils.atomic_files import write_whole


def is_url(text: str) -> bool:
    """Whether a path is the URL of a store.

    >>> is_url("s3://bucket/images"), is_url("images"), is_url("C:/images")
    (True, False, False)
    """
    return "://" in text


@dataclass(frozen=True)
class StoredFile:
    """A file of a store: its name below the folder, and what changes when its content does."""

    name: str
    url: str
    stamp: tuple[int | str, ...]


@dataclass(frozen=True)
class RemoteFolder:
    """A folder on a store; made by `open_store`."""

    url: str
    files: Any
    root: str

    def url_of(self, name: str) -> str:
        """The URL of a file by its name below the folder."""
        return posixpath.join(self.url, name)

    def listed(self) -> Iterator[StoredFile]:
        """All files below the folder, sorted by name; if the folder is a file, that one.

        Raises `RadiographError` if it cannot be read or does not exist.
        """
        found: dict[str, dict[str, Any]] = {}
        with suppress(FileNotFoundError), _told(self.url, "listed", RadiographError):
            found = self.files.find(self.root, detail=True)
        if not found:
            raise RadiographError(f"{self.url}: no such file or folder on the store")
        for path in sorted(found):
            name = posixpath.relpath(path, self.root)
            if name == ".":
                yield StoredFile(posixpath.basename(path), self.url, _stamp(found[path]))
            else:
                yield StoredFile(name, self.url_of(name), _stamp(found[path]))

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder below; none if it does not exist.

        Raises `OutputError` if it cannot be listed.
        """
        found: list[str] = []
        with suppress(FileNotFoundError), _told(self.url_of(folder), "listed", OutputError):
            found = self.files.ls(self._path(folder), detail=False)
        return sorted(posixpath.basename(path) for path in found)

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none. Raises `OutputError` if this fails."""
        with suppress(FileNotFoundError), _told(self.url_of(name), "read", OutputError):
            return bytes(self.files.cat_file(self._path(name)))
        return None

    def write(self, name: str, data: bytes) -> None:
        """Writes a file. Raises `OutputError` if this fails."""
        try:
            with _told(self.url_of(name), "written", OutputError):
                self.files.pipe_file(self._path(name), data)
        except FileNotFoundError as error:
            raise _unusable(self.url_of(name), "written", OutputError, error) from None

    def remove(self, name: str) -> None:
        """Deletes a file if it is there. Raises `OutputError` if this fails."""
        with suppress(FileNotFoundError), _told(self.url_of(name), "deleted", OutputError):
            self.files.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return posixpath.join(self.root, name) if name else self.root


@dataclass(frozen=True)
class LocalFolder:
    """A folder of this machine or of a file system that all machines share, used as a store."""

    folder: Path

    def names(self, folder: str) -> list[str]:
        """Names of the files directly in a folder below; none if it does not exist."""
        place = self.folder / folder
        return sorted(file.name for file in place.iterdir()) if place.is_dir() else []

    def read(self, name: str) -> bytes | None:
        """The content of a file; None if there is none."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        """Writes a file. Raises `OutputError` if this fails."""
        write_whole(self.folder / name, data)

    def remove(self, name: str) -> None:
        """Deletes a file if it is there. Raises `OutputError` if this fails."""
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder / name}: cannot be deleted ({_reason(error)})"
            ) from None


def target_of(output: str) -> RemoteFolder | LocalFolder:
    """Where results go, by a path or a URL."""
    return open_store(output) if is_url(output) else LocalFolder(Path(output))


def open_store(url: str) -> RemoteFolder:
    """The folder of a URL. Raises `MissingExtraError` without fsspec or the driver of the URL."""
    try:
        import fsspec
    except ImportError:
        raise MissingExtraError("ray", f"reading {url}", "fsspec") from None
    try:
        # Folders of this machine are made like those of a store, which exist with their files.
        made = {"auto_mkdir": True} if url.startswith(("file://", "local://")) else {}
        files, root = fsspec.core.url_to_fs(url.rstrip("/"), use_listings_cache=False, **made)
    except ImportError as error:
        raise ConfigError(f"{url}: {error}; its driver for fsspec is not installed") from None
    except ValueError as error:
        raise ConfigError(f"{url}: is not a URL that fsspec knows ({error})") from None
    return RemoteFolder(url.rstrip("/"), files, str(root))


def fetch(url: str, target: Path) -> None:
    """Copies a file of a store to a local one. Raises `RadiographError` if this fails."""
    store = open_store(url)
    try:
        with _told(url, "fetched", RadiographError):
            store.files.get_file(store.root, str(target))
    except FileNotFoundError as error:
        raise _unusable(url, "fetched", RadiographError, error) from None


@contextmanager
def _told(url: str, what: str, kind: type[PanodentError]) -> Iterator[None]:
    """Turns errors of a store, whatever its driver raises, into ours, but `FileNotFoundError`."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise _unusable(url, what, kind, error) from None


def _unusable(url: str, what: str, kind: type[PanodentError], error: Exception) -> PanodentError:
    return kind(f"{url}: cannot be {what} ({_reason(error)}); check address, login and permissions")


def _stamp(details: dict[str, Any]) -> tuple[int | str, ...]:
    """Size and tag or time of a file, by what the store tells."""
    told = [details.get(key) for key in ("ETag", "etag", "LastModified", "mtime", "created")]
    tag = next((value for value in told if value), "")
    return (int(details.get("size") or 0), str(tag).strip('"'))


def _reason(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:200]
