"""Which radiograph a task of Label Studio is about: its URLs, and the files they stand for here."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from panodent.errors import AnnotationError
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS, image_path
from panodent.radiograph.radiograph import SUFFIXES, is_candidate

LOCAL_FILES = "/data/local-files/"
_UPLOADED = re.compile(r"[0-9a-f]{8}-(?=.)")


class Images:
    """The radiographs below the folder of a file, by path and by name."""

    def __init__(self, file: Path) -> None:
        self.file = file

    @cached_property
    def paths(self) -> dict[str, Path]:
        folder = self.file.parent
        root = next((folder / n for n in IMAGE_FOLDERS if (folder / n).is_dir()), folder)
        found = (file for file in sorted(root.rglob("*")) if is_candidate(file))
        return {file.relative_to(root).as_posix(): file for file in found}

    @cached_property
    def by_name(self) -> dict[str, list[str]]:
        names: dict[str, list[str]] = {}
        for path in self.paths:
            names.setdefault(PurePosixPath(path).name, []).append(path)
        return names

    def of(self, task: dict[str, Any], where: str) -> tuple[PurePosixPath, Path | None]:
        """A task's image: its path below the image folder, and its file if that is there.

        The longest end of a local file's path that is a file here; else the file of its name, or
        of its name without the eight hexadecimal digits that uploading puts before.
        """
        path = self._named(task, where)
        for start in range(len(path.parts)):
            tail = "/".join(path.parts[start:])
            if tail in self.paths:
                return PurePosixPath(tail), self.paths[tail]
        for name in (path.name, _UPLOADED.sub("", path.name, count=1)):
            if found := self.by_name.get(name):
                if len(found) > 1:
                    raise AnnotationError(f"{where}: image {name} may be {' or '.join(found[:3])}")
                return PurePosixPath(found[0]), self.paths[found[0]]
        return path, None

    def _named(self, task: dict[str, Any], where: str) -> PurePosixPath:
        data = task["data"]
        pictures = [text for text in data.values() if _is_picture(text)]
        urls = [data["image"]] if "image" in data else pictures
        if len(urls) != 1 or not isinstance(urls[0], str):
            raise AnnotationError(
                f"{where}: data holds {', '.join(map(repr, list(data)[:6]))}; expected 'image' or "
                "one picture"
            )
        try:
            url = urlsplit(urls[0])
        except ValueError:
            raise AnnotationError(f"{where}: image {urls[0][:80]!r} is no URL") from None
        if f"{url.path.rstrip('/')}/".endswith(LOCAL_FILES):
            return image_path(parse_qs(url.query).get("d", [""])[0].lstrip("/"), self.file)
        return image_path(unquote(url.path).replace("\\", "/").rpartition("/")[2], self.file)


def _is_picture(text: object) -> bool:
    return isinstance(text, str) and text.partition("?")[0].lower().endswith(SUFFIXES)
