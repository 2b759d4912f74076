"""The key of a chart: it counts what was found and explains the signs that are used."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.drawing.chart_key import key, summary
from panodent.drawing.vector import Text
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

SIZE = (10, 10)
DOT = np.ones((3, 3), bool)


def teeth(*numbers: int, doubtful: tuple[int, ...] = ()) -> Teeth:
    flags = [["doubtful"] if fdi in doubtful else [] for fdi in numbers]
    return Teeth.from_masks(SIZE, [(fdi, DOT, (1, 1)) for fdi in numbers], flags=flags)


def words(*kinds: str, marks: tuple[str, ...] = ()) -> list[str]:
    pieces = key(0, 900, 100, "about", kinds, marks)
    return [part.text for piece in pieces for part in piece if isinstance(part, Text)]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (teeth(11, 12), "2 of 32 permanent teeth found"),
        (teeth(11, 11), "1 of 32 permanent teeth found"),  # a number is counted once
        (teeth(11, 51, 52), "1 of 32 permanent teeth found · 2 deciduous teeth"),
        (teeth(11, doubtful=(11,)), "1 of 32 permanent teeth found · 1 doubtful"),
        (teeth(0), "0 of 32 permanent teeth found · 1 tooth without a number"),
    ],
)
def test_what_was_found(found: Teeth, said: str) -> None:
    assert summary(found) == said


def test_findings_on_no_single_tooth_are_named() -> None:
    items = [
        ("appliance", 0, DOT, (1, 1)),
        ("appliance", 0, DOT, (5, 5)),
        ("crown", 11, DOT, (1, 1)),
    ]
    said = summary(teeth(11), Findings.from_masks(SIZE, items))
    assert said == "1 of 32 permanent teeth found · 2 appliances on no single tooth"


def test_states_and_the_notice_are_always_explained() -> None:
    assert {"found", "doubtful", "not found", "unerupted", "about", DISCLAIMER} <= set(words())


def test_only_kinds_on_the_chart_are_explained() -> None:
    assert {"implant", "root filling"} <= set(words("implant", "root_filling"))
    assert not {"implant", "crown"} & set(words("pontic"))
