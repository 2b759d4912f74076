"""Label Studio's JSON export: brushes (lossless) or polygons, and scores, in one list of tasks.

Written in the form of https://labelstud.io/guide/task_format; labels of brushes are of a tag named
'brush', those of polygons of one named 'polygon', the image is 'image'. Polygons are in percent of
the image and have no holes or parts: a tooth with either is written as a brush even when polygons
are asked for. Of a task's annotations the one updated last is read, unless it was cancelled; a
task without any is passed over, and so is one whose annotations were all cancelled.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import numpy as np

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.base import Annotated, Limits, named
from panodent.formats.naming import Naming
from panodent.formats.parsing.brush_rle import decode, encode
from panodent.formats.parsing.image_entries import image_path, image_size, in_order, size_of_file
from panodent.formats.parsing.json_stream import Place, item_at, list_items
from panodent.formats.parsing.task_images import LOCAL_FILES, Images
from panodent.radiograph.radiograph import key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray
from panodent.utils.atomic_files import writing

FILE = "tasks.json"
GEOMETRIES = ("brush", "polygon")
Record = dict[str, Any]


class LabelStudio:
    """One JSON file for all radiographs."""

    name = "label-studio"
    limits = Limits(scores=True)

    def recognises(self, path: Path) -> bool:
        """A JSON file, or a folder with exactly one, that is a list of tasks."""
        return _find(path) is not None

    def read(self, path: Path, options: Mapping[str, Any] | None = None) -> list[Annotated]:
        """Annotations by image; option `predictions` also reads tasks that have only those."""
        file = path if path.is_file() else _find(path)
        if file is None:
            raise AnnotationError(f"{path}: expected one JSON export of Label Studio")
        wanted = bool((options or {}).get("predictions"))
        labels: dict[str, None] = {}
        listed: list[tuple[Place, PurePosixPath, Path | None, tuple[int, int] | None]] = []
        images = Images(file)
        passed_over = False
        for place, task in list_items(file):
            where = _where(file, task)
            chosen = _chosen(task, wanted, where)
            if chosen is None:
                passed_over = passed_over or bool(task.get("predictions"))
                continue
            labels |= dict.fromkeys(label for _, label, _ in _regions(chosen, where))
            listed.append((place, *images.of(task, where), _size(task, chosen, where)))
        if passed_over and not listed:
            raise AnnotationError(
                f"{file}: holds predictions and no annotations; the option predictions reads them"
            )
        numbers = Naming.of(options).numbers(labels, file)
        return in_order(
            file,
            (
                Annotated(
                    key_of(name),
                    partial(_read, file, place, wanted, numbers, image),
                    size,
                    image,
                )
                for place, name, image, size in listed
            ),
        )

    def write(
        self,
        path: Path,
        items: Iterable[tuple[str, Teeth]],
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Writes `tasks.json` or the .json file named; `geometry` is 'brush' or 'polygon'."""
        geometry = (options or {}).get("geometry", "brush")
        if geometry not in GEOMETRIES:
            raise UnknownNameError("geometry", geometry, GEOMETRIES)
        naming = Naming.of(options)
        with writing(path if path.suffix.lower() == ".json" else path / FILE) as stream:
            stream.write("[")
            for number, (name, teeth) in enumerate(named(items), start=1):
                height, width = teeth.size
                url = f"{LOCAL_FILES}?d={quote(image_path(name, path).as_posix())}"
                results = [
                    {"id": f"{number}-{index + 1}", **result(teeth, index, naming, geometry)}
                    for index in range(len(teeth))
                ]
                task = {
                    "id": number,
                    "data": {"image": url, "width": width, "height": height},
                    "annotations": [{"id": number, "was_cancelled": False, "result": results}],
                }
                stream.write(f"{',' if number > 1 else ''}\n{json.dumps(task)}")
            stream.write("\n]\n")

    def image_place(self, name: str) -> str:
        """Below `images/`."""
        return f"images/{name}"


def result(teeth: Teeth, index: int, naming: Naming, geometry: str = "brush") -> Record:
    """Tooth `index` as a region of Label Studio, without an id; its score where it is below 1."""
    height, width = teeth.size
    label = [naming.name(int(teeth.fdi[index]))]
    parts = teeth.polygons(index) if geometry == "polygon" else []
    if len(parts) == 1 and len(parts[0]) == 1:
        kind, points = "polygon", parts[0][0] * 100 / (width, height)
        value = {"points": points.tolist(), "closed": True, "polygonlabels": label}
    else:
        kind, rle = "brush", encode(teeth.full_mask(index))
        value = {"format": "rle", "rle": rle, "brushlabels": label}
    score = float(teeth.scores[index])
    return {
        "type": f"{kind}labels",
        "from_name": kind,
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": value,
        **({"score": score} if score < 1 else {}),
    }


