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
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.label_studio_exports import JSON, Export, find, refusal, task_at, tasks
from panodent.formats.label_studio_regions import finding_results, result
from panodent.formats.label_studio_tasks import (
    NO_LABEL,
    UNLABELLED,
    carriers,
    chosen_annotation,
    declared_image_size,
    region_name,
    regions,
    task_name,
    teeth_of_regions,
)
from panodent.formats.naming import Naming
from panodent.formats.parsing.brush_rle import decode
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.file_search import target_file
from panodent.formats.parsing.image_entries import (
    checked_items,
    in_order,
    size_of_file,
)
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.json_stream import Place
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.formats.parsing.task_images import LOCAL_FILES, TaskImages
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray
from panodent.utils.atomic_files import writing

FILE = "tasks.json"


class LabelStudio(Format):
    """One JSON file for all radiographs."""

    name = "label-studio"

    def recognises(self, path: Path) -> bool:
        """A list of tasks in JSON, JSON-MIN or CSV, or an export that is refused by name."""
        return find(path) is not None or refusal(path) is not None

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Annotations by image.

        With the option `predictions`, tasks without annotations are read from their predictions.
        """
        export = find(path)
        if export is None:
            if (said := refusal(path)) or not path.is_file():
                raise AnnotationError(said or f"{path}: expected one JSON export of Label Studio")
            export = Export(path, JSON)  # not recognised: reading says why
        file = export.file
        wanted = bool((options or {}).get("predictions"))
        naming, report = Naming.of(options), FaultReport.of(options, file)
        labels: dict[str, None] = {}
        listed: list[_Task] = []
        images = TaskImages(file)
        skipped = 0
        for place, task in tasks(export, report):
            with report.catching(cost="radiograph"):
                where = task_name(task, file)
                known = report.about(where)
                with known.catching(cost="radiograph"):
                    chosen = chosen_annotation(task, wanted, known.where)
                    if chosen is None:
                        skipped += bool(task.get("predictions"))
                        continue
                    found = [label for _, label, _ in regions(chosen, known)]
                    image = images.of(task, known.where)
                    size = declared_image_size(task, chosen, known)
                    labels |= dict.fromkeys(label for label in found if isinstance(label, str))
                    labels |= dict.fromkeys(carriers(chosen, naming, known))
                    listed.append(_Task(place, *image, size, known))
        if skipped:
            todo = "inspect, convert and train read them with --predictions"
            if not listed:
                raise AnnotationError(f"{file}: holds predictions and no annotations; {todo}")
            report.note(f"{skipped} tasks hold predictions and no annotations; {todo}")
        numbers = naming.numbers(labels, file, report=report)
        kinds = naming.kinds(labels)
        reading = _Reading(export, wanted, {**numbers, NO_LABEL: UNNUMBERED}, kinds)
        items = (
            Annotated(
                key_of(task.name),
                partial(reading.teeth, task),
                task.size,
                task.image,
                partial(reading.findings, task) if kinds else None,
            )
            for task in listed
        )
        return in_order(file, items, report)

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


class _Task(NamedTuple):
    """A task of an export: its place, image, (height, width) and where its faults go."""

    place: Place
    name: PurePosixPath
    image: Path | None
    size: tuple[int, int] | None
    report: FaultReport


@dataclass(frozen=True)
class _Reading:
    """Reads the shapes of tasks; `numbers` and `kinds` say what their labels mean."""

    export: Export
    predictions: bool
    numbers: Mapping[Any, int | None]
    kinds: Mapping[str, str]

    def teeth(self, task: _Task) -> Teeth:
        shapes, size = self._shapes(task)
        return teeth_of(shapes, self.numbers, size, self.export.file, task.report)

    def findings(self, task: _Task) -> AnnotatedFindings:
        shapes, size = self._shapes(task)
        return findings_of(shapes, self.kinds, size, task.report)

    def _shapes(self, task: _Task) -> tuple[list[AnnotatedShape], tuple[int, int]]:
        """The shapes of a task, and the (height, width) of its image."""
        entry = task_at(self.export, task.place)
        where = task.report.where
        task_name(entry, self.export.file)
        chosen = chosen_annotation(entry, self.predictions, where) or {}
        size = declared_image_size(entry, chosen, task.report) or size_of_file(task.image, where)
        carried = teeth_of_regions(chosen)
        shapes = [
            AnnotatedShape(
                label,
                f"{where}: {region_name(region, label)}",
                partial(_outline, region, kind, size),
                self.numbers.get(carried.get(str(region.get("id")), "")),
            )
            for region, label, kind in regions(chosen, task.report)
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
    if kind in ("brushlabels", "labels", *UNLABELLED) and "rle" in value:
        return decode(value["rle"], size)
    if kind in ("polygonlabels", "labels", *UNLABELLED) and "points" in value:
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
