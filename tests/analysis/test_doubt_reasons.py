from __future__ import annotations

import numpy as np
import pytest

from panodent.analysis.doubt_reasons import doubt_reasons
from panodent.teeth.teeth import Teeth

BLOCK = np.ones((20, 10), bool)


@pytest.mark.parametrize(
    ("fdi", "score", "flags", "expected"),
    [
        (36, 0.9, set(), ""),
        (36, 0.6, set(), ""),  # what is not flagged has no reason
        (36, 0.6, {"doubtful"}, "score is low (0.60)"),
        (36, 0.9, {"doubtful"}, "another number is nearly as probable"),
        (0, 0.9, {"doubtful", "unnumbered"}, "fits no number"),
        (36, 0.9, {"edited"}, ""),
    ],
)
def test_reasons(fdi: int, score: float, flags: set[str], expected: str) -> None:
    teeth = Teeth.from_masks((50, 50), [(fdi, BLOCK, (0, 0))], [score], [flags])
    (reason,) = doubt_reasons(teeth)
    assert expected in reason
    assert bool(reason) == bool(expected)


def test_a_deciduous_tooth_beside_its_successor() -> None:
    items = [(fdi, BLOCK, (20, 10 * i)) for i, fdi in enumerate((16, 55, 15))]
    teeth = Teeth.from_masks((50, 50), items, [1.0] * 3, [set(), {"doubtful"}, {"doubtful"}])
    reasons = doubt_reasons(teeth)
    assert reasons[0] == ""
    assert "beside 15" in reasons[1]
    assert "beside 55" in reasons[2]


@pytest.mark.parametrize(
    ("alternatives", "expected"),
    [
        ((46, 47, 0), "it could also be 46; then 46 would be 47"),  # a run beside a gap
        ((46, 45, 0), "it could also be 46; then 46 would be 45"),  # neighbours exchanged
        ((44, 0, 0), "it could also be 44"),  # a number that is free
        ((46, 0, 0), "it could also be 46"),
        ((0, 0, 0), "another number is nearly as probable"),
    ],
)
def test_the_second_reading(alternatives: tuple[int, ...], expected: str) -> None:
    items = [(fdi, BLOCK, (20, 10 * i)) for i, fdi in enumerate((45, 46, 48))]
    flags = [{"doubtful"}, set(), set()]
    teeth = Teeth.from_masks((50, 50), items, [0.9] * 3, flags, alternatives)
    assert doubt_reasons(teeth)[0] == expected


def test_a_low_score_and_a_second_reading() -> None:
    teeth = Teeth.from_masks((50, 50), [(36, BLOCK, (0, 0))], [0.6], [{"doubtful"}], [37])
    assert doubt_reasons(teeth) == ["its score is low (0.60) and it could also be 37"]