def _find(path: Path) -> Path | None:
    files = [path] if path.is_file() else sorted(path.glob("*.json")) if path.is_dir() else []
    found = [file for file in files if file.suffix.lower() == ".json" and _looks_right(file)]
    return found[0] if len(found) == 1 else None


def _looks_right(file: Path) -> bool:
    try:
        _, task = next(list_items(file))
        _where(file, task)
    except (AnnotationError, StopIteration):
        return False
    return any(isinstance(task.get(kind), list) for kind in ("annotations", "predictions"))


def _where(file: Path, task: Any) -> str:
    """How errors name a task; raises `AnnotationError` for what is no task."""
    if not isinstance(task, dict) or not isinstance(task.get("data"), dict):
        raise AnnotationError(
            f"{file}: {str(task)[:60]!r} is no task: expected an object with data"
        )
    return f"{file}: task {repr(task.get('id'))[:40]}"


def _chosen(task: Record, predictions: bool, where: str) -> Record | None:
    """The annotation that counts, if any."""
    listed = task.get("annotations") or (task.get("predictions") if predictions else None) or []
    if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
        raise AnnotationError(f"{where}: annotations are no list of objects")
    valid = [item for item in listed if not item.get("was_cancelled")]
    # `max` keeps the first of equals: the one listed last is to win.
    return max(reversed(valid), key=lambda item: _moment(item, where), default=None)


def _moment(annotation: Record, where: str) -> datetime:
    text = annotation.get("updated_at") or annotation.get("created_at")
    if text is None:
        return datetime.min.replace(tzinfo=UTC)
    try:
        moment = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise AnnotationError(
            f"{where}: updated_at is {str(text)[:40]!r}; expected a date"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _regions(annotation: Record, where: str) -> Iterator[tuple[Record, str, str]]:
    """(region, label, kind of label) of what was drawn; choices, texts and relations are not."""
    results = annotation.get("result")
    if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
        raise AnnotationError(f"{where}: result is no list of objects")
    for region in results:
        kind, value = region.get("type"), region.get("value")
        if not isinstance(kind, str) or not kind.endswith("labels"):
            continue
        labels = value.get(kind) if isinstance(value, dict) else None
        if not isinstance(labels, list) or len(labels) != 1 or not isinstance(labels[0], str):
            raise AnnotationError(
                f"{where}: {kind!r} of a region are {repr(labels)[:60]}; expected one label"
            )
        yield region, labels[0], kind


def _size(task: Record, annotation: Record, where: str) -> tuple[int, int] | None:
    """(height, width) that the regions tell, or else the task's data."""
    given = {
        image_size(region.get("original_height"), region.get("original_width"), where)
        for region, _, _ in _regions(annotation, where)
    }
    if len(given) > 1:
        raise AnnotationError(f"{where}: regions are of images of sizes {sorted(given)[:3]}")
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
    task = item_at(file, place)
    where = _where(file, task)
    chosen = _chosen(task, predictions, where) or {}
    size = _size(task, chosen, where) or size_of_file(image, where)
    teeth: list[tuple[int, BoolArray, tuple[int, int]]] = []
    scores = []
    for region, label, kind in _regions(chosen, where):
        if label not in numbers:
            raise AnnotationError(f"{file}: changed while it was read; read it again")
        fdi = numbers[label]
        if fdi is None:
            continue
        try:
            teeth.append((fdi, *trimmed(_mask(region, kind, size))))
            scores.append(_score(region))
        except AnnotationError as error:
            raise AnnotationError(f"{where}: {label}: {error}") from None
    return Teeth.from_masks(size, teeth, scores)


def _mask(region: Record, kind: str, size: tuple[int, int]) -> BoolArray:
    value = region["value"]
    if region.get("image_rotation"):
        raise AnnotationError(
            f"drawn on an image rotated by {repr(region['image_rotation'])[:20]} degrees; "
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
            raise AnnotationError("points are no list of [x, y] in percent")
        with np.errstate(over="ignore"):
            return fill([[percent * (size[1], size[0]) / 100]], size)
    raise AnnotationError(
        f"{kind!r} is no outline of a tooth; expected brushlabels or polygonlabels"
    )


def _score(region: Record) -> float:
    score = region.get("score")
    if score is None:
        return 1.0
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise AnnotationError(f"score is {repr(score)[:40]}; expected a number from 0 to 1")
    return float(score)


FORMAT = LabelStudio()
