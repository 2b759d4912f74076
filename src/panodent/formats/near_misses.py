"""What in a folder looks like annotations that no format recognises, and what is wrong with it.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     Path(folder, "Masks").mkdir()
...     size = Path(folder, "truth.json").write_text('{"images": [], "annotations": []}')
...     for found in near_misses(Path(folder)):
...         print(found)
truth.json has images and annotations but not categories, which COCO needs
folder Masks: expected it to be called masks, in this spelling, for label maps
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from panodent.errors import AnnotationError
from panodent.formats.labels import FOLDERS as MASKS
from panodent.formats.other_tools import SUFFIXES, of_json, of_suffix, of_table, unknown_json
from panodent.formats.parsing.excerpt import excerpt, shown
from panodent.formats.parsing.json_record import load
from panodent.formats.parsing.json_stream import cut_off, member_kinds
from panodent.formats.parsing.label_map import MAP_SUFFIXES
from panodent.formats.parsing.text_encoding import fault as text_fault
from panodent.formats.parsing.xml_stream import root_name
from panodent.formats.yolo_names import LISTS, class_names
from panodent.radiograph.folder_search import ARCHIVES

LOOKED_FOR = (
    "JSON of COCO, Label Studio, labelme, VIA or Supervisely, XML of CVAT or Pascal VOC, YOLO's "
    "labels with data.yaml or classes.txt, nnU-Net's dataset.json, label maps in "
    f"{', '.join(f'{name}/' for name in MASKS)}, NAME_FDI.ome.tiff, DICOM Segmentations"
)
_MOST = 6
_DEEPEST = 3  # folders below the data folder
_ENTRIES = 2_000
_LARGEST = 1 << 26  # bytes of a JSON that is read to its end
_COCO = ("images", "annotations", "categories")
_FOLDERS = {
    **dict.fromkeys(("masks", "mask", "segmentation", "segmentations"), ("masks", "label maps")),
    **dict.fromkeys(("labels", "label"), ("labels", "label maps or YOLO's texts")),
    **dict.fromkeys(("annotations", "annotation", "xml"), ("Annotations", "XML of Pascal VOC")),
    "images": ("images", "radiographs"),
}
_RIGHT = ("masks", "labels", "annotations", "Annotations", "images", "masks_machine")
_OF_MASK = re.compile(r"(.+?)[_\-. ]((?:cp_)?masks?|labels?|seg|segmentation|gt)", re.IGNORECASE)
_PICTURES = {
    **dict.fromkeys((".jpg", ".jpeg"), "a JPEG, which changes pixel values"),
    ".gif": "a GIF",
}
_LINE = re.compile(rb"\s*\d{1,6}(\s+-?\d*\.?\d+(e-?\d+)?){4,}\s*")


def near_misses(
    path: Path, alone: Callable[[Path], Collection[str]] = lambda file: ()
) -> list[str]:
    """What is nearly a format, a sentence each; at most six.

    `alone` gives the names of the formats that a single file can be in: some have one file only, so
    that two of them in a folder are not recognised.
    """
    if path.is_file():
        return list(islice(_of_file(path, path.name), _MOST)) or [*_unknown(path.parent, [path])]
    if inside := [f"{name} is {kind}; name this folder" for name, kind in _inside(path, alone)]:
        return inside[:_MOST]
    entries = sorted(islice(_below(path), _ENTRIES))
    beside = [file for file in entries if file.parent == path and file.suffix.lower() == ".json"]
    whole = {shown(file.name): " or ".join(alone(file)) for file in beside[:_MOST]}
    named = [file for file, name in whole.items() if name]
    if len(named) > 1:
        return [
            f"{' and '.join(named)} are both {whole[named[0]]}; keep one of them in the folder, or "
            "convert each by itself (panodent convert FILE)"
        ]
    found = [sentence for sentences in _kinds(path, entries) for sentence in sentences]
    found = found or list(_unknown(path, entries))
    return list(dict.fromkeys(found))[:_MOST]


def _inside(path: Path, alone: Callable[[Path], Collection[str]]) -> Iterator[tuple[str, str]]:
    """(name, formats) of the folders inside, to two levels, that are in a format by themselves."""
    level = [path]
    for _ in range(2):
        level = [below for folder in level[:_MOST] for below in _folders_of(folder)]
        found = [(below, " or ".join(alone(below))) for below in level[:_MOST]]
        found = [(below, kind) for below, kind in found if kind]
        if found:
            yield from ((shown(f"{b.relative_to(path).as_posix()}/"), kind) for b, kind in found)
            return


def _folders_of(folder: Path) -> list[Path]:
    """The folders in a folder, without hidden ones and what macOS puts into archives."""
    try:
        return sorted(
            below
            for below in folder.iterdir()
            if below.is_dir() and not below.is_symlink() and below.name[0] not in "._"
        )
    except OSError:
        return []


def cut_files(path: Path) -> list[str]:
    """Says of the JSON files of a folder and of its own folders which are cut off; at most six."""
    files = [path] if path.is_file() else sorted(islice(_below(path), _ENTRIES))
    found = (
        f"{shown(file.name if file == path else file.relative_to(path).as_posix())} {reason}"
        for file in files
        if file.suffix.lower() == ".json" and file.is_file() and (reason := cut_off(file))
    )
    return list(islice(found, _MOST))


def _below(path: Path) -> Iterator[Path]:
    """Files and folders of the folder, its own folders and those in these."""
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(folder, name) for name in (*names, *sorted(files)) if name[0] != ".")
        if len(Path(folder).relative_to(path).parts) == _DEEPEST:
            names.clear()


def _kinds(path: Path, entries: list[Path]) -> Iterator[Iterable[str]]:
    files = [entry for entry in entries if entry.is_file()]
    for suffix in (".json", ".xml", ".csv", ".nii", *SUFFIXES, *ARCHIVES):
        of_kind = [file for file in files if file.suffix.lower() == suffix]
        for file in of_kind[:2]:
            yield _of_file(file, file.relative_to(path).as_posix())
    yield _folders(path, entries)
    yield _masks(path, files)
    yield _texts(path, files)


def _unknown(path: Path, entries: list[Path]) -> Iterator[str]:
    """What is said of the first JSON file if nothing else is known."""
    for file in entries:
        if file.suffix.lower() == ".json" and (what := unknown_json(file)):
            yield f"{shown(file.relative_to(path).as_posix())} is {what}"
            return


def _of_file(file: Path, name: str) -> Iterator[str]:
    suffix, name = file.suffix.lower(), shown(name)
    if suffix == ".json":
        yield from _json(file, name)
    elif suffix == ".xml":
        root = root_name(file)
        if reason := text_fault(file):
            yield f"{name} {reason}"
        elif root is None:
            yield f"{name} is not XML that can be read"
        elif root == "annotations":
            yield f"{name} looks like CVAT's; expected it to be called annotations.xml"
        elif root != "annotation":
            yield (
                f"{name} has the root <{excerpt(root)[1:-1]}>; CVAT's is <annotations>, Pascal "
                "VOC's <annotation>"
            )
    elif name.lower().endswith((".nii", ".nii.gz")):
        yield (
            f"{name} is NIfTI; expected as nnU-Net has it: label maps in labelsTr/, radiographs in "
            "imagesTr/, and dataset.json beside them"
        )
    elif suffix in ARCHIVES:
        yield f"{name} is an archive; unpack it"
    elif suffix == ".csv":
        yield f"{name} is {of_table(file)}"
    elif what := of_suffix(file):
        yield f"{name} is {what}"


def _json(file: Path, name: str) -> Iterator[str]:
    if reason := text_fault(file):
        yield f"{name} {reason}"
        return
    if reason := cut_off(file):
        yield f"{name} {reason}"
        return
    try:
        kinds = {key: kind for key, kind, _ in member_kinds(file)}
    except AnnotationError:
        try:
            what = of_json(file)
        except AnnotationError:
            yield f"{name} {_syntax(file)}"
        else:
            if what:
                yield f"{name} is {what}"
        return
    having = [key for key in _COCO if key in kinds]
    if 2 <= len(having) < len(_COCO):
        lacking = next(key for key in _COCO if key not in kinds)
        yield f"{name} has {' and '.join(having)} but not {lacking}, which COCO needs"
    elif len(having) == len(_COCO):
        odd = next((key for key in _COCO if kinds[key] != "["), _COCO[0])
        yield f"{name} is like COCO, but {odd} is not a list"
    elif {"labels", "modality"} <= kinds.keys():
        yield f"{name} is of nnU-Net version 1; convert it to version 2"
    elif what := of_json(file):
        yield f"{name} is {what}"


def _syntax(file: Path) -> str:
    """What is wrong with a JSON that has no objects."""
    try:
        if file.stat().st_size <= _LARGEST:
            load(file)
    except (AnnotationError, OSError) as error:
        if (held := str(error).removeprefix(f"{file}: ")).startswith("holds "):
            return held
        found = re.search(r"\(([^()]*(?:\([^()]*\))?)\)$", str(error))
        return f"is not JSON ({found[1]})" if found else "is not JSON"
    return "is not JSON"


def _folders(path: Path, entries: list[Path]) -> Iterator[str]:
    for entry in entries:
        right = _FOLDERS.get(entry.name.casefold())
        if right and entry.parent == path and entry.name not in _RIGHT and entry.is_dir():
            name, purpose = right
            yield (
                f"folder {entry.name}: expected it to be called {name}, in this spelling, for "
                f"{purpose}"
            )


def _masks(path: Path, files: list[Path]) -> Iterator[str]:
    for file in files:
        inside = file.parent.name.casefold() in (*MASKS, "mask", "segmentation")
        what = _PICTURES.get(file.suffix.lower())
        if inside and what:
            name = shown(file.relative_to(path).as_posix())
            yield f"{name} is {what}; label maps are PNG, TIFF or BMP"
            break
    if (path / "SegmentationClass").is_dir() or (path / "SegmentationObject").is_dir():
        yield "masks of Pascal VOC are not read; export COCO, or XML with polygons"
    if (path / "labelsTr").is_dir() and not (path / "dataset.json").is_file():
        yield "labelsTr is of nnU-Net; expected dataset.json beside it, which names the labels"
    for folder in ("annotations", "Annotations", "annotation", "gt", "ground_truth"):
        if found := next(iter((path / folder).rglob("*.png")), None):
            name = shown(found.relative_to(path).as_posix())
            yield f"{name} may be a label map; expected it in masks/, beside images/"
            break
    for file in files:
        named = _OF_MASK.fullmatch(file.stem)
        if named and file.suffix.lower() in (*MAP_SUFFIXES, ".jpg", ".jpeg"):
            yield (
                f"{shown(file.relative_to(path).as_posix())} looks like a label map; expected "
                f"masks/{shown(named[1])}.png, with the name of its radiograph"
            )
            break


def _texts(path: Path, files: list[Path]) -> Iterator[str]:
    for file in files:
        if what := of_suffix(file) if file.suffix.lower() == ".txt" else None:
            yield f"{shown(file.relative_to(path).as_posix())} is {what}"
            return
        if file.suffix.lower() == ".txt" and file.name not in LISTS:
            try:
                with file.open("rb") as stream:
                    line = stream.readline(1 << 14)
            except OSError:
                continue
            if _LINE.fullmatch(line):
                yield (
                    f"{shown(file.relative_to(path).as_posix())} looks like YOLO; expected the "
                    f"names of the classes in data.yaml or {LISTS[0]}, a name on each line"
                )
                if any(file.suffix.lower() in (".yaml", ".yml") for file in files):
                    try:
                        class_names(path)
                    except AnnotationError as error:
                        yield str(error)
                return
