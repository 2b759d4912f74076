"""Shapes gathered into teeth: groups joined, classes left out, errors with their place."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.naming import CUT_OUT
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, rings_without_holes, teeth_of
from panodent.teeth.teeth import Teeth

DOT = np.ones((1, 1), bool)
NUMBERS: dict[Any, int | None] = {"36": 36, "37": 37, "odd": 0, "caries": None}


def shape(label: Hashable, corner: tuple[int, int], group: Hashable = None, score: float = 1.0):
    return AnnotatedShape(label, f"a.json: {label}", lambda: Outline((DOT, corner), group, score))


def gathered(*shapes: AnnotatedShape) -> Teeth:
    return teeth_of(shapes, NUMBERS, (8, 10), Path("a.json"))


def test_shapes_become_teeth_in_order() -> None:
    teeth = gathered(shape("37", (1, 2)), shape("odd", (3, 4), score=0.25), shape("36", (5, 6)))
    assert teeth.fdi.tolist() == [37, 0, 36]
    assert teeth.boxes[:, :2].tolist() == [[1, 2], [3, 4], [5, 6]]
    assert teeth.scores.tolist() == [1, 0.25, 1]
    assert gathered() == Teeth.empty((8, 10))


def test_a_group_of_one_label_is_one_tooth_with_the_first_score() -> None:
    teeth = gathered(
        shape("36", (0, 0), group=1, score=0.5),
        shape("36", (7, 9)),
        shape("37", (1, 1), group=1),
        shape("36", (2, 2), group=1),
        shape("36", (4, 4), group="1"),
    )
    assert teeth.fdi.tolist() == [36, 36, 37, 36]
    assert teeth.areas.tolist() == [2, 1, 1, 1]
    assert teeth.scores.tolist() == [0.5, 1, 1, 1]


def fail() -> Outline:
    raise AnnotationError("two corners; expected three")


def test_an_error_says_where() -> None:
    with pytest.raises(AnnotationError, match=r"^a\.json: shape 2: two corners; expected three$"):
        gathered(shape("36", (0, 0)), AnnotatedShape("37", "a.json: shape 2", fail))


def test_outlines_of_classes_that_are_left_out_are_not_read() -> None:
    assert len(gathered(AnnotatedShape("caries", "", fail))) == 0


def test_an_unknown_label_means_that_the_file_was_changed() -> None:
    with pytest.raises(AnnotationError, match=r"^a\.json: changed while it was read; read it"):
        gathered(shape("38", (0, 0)))


def test_what_lies_outside_the_image_is_no_tooth() -> None:
    empty = AnnotatedShape("36", "", lambda: Outline((np.zeros((0, 0), bool), (0, 0)), score=0.5))
    assert gathered(empty, shape("37", (1, 1))).fdi.tolist() == [37]


def test_rings_of_a_tooth_with_and_without_holes() -> None:
    hole = [[1, 1, 1], [1, 0, 1], [1, 1, 1]]
    teeth = Teeth.from_masks((8, 10), [(36, hole, (0, 0)), (37, [[1, 0, 1]], (5, 5))])
    assert rings_without_holes(teeth, 0) == []
    first, second = rings_without_holes(teeth, 1)
    assert sorted(map(tuple, first.tolist())) == [(5, 5), (5, 6), (6, 5), (6, 6)]
    assert sorted(map(tuple, second.tolist())) == [(7, 5), (7, 6), (8, 5), (8, 6)]


def cut_out(corner: tuple[int, int], sides: tuple[int, int] = (1, 1)) -> AnnotatedShape:
    return AnnotatedShape(
        "hole", "a.json: shape 9", lambda: Outline((np.ones(sides, bool), corner))
    )


def cut(*shapes: AnnotatedShape, report: FaultReport | None = None) -> Teeth:
    return teeth_of(shapes, {**NUMBERS, "hole": CUT_OUT}, (8, 10), Path("a.json"), report)


def test_a_cut_out_takes_pixels_from_what_was_drawn_before_it() -> None:
    block = AnnotatedShape("36", "", lambda: Outline((np.ones((3, 3), bool), (2, 2))))
    other = AnnotatedShape("37", "", lambda: Outline((np.ones((3, 3), bool), (2, 4))))
    teeth = cut(block, cut_out((3, 3)), other)
    assert teeth.areas.tolist() == [8, 9]
    assert not teeth.full_mask(0)[3, 3]
    # Larger than the image's part of the tooth, and beside all teeth.
    assert cut(block, cut_out((4, 0), (4, 10))).areas.tolist() == [6]
    assert cut(block, cut_out((7, 9))).areas.tolist() == [9]


def test_a_cut_out_of_a_whole_tooth_is_a_fault_and_cuts_nothing() -> None:
    with pytest.raises(AnnotationError, match=r"shape 9: cuts away the whole of tooth 36"):
        cut(shape("36", (0, 0)), cut_out((0, 0)))
    faults = FaultList()
    teeth = cut(shape("odd", (0, 0)), cut_out((0, 0)), report=FaultReport(faults, "a.json"))
    assert teeth.fdi.tolist() == [0]
    assert "shape 9: cuts away the whole of a tooth without a number" in str(*faults.serious)
