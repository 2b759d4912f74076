from __future__ import annotations

import numpy as np
import pytest

from panodent.analysis.dentition_stage import stage
from panodent.dentition import TEETH
from panodent.errors import ConfigError
from panodent.phantom import draw
from panodent.phantom.child import child_placements


def test_a_germ_lies_beyond_its_predecessor() -> None:
    placements = {p.fdi: p for p in child_placements(np.random.default_rng(3), 8.0)}
    pairs = [(p, placements[p.fdi - 40]) for p in placements.values() if p.fdi - 40 in placements]
    assert len(pairs) > 8
    for deciduous, germ in pairs:
        along = germ.y - deciduous.y
        assert along < 0 if germ.upper else along > 0


@pytest.mark.parametrize(("age", "expected"), [(5.0, "primary"), (9.0, "mixed")])
def test_the_stage_of_a_drawn_child(age: float, expected: str) -> None:
    found = [stage(draw(seed, (256, 512), age=age)[1]) for seed in range(5)]
    kinds = [kind for kind, _ in found]  # type: ignore[misc]
    assert kinds.count(expected) >= 4  # a child may be ahead of its age


def test_drawing_is_the_same_again() -> None:
    first, second = draw(5, (64, 128), age=7.5), draw(5, (64, 128), age=7.5)
    assert np.array_equal(first[0].pixels, second[0].pixels)
    assert first[1] == second[1]


def test_deciduous_teeth_are_drawn() -> None:
    _, teeth = draw(2, (256, 512), age=6.0)
    assert sum(TEETH[fdi].deciduous for fdi in teeth.fdi.tolist()) >= 14


@pytest.mark.parametrize("age", [4.9, 14.1, float("nan")])
def test_other_ages_are_refused(age: float) -> None:
    with pytest.raises(ConfigError, match="expected 5 to 14 years"):
        draw(0, (64, 128), age=age)
