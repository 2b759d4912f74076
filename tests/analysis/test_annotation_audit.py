"""Tests of `panodent.analysis.annotation_audit`: rectangles in two rows, each kind of mistake."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from panodent.analysis.annotation_audit import KINDS, Mistake, audit
from panodent.dentition import PERMANENT, TEETH, mirror
from panodent.teeth.teeth import Teeth

SIZE = (60, 200)
ADULT = {fdi: fdi for fdi in PERMANENT}
DECIDUOUS = (55, 54, 53, 52, 51, 61, 62, 63, 64, 65)


def corner(fdi: int) -> tuple[int, int]:
    """(row, column) of a tooth: places are 10 pixels apart, the upper jaw above the lower."""
    tooth = TEETH[fdi]
    along = -tooth.position if tooth.side == "right" else tooth.position - 1
    return (5 if tooth.jaw == "upper" else 35), 100 + 10 * along


def drawn(
    numbers: Mapping[int, int], score: float = 1.0, extra: tuple[tuple[int, int, int], ...] = ()
) -> Teeth:
    """Rectangles of 8 x 20 pixels at the places of teeth, with numbers.

    `extra` are (number, row, column) of further rectangles.
    """
    shape = np.ones((20, 8), bool)
    items = [(number, shape, corner(place)) for place, number in numbers.items()]
    items += [(number, shape, (row, column)) for number, row, column in extra]
    return Teeth.from_masks(SIZE, items, [score] * len(items))


SEEN = drawn(ADULT, 0.9)


def numbers_of(annotation: Teeth, mistake: Mistake) -> list[int]:
    return [int(annotation.fdi[place]) for place in mistake.annotated]


def only(annotation: Teeth, prediction: Teeth = SEEN) -> Mistake:
    (mistake,) = audit(annotation, prediction)
    assert mistake.kind in KINDS
    return mistake


def test_equal_records_have_no_mistake() -> None:
    assert audit(drawn(ADULT), SEEN) == []


def test_without_a_prediction_nothing_is_wrong() -> None:
    assert audit(drawn(ADULT), Teeth.empty(SIZE)) == []


def test_without_an_annotation_everything_is_missing() -> None:
    found = audit(Teeth.empty(SIZE), SEEN)
    assert [item.kind for item in found] == ["missing"] * 32


def test_shifted_run() -> None:
    annotation = drawn({fdi: fdi for fdi in PERMANENT if fdi != 18} | {15: 16, 16: 17, 17: 18})
    mistake = only(annotation, drawn({fdi: fdi for fdi in PERMANENT if fdi != 18}, 0.9))
    assert (mistake.kind, numbers_of(annotation, mistake)) == ("shifted", [18, 17, 16])
    assert mistake.suggested == (17, 16, 15)
    assert mistake.reason == "shifted: 18 is 17, 17 is 16, 16 is 15"
    assert mistake.confidence == pytest.approx(0.9)


def test_a_run_crosses_the_midline() -> None:
    places = {31: 41, 41: 42, 42: 43}  # each tooth has the number of the place to its left
    mistake = only(drawn(places), drawn({31: 31, 41: 41, 42: 42}, 0.9))
    assert (mistake.kind, mistake.suggested) == ("shifted", (42, 41, 31))


def test_swapped_numbers() -> None:
    annotation = drawn(ADULT | {43: 44, 44: 43})
    mistake = only(annotation)
    assert mistake.kind == "swapped"
    assert dict(zip(numbers_of(annotation, mistake), mistake.suggested, strict=True)) == {
        43: 44,
        44: 43,
    }


def test_another_number() -> None:
    annotation = drawn({11: 11, 13: 15})
    mistake = only(annotation, drawn({11: 11, 13: 13}, 0.9))
    assert (mistake.kind, mistake.suggested, mistake.reason) == (
        "renumber",
        (13,),
        "15 looks like 13",
    )


@pytest.mark.parametrize("jaws", [("upper",), ("upper", "lower")])
def test_left_and_right_swapped(jaws: tuple[str, ...]) -> None:
    wrong = {fdi: mirror(fdi) for fdi in PERMANENT if TEETH[fdi].jaw in jaws}
    annotation = drawn(ADULT | wrong)
    mistake = only(annotation)
    assert (mistake.kind, len(mistake.annotated)) == ("sides", 16 * len(jaws))
    assert mistake.suggested == tuple(map(mirror, numbers_of(annotation, mistake)))


def test_a_missing_tooth() -> None:
    mistake = only(drawn({fdi: fdi for fdi in PERMANENT if fdi != 36}))
    assert (mistake.kind, mistake.annotated, mistake.suggested) == ("missing", (), (36,))


def test_a_missing_tooth_below_another() -> None:
    """A germ lies partly under the deciduous tooth above it."""
    above = drawn({55: 55}).select([0])
    germ = (15, *corner(15))
    below = Teeth.from_masks(
        SIZE,
        [(55, above.masks[0], corner(55)), (15, above.masks[0], (germ[1] + 13, germ[2]))],
        [0.9, 0.8],
    )
    mistake = only(above, below)
    assert (mistake.kind, mistake.suggested) == ("missing", (15,))


def test_an_invented_tooth() -> None:
    places = {fdi: fdi for fdi in PERMANENT if fdi != 28}
    seen = drawn(places, 0.9)
    beside = drawn(places, extra=((28, *corner(28)),))
    mistake = only(beside, seen)
    assert (mistake.kind, numbers_of(beside, mistake), mistake.suggested) == ("invented", [28], ())
    assert mistake.confidence == pytest.approx(0.45)  # where 28 would be: it may be overlooked
    far = drawn(places, extra=((28, 5, 2),))
    assert only(far, seen).confidence == pytest.approx(0.9)  # out of order
    elsewhere = drawn({18: 28}, extra=((26, *corner(26)),))
    found = audit(elsewhere, drawn({28: 28, 26: 26}, 0.7))
    assert [(item.kind, item.confidence) for item in found][-1] == ("invented", pytest.approx(0.7))


def test_two_teeth_in_one_mask() -> None:
    both = np.ones((20, 18), bool)
    apart = {fdi: fdi for fdi in PERMANENT if fdi not in (46, 47)}
    items = [(46, both, corner(47)), *((n, m, (b[0], b[1])) for n, b, m in drawn(apart))]
    annotation = Teeth.from_masks(SIZE, items)
    mistake = only(annotation)
    assert (mistake.kind, numbers_of(annotation, mistake)) == ("merged", [46])
    assert sorted(mistake.suggested) == [46, 47]


def test_a_germ_that_is_annotated_is_not_merged() -> None:
    """Its follicle lies within the mask of the tooth above, but it has a mask of its own."""
    tooth, germ = np.ones((40, 20), bool), np.ones((15, 15), bool)
    items = [(75, tooth, (10, 10)), (35, germ, (33, 12))]
    assert audit(Teeth.from_masks(SIZE, items), Teeth.from_masks(SIZE, items)) == []


def test_deciduous_numbered_as_permanent() -> None:
    annotation = drawn({fdi: fdi - 40 for fdi in DECIDUOUS})
    found = audit(annotation, drawn({fdi: fdi for fdi in DECIDUOUS}, 0.9))
    assert {item.kind for item in found} == {"deciduous"}
    assert [item.suggested for item in found] == [(fdi,) for fdi in DECIDUOUS]
    assert found[0].reason == "15 looks like the upper right deciduous second molar, 55"


def test_a_network_without_a_class_does_not_contradict() -> None:
    annotation = drawn({16: 16, 55: 55, 26: 26})
    seen = drawn({16: 17, 55: 16, 26: 27}, 0.9)
    assert len(audit(annotation, seen)) == 3
    found = audit(annotation, seen, PERMANENT)  # 55 is unknown to it, so 16 is not judged either
    assert [item.suggested for item in found] == [(27,)]


def test_unnumbered_teeth_are_not_wrong_by_number() -> None:
    assert audit(drawn({16: 0, 26: 26}), drawn({16: 16, 26: 0}, 0.9)) == []


def test_the_most_confident_comes_first() -> None:
    seen = drawn(ADULT, 0.6)
    scores = np.where(seen.fdi == 21, 0.99, 0.6)
    seen = Teeth(seen.size, seen.fdi, seen.boxes, seen.masks, scores)
    found = audit(drawn({fdi: fdi for fdi in PERMANENT if fdi not in (11, 21)}), seen)
    assert [item.suggested for item in found] == [(21,), (11,)]
