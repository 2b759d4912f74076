"""Label Studio's JSON export: one list of tasks with brushes or polygons, and scores.

The specification is https://labelstud.io/guide/task_format. Regions of brushes have the control tag
'brush', those of polygons 'polygon', and the image is 'image'. Brushes keep every pixel. Polygons
are in percent of the image and can have neither holes nor parts, so a tooth with either is written
as a brush even when polygons are asked for.

A finding is a region whose label means a finding, see `panodent.formats.finding_names`. The tooth
that carries it is a choice for the region, see `panodent.formats.label_studio_regions`.

A task may have several annotations: the one updated last counts. Cancelled annotations and tasks
without an annotation are skipped.

>>> from tempfile import TemporaryDirectory
>>> teeth = Teeth.from_masks((4, 5), [(36, np.ones((2, 2)), (1, 1))], scores=[0.5])
>>> with TemporaryDirectory() as folder:
...     FORMAT.write(Path(folder), [("opg.png", teeth)], {"geometry": "polygon"})
...     (task,) = json.loads(Path(folder, "tasks.json").read_text())
...     FORMAT.read(Path(folder))[0].read() == teeth
True
>>> task["data"]
{'image': '/data/local-files/?d=opg.png', 'width': 5, 'height': 4}
>>> (region,) = task["annotations"][0]["result"]
>>> region["value"], region["score"]
({'points': [[20.0, 25.0], [60.0, 25.0], [60.0, 75.0], [20.0, 75.0]], 'closed': True, \
'polygonlabels': ['36']}, 0.5)
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.label_studio_regions import TOOTH, finding_results, result
from panodent.formats.naming import Naming
from panodent.formats.parsing.brush_rle import decode
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import only_json, target_file
from panodent.formats.parsing.image_entries import (
    checked_items,
    image_size,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import Place, item_at, list_items
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.formats.parsing.task_images import LOCAL_FILES, TaskImages
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray
from panodent.utils.atomic_files import writing

FILE = "tasks.json"


class LabelStudio(Format):
    """One JSON file for all radiographs."""

    name = "label-studio"

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with only one, that is a list of tasks."""
        return only_json(path, _looks_right) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image.

        With the option `predictions`, tasks without annotations are read from their predictions.
        """
        file = path if path.is_file() else only_json(path, _looks_right)
        if file is None:
            raise AnnotationError(f"{path}: expected one JSON export of Label Studio")
        wanted = bool((options or {}).get("predictions"))
        naming = Naming.of(options)
        labels: dict[str, None] = {}
        listed: list[tuple[Place, PurePosixPath, Path | None, tuple[int, int] | None]] = []
        images = TaskImages(file)
        skipped = False
        for place, task in list_items(file):
            where = _where(file, task)
            chosen = _chosen(task, wanted, where)
            if chosen is None:
                skipped = skipped or bool(task.get("predictions"))
                continue
            labels |= dict.fromkeys(label for _, label, _ in _regions(chosen, where))
            labels |= dict.fromkeys(_carriers(chosen, naming, where))
            listed.append((place, *images.of(task, where), _size(task, chosen, where)))
        if skipped and not listed:
            raise AnnotationError(
                f"{file}: holds predictions and no annotations; the option predictions reads them"
            )
        numbers, kinds = naming.numbers(labels, file), naming.kinds(labels)
        read = partial(_read_findings, numbers=numbers, kinds=kinds)
        return in_order(
            file,
            (
                Annotated(
                    key_of(name),
                    partial(_read, file, place, wanted, numbers, image),
                    size,
                    image,
                    partial(read, file, place, wanted, image) if kinds else None,
                )
                for place, name, image, size in listed
            ),
        )

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Writes `tasks.json` or the .json file named; `geometry` is 'brush' or 'polygon'."""
        geometry = self.geometry(options)
        naming = Naming.of(options)
        with writing(target_file(path, FILE)) as stream:
            stream.write("[")
            listed = enumerate(checked_items(items, path), start=1)
            for number, (name, teeth, findings) in listed:
                height, width = teeth.size
                url = f"{LOCAL_FILES}?d={quote(name.as_posix(), errors='surrogateescape')}"
                results = [
                    {"id": f"{number}-{index + 1}", **result(teeth, index, naming, geometry)}
                    for index in range(len(teeth))
                ]
                if findings is not None:
                    results += finding_results(findings, naming, geometry, f"{number}-f")
                task = {
                    "id": number,
                    "data": {"image": url, "width": width, "height": height},
                    "annotations": [{"id": number, "was_cancelled": False, "result": results}],
                }
                stream.write(f"{',' if number > 1 else ''}\n{json.dumps(task)}")
            stream.write("\n]\n")


def _looks_right(file: Path) -> Path | None:
    """The file, if its first item is a task."""
    try:
        _, task = next(list_items(file))
        _where(file, task)
    except (AnnotationError, StopIteration):
        return None
    known = any(isinstance(task.get(kind), list) for kind in ("annotations", "predictions"))
    return file if known else None


