"""What a network answers for a part of its frame is what it would answer there for the whole."""

from __future__ import annotations

import numpy as np

from panodent.bundle.findings_network import FindingsNetwork
from panodent.bundle.frame import Frame
from panodent.inference.finding_planes import OUTSIDE, FindingPlanes

NETWORK = FindingsNetwork(b"", Frame(64, 96), ("crown", "filling"))
PART = np.s_[32:64, 32:96]
ANSWERED = np.s_[16:32, 16:48]
"""The part in the plane, which has half of the frame's sides."""


def logits() -> np.ndarray:
    return np.random.default_rng(0).integers(-3, 4, (3, 32, 48)).astype(np.float32)


def test_the_best_is_the_first_of_equals() -> None:
    whole = logits()
    planes = FindingPlanes.of(NETWORK, whole)
    assert (planes.size, planes.corner) == ((32, 48), (0, 0))
    assert np.array_equal(planes.best, whole.argmax(axis=0))


def test_a_part_has_its_place_in_the_plane() -> None:
    whole = logits()
    planes = FindingPlanes.of(NETWORK, whole[:, *ANSWERED], PART)
    assert (planes.size, planes.corner) == ((32, 48), (16, 16))
    expected = np.zeros((32, 48), int)
    expected[ANSWERED] = whole.argmax(axis=0)[ANSWERED]
    assert np.array_equal(planes.best, expected)


def test_scores_and_leads_of_a_part() -> None:
    whole = logits()
    one, two = (
        FindingPlanes.of(NETWORK, whole),
        FindingPlanes.of(NETWORK, whole[:, *ANSWERED], PART),
    )
    mask, corner = np.eye(4, dtype=bool), (20, 30)
    assert one.score(mask, corner) == two.score(mask, corner)
    lead, first = one.lead("filling", mask, corner)
    assert first == (19, 29)
    assert lead.shape == (6, 6)
    again, place = two.lead("filling", mask, corner)
    assert place == first
    assert np.array_equal(again, lead)


def test_the_lead_of_a_mask_at_the_edge_of_what_was_seen() -> None:
    part = np.full((3, 16, 32), -2, np.float32)
    part[0] = 0
    part[1, :3, :2] = 5  # a crown in the corner
    part[1, 1, 3] = 4  # and another one beside it
    planes = FindingPlanes.of(NETWORK, part, PART)
    lead, first = planes.lead("crown", np.ones((3, 2), bool), (16, 16))
    assert first == (16, 16)
    assert lead.tolist() == [[5, 5, -2], [5, 5, -2], [5, 5, -2], [-2, -2, -2]]
    lead, first = planes.lead("crown", np.ones((1, 1), bool), (17, 19))
    assert first == (16, 18)
    assert lead.tolist() == [[-2, -2, -2], [-2, 4, -2], [-2, -2, -2]]
    lead, _ = planes.lead("crown", np.ones((3, 1), bool), (16, 16))
    assert lead[:, 1].tolist() == [OUTSIDE] * 3 + [-2]
