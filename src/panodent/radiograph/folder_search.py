"""Searches a folder for radiographs, and says of everything else whether a radiograph may be lost.

Files are recognised by their suffix, and by their first bytes where the suffix says nothing. Links
to files are followed. Links to folders are not, because they can lead in circles and twice to one
file. Files that panodent wrote (results of `predict`, reports, training runs) are not radiographs.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     for name in ("a.png", "b.gif", "notes.txt"):
...         size = Path(folder, name).write_bytes(b"x")
...     found = search(Path(folder))
...     [file.name for file in found.files], [(e.path.name, e.lost) for e in found.unread]
(['a.png'], [('b.gif', True)])
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from panodent.radiograph.radiograph import SUFFIXES, is_candidate, suffix_of
from panodent.utils.output_folder import LOCK
from panodent.utils.path_list import PathList

PICTURES = {
    ".gif": "GIF", ".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".jpx": "JPEG 2000", ".jxl": "JPEG XL",
    ".pgm": "PGM", ".ppm": "PPM", ".pbm": "PBM", ".pnm": "PNM", ".pam": "PAM", ".heic": "HEIC",
    ".heif": "HEIF", ".avif": "AVIF", ".psd": "Photoshop", ".exr": "OpenEXR", ".tga": "TGA",
    ".pcx": "PCX", ".nii": "NIfTI", ".nrrd": "NRRD", ".mha": "MetaImage", ".mhd": "MetaImage",
}  # fmt: skip
"""Kinds of pictures that are not read in a folder, by suffix; NIfTI is read if it is named."""
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".tgz", ".gz", ".bz2", ".xz")
_SIGNATURES = (
    (rb"\x89PNG", "PNG", ".png"),
    (rb"\xff\xd8\xff", "JPEG", ".jpg"),
    (rb"II[*+]\0|MM\0[*+]", "TIFF", ".tif"),
    (rb"RIFF.{4}WEBP", "WebP", ".webp"),
    (rb"BM.{4}\0\0\0\0", "BMP", ".bmp"),
)
"""(pattern of the first bytes, kind, suffix) of pictures that would be read with their suffix."""
_COPIES = ("@eaDir", "__MACOSX")
"""Folders that file servers and archives fill with small copies of pictures."""
_RESULT_PICTURE = re.compile(r"(labels|overlay|odontogram)\.png|teeth\.(seg|seg-ohif|pr|sr)\.dcm")
_SUMMARIES = ("run.json", "predictions.json", "teeth.csv", "findings.json", "findings.csv")
_REPORTS = ("inspection.json", "scores.json")
_RUN = ("config.json", "history.csv", "last.npz")
_MARKS = {LOCK, "run.json", "teeth.json", "index.html", *_REPORTS, *_RUN}
"""Files that say what else is in their folder."""


@dataclass(frozen=True)
class Unread:
    """An entry of a folder that is not read.

    `reason` says why and what to do; `lost` says whether it may hide a radiograph.
    """

    path: Path
    reason: str
    lost: bool = True


@dataclass
class Found:
    """What a search found.

    Parameters
    ----------
    files : radiographs, sorted by path.
    unread : entries that are not read, sorted by path.
    results : how many files were left out because panodent wrote them.
    """

    files: PathList = field(default_factory=PathList)
    unread: list[Unread] = field(default_factory=list)
    results: int = 0


def search(folder: Path, output: Path | None = None) -> Found:
    """The radiographs below a folder; `output` is a results folder of this call.

    Paths begin with `folder` as it is given. The folder itself may be a link.
    """
    found = Found()
    top = folder.resolve()
    waiting = [(folder, False)]
    while waiting:
        place, inside = waiting.pop()
        try:
            waiting += _search_one(found, place, inside, output, top)
        except OSError as error:
            found.unread.append(_unreadable(place, error, "folder"))
    found.files = PathList(found.files.texts)
    found.unread.sort(key=lambda item: item.path)
    return found


def _search_one(
    found: Found, place: Path, inside: bool, output: Path | None, top: Path
) -> list[tuple[Path, bool]]:
    """Adds what is in one folder; its folders, each with whether it is below one with results."""
    names = {entry.name for entry in _listed(place) if entry.name in _MARKS}
    marked = inside or _is_marked(place, names, output)
    folders = []
    if _is_run(names):
        found.results += 1
        return []
    for entry in _listed(place):
        path = place / entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name.startswith(".") or entry.name in _COPIES:
                continue
            if not (entry.name in ("pictures", "plates") and _is_report(names)):
                folders.append((path, marked))
        elif is_result_name(entry.name, inside, names):
            found.results += 1
        else:
            _look(found, path, entry, top)
    return folders


def _listed(place: Path) -> Iterator[os.DirEntry[str]]:
    with os.scandir(place) as entries:
        yield from entries


def is_result(file: Path) -> bool:
    """Whether a file is a result that `panodent predict` wrote, judged by what is beside it."""
    beside = file.parent
    if file.name in _SUMMARIES:
        return all((beside / name).is_file() for name in _SUMMARIES[:2])
    names = {"teeth.json"} if (beside / "teeth.json").is_file() else set()
    return file.name == "teeth.json" or is_result_name(file.name, False, names)


def is_result_name(name: str, inside: bool, names: Collection[str]) -> bool:
    """`inside` says whether the folder is below one that holds results."""
    return bool((inside or "teeth.json" in names) and _RESULT_PICTURE.fullmatch(name))


def _is_marked(place: Path, names: Collection[str], output: Path | None) -> bool:
    """Whether folders below `place` hold results, also those of an interrupted call."""
    if LOCK in names or "run.json" in names:
        return True
    return output is not None and place.resolve() == output.resolve()


def _is_run(names: Collection[str]) -> bool:
    """Whether a folder is a run of `panodent train`, whose panels are pictures."""
    return _RUN[0] in names and any(name in names for name in _RUN[1:])


def _is_report(names: Collection[str]) -> bool:
    return "index.html" in names and any(name in names for name in _REPORTS)


def _look(found: Found, path: Path, entry: os.DirEntry[str], top: Path) -> None:
    """Adds a file, a link or something else to what was found."""
    if entry.name.startswith("."):
        return
    if entry.is_symlink() and not os.path.isfile(path):
        if (unread := _of_link(path, top)) is not None:
            found.unread.append(unread)
    elif not entry.is_file():
        if suffix_of(path).lower() in SUFFIXES:
            found.unread.append(Unread(path, "is not a file but a pipe, a socket or a device"))
    elif is_candidate(path):
        found.files.texts.append(str(path))
    elif (unread := _of_file(path)) is not None:
        found.unread.append(unread)


def _of_link(path: Path, top: Path) -> Unread | None:
    """A link that leads to a folder or to nothing; None if it cannot have been a radiograph."""
    if os.path.isdir(path):
        target = path.resolve()
        if target == top or top in target.parents:
            return Unread(path, "a link to a folder of the same search; not followed", lost=False)
        shown = os.readlink(path)
        return Unread(path, f"a link to the folder {shown}, which is not followed; name it too")
    suffix = suffix_of(path).lower()
    if suffix and suffix not in SUFFIXES and suffix not in PICTURES:
        return None
    try:
        os.stat(path)
        reason = "not a file"
    except FileNotFoundError:
        reason = "which does not exist"
    except OSError as error:
        reason = f"which cannot be opened ({error.strerror})"
    return Unread(path, f"a link to {os.readlink(path)}, {reason}; remove or restore it")


def _of_file(path: Path) -> Unread | None:
    """A file that is not read; None for what is neither a picture nor an archive."""
    suffix = suffix_of(path).lower()
    name = path.name.lower()
    if name.endswith((*PICTURES, ".nii.gz")):
        kind = PICTURES.get(suffix, "NIfTI")
        if kind == "NIfTI":
            return Unread(path, "NIfTI may be a label map; name the file itself if it is one plane")
        return Unread(path, f"{kind} is not read; save it as PNG or TIFF")
    if suffix in ARCHIVES:
        if suffix_of(path.with_suffix("")).lower() in SUFFIXES:  # opg.dcm.gz
            return Unread(path, "a compressed radiograph is not read; unpack it")
        return Unread(path, "an archive is not searched; unpack it if it holds radiographs", False)
    try:
        with path.open("rb") as stream:
            head = stream.read(12)
    except OSError as error:
        return None if suffix else _unreadable(path, error, "file")
    for start, kind, right in _SIGNATURES:
        if re.match(start, head, re.DOTALL):
            return Unread(path, f"a {kind} picture without its suffix; rename it to {right}")
    return None


def _unreadable(path: Path, error: OSError, what: str) -> Unread:
    return Unread(path, f"the {what} cannot be read ({error.strerror}); change its permissions")