def _where(file: Path, task: Any) -> str:
    """How errors name a task; raises `AnnotationError` for anything else."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise AnnotationError(
            f"{file}: {excerpt(task)} is not a task; expected an object with data"
        )
    return f"{file}: task {excerpt(task.get('id'))}"


def _chosen(task: Record, predictions: bool, where: str) -> Record | None:
    """The annotation that counts: the one updated last that was not cancelled."""
    listed = task.get("annotations") or (task.get("predictions") if predictions else None) or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise AnnotationError(f"{where}: annotations are not a list of objects")
    valid = [item for item in listed if not item.get("was_cancelled")]
    # Of annotations with the same date, the last in the list counts: `max` takes the first it sees.
    return max(reversed(valid), key=lambda item: _moment(item, where), default=None)


def _moment(annotation: Record, where: str) -> datetime:
    text = annotation.get("updated_at") or annotation.get("created_at")
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise AnnotationError(f"{where}: updated_at is {excerpt(text)}; expected a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _regions(annotation: Record, where: str) -> Iterator[tuple[Record, str, str]]:
    """(region, label, kind of label) of everything that was drawn.

    Choices, texts and relations are results too, but were not drawn.
    """
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise AnnotationError(f"{where}: result is not a list of objects")
    for region in results:
        kind, value = region.get("type"), region.get("value")
        if not isinstance(kind, str) or not kind.endswith("labels"):
            continue
        labels = value.get(kind) if isinstance(value, dict) else None
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise AnnotationError(
                f"{where}: {excerpt(kind)} of a region are {excerpt(labels)}; expected one label"
            )
        yield region, labels[0], kind


def _carriers(annotation: Record, naming: Naming, where: str) -> Iterator[str]:
    """The names of the teeth that were chosen for findings."""
    teeth = _teeth_of_regions(annotation)
    for region, label, _ in _regions(annotation, where):
        if (tooth := teeth.get(str(region.get("id")))) and naming.kinds([label]):
            yield tooth


def _teeth_of_regions(annotation: Record) -> dict[str, str]:
    """The name of the tooth by id of the region, where one was chosen."""
    found = {}
    for item in annotation["result"]:
        value = item.get("value")
        chosen = value.get("choices") if isinstance(value, dict) else None
        if item.get("from_name") == TOOTH and isinstance(chosen, list) and len(chosen) == 1:
            found[str(item.get("id"))] = str(chosen[0])
    return found


def _size(task: Record, annotation: Record, where: str) -> tuple[int, int] | None:
    """(height, width) of the image that the regions declare, or else the task's data."""
    given = {
        image_size(region.get("original_height"), region.get("original_width"), where)
        for region, _, _ in _regions(annotation, where)
    }
    if len(given) > 1:
        raise AnnotationError(
            f"{where}: regions are of images of sizes {sorted(given)[:3]}; expected one size"
        )
    data = task["data"]
    if not given and "height" in data and "width" in data:
        return image_size(data["height"], data["width"], where)
    return next(iter(given), None)


def _read(
    file: Path,
    place: Place,
    predictions: bool,
    numbers: Mapping[str, int | None],
    image: Path | None,
) -> Teeth:
    shapes, size = _shapes(file, place, predictions, image, numbers)
    return teeth_of(shapes, numbers, size, file)


def _read_findings(
    file: Path,
    place: Place,
    predictions: bool,
    image: Path | None,
    numbers: Mapping[str, int | None],
    kinds: Mapping[str, str],
) -> AnnotatedFindings:
    shapes, size = _shapes(file, place, predictions, image, numbers)
    return findings_of(shapes, kinds, size)


def _shapes(
    file: Path,
    place: Place,
    predictions: bool,
    image: Path | None,
    numbers: Mapping[str, int | None],
) -> tuple[list[AnnotatedShape], tuple[int, int]]:
    """The shapes of a task, and the (height, width) of its image."""
    task = item_at(file, place)
    where = _where(file, task)
    chosen = _chosen(task, predictions, where) or {}
    size = _size(task, chosen, where) or size_of_file(image, where)
    teeth = _teeth_of_regions(chosen)
    shapes = [
        AnnotatedShape(
            label,
            f"{where}: {label}",
            partial(_outline, region, kind, size),
            numbers.get(teeth.get(str(region.get("id")), "")),
        )
        for region, label, kind in _regions(chosen, where)
    ]
    return shapes, size


def _outline(region: Record, kind: str, size: tuple[int, int]) -> Outline:
    return Outline(trimmed(_mask(region, kind, size)), score=_score(region))


def _mask(region: Record, kind: str, size: tuple[int, int]) -> BoolArray:
    value = region["value"]
    if region.get("image_rotation"):
        raise AnnotationError(
            f"drawn on an image rotated by {excerpt(region['image_rotation'])} degrees; "
            "expected 0: rotate the radiograph itself"
        )
    if kind in ("brushlabels", "labels") and "rle" in value:
        return decode(value["rle"], size)
    if kind in ("polygonlabels", "labels") and "points" in value:
        try:
            percent = np.array(value["points"], np.float64)
        except (TypeError, ValueError, OverflowError):
            percent = np.empty(0)
        if percent.ndim != 2 or percent.shape[1] != 2:
            raise AnnotationError(
                f"points are {excerpt(value['points'])}; expected a list of [x, y] in percent"
            )
        with np.errstate(over="ignore"):
            return fill([[percent * (size[1], size[0]) / 100]], size)
    raise AnnotationError(
        f"{excerpt(kind)} is not an outline of a tooth; expected brushlabels or polygonlabels"
    )


def _score(region: Record) -> float:
    score = region.get("score")
    if score is None:
        return 1.0
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise AnnotationError(f"score is {excerpt(score)}; expected a number from 0 to 1")
    return float(score)


FORMAT = LabelStudio()
