"""Tasks of Label Studio's exports: which annotation counts, and which regions were drawn.

The specification is https://labelstud.io/guide/task_format. Of the annotations of a task the one
updated last counts; cancelled ones do not. A region that was drawn and has no label is reported,
and read as a tooth without a number: whoever drew it saw something.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultReport
from panodent.formats.label_studio_regions import TOOTH
from panodent.formats.naming import Naming
from panodent.formats.naming_attributes import class_name
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.image_entries import image_size
from panodent.formats.parsing.json_record import Record, is_whole

NO_LABEL: Final = ("region without a label",)
"""Stands for the label of such a region; labels of a file are texts."""
UNLABELLED = ("brush", "polygon", "bitmask", "region")
"""Types of regions without a label; 'region' where JSON-MIN and CSV do not say the type."""
ANSWERS = ("choices", "number", "text", "rating", "taxonomy", "datetime")
"""Members of a result's value with an answer to a question, which may be about a region."""
_DRAWN = ("rle", "points", "x", "vertices", "imageDataURL")
"""Members of a region's value that say what was drawn."""


def task_name(task: Any, file: Path) -> str:
    """How errors name a task; raises `AnnotationError` for anything else."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise AnnotationError(
            f"{file}: {excerpt(task)} is not a task; expected an object with data"
        )
    return f"task {excerpt(task.get('id'))}"


def region_name(region: Record, label: object) -> str:
    """How errors name a region of a task."""
    name = f"region {excerpt(region.get('id'))}"
    return f"{name}: {label}" if isinstance(label, str) else name


def chosen_annotation(task: Record, predictions: bool, where: str) -> Record | None:
    """The annotation that counts: the one updated last that was not cancelled.

    With `predictions`, a task without annotations has its predictions instead. Before version 1,
    annotations were called completions.
    """
    # Of annotations with the same date, the last in the list counts: `max` takes the first it sees.
    valid = reversed(valid_annotations(task, predictions, where))
    return max(valid, key=lambda item: _moment(item, where), default=None)


def valid_annotations(task: Record, predictions: bool, where: str) -> list[Record]:
    """The annotations of a task that were not cancelled; the arguments are as before."""
    listed = task.get("annotations") or task.get("completions")
    listed = listed or (task.get("predictions") if predictions else None) or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise AnnotationError(f"{where}: annotations are not a list of objects")
    return [item for item in listed if not item.get("was_cancelled")]


def _moment(annotation: Record, where: str) -> datetime:
    text = annotation.get("updated_at") or annotation.get("created_at")
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise AnnotationError(f"{where}: updated_at is {excerpt(text)}; expected a date") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def regions(annotation: Record, report: FaultReport) -> Iterator[tuple[Record, Any, str]]:
    """(region, label, type) of everything that was drawn; the label may be `NO_LABEL`.

    Choices, texts and relations are results too, but were not drawn. Points, which the interactive
    prediction leaves behind, are noted and left out.
    """
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise AnnotationError(f"{report.where}: result is not a list of objects")
    # A brush with a control tag <Labels> of its own has two results of one id.
    labelled = {str(item.get("id")) for item in results if _labels(item)}
    for region in results:
        kind, value = str(region.get("type")), region.get("value")
        is_drawn = isinstance(value, dict) and any(name in value for name in _DRAWN)
        name = region_name(region, None)
        if kind in ("keypoint", "keypointlabels"):
            report.note("is a point, not an outline, and is left out", name)
        elif kind.endswith("labels"):
            labels = _labels(region)
            if len(labels) == 1 and isinstance(labels[0], str):
                yield region, labels[0], kind
            elif labels or not is_drawn:
                given = value.get(kind) if isinstance(value, dict) else value
                report.add(
                    f"{excerpt(kind)} of a region are {excerpt(given)}; expected one label", name
                )
            else:
                given = excerpt(region["value"].get(kind))
                report.add(f"{excerpt(kind)} are {given}; {_GIVE_ONE}", name, "nothing")
                yield region, NO_LABEL, kind
        elif not is_drawn and (kind == "region" or not isinstance(region.get("type"), str)):
            report.add(f"is {excerpt(value)}; expected an outline with a label", name)
        elif is_drawn and str(region.get("id")) not in labelled:
            report.add(f"has no label; {_GIVE_ONE}", name, "nothing")
            yield region, NO_LABEL, kind


_GIVE_ONE = (
    "expected one label: give it one in Label Studio, or delete it (it is read as a tooth without "
    "a number)"
)


def _labels(region: Record) -> list[Any]:
    """The labels of a region; empty if it has none."""
    kind, value = region.get("type"), region.get("value")
    if not isinstance(kind, str) or not kind.endswith("labels") or not isinstance(value, dict):
        return []
    labels = value.get(kind)
    listed = labels if isinstance(labels, list) else [labels] if labels is not None else []
    return [str(label) if is_whole(label) else label for label in listed]


def named_regions(
    annotation: Record, report: FaultReport, naming: Naming, attribute: str | None
) -> Iterator[tuple[Record, Any, str]]:
    """As `regions`; the label is what the control tag `attribute` says of a region, if it does.

    That is a tag such as <Choices name="number" toName="image" perRegion="true">. Regions of which
    it says nothing, and findings, keep their label.
    """
    told = answers(annotation)
    for region, label, kind in regions(annotation, report):
        named = told.get(str(region.get("id")), {}).get(attribute or "")
        is_finding = isinstance(label, str) and bool(naming.kinds([label]))
        yield region, label if named is None or is_finding else named, kind


def answers(annotation: Record) -> dict[str, dict[str, str]]:
    """By id of a region, what control tags say of it: one choice, a number, a text.

    >>> chosen = {"id": "x", "from_name": "number", "type": "choices", "value": {"choices": ["36"]}}
    >>> answers({"result": [chosen, {**chosen, "from_name": "n", "value": {"number": 7}}]})
    {'x': {'number': '36', 'n': '7'}}
    """
    found: dict[str, dict[str, str]] = {}
    results = annotation.get("result")
    listed = results if isinstance(results, list) else []  # `regions` says what is wrong
    for item in (item for item in listed if isinstance(item, dict)):
        value, tag = item.get("value"), item.get("from_name")
        given = [value.get(name) for name in ANSWERS] if isinstance(value, dict) else []
        for one in (answer for answer in given if answer is not None):
            chosen = one if isinstance(one, list) else [one]
            name = class_name(chosen[0]) if len(chosen) == 1 else None
            if name is not None and isinstance(tag, str):
                found.setdefault(str(item.get("id")), {})[tag] = name
    return found


def picture_of(annotation: Record, report: FaultReport) -> str:
    """The name of the picture that everything was drawn on; empty if the export does not say it.

    Raises `AnnotationError` for several: a task may show more than one.
    """
    drawn = (region.get("to_name") for region, _, _ in regions(annotation, report))
    names = list(dict.fromkeys(name for name in drawn if isinstance(name, str)))
    if len(names) > 1:
        raise AnnotationError(
            f"{report.where}: regions are on {len(names)} pictures ({excerpt(names)}); expected a "
            "task for each radiograph"
        )
    return next(iter(names), "")


def carriers(annotation: Record, naming: Naming, report: FaultReport) -> Iterator[str]:
    """The names of the teeth that were chosen for findings."""
    chosen = teeth_of_regions(annotation)
    for region, label, _ in regions(annotation, report):
        tooth = chosen.get(str(region.get("id")))
        if tooth and isinstance(label, str) and naming.kinds([label]):
            yield tooth


def teeth_of_regions(annotation: Record) -> dict[str, str]:
    """The name of the tooth by id of the region, where one was chosen."""
    found = {}
    for item in annotation["result"]:
        value = item.get("value")
        chosen = value.get("choices") if isinstance(value, dict) else None
        if item.get("from_name") == TOOTH and isinstance(chosen, list) and len(chosen) == 1:
            found[str(item.get("id"))] = str(chosen[0])
    return found


def declared_image_size(
    task: Record, annotation: Record, report: FaultReport
) -> tuple[int, int] | None:
    """(height, width) of the image that the regions declare, or else the task's data."""
    where = report.where
    declared = (
        (region.get("original_height"), region.get("original_width"))
        for region, _, _ in regions(annotation, report)
    )
    given = {image_size(*sides, where) for sides in declared if sides != (None, None)}
    if len(given) > 1:
        raise AnnotationError(
            f"{where}: regions are of images of sizes {sorted(given)[:3]}; expected one size"
        )
    data = task["data"]
    if not given and "height" in data and "width" in data:
        return image_size(data["height"], data["width"], where)
    return next(iter(given), None)
