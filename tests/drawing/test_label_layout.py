"""Tests of `panodent.drawing.label_layout`: numbers are near their teeth and never overlap."""

from __future__ import annotations

import itertools

import pytest

from panodent.drawing.label_layout import Label, place_labels
from panodent.teeth.teeth import Teeth


def overlapping(labels: list[Label]) -> int:
    def touch(a: Label, b: Label) -> bool:
        (t0, l0, b0, r0), (t1, l1, b1, r1) = a.box, b.box
        return min(b0, b1) > max(t0, t1) and min(r0, r1) > max(l0, l1)

    return sum(touch(a, b) for a, b in itertools.combinations(labels, 2))


@pytest.mark.parametrize("width", [40, 18, 12, 8])
def test_numbers_never_cover_each_other(two_rows, width: int) -> None:
    teeth = two_rows((512, 700), width)
    labels = place_labels(teeth, [(14.0, 18.0)] * 32)
    assert [label.index for label in labels] == list(range(32))
    assert overlapping(labels) == 0
    for label in labels:
        top, left, bottom, right = label.box
        assert top >= 0
        assert left >= 0
        assert bottom <= 512
        assert right <= 700


def test_a_roomy_tooth_keeps_its_number_on_the_crown(blocks) -> None:
    teeth = blocks((200, 200), {11: (20, 20, 90, 60), 41: (110, 20, 180, 60)})
    upper, lower = place_labels(teeth, [(12.0, 16.0)] * 2)
    assert upper.anchor is None
    assert lower.anchor is None
    assert (upper.box[0] + upper.box[2]) / 2 > 55  # the crown of an upper tooth is its lower half
    assert (lower.box[0] + lower.box[2]) / 2 < 145
    assert (upper.box[1] + upper.box[3]) / 2 == pytest.approx(39.5)


def test_crowded_numbers_leave_on_the_roots_side(blocks) -> None:
    crowd = {fdi: (100, 100 + i, 130, 106 + i) for i, fdi in enumerate((11, 12, 13, 14, 15))}
    upper = place_labels(blocks((300, 300), crowd), [(14.0, 18.0)] * 5)
    lower_places = {fdi + 30: box for fdi, box in crowd.items()}
    lower = place_labels(blocks((300, 300), lower_places), [(14.0, 18.0)] * 5)
    away_upper = [label for label in upper if label.anchor]
    away_lower = [label for label in lower if label.anchor]
    assert away_upper
    assert away_lower
    assert all(label.box[2] < 100 for label in away_upper)
    assert all(label.box[0] > 130 for label in away_lower)
    assert overlapping(upper) == overlapping(lower) == 0


def test_a_picture_too_small_for_its_numbers_still_gets_them_inside(two_rows) -> None:
    labels = place_labels(two_rows((40, 64), 4), [(14.0, 18.0)] * 32)
    assert len(labels) == 32
    assert all(label.box[0] >= 0 and label.box[2] <= 40 for label in labels)


def test_an_unnumbered_tooth_goes_with_its_nearest_neighbour(blocks) -> None:
    places = {21: (60, 10, 100, 30), 0: (60, 40, 100, 60)}
    _, unknown = place_labels(blocks((120, 80), places), [(10.0, 10.0)] * 2)
    assert unknown.box[0] > 75  # as in the upper jaw, although it lies in the lower half


def test_placing_nothing() -> None:
    assert place_labels(Teeth.empty((50, 50)), []) == []
