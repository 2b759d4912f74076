"""COCO documents: the entries for images, annotations and categories, and a file of them.

The form is that of https://cocodataset.org/#format-data. Everything in panodent that writes COCO
(data folders, the service's exports and training data, `predictions.json`) makes its entries here.

Coordinates are pixels of the radiograph. A `segmentation` is a compressed run-length text over the
whole image or a list of polygons [x0, y0, x1, y1, ...]; a `bbox` is [left, top, width, height]. A
category's id is the FDI number, 0 for a tooth without a number. Kinds of findings are categories of
the supercategory 'finding'; an annotation of a finding has the number of its tooth as `fdi`.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.coco_geometry import bbox, run_lengths
from panodent.formats.naming import UNNUMBERED_NAME
from panodent.formats.parsing.excerpt import excerpt
from panodent.formats.parsing.pixel_outlines import filled
from panodent.formats.parsing.shapes import rings_without_holes
from panodent.formats.tooth_states import STATE, written_state
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.run_lengths import from_counts, from_rle
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.arrays import BoolArray
from panodent.utils.atomic_files import writing

Entry = dict[str, Any]
"""One JSON object of a COCO file."""
FINDING = "finding"
"""Supercategory of kinds of findings."""
FINDING_IDS = {kind: number for number, kind in enumerate(KINDS, start=101)}
"""Category id by kind of finding, in a file that has teeth too: above all FDI numbers."""


def categories(unnumbered: bool = False) -> list[Entry]:
    """The 52 teeth as categories; `unnumbered` adds category 0.

    >>> categories()[0]
    {'id': 11, 'name': '11', 'supercategory': 'incisor'}
    >>> categories(unnumbered=True)[0]
    {'id': 0, 'name': 'unnumbered', 'supercategory': 'tooth'}
    """
    extra = {"id": UNNUMBERED, "name": UNNUMBERED_NAME, "supercategory": "tooth"}
    return [
        *([extra] if unnumbered else []),
        *(
            {"id": fdi, "name": str(fdi), "supercategory": tooth.type}
            for fdi, tooth in TEETH.items()
        ),
    ]


def image(image_id: int, file_name: str, size: tuple[int, int]) -> Entry:
    """The entry of an image of this (height, width).

    >>> image(1, "opg.png", (1000, 2000))
    {'id': 1, 'file_name': 'opg.png', 'height': 1000, 'width': 2000}
    """
    return {"id": image_id, "file_name": file_name, "height": size[0], "width": size[1]}


def annotation(fdi: int, segmentation: object, area: int, box: Sequence[int]) -> Entry:
    """An annotation without ids; `box` is (left, top, right, bottom), half open.

    >>> annotation(36, [[2, 1, 6, 1, 6, 4]], 12, (2, 1, 6, 4))["bbox"]
    [2, 1, 4, 3]
    """
    return {
        "category_id": fdi,
        "segmentation": segmentation,
        "area": area,
        "bbox": bbox(*box),
        "iscrowd": 0,
    }


def tooth_annotation(teeth: Teeth, index: int, polygons: bool = False) -> Entry:
    """Tooth `index` as an annotation without ids.

    `polygons` asks for polygons instead of run lengths. COCO polygons have no holes, so a tooth
    with a hole is written as run lengths all the same.
    """
    top, left, bottom, right = teeth.boxes[index].tolist()
    rings = rings_without_holes(teeth, index) if polygons else []
    if rings:
        segmentation: object = [ring.ravel().tolist() for ring in rings]
    else:
        segmentation = run_lengths(teeth.rle(index), teeth.size)
    area = int(teeth.masks[index].sum())
    made = annotation(int(teeth.fdi[index]), segmentation, area, (left, top, right, bottom))
    state = written_state(teeth, index)
    return made if state is None else {**made, "attributes": {STATE: state}}


def finding_categories() -> list[Entry]:
    """The kinds of findings as categories.

    >>> finding_categories()[1]
    {'id': 102, 'name': 'crown', 'supercategory': 'finding'}
    """
    return [
        {"id": number, "name": kind, "supercategory": FINDING}
        for kind, number in FINDING_IDS.items()
    ]


def finding_annotation(findings: Findings, index: int, polygons: bool = False) -> Entry:
    """Finding `index` as an annotation without ids, as `tooth_annotation` makes it.

    >>> found = Findings.from_masks((2, 3), [("crown", 36, [[1, 1]], (0, 1))])
    >>> entry = finding_annotation(found, 0)
    >>> entry["category_id"], entry["fdi"], entry["bbox"]
    (102, 36, [1, 0, 2, 1])
    """
    entry = tooth_annotation(findings.marks, index, polygons)
    return {
        **entry,
        "category_id": FINDING_IDS[findings.kinds[index]],
        "fdi": int(findings.fdi[index]),
    }


def segmentation_mask(segmentation: Any, size: tuple[int, int]) -> BoolArray:
    """The boolean mask (height, width) of a COCO segmentation in any of its three forms.

    These are a list of polygons, an object with a list of run lengths (`counts`), and one with a
    compressed run-length text. Overlapping polygons are joined. The corners of one polygon may be
    pairs, and the text may be printed by Python as bytes. A part of fewer than three points
    beside others has no area and is left out.

    Raises `AnnotationError` for anything else and for run lengths of another size.

    >>> segmentation_mask([[0, 0, 2, 0, 2, 1, 0, 1]], (2, 3)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    >>> segmentation_mask({"size": [2, 3], "counts": [0, 1, 1, 1, 3]}, (2, 3)).astype(int).tolist()
    [[1, 1, 0], [0, 0, 0]]
    """
    if isinstance(segmentation, list) and segmentation:
        rings = []
        if all(map(_is_number, segmentation)):  # one polygon without the list around it
            segmentation = [segmentation]
        if len(segmentation) > 2 and all(map(_is_pair, segmentation)):  # its corners as [x, y]
            segmentation = [[value for pair in segmentation for value in pair]]
        for flat in [p for p in segmentation if not _is_point_or_line(p)] or segmentation:
            if not isinstance(flat, list) or len(flat) < 6 or len(flat) % 2:
                raise AnnotationError(
                    f"a polygon is {excerpt(flat)}; expected six numbers or more, an even count"
                )
            try:
                rings.append(np.array(flat, np.float64).reshape(-1, 2))
            except (TypeError, ValueError, OverflowError):
                raise AnnotationError(
                    f"a polygon is {excerpt(flat)}; expected numbers and nothing else"
                ) from None
        return filled(rings, size)
    if isinstance(segmentation, dict) and "counts" in segmentation:
        declared = segmentation.get("size", size)
        if not isinstance(declared, list | tuple) or tuple(declared) != size:
            raise AnnotationError(
                f"run lengths of size {excerpt(declared)} in an image of size {size}; "
                "expected equal sizes [height, width]"
            )
        counts = segmentation["counts"]
        if not isinstance(counts, str):
            return from_counts(counts, size)
        return from_rle(_without_python(counts), size)
    if segmentation is None or segmentation == []:
        raise AnnotationError(
            "has no outline: segmentation is empty; expected polygons or run lengths, since a box "
            "is not the outline of a tooth"
        )
    raise AnnotationError(
        f"segmentation is {type(segmentation).__name__}; expected polygons or run lengths"
    )


def _without_python(counts: str) -> str:
    """The run-length text in what Python prints for its bytes: "b'PPYo1'", as scripts write it.

    No run-length text has a quotation mark.
    """
    if re.fullmatch(r"b'[^']*'", counts):
        return counts[2:-1].replace("\\\\", "\\")
    return counts


def _is_pair(corner: object) -> bool:
    return isinstance(corner, list) and len(corner) == 2 and all(map(_is_number, corner))


def _is_point_or_line(flat: object) -> bool:
    """Whether a part has one or two points, as cutting tools leave them, or none at all."""
    return isinstance(flat, list) and len(flat) in (0, 2, 4) and all(map(_is_number, flat))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def document(file_name: str, teeth: Teeth, findings: Findings | None = None) -> Entry:
    """A whole COCO document of one radiograph, with its `findings` if they are known.

    >>> teeth = Teeth.from_masks((2, 3), [(36, [[0, 1, 1], [0, 1, 0]])])
    >>> made = document("opg.png", teeth)
    >>> made["images"]
    [{'id': 1, 'file_name': 'opg.png', 'height': 2, 'width': 3}]
    >>> [(entry["id"], entry["image_id"], entry["category_id"]) for entry in made["annotations"]]
    [(1, 1, 36)]
    """
    entries = [tooth_annotation(teeth, index) for index in range(len(teeth))]
    listed = categories(bool((teeth.fdi == UNNUMBERED).any()))
    if findings is not None:
        entries += [finding_annotation(findings, index) for index in range(len(findings))]
        listed += finding_categories()
    return {
        "images": [image(1, file_name, teeth.size)],
        "annotations": [
            {"id": number, "image_id": 1, **entry} for number, entry in enumerate(entries, start=1)
        ],
        "categories": listed,
    }


class CocoWriter:
    """Writes a COCO file image by image to `stream`; nothing of them stays in memory.

    Annotations go to `spool` first, a temporary file, since COCO lists the images before them. Ids
    of images and annotations count from 1 in the order in which they come. With `findings_only` all
    annotations are of findings, and the file has no categories of teeth.
    """

    def __init__(self, stream: TextIO, spool: TextIO, findings_only: bool = False) -> None:
        self._stream, self._spool, self._findings_only = stream, spool, findings_only
        self._images = self._annotations = 0
        self._unnumbered = False
        self._findings = False
        stream.write('{"images": [')

    def add(self, file_name: str, size: tuple[int, int], annotations: Iterable[Entry]) -> None:
        """Adds an image of this (height, width) with its annotations, which need no ids."""
        self._stream.write(", " if self._images else "")
        self._images += 1
        image_id = self._images
        self._stream.write(json.dumps(image(image_id, file_name, size)))
        for entry in annotations:
            self._spool.write(", " if self._annotations else "")
            self._annotations += 1
            self._unnumbered |= entry["category_id"] == UNNUMBERED
            self._findings |= "fdi" in entry
            self._spool.write(json.dumps({"id": self._annotations, "image_id": image_id, **entry}))

    def finish(self) -> None:
        """Completes the document."""
        self._spool.seek(0)
        self._stream.write('], "annotations": [')
        shutil.copyfileobj(self._spool, self._stream)
        listed = [] if self._findings_only else categories(self._unnumbered)
        listed += finding_categories() if self._findings or self._findings_only else []
        self._stream.write(f'], "categories": {json.dumps(listed)}}}')


@contextmanager
def writing_coco(file: Path, findings_only: bool = False) -> Iterator[CocoWriter]:
    """A writer whose file appears when the block ends without an error; see `CocoWriter`.

    Raises `OutputError` if the file cannot be written.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with writing_coco(Path(folder, "annotations.json")) as writer:
    ...         writer.add("opg.png", (1000, 2000), [])
    ...     list(json.loads(Path(folder, "annotations.json").read_text()))
    ['images', 'annotations', 'categories']
    """
    with (
        writing(file) as stream,
        tempfile.TemporaryFile("w+", encoding="utf-8", dir=file.parent) as spool,
    ):
        writer = CocoWriter(stream, spool, findings_only)
        yield writer
        writer.finish()
