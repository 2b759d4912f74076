"""Teeth as connected regions, on class images of a few pixels."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.inference.connected_regions import (
    Candidate,
    best_of_each_number,
    find_regions,
    find_teeth,
    join_fragments,
)

SIZE = (20, 40)


def plane(*regions: tuple[int, tuple[int, int, int, int]]) -> np.ndarray:
    """Channels (20, 40): 0, and each (channel, box)."""
    best = np.zeros(SIZE, np.int64)
    for channel, (top, left, bottom, right) in regions:
        best[top:bottom, left:right] = channel
    return best


def candidates(*regions: tuple[int, tuple[int, int, int, int]]) -> list[Candidate]:
    return find_regions(plane(*regions), np.full(SIZE, 0.5, np.float32), 1)


def test_regions_are_found_with_box_area_and_mean_score() -> None:
    best = plane((3, (2, 4, 6, 9)), (3, (10, 20, 12, 22)), (5, (2, 9, 6, 11)))
    scores = np.full(SIZE, 0.5, np.float32)
    scores[2:4, 4:9] = 0.9
    found = find_regions(best, scores, 5)  # the one of 2 x 2 pixels is too small
    assert [(c.channels, c.box, c.area) for c in found] == [
        ((3,), (2, 4, 6, 9), 20),
        ((5,), (2, 9, 6, 11), 8),
    ]
    assert found[0].score == pytest.approx(0.7)
    assert found[0].mass == pytest.approx(14)


def test_regions_that_touch_at_a_corner_are_one() -> None:
    assert len(candidates((3, (0, 0, 2, 2)), (3, (2, 2, 4, 4)))) == 1


def test_of_two_regions_of_one_number_the_larger_mass_counts() -> None:
    found = candidates((4, (0, 0, 4, 4)), (2, (8, 0, 10, 2)), (4, (10, 10, 15, 15)))
    best = best_of_each_number(found)
    assert [(c.channels[0], c.area) for c in best] == [(2, 4), (4, 25)]


def test_a_fragment_joins_the_neighbour_that_holds_its_rim() -> None:
    # 2 x 4 pixels in the lower edge of a tooth; 10 of the 16 pixels around them are the tooth's.
    tooth, fragment, other = (2, 4, 12, 12), (10, 6, 12, 10), (2, 20, 12, 28)
    found = join_fragments(candidates((1, tooth), (2, fragment), (5, other)), SIZE)
    assert [c.channels for c in found] == [(1, 2), (5,)]
    assert found[0].box == tooth
    assert found[0].area == 80
    assert found[0].score == pytest.approx(0.5)


def test_a_fragment_alone_is_removed_and_a_small_tooth_stays() -> None:
    teeth = [(1, (0, 0, 10, 10)), (2, (0, 12, 10, 22)), (5, (0, 24, 10, 34))]  # 100 pixels each
    small = [(3, (14, 0, 17, 6)), (4, (14, 30, 19, 35))]  # 18 and 25: below and above a fifth
    found = join_fragments(candidates(*teeth, *small), SIZE)
    assert [c.channels for c in found] == [(1,), (2,), (5,), (4,)]
    assert join_fragments([], SIZE) == []


def test_the_lead_is_the_distance_to_the_best_other_logit() -> None:
    logits = np.zeros((3, *SIZE), np.float32)
    logits[0] = 1.0
    logits[2, 5:15, 5:15] = 4.0
    (tooth,) = find_teeth(logits)
    assert tooth.number == 1
    assert tooth.corner == (3, 3)
    assert tooth.lead.shape == (14, 14)
    assert tooth.lead[2:12, 2:12] == pytest.approx(np.full((10, 10), 3.0))
    assert tooth.lead[0, 0] == -1.0
    assert tooth.score == pytest.approx(np.exp(4) / (np.exp(4) + np.exp(1) + 1))
