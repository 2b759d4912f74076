"""The kinds of Label Studio's exports: which are read as tasks, and which are refused by name.

The kinds are listed at https://labelstud.io/guide/export. JSON has everything. JSON-MIN and CSV
have one entry for each annotation, with the regions of each control tag in a member or cell of its
name; they are read as tasks of JSON, and of several annotations of a task the one updated last
counts. The exports to COCO, YOLO and Pascal VOC are folders of those formats.

>>> from tempfile import TemporaryDirectory
>>> region = {"points": [[0, 0]], "polygonlabels": ["36"], "original_width": 5}
>>> item = {"id": 7, "image": "opg.png", "tooth": [region], "annotation_id": 1}
>>> with TemporaryDirectory() as folder:
...     size = Path(folder, "a.json").write_text(json.dumps([item]))
...     export = find(Path(folder))
...     ((place, task),) = tasks(export, FaultReport.of(None, export.file))
...     export.kind, task["data"], task["annotations"][0]["result"][0]["type"]
('JSON-MIN', {'image': 'opg.png'}, 'polygonlabels')
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.label_studio_tasks import ANSWERS
from panodent.formats.parsing.csv_stream import SEPARATORS, columns, row_cells, rows, rows_at
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import Place, item_at, list_items, member_kinds

JSON, JSON_MIN, CSV = "JSON", "JSON-MIN", "CSV"
SEVERAL = "tasks with several annotations: {}; of each, the one that was updated last is read"
_OF_ANNOTATION = ("annotation_id", "annotator", "lead_time")
"""Members of JSON-MIN and columns of CSV that no other file has."""
_MASKS = re.compile(r"task-\d+-annotation-\d+-by-.*\.(png|npy)", re.IGNORECASE)


class Export(NamedTuple):
    """An export that is read: its file, and its kind as Label Studio calls it."""

    file: Path
    kind: str


def find(path: Path) -> Export | None:
    """The export of a file, or of a folder that has only one; None if there is none."""
    if (found := only_json(path, _json_kind)) is not None:
        return found
    files = [path] if path.is_file() else path.iterdir() if path.is_dir() else []
    tables = [file for file in files if file.suffix.lower() in SEPARATORS and _is_table(file)]
    return Export(tables[0], CSV) if len(tables) == 1 else None


def refusal(path: Path) -> str | None:
    """Why an export of another kind cannot be read, and which to choose; None for other files."""
    choose = "choose the export JSON instead"
    folders = [path, *sorted(f for f in path.iterdir() if f.is_dir())] if path.is_dir() else []
    for folder in folders:
        for file in folder.iterdir():
            if match := _MASKS.fullmatch(file.name):
                kind = {"png": "PNG", "npy": "NumPy"}[match[1].lower()]
                return (
                    f"{path}: is Label Studio's export 'Brush labels to {kind}', whose masks do "
                    f"not say to which radiograph they belong; {choose}"
                )
    files = sorted(path.glob("*.json"))[:1] if path.is_dir() else [path]
    for file in files:
        if file.suffix.lower() == ".json" and _is_stored(file):
            return (
                f"{file}: is an annotation in Label Studio's target storage, a file for each; "
                f"{choose}"
            )
    return None


def tasks(export: Export, report: FaultReport) -> Iterator[tuple[Place, Any]]:
    """(place, task) of each task, which may be anything that JSON can hold.

    `report` takes entries of JSON-MIN and CSV that cannot be read. Raises `AnnotationError` for a
    file that is not of the kind.
    """
    if export.kind == JSON:
        yield from list_items(export.file)
        return
    latest: dict[str, tuple[str, Place]] = {}
    several: set[str] = set()
    for place, task in _of_annotations(export, report):
        updated = str(task["annotations"][0].get("updated_at") or "")
        key = json.dumps(task["id"]) if task["id"] is not None else str(place)
        if key in latest:
            several.add(key)
        if key not in latest or updated >= latest[key][0]:
            latest[key] = (updated, place)
    if several:
        report.note(SEVERAL.format(len(several)))
    for _, place in latest.values():
        yield place, task_at(export, place)


def task_at(export: Export, place: Place) -> Any:
    """The task at a place that `tasks` has found."""
    if export.kind == JSON:
        return item_at(export.file, place)
    if export.kind == JSON_MIN:
        return _task(item_at(export.file, place), export.file)
    (row,) = rows_at(export.file, [place])
    return _task(_entry(columns(export.file), row, export.file), export.file)


def _of_annotations(export: Export, report: FaultReport) -> Iterator[tuple[Place, Record]]:
    # Entries may lack the list of a control tag, but not have something else in its place.
    tags = {
        name
        for _, item in _entries(export, FaultReport(FaultList(), str(export.file)))
        if isinstance(item, dict)
        for name, values in item.items()
        if _holds_regions(values)
    }
    for place, item in _entries(export, report):
        with report.catching(cost="radiograph"):
            yield place, _task(item, export.file, tags)


def _entries(export: Export, report: FaultReport) -> Iterator[tuple[Place, Any]]:
    """(place, entry) of JSON-MIN and CSV; `report` takes rows that cannot be read."""
    if export.kind == JSON_MIN:
        yield from list_items(export.file)
        return
    head = columns(export.file)
    for place, row in rows(export.file):
        with report.catching(cost="radiograph"):
            yield place, _entry(head, row, export.file)


def _json_kind(file: Path) -> Export | None:
    """The export that a JSON file is by its first item."""
    try:
        _, item = next(list_items(file))
    except (AnnotationError, StopIteration):
        return None
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("data"), dict):
        listed = (item.get(kind) for kind in ("annotations", "predictions"))
        return Export(file, JSON) if any(isinstance(one, list) for one in listed) else None
    return Export(file, JSON_MIN) if any(name in item for name in _OF_ANNOTATION) else None


def _is_stored(file: Path) -> bool:
    try:
        kinds = {name: kind for name, kind, _ in member_kinds(file)}
    except AnnotationError:
        return False
    return kinds.get("result") == "[" and "task" in kinds


def _is_table(file: Path) -> bool:
    try:
        head = columns(file)
    except (AnnotationError, OSError):
        return False
    return "id" in head and any(name in head for name in _OF_ANNOTATION)


def _task(item: Any, file: Path, tags: Collection[str] = ()) -> Record:
    """A task of JSON with the one annotation of this entry.

    `tags` are the control tags of regions in the whole file.
    """
    if not isinstance(item, dict):
        raise AnnotationError(f"{file}: {excerpt(item)} is not an annotation; expected an object")
    for tag in tags:
        value = item.get(tag, [])
        if value != [] and not (isinstance(value, list) and _holds_regions(value)):
            raise AnnotationError(f"{file}: {tag} is {excerpt(value)}; expected a list of regions")
    results = [
        _result(value, tag, str(number))
        for tag, values in item.items()
        if isinstance(values, list) and (tag in tags or _holds_regions(values))
        for number, value in enumerate(values, start=1)
    ]
    data = {n: v for n, v in item.items() if isinstance(v, str) and n not in _OF_ANNOTATION}
    moments = {name: item[name] for name in ("created_at", "updated_at") if item.get(name)}
    return {
        "id": item.get("id"),
        "data": data,
        "annotations": [{"id": item.get("annotation_id"), "result": results, **moments}],
    }


def _holds_regions(values: Any) -> bool:
    """Whether a list holds an object that may be a region, also in lists of lists.

    Texts, and objects that Label Studio writes for several choices, are answers to other questions.

    >>> _holds_regions([[["molar"], {}]]), _holds_regions([["molar"], {"choices": ["a", "b"]}])
    (True, False)
    """
    waiting = [values] if isinstance(values, list) else []
    while waiting:
        listed = waiting.pop()
        if any(isinstance(value, dict) and not value.keys() & set(ANSWERS) for value in listed):
            return True
        waiting += [value for value in listed if isinstance(value, list)]
    return False


def _result(value: Any, tag: str, number: str) -> Record:
    if not isinstance(value, dict):
        return {"id": f"{tag}-{number}", "type": "region", "value": value}
    kinds = [name for name in value if name.endswith("labels")]
    return {
        "id": f"{tag}-{number}",
        "from_name": tag,
        "type": kinds[0] if kinds else "region",
        "value": value,
        "original_width": value.get("original_width"),
        "original_height": value.get("original_height"),
        "image_rotation": value.get("image_rotation", 0),
    }


def _entry(head: list[str], row: bytes, file: Path) -> Record:
    found = row_cells(head, row, file)
    # A cell is empty where nothing was drawn; JSON-MIN has no member then.
    return {name: _value(name, cell, file) for name, cell in found.items() if cell}


def _value(name: str, cell: str, file: Path) -> Any:
    if not cell.startswith(("[", "{")):
        return cell
    try:
        return json.loads(cell)
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{file}: a cell of column {excerpt(name)} is not JSON ({error}): {excerpt(cell)}"
        ) from None
