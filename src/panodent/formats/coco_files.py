"""The COCO files of a data folder, as tools lay them out.

These layouts are read, with any number of files of one level:

- one JSON, or several, beside the radiographs or `images/`;
- `annotations/instances_<split>.json` beside `images/`, `images/<split>/` or `<split>/`, as CVAT
  and the data set COCO itself have it;
- `<split>/_annotations.coco.json` beside the radiographs of the split, as Roboflow has it.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as name:
...     folder = Path(name, "annotations")
...     folder.mkdir()
...     text = '{"images": [], "annotations": [], "categories": []}'
...     size = Path(folder, "instances_train.json").write_text(text)
...     (found,) = coco_files(Path(name))
...     found.file.name, found.data["images"], data_folder(found.file) == Path(name)
('instances_train.json', [], True)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from panodent.errors import AnnotationError
from panodent.formats import dentex
from panodent.formats.coco_document import FINDING
from panodent.formats.parsing.image_entries import IMAGE_FOLDERS
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import (
    Place,
    cut_off,
    list_items,
    member_kinds,
    members,
)
from panodent.utils.path_list import PathList

FOLDERS = ("annotations", "Annotations", "annotation", "labels")
"""Folders that hold JSON files beside the folders of radiographs."""
DEEPEST = 2
"""How many folders below the data folder JSON files are looked for."""
SAMPLE = 20
"""Of a folder with more JSON files than these, the first tell whether the others are looked at."""
MANY = 200
"""The same for folders of one level, such as those of many results of `panodent predict`."""
_INSTANCES = "instances_"
_OTHER_TASKS = ("stuff_", "person_keypoints_", "captions_", "image_info_")
"""Files for other tasks, which say the same of the same images beside those of instances."""
_START = 1 << 16
_BEGINNING = re.compile(rb'"(images|annotations|categories)"\s*:\s*\[')
_NEEDED = {"images": "[", "annotations": "["}


@dataclass(frozen=True)
class CocoFile:
    """One COCO file, without its annotations.

    Parameters
    ----------
    file : the JSON.
    data : its object; of `annotations` only the place in the file.
    of_findings : whether its categories are findings and nothing else.
    """

    file: Path
    data: Record
    of_findings: bool

    @property
    def is_dentex(self) -> bool:
        """Whether it has DENTEX's categories."""
        return dentex.is_dentex(self.data)

    @property
    def places(self) -> tuple[Path, ...]:
        """Folders in which its radiographs may lie, the most likely first."""
        beside = _beside(self.file)
        words = dict.fromkeys([*re.split(r"[_.\-]", self.file.stem), self.file.stem])
        splits = [word for word in words if word and word not in FOLDERS + IMAGE_FOLDERS]
        images = [beside / name for name in IMAGE_FOLDERS]
        found = [
            *(folder / split for split in splits for folder in images),
            *(beside / split / name for split in splits for name in IMAGE_FOLDERS),
            *(beside / split for split in splits),
            *images,
            beside,
            self.file.parent,
        ]
        return tuple(folder for folder in found if folder.is_dir())


def coco_files(path: Path, cut: list[Path] | None = None) -> list[CocoFile]:
    """The COCO files of a data folder, or the only one if `path` is a file; sorted.

    Those of the level nearest to the data folder count: copies in other folders are not read.
    `cut` takes files beside them that end in the middle, and begin as COCO files do.
    """
    if path.is_file():
        found = _loaded(path) if path.suffix.lower() == ".json" else None
        return [found] if found else []
    level = [path] if path.is_dir() else []
    for _ in range(DEEPEST + 1):
        files = list(_in_folders(level))
        if any(not found.of_findings for found in files):
            if cut is not None:
                known = {found.file for found in files}
                cut += [file for file in _others(level, known) if _is_cut(file)]
            return files
        level = [below for folder in level for below in _folders(folder)]
    return []


def data_folder(path: Path) -> Path:
    """The data folder: `path`, or the folder in which a single file and its radiographs lie."""
    return _beside(path) if path.is_file() else path


def _beside(file: Path) -> Path:
    return file.parent.parent if file.parent.name in FOLDERS else file.parent


def _folders(folder: Path) -> Iterator[Path]:
    for below in PathList(folder.iterdir()):
        if below.is_dir() and not below.name.startswith("."):
            yield below


def _in_folders(folders: list[Path]) -> Iterator[CocoFile]:
    """The COCO files of these folders; not of all if the first with JSON files have none."""
    seen, others = False, 0
    for folder in folders:
        files = _json_files(folder)
        for found in _of_coco(files):
            seen = True
            yield found
        others += bool(files)
        if others > MANY and not seen:
            return


def _others(folders: list[Path], known: set[Path]) -> Iterator[Path]:
    """JSON files of these folders that are not known, of not too many folders."""
    for folder in folders[:MANY]:
        yield from (file for file in _json_files(folder)[:MANY] if file not in known)


def _is_cut(file: Path) -> bool:
    """Whether a file begins as a COCO file does and ends in the middle."""
    try:
        with file.open("rb") as stream:
            start = stream.read(_START)
    except OSError:
        return False
    return bool(_BEGINNING.search(start) and cut_off(file))


def _json_files(folder: Path) -> Sequence[Path]:
    files: Sequence[Path] = PathList(
        file
        for file in folder.iterdir()
        if file.suffix.lower() == ".json" and not file.name.startswith(".")
    )
    if any(file.name.startswith(_INSTANCES) for file in files):
        files = [file for file in files if not file.name.startswith(_OTHER_TASKS)]
    return files


def _of_coco(files: Sequence[Path]) -> Iterator[CocoFile]:
    seen = False
    for number, file in enumerate(files):
        if number >= SAMPLE and not seen:
            return
        if found := _loaded(file):
            seen = True
            yield found


def _loaded(file: Path) -> CocoFile | None:
    """The file, if it is COCO's or DENTEX's."""
    try:
        kinds = {name: kind for name, kind, _ in member_kinds(file)}
        if not _NEEDED.items() <= kinds.items():
            return None
        data = members(file, ("annotations",))
    except AnnotationError:
        return None
    if not (isinstance(data.get("categories"), list) or dentex.is_dentex(data)):
        return None
    if has_segments(file, data["annotations"]):  # COCO panoptic
        return None
    return CocoFile(file, data, _of_findings(data))


def has_segments(file: Path, annotations: Place) -> bool:
    """Whether the first annotation in this list of a file is one of COCO panoptic."""
    try:
        _, entry = next(list_items(file, annotations))
    except (AnnotationError, StopIteration):
        return False
    return isinstance(entry, dict) and "segments_info" in entry


def _of_findings(data: Record) -> bool:
    categories = data.get("categories")
    return (
        isinstance(categories, list)
        and bool(categories)
        and all(
            isinstance(entry, dict) and entry.get("supercategory") == FINDING
            for entry in categories
        )
    )
