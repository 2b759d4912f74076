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
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np

from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.label_studio_exports import (
    JSON,
    SEVERAL,
    Export,
    find,
    refusal,
    task_at,
    tasks,
)
from panodent.formats.label_studio_regions import finding_results, result
from panodent.formats.label_studio_tasks import (
    NO_LABEL,
    UNLABELLED,
    answers,
    carriers,
    chosen_annotation,
    declared_image_size,
    named_regions,
    picture_of,
    region_name,
    task_name,
    teeth_of_regions,
    valid_annotations,
)
from panodent.formats.naming import Naming
from panodent.formats.naming_attributes import Attributes, naming_attribute
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
from panodent.formats.parsing.pixel_outlines import check_inside, check_unit
from panodent.formats.parsing.png_mask import from_text
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
        attribute, attributes = (options or {}).get("attribute"), Attributes()
        reading = _Reading(export, wanted, report, naming, attribute)
        listed: list[_Task] = []
        images = TaskImages(file)
        skipped = several = 0
        for place, task in tasks(export, report):
            with report.catching(cost="radiograph"):
                where = task_name(task, file)
                known = report.about(where)
                with known.catching(cost="radiograph"):
                    chosen = chosen_annotation(task, wanted, known.where)
                    if chosen is None:
                        skipped += bool(task.get("predictions"))
                        continue
                    found = [label for _, label, _ in reading.regions(chosen, known)]
                    for told in answers(chosen).values():
                        attributes.add(told)
                    several += len(valid_annotations(task, wanted, known.where)) > 1
                    name, image = images.of(task, known.where, picture_of(chosen, known))
                    size = declared_image_size(task, chosen, known)
                    labels |= dict.fromkeys(label for label in found if isinstance(label, str))
                    labels |= dict.fromkeys(carriers(chosen, naming, known))
                    there = None if image is None else str(image)
                    listed.append(_Task(place, key_of(name), there, size, where, reading))
        if skipped:
            todo = "inspect, convert and train read them with --predictions"
            if not listed:
                raise AnnotationError(f"{file}: holds predictions and no annotations; {todo}")
            report.note(f"{skipped} tasks hold predictions and no annotations; {todo}")
        if several:
            report.note(SEVERAL.format(several))
        with naming_attribute(attribute, attributes, naming, report):
            numbers = naming.numbers(labels, file, report=report)
        reading.numbers = {**numbers, NO_LABEL: UNNUMBERED}
        reading.kinds = kinds = naming.kinds(labels)
        items = (
            Annotated(task.key, task.teeth, task.size, task.image, task.findings if kinds else None)
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


@dataclass
class _Reading:
    """How tasks are read; `numbers` and `kinds` say what their labels mean."""

    export: Export
    predictions: bool
    report: FaultReport
    naming: Naming
    attribute: str | None
    numbers: Mapping[Any, int | None] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def regions(self, annotation: Record, report: FaultReport) -> Iterator[tuple[Record, Any, str]]:
        """The regions of an annotation with their class names, see `named_regions`."""
        return named_regions(annotation, report, self.naming, self.attribute)


class _Task(NamedTuple):
    """A task of an export: its place, key, image, (height, width), and how errors name it."""

    place: Place
    key: str
    image: str | None
    size: tuple[int, int] | None
    called: str
    reading: _Reading

    @property
    def report(self) -> FaultReport:
        return self.reading.report.about(self.called)

    def teeth(self) -> Teeth:
        shapes, size = self._shapes()
        file = self.reading.export.file
        return teeth_of(shapes, self.reading.numbers, size, file, self.report)

    def findings(self) -> AnnotatedFindings:
        shapes, size = self._shapes()
        return findings_of(shapes, self.reading.kinds, size, self.report)

    def _shapes(self) -> tuple[list[AnnotatedShape], tuple[int, int]]:
        """The shapes of the task, and the (height, width) of its image."""
        export, report = self.reading.export, self.report
        entry = task_at(export, self.place)
        where = report.where
        task_name(entry, export.file)
        chosen = chosen_annotation(entry, self.reading.predictions, where) or {}
        size = declared_image_size(entry, chosen, report)
        size = size or size_of_file(None if self.image is None else Path(self.image), where)
        carried = teeth_of_regions(chosen)
        shapes = [
            AnnotatedShape(
                label,
                f"{where}: {region_name(region, label)}",
                partial(_outline, region, kind, size),
                self.reading.numbers.get(carried.get(str(region.get("id")), "")),
            )
            for region, label, kind in self.reading.regions(chosen, report)
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
    if kind in ("bitmasklabels", "labels", *UNLABELLED) and "imageDataURL" in value:
        return _bitmask(value["imageDataURL"], size)
    if kind in ("polygonlabels", "labels", *UNLABELLED) and "points" in value:
        try:
            percent = np.array(value["points"], np.float64)
        except (TypeError, ValueError, OverflowError):
            percent = np.empty(0)
        if percent.ndim != 2 or percent.shape[1] != 2:
            raise AnnotationError(
                f"points are {excerpt(value['points'])}; expected a list of [x, y] in percent"
            )
        with np.errstate(over="ignore", invalid="ignore"):
            pixels = percent * (size[1], size[0]) / 100
        mask = fill([[pixels]], size)
        check_unit([percent], "percent: multiply by 100")
        check_inside([pixels], size)
        return mask
    raise AnnotationError(
        f"{excerpt(kind)} is not an outline of a tooth; expected brushlabels, "
        "bitmasklabels or polygonlabels"
    )


def _bitmask(url: object, size: tuple[int, int]) -> BoolArray:
    """A mask as a PNG of the size of the image, in the text of its address (data:)."""
    mask = from_text(url.partition(",")[2] if isinstance(url, str) else url, size)
    if mask.shape != size:
        raise AnnotationError(
            f"a mask of {mask.shape[0]} x {mask.shape[1]} pixels on an image of {size[0]} x "
            f"{size[1]}; expected equal sizes"
        )
    return mask


def _score(region: Record) -> float:
    score = region.get("score")
    if score is None:
        return 1.0
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise AnnotationError(f"score is {excerpt(score)}; expected a number from 0 to 1")
    return float(score)


FORMAT = LabelStudio()
