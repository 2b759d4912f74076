from __future__ import annotations

import numpy as np
import pytest

from panodent.analysis.numbering_checks import (
    KINDS,
    column,
    numbering_problems,
    numbering_problems_of,
)
from panodent.phantom import draw
from panodent.teeth.teeth import Teeth

UPPER = [*range(17, 10, -1), *range(21, 28)]
LOWER = [*range(47, 40, -1), *range(31, 38)]


def mouth(changes=(), left_out=(), shifts=()):
    """Numbers and boxes of two straight rows of teeth, 10 wide and 40 high, 2 apart.

    `changes` maps old to new numbers, `left_out` are missing teeth, `shifts` maps a tooth to how
    far it and all to its right stand further right.
    """
    numbers, boxes = [], []
    for top, row in ((0, UPPER), (50, LOWER)):
        left = 0.0
        for fdi in row:
            left += dict(shifts).get(fdi, 0)
            if fdi not in left_out:
                numbers.append(dict(changes).get(fdi, fdi))
                boxes.append((top, left, top + 40, left + 10))
            left += 12
    return numbers, np.array(boxes)


def said(*args, accepted=(), **options):
    return [(p.kind, p.text()) for p in numbering_problems(*mouth(*args, **options), accepted)]


def test_nothing_is_wrong_in_a_whole_dentition_or_a_phantom():
    assert said() == []
    assert numbering_problems([], np.zeros((0, 4))) == []
    for age in (None, 8.0):
        assert numbering_problems_of(draw(4, (256, 512), age=age)[1]) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({45: 46, 46: 45}, ("order", "45 and 46 are in each other's place")),
        ({16: 18}, ("order", "17 and 18 are in each other's place")),
        ({45: 48}, ("order", "48 is out of order among its neighbours")),
        ({46: 36, 36: 0}, ("side", "36 stands on the patient's right side")),
        ({35: 25, 25: 0}, ("jaw", "25 stands among the lower teeth")),
        ({35: 36}, ("repeated", "36 is used 2 times")),
    ],
)
def test_numbers_that_contradict_the_places(changes, expected):
    assert expected in said(changes)


def test_gaps_that_do_not_suit_the_numbers():
    # The gap of one extracted tooth may close, that of two does not; a wide gap lacks a number.
    closed = {"left_out": (34,), "shifts": {35: -12}}
    assert said(**closed) == []
    closed = {"left_out": (34, 35), "shifts": {36: -25}}
    words = "2 numbers are left out between 33 and 36, but there is no room for them"
    assert said(**closed) == [("no_room", words)]
    assert said(left_out=(34, 35)) == []
    assert said(shifts={35: 12}) == [("room", "there is room for a tooth between 34 and 35")]


def test_teeth_that_have_not_erupted_may_lie_anywhere():
    numbers, boxes = mouth(left_out=(13,))
    canine = np.array([[-30, 70, -5, 80]])  # high above the premolars and molars
    assert numbering_problems([*numbers, 13], np.concatenate([boxes, canine])) == []


def test_a_deciduous_tooth_beside_its_successor():
    numbers = [36, 75, 35, 34]
    boxes = np.array([[0, 12 * i, 40, 12 * i + 10] for i in range(4)])[::-1]
    (problem,) = numbering_problems(numbers, boxes)
    assert (problem.kind, problem.teeth, problem.numbers) == ("successor", (1, 2), (75, 35))
    assert problem.text("palmer") == "LLE stands beside LL5, its erupted successor"


def test_what_is_accepted_is_not_said_again():
    numbers, boxes = mouth({45: 46, 46: 45})
    teeth = [numbers.index(fdi) for fdi in (45, 46)]
    assert len(numbering_problems(numbers, boxes, teeth[:1])) == 1
    assert numbering_problems(numbers, boxes, teeth) == []
    block = np.ones((40, 10), bool)
    places = [(fdi, block, (0, 12 * i)) for i, fdi in enumerate((45, 46, 44))]
    flags = [{"accepted"}, {"accepted"}, set()]
    assert len(numbering_problems_of(Teeth.from_masks((50, 50), places))) == 1
    assert numbering_problems_of(Teeth.from_masks((50, 50), places, flags=flags)) == []


def test_every_kind_is_described():
    assert {column(fdi) for fdi in UPPER} == set(range(1, 15))
    assert set(KINDS) == {"repeated", "jaw", "side", "order", "room", "no_room", "successor"}
