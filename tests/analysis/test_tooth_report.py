"""Teeth in words: which are listed, in which order and numbering."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.analysis.tooth_report import tooth_report
from panodent.dentition import PERMANENT
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (10, 10)
DOT = np.ones((3, 3), bool)


def teeth(*absent: int, doubtful: tuple[int, ...] = ()) -> Teeth:
    numbers = [fdi for fdi in PERMANENT if fdi not in absent]
    flags = [["doubtful"] if fdi in doubtful else [] for fdi in numbers]
    return Teeth.from_masks(SIZE, [(fdi, DOT, (1, 1)) for fdi in numbers], flags=flags)


def found(*items: tuple[str, int], doubtful: bool = False) -> Findings:
    made = [(kind, fdi, DOT, (1, 1)) for kind, fdi in items]
    return Findings.from_masks(SIZE, made, flags=[["doubtful"] * doubtful] * len(made))


def texts(*arguments, numbering="fdi") -> list[str]:
    return [line.text(numbering) for line in tooth_report(*arguments)]


def test_by_number_in_the_order_of_kinds() -> None:
    findings = found(
        ("crown", 46), ("implant", 46), ("root_filling", 36), ("crown", 36), ("filling", 11),
        ("filling", 11), ("appliance", 0), ("pontic", 14),
    )  # fmt: skip
    assert texts(teeth(46, 14, 18), findings) == [
        "11: filling",
        "14: missing, pontic",
        "18: not found",
        "36: crown, root filling",
        "46: missing, implant, crown",
        "no single tooth: appliance",
    ]


@pytest.mark.parametrize(
    ("numbering", "text"), [("universal", "19: post"), ("palmer", "LL6: post")]
)
def test_numbering(numbering, text) -> None:
    assert texts(teeth(), found(("post", 36)), numbering=numbering) == [text]


def test_doubt() -> None:
    assert texts(teeth(doubtful=(36,)), found(("crown", 36), doubtful=True)) == [
        "36: doubtful, crown?"
    ]


def test_unerupted_teeth() -> None:
    block = np.ones((40, 10), bool)
    row = [(fdi, block, (10, 10 * place)) for place, fdi in enumerate((16, 55, 54))]
    mixed = Teeth.from_masks((60, 60), [*row, (15, block[:25], (0, 10))])
    listed = {line.fdi: line.states for line in tooth_report(mixed)}
    assert listed[15] == ("unerupted",)
    assert not {16, 55, 54} & set(listed)


def test_nothing_to_say() -> None:
    assert tooth_report(teeth()) == tooth_report(teeth(), found()) == []
    assert len(tooth_report(Teeth.empty(SIZE))) == 32
    unnumbered = Teeth.from_masks(SIZE, [(0, DOT, (1, 1))])
    assert {line.states for line in tooth_report(unnumbered)} == {("not found",)}


def test_impacted_teeth_and_remnants(jaw: Callable[..., Teeth]) -> None:
    said = texts(jaw(lean={48: 60.0}, crownless=(35,)))
    assert "48: impacted (mesial, depth A)" in said
    assert "35: root remnant" in said
    assert not any(text.startswith("36") for text in said)
