"""Finds the radiographs that annotation files name, as tools and other computers name them.

Files name radiographs by a path from the data folder, from their own folder or from a folder of
another computer (`C:\\scans\\a.png`), with folders of the tool in front (`upload/a.png`) or with a
name that the tool made of it (`3f2a1b2c-a.png`). All formats find them by these rules:

1. the path as it stands, in the folders where the format has its radiographs;
2. else the file below the data folder that shares the longest end of the path: `x/train/a.png` is
   `images/train/a.png` and not `images/val/a.png`;
3. the same without regard to case and to the form of accents, with `%20` for a space, without the
   eight hexadecimal digits that Label Studio puts before names, without regard to the suffix, and
   with these digits also as it changes names of uploads: `3f2a1b2c-scan_1.png` is `scan (1).png`.

A file outside of the data folder is never opened. If two files suit a name equally well, or two
names one file, nothing is guessed: the radiograph is not found, and `FoundImage.problem` says why.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     Path(folder, "images", "train").mkdir(parents=True)
...     Path(folder, "images", "train", "a.png").touch()
...     search = ImageSearch(Path(folder))
...     found = search.find([Sought("C:\\\\scans\\\\train\\\\a.png"), Sought("../b.png")])
>>> [(item.key, item.file and item.file.name, item.problem) for item in found]
[('train/a', 'a.png', ''), ('b', None, '')]
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

from panodent.formats.parsing.data_folder import radiographs_below
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS
from panodent.formats.parsing.image_names import (
    DRIVE,
    SERVER,
    declared_path,
    folded,
    same,
    stem,
    uploaded_stem,
)
from panodent.radiograph.radiograph import SUFFIXES, is_candidate, key_of

_UPLOADED = re.compile(r"(^|/)[0-9a-f]{8}-(?=[^/]+$)")


class Sought(NamedTuple):
    """A radiograph that an annotation file names.

    Parameters
    ----------
    name : its name in the file.
    places : folders in which the name may be meant, the most likely first; the image folders of the
        data folder and the data folder itself always count.
    where : how errors name the place in the annotation file.
    beside : whether a file of the last part of the name in the first place is meant, whatever the
        path says.
    """

    name: object
    places: Sequence[Path] = ()
    where: str = "annotations"
    beside: bool = False


@dataclass(frozen=True, slots=True)
class FoundImage:
    """What was found for a name.

    Parameters
    ----------
    key : the key of the radiograph, see `panodent.formats.base.Annotated`; without a file, that of
        the name.
    path : the radiograph, kept as a text, or None.
    problem : why there is no file although there are candidates; empty otherwise.
    """

    key: str
    path: str | None = None
    problem: str = ""

    @property
    def file(self) -> Path | None:
        """The radiograph, or None."""
        return None if self.path is None else Path(self.path)


class _Hit(NamedTuple):
    """Files that suit a name, given as `path`; `strength` compares hits, the smallest first."""

    path: str
    files: Sequence[str]
    strength: tuple[int, int] = (0, 0)

    @property
    def key(self) -> str:
        """The key of the name."""
        return key_of(PurePosixPath(self.path))


class ImageSearch:
    """The radiographs below a data folder, found by the names in annotation files.

    Files are listed when a name is first not found where it says. `deep` is whether all folders
    below `folder` are searched; otherwise only those of images are, and `folder` itself. It is for
    a single annotation file, which may lie in a large folder of other things.
    """

    def __init__(self, folder: Path, deep: bool = True) -> None:
        self.folder, self.deep = folder, deep

    def find(self, sought: Iterable[Sought]) -> list[FoundImage]:
        """The radiograph of each name, in the order of the names.

        All names of a data set belong into one call, so that no file is given to two. Raises
        `AnnotationError` for a name that is not one: no text, empty, too long, or with control
        characters.
        """
        hits = [self._hit(item, declared_path(item.name, item.where)) for item in sought]
        first: dict[str, _Hit] = {}
        rivals: dict[str, list[_Hit]] = {}  # hits of the files that several names mean
        for hit in hits:
            file = os.path.normcase(hit.files[0]) if len(hit.files) == 1 else ""
            if file and first.setdefault(file, hit) is not hit:
                rivals.setdefault(file, [first[file]]).append(hit)
        del first
        return [self._chosen(hit, rivals) for hit in hits]

    def _chosen(self, hit: _Hit, rivals: Mapping[str, Sequence[_Hit]]) -> FoundImage:
        """What a hit finds, where `rivals` lists all hits of the files that several names mean."""
        if len(hit.files) != 1:
            return FoundImage(hit.key, None, self._unclear(hit.path, hit.files))
        (file,) = hit.files
        of_file = rivals.get(os.path.normcase(file), (hit,))
        best = min(other.strength for other in of_file)
        if hit.strength != best:
            return FoundImage(hit.key)  # another name means this file
        names = dict.fromkeys(other.path for other in of_file if other.strength == best)
        if len(names) == 1:
            return FoundImage(self.key(Path(file)), file)
        shown = " and ".join(map(excerpt, list(names)[:2]))
        problem = f"{shown} may both mean {self._below(file)}; correct the names"
        return FoundImage(hit.key, None, problem)

    def find_lacking(self, images: Sequence[tuple[str, Path | None]]) -> list[FoundImage]:
        """The radiographs of annotations, for formats that say where these have to be.

        Parameters
        ----------
        images : (path below the data folder where the radiograph has to be, the radiograph if it is
            there), of all annotations.

        Those that are not there are found as by `find`, unless they belong to another annotation.
        """
        taken = {os.path.normcase(file) for _, file in images if file is not None}
        # Names of files may have characters that no name in an annotation file has.
        lacking = [name for name, file in images if file is None and name.isprintable()]
        places = dict(zip(lacking, self.find(map(Sought, lacking)), strict=True))
        found = []
        for name, file in images:
            place = places.get(name, FoundImage(key_of(name), None if file is None else str(file)))
            if file is None and place.path is not None and os.path.normcase(place.path) in taken:
                place = FoundImage(place.key)
            found.append(place)
        return found

    def find_own(
        self, files: Sequence[tuple[str | Path, object]], folders: Collection[str]
    ) -> list[FoundImage]:
        """The radiograph of each annotation file, for formats with a file for each radiograph.

        Parameters
        ----------
        files : (annotation file, name of its radiograph in it or None), below the data folder.
        folders : names of the folders that the format has its files in; those below the data folder
            have no part in keys.

        The radiograph that the file names counts, first beside the file and in the folder of images
        that belongs to its own; then the one that is called as the file itself. Without either, the
        key is the name in the file, from the folder of the file on. Raises as `find`.
        """

        def sought(file: str | Path, name: object) -> Sought:
            own = self._own(file, folders)
            images = [folder / own.parent for folder in self._places]
            if name is None:
                return Sought(own.with_suffix(SUFFIXES[0]).as_posix(), images)
            return Sought(name, (Path(file).parent, *images), str(file), beside=True)

        found = self.find(sought(file, name) for file, name in files)
        taken = {os.path.normcase(item.path) for item in found if item.path is not None}
        lacking = [n for n, item in enumerate(found) if item.path is None]
        second = self.find(sought(files[n][0], None) for n in lacking)
        for number, item in zip(lacking, second, strict=True):
            file, name = files[number]
            if item.path is not None and os.path.normcase(item.path) not in taken:
                found[number] = item
            else:
                key = key_of(self._own(file, folders))
                if name is not None:
                    key = self._key_of_name(Path(file), str(name), folders)
                found[number] = replace(found[number], key=key)
        return self._told_apart([file for file, _ in files], folders, found)

    def _told_apart(
        self,
        files: Sequence[str | Path],
        folders: Collection[str],
        found: list[FoundImage],
    ) -> list[FoundImage]:
        """What was found, without radiographs that several annotation files have: two people's."""
        count = Counter(os.path.normcase(item.path) for item in found if item.path is not None)
        several: dict[str, list[int]] = {}
        for number, item in enumerate(found):
            if item.path is not None and count[os.path.normcase(item.path)] > 1:
                several.setdefault(os.path.normcase(item.path), []).append(number)
        for numbers in several.values():
            names = " and ".join(self._below(files[number]) for number in numbers[:3])
            image = self._below(found[numbers[0]].path or "")
            for number in numbers:
                problem = f"{names} annotate {image}; keep one of them"
                found[number] = FoundImage(key_of(self._own(files[number], folders)), None, problem)
        return found

    def _own(self, file: str | Path, folders: Collection[str]) -> PurePosixPath:
        return _inside(PurePosixPath(self._below(file)), folders)

    def _key_of_name(self, file: Path, name: str, folders: Collection[str]) -> str:
        """The key of a radiograph that is not there, from its name in an annotation file."""
        text = name.replace("\\", "/")
        path = Path(os.path.abspath(file.parent / text))
        root = os.path.abspath(self.folder)
        foreign = text.startswith("/") or DRIVE.match(text) or SERVER.match(text)
        if foreign or not path.is_relative_to(root):
            path = Path(os.path.abspath(file.parent / declared_path(name, str(file)).name))
        return key_of(_inside(PurePosixPath(path.relative_to(root).as_posix()), folders))

    def key(self, file: Path) -> str:
        """The key of a file below the folder: its path below the image folder, if it lies there."""
        root = self._places[0]
        return key_of(file.relative_to(root if file.is_relative_to(root) else self.folder))

    def _below(self, file: str | Path) -> str:
        return Path(file).relative_to(self.folder).as_posix()

    def _unclear(self, path: str, files: Sequence[str]) -> str:
        if not files:
            return ""
        names = " or ".join(self._below(file) for file in files[:3])
        return (
            f"image {excerpt(path)} may be {names}; name its folder in the annotation file, "
            "or keep one of them"
        )

    def _hit(self, sought: Sought, path: PurePosixPath) -> _Hit:
        for file in self._where_it_says(sought, path):
            if file.is_file():
                return _Hit(str(path), (str(file),))
        names = [path.as_posix(), unquote(path.as_posix())]
        names.append(_UPLOADED.sub(r"\1", names[-1]))
        rank = 0
        for fold in (same, folded, stem, uploaded_stem):
            if fold is uploaded_stem:
                names = names[-1:] if _UPLOADED.search(names[1]) else []
            table = self._table(fold) if names else {}
            for name in dict.fromkeys(names):
                rank += 1
                parts = fold(name).split("/")
                for start in range(len(parts)):
                    if files := table.get("/".join(parts[start:])):
                        return _Hit(str(path), files, (rank, start))
        return _Hit(str(path), ())

    def _where_it_says(self, sought: Sought, path: PurePosixPath) -> Iterator[Path]:
        text, root = str(sought.name).replace("\\", "/"), os.path.abspath(self.folder)
        for place in sought.places:
            # `..` counts from this place, and may not lead out of the data folder.
            meant = [place / path]
            if ".." in text and not (DRIVE.match(text) or SERVER.match(text)):
                meant.insert(0, place / text.lstrip("/"))
            for file in (Path(os.path.abspath(name)) for name in meant):
                if file.is_relative_to(root):
                    yield self.folder / file.relative_to(root)
        if sought.beside:
            yield from (place / path.name for place in sought.places[:1])
        for place in self._places:
            yield place / path

    @cached_property
    def _places(self) -> list[Path]:
        folders = (self.folder / name for name in IMAGE_FOLDERS)
        return [*(folder for folder in folders if folder.is_dir()), self.folder]

    @cached_property
    def files(self) -> Iterable[Path]:
        if self.deep:
            return radiographs_below(self.folder)
        *folders, own = self._places
        beside = [file for file in sorted(own.iterdir()) if is_candidate(file)]
        return [*(file for folder in folders for file in radiographs_below(folder)), *beside]

    @cached_property
    def _tables(self) -> dict[Callable[[str], str], dict[str, list[str]]]:
        return {}

    def _table(self, fold: Callable[[str], str]) -> dict[str, list[str]]:
        """The files by every end of their folded path."""
        if fold not in self._tables:
            table: dict[str, list[str]] = {}
            for file in self.files:
                parts = fold(self._below(file)).split("/")
                for start in range(len(parts)):
                    table.setdefault("/".join(parts[start:]), []).append(str(file))
            self._tables[fold] = table
        return self._tables[fold]


def _inside(path: PurePosixPath, folders: Collection[str]) -> PurePosixPath:
    """The path without its first folder, if that is one of these or of images."""
    nested = len(path.parts) > 1 and path.parts[0] in (*folders, *IMAGE_FOLDERS)
    return PurePosixPath(*path.parts[1:]) if nested else path
