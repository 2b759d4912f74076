"""The radiograph of a Label Studio task: which file here belongs to the URL in the task.

Label Studio names images by URL: of an uploaded file (`/data/upload/1/3f2a1b2c-opg.png`), of a file
on the server's disk (`/data/local-files/?d=data/opg.png`), or of any other place. See
https://labelstud.io/guide/storage and https://labelstud.io/guide/tasks.

>>> task = {"data": {"image": "/data/local-files/?d=sub/opg.png"}}
>>> TaskImages(Path("no/such/export.json")).of(task, "task 1")
(PurePosixPath('sub/opg.png'), None)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from panodent.errors import AnnotationError
from panodent.formats.parsing.data_folder import image_root, radiographs_below
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_path
from panodent.formats.parsing.image_names import folded, uploaded_stem
from panodent.radiograph.radiograph import SUFFIXES, key_of

LOCAL_FILES = "/data/local-files/"
_DRIVE = re.compile(r"[A-Za-z]:(?=[\\/])")
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")


class TaskImages:
    """The radiographs beside an export `file`, which tasks are paired with.

    Radiographs are looked for in an image folder beside the file, or else below its folder.
    """

    def __init__(self, file: Path) -> None:
        self.file = file

    @cached_property
    def paths(self) -> dict[str, Path]:
        """The radiographs by their path below the image folder."""
        root = image_root(self.file.parent)
        return {file.relative_to(root).as_posix(): file for file in radiographs_below(root)}

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        """The same paths by file name."""
        names: dict[str, list[str]] = {}
        for path in self.paths:
            names.setdefault(PurePosixPath(path).name, []).append(path)
        return names

    @cached_property
    def by_spelling(self) -> dict[str, list[str]]:
        """The same paths by file name without suffix, case and the form of accents."""
        return self._by(_spelling)

    @cached_property
    def by_upload(self) -> dict[str, list[str]]:
        """The same paths by file name as a server stores an upload of it."""
        return self._by(uploaded_stem)

    def _by(self, change: Callable[[str], str]) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for path in self.paths:
            names.setdefault(change(PurePosixPath(path).name), []).append(path)
        return names

    def of(
        self, task: dict[str, Any], where: str, drawn_on: str = ""
    ) -> tuple[PurePosixPath, Path | None]:
        """The image of a task: its path below the image folder, and the file if there is one.

        Tried in this order: the path in the URL, shortened from the front until it is the path of
        a file here; the file name; the file name without the eight hexadecimal digits that Label
        Studio puts before the names of uploads; both names without regard to case, the form of
        accents and the suffix; the name without digits as Label Studio changes it; the same with
        the task's `file_upload`. Without a file, the path is that of the URL. `drawn_on` is the
        name of the picture that regions were drawn on, if it is known; a member of the task's data
        with this name is the image.

        Raises `AnnotationError`, which starts with `where`, if the task does not have exactly one
        image, or several files here have its name.
        """
        several = sum(map(_is_picture, task["data"].values())) > 1
        upload = "" if several and drawn_on in task["data"] else task.get("file_upload")
        uploads = [image_path(upload, self.file)] if isinstance(upload, str) and upload else []
        try:
            named = [self._named(task, where, drawn_on)]
        except AnnotationError:
            if not uploads:
                raise
            named = []
        for path in (*named, *uploads):
            if found := self._here(path, where):
                return found
        return (*named, *uploads)[0], None

    def _here(self, path: PurePosixPath, where: str) -> tuple[PurePosixPath, Path] | None:
        for start in range(len(path.parts)):
            tail = "/".join(path.parts[start:])
            if tail in self.paths:
                return PurePosixPath(tail), self.paths[tail]
        names = (path.name, _UPLOADED.sub("", path.name, count=1))
        exact = (self.by_name.get(name) for name in names)
        spelled = (self.by_spelling.get(_spelling(name)) for name in names)
        sought = [*zip(names * 2, (*exact, *spelled), strict=True)]
        if names[1] != names[0]:
            sought.append((names[1], self.by_upload.get(uploaded_stem(names[1]))))
        for name, found in sought:
            if found:
                if len(found) > 1:
                    raise AnnotationError(
                        f"{where}: image {name} may be {' or '.join(found[:3])}; rename one of them"
                    )
                return PurePosixPath(found[0]), self.paths[found[0]]
        return None

    def _named(self, task: dict[str, Any], where: str, drawn_on: str) -> PurePosixPath:
        data = task["data"]
        pictures = [text for text in data.values() if _is_picture(text)]
        known = (name for name in (drawn_on, "image") if name in data)
        urls = [data[name] for name in known][:1] or pictures
        if len(urls) != 1 or not isinstance(urls[0], str):
            names = ", ".join(map(excerpt, list(data)[:6]))
            raise AnnotationError(f"{where}: data holds {names}; expected 'image' or one picture")
        try:
            url = urlsplit(urls[0])
        except ValueError:
            raise AnnotationError(f"{where}: image {excerpt(urls[0])} is not a URL") from None
        if url.scheme == "data":
            raise AnnotationError(
                f"{where}: the image is part of the task (data:); expected the URL of a file"
            )
        if f"{url.path.rstrip('/')}/".endswith(LOCAL_FILES):
            return image_path(_DRIVE.sub("", _query(url.query)).lstrip("/\\"), self.file)
        path = unquote(url.path, errors="surrogateescape").replace("\\", "/")
        return image_path(path.rpartition("/")[2], self.file)


def _spelling(name: str) -> str:
    return folded(key_of(name))


def _query(text: str) -> str:
    """The path in the query of a local file's URL."""
    return parse_qs(text, errors="surrogateescape").get("d", [""])[0]


def _is_picture(text: object) -> bool:
    return isinstance(text, str) and text.partition("?")[0].lower().endswith(SUFFIXES)
