"""Teeth by age: what every textbook table says of a six-, nine- and thirteen-year-old."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.phantom.eruption import OLDEST, YOUNGEST, tooth_stages


def share(fdi: int, age: float, test=lambda stage: True) -> float:
    """In what share of a hundred children of this age the tooth is there and passes the test."""
    found = (tooth_stages(age, np.random.default_rng(seed)).get(fdi) for seed in range(100))
    return sum(stage is not None and test(stage) for stage in found) / 100


@pytest.mark.parametrize(
    ("fdi", "age", "least", "most"),
    [
        (55, 6, 0.9, 1.0),  # deciduous second molars stand at 6 and at 9, and are gone at 13.5
        (55, 9, 0.85, 1.0),
        (55, 13.5, 0.0, 0.1),
        (81, 5, 0.85, 1.0),  # lower deciduous incisors go first
        (81, 9, 0.0, 0.05),
        (38, 8, 0.0, 0.05),  # third molars are seen from about 9
        (38, 13.9, 0.9, 1.0),
        (17, 5, 0.9, 1.0),  # the germ of the second molar
    ],
)
def test_which_teeth_are_there(fdi: int, age: float, least: float, most: float) -> None:
    assert least <= share(fdi, age) <= most


@pytest.mark.parametrize(
    ("fdi", "age", "least", "most"),
    [
        (46, 5, 0.0, 0.1),
        (46, 9, 0.95, 1.0),
        (11, 9, 0.8, 1.0),
        (45, 9, 0.0, 0.05),
        (45, 13.9, 0.85, 1.0),
        (47, 9, 0.0, 0.05),
    ],
)
def test_which_teeth_have_erupted(fdi: int, age: float, least: float, most: float) -> None:
    assert least <= share(fdi, age, lambda stage: stage.erupted > 0.6) <= most


@pytest.mark.parametrize("age", [YOUNGEST, 8.0, OLDEST])
def test_shares_are_shares(age: float) -> None:
    for fdi, stage in tooth_stages(age, np.random.default_rng(0)).items():
        assert 0 < stage.formed <= 1
        assert 0 <= stage.erupted <= 1
        assert fdi < 50 or stage.erupted == 1


def test_a_tooth_below_its_predecessor_has_not_erupted() -> None:
    for seed in range(50):
        stages = tooth_stages(10.0, np.random.default_rng(seed))
        assert all(stages[fdi - 40].erupted <= 0.3 for fdi in stages if fdi - 40 in stages)
