"""The teeth of an odontogram and their states."""

from __future__ import annotations

import numpy as np

from panodent.dentition import DECIDUOUS
from panodent.drawing.chart_teeth import chart_teeth
from panodent.teeth.teeth import Teeth

BLOCK = np.ones((3, 3), bool)


def test_an_empty_record_is_a_chart_of_teeth_that_were_not_found() -> None:
    charted = chart_teeth(Teeth.empty((5, 5)))
    assert len(charted) == 32
    assert {tooth.state for tooth in charted} == {"not found"}


def test_a_number_that_occurs_twice_is_doubtful_if_one_of_its_teeth_is() -> None:
    twice = [(36, BLOCK, (0, 0)), (36, BLOCK, (4, 4))]
    teeth = Teeth.from_masks((9, 9), twice, [0.5, 0.9], [["doubtful"], []])
    found = next(tooth for tooth in chart_teeth(teeth) if tooth.fdi == 36)
    assert (found.state, found.count, round(found.score, 2)) == ("doubtful", 2, 0.9)


def test_deciduous_teeth_are_charted_once_there_is_one() -> None:
    charted = chart_teeth(Teeth.from_masks((9, 9), [(75, BLOCK, (0, 0))]))
    assert {tooth.fdi for tooth in charted} > set(DECIDUOUS)
