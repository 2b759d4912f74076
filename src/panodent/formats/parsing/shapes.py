"""Shapes of an annotation file, gathered into the teeth and findings of a radiograph.

>>> import numpy as np
>>> dot = np.ones((1, 1), bool)
>>> shapes = [
...     AnnotatedShape("36", "shape 1", lambda: Outline((dot, (0, 0)), group=7)),
...     AnnotatedShape("36", "shape 2", lambda: Outline((dot, (2, 2)), group=7)),
...     AnnotatedShape("caries", "shape 3", lambda: Outline((dot, (1, 1)))),
... ]
>>> teeth_of(shapes, {"36": 36, "caries": None}, (4, 4), Path("a.json")).boxes.tolist()
[[0, 0, 3, 3]]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.faults import RAISING, FaultReport
from panodent.formats.finding_names import OTHER
from panodent.formats.naming import CUT_OUT
from panodent.formats.parsing.excerpt import excerpt
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.masks import CroppedMask, joined, without
from panodent.teeth.outlines import Ring
from panodent.teeth.teeth import Teeth
from panodent.teeth.validation import Flag

_NUMBERS = {str(fdi): fdi for fdi in TEETH}


class Outline(NamedTuple):
    """What was drawn: the mask, the group of parts that it belongs to (None: none), its score.

    `is_box` is whether the mask is a filled bounding box; the tooth then has the flag 'box'.
    """

    mask: CroppedMask
    group: Hashable = None
    score: float = 1.0
    is_box: bool = False


class AnnotatedShape(NamedTuple):
    """One shape of an annotation file.

    Parameters
    ----------
    label : its class name, category or class number.
    where : how an error names it: file, image and place.
    outline : reads what was drawn; raises `AnnotationError`.
    tooth : of a finding: the number of the tooth that carries it as the file has it, see
        `tooth_number`.
    state : of a tooth: what a person saw of it, one of `panodent.teeth.validation.STATES`.
    """

    label: Hashable
    where: str
    outline: Callable[[], Outline]
    tooth: object = None
    state: Flag | None = None


def teeth_of(
    shapes: Iterable[AnnotatedShape],
    numbers: Mapping[Any, int | None],
    size: tuple[int, int],
    file: Path,
    report: FaultReport | None = None,
) -> Teeth:
    """The teeth of a radiograph of this (height, width).

    Parameters
    ----------
    numbers : FDI number by label, 0 for a tooth without a number. Shapes with None are left out
        and their outlines not read. Shapes with `CUT_OUT` cut out of the teeth before them.
    file : named when a label is not in `numbers`: the file was changed since they were read.
    report : takes a shape that cannot be read, and notes one without pixels; both are left out. By
        default the first that cannot be read raises `AnnotationError`.

    Shapes of one label and one group are parts of one tooth.
    """
    report = report or FaultReport(RAISING, str(file))
    teeth: list[tuple[int, Outline, list[CroppedMask]]] = []
    flags: list[set[Flag]] = []
    groups: dict[Hashable, list[CroppedMask]] = {}
    for shape in shapes:
        if shape.label not in numbers:
            raise AnnotationError(f"{file}: changed while it was read; read it again")
        fdi = numbers[shape.label]
        if fdi is None:
            continue
        outline = _drawn(shape, report)
        if outline is None:
            continue
        if fdi == CUT_OUT:
            with report.catching(_item(shape, report)):
                _cut(teeth, outline.mask)
            continue
        group = None if outline.group is None else (shape.label, outline.group)
        if group in groups:
            groups[group].append(outline.mask)
            continue
        teeth.append((fdi, outline, [outline.mask]))
        flags.append({"box"} if outline.is_box else set())
        flags[-1].update([shape.state] if shape.state else [])
        if group is not None:
            groups[group] = teeth[-1][2]
    return Teeth.from_masks(
        size,
        [(fdi, *joined(parts, size)) for fdi, _, parts in teeth],
        [outline.score for _, outline, _ in teeth],
        flags,
    )


def _cut(teeth: Iterable[tuple[int, Outline, list[CroppedMask]]], hole: CroppedMask) -> None:
    """Takes the pixels of a hole from all parts of these teeth; raises `AnnotationError`."""
    for fdi, _, parts in teeth:
        cut = [without(part, hole) for part in parts]
        if not any(mask.any() for mask, _ in cut):
            raise AnnotationError(
                f"cuts away the whole of {f'tooth {fdi}' if fdi else 'a tooth without a number'}; "
                "expected a part of it: a shape cuts what was drawn before it"
            )
        parts[:] = cut


def findings_of(
    shapes: Iterable[AnnotatedShape],
    kinds: Mapping[Any, str],
    size: tuple[int, int],
    report: FaultReport | None = None,
    names: Mapping[Any, str] | None = None,
) -> AnnotatedFindings:
    """The findings of a radiograph of this (height, width).

    Parameters
    ----------
    kinds : kind of finding by label, `OTHER` for a finding of no single kind. Other shapes are left
        out and their outlines not read.
    report : as for `teeth_of`.
    names : class name by label, of the labels that have one; by default the labels themselves.

    Each shape is a finding of its own: a tooth may carry two fillings.

    >>> dot = AnnotatedShape("crown", "shape 1", lambda: Outline((np.ones((1, 1)), (2, 2))), "36")
    >>> findings_of([dot], {"crown": "crown"}, (4, 4)).findings
    Findings(1 finding, 4 x 4 pixels: crown 1)
    """
    report = report or FaultReport(RAISING, "")
    unclear = np.zeros(size, bool)
    items, scores, others = [], [], Counter[str]()
    for shape in shapes:
        if shape.label not in kinds:
            continue
        outline = _drawn(shape, report)
        if outline is None:
            continue
        mask, (top, left) = outline.mask
        if kinds[shape.label] == OTHER:
            unclear[top : top + mask.shape[0], left : left + mask.shape[1]] |= mask
            name = str(shape.label) if names is None else names.get(shape.label)
            others.update([name] if name is not None else [])
            continue
        with report.catching(_item(shape, report)):
            fdi = tooth_number(shape.tooth, shape.where)
            items.append((kinds[shape.label], fdi, mask, (top, left)))
            scores.append(outline.score)
    return AnnotatedFindings(Findings.from_masks(size, items, scores), unclear, dict(others))


def tooth_number(value: object, where: str) -> int:
    """The FDI number that a file has for a finding, as a number or a text; 0 for none.

    Raises `AnnotationError`, which starts with `where`, for anything else.

    >>> tooth_number("36", "a.json"), tooth_number(None, "a.json"), tooth_number(" ", "a.json")
    (36, 0, 0)
    """
    text = "" if value is None else str(value).strip()
    if text in ("", "0"):
        return NOWHERE
    if text in _NUMBERS:
        return _NUMBERS[text]
    raise AnnotationError(
        f"{where}: the tooth of a finding is {excerpt(value)}; expected an FDI number, 0 for none"
    )


def _drawn(shape: AnnotatedShape, report: FaultReport) -> Outline | None:
    """What was drawn; None after a report if it cannot be read or has no pixel."""
    item = _item(shape, report)
    outline = None
    with report.catching(item):
        outline = shape.outline()
    if outline is not None and not outline.mask[0].any():
        report.note("covers no pixel of the image and is left out", item)
        return None
    return outline


def _item(shape: AnnotatedShape, report: FaultReport) -> str:
    """The place of a shape in its file, without file and radiograph."""
    item = shape.where
    for known in (report.file, report.image):
        item = item.removeprefix(f"{known}: ") if known else item
    return "" if item in (report.file, report.image) else item


def rings_without_holes(teeth: Teeth, index: int) -> list[Ring]:
    """The outline of each part of tooth `index`; empty if a part has a hole.

    For formats whose polygons cannot have holes.
    """
    parts = teeth.polygons(index)
    return [] if any(len(part) > 1 for part in parts) else [part[0] for part in parts]
