"""Findings on a radiograph: told apart without colour, explained in the legend, switched off."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from panodent.drawing.finding_patterns import STYLES, draw_findings, draw_sample
from panodent.drawing.legend import legend_items
from panodent.drawing.overlay import overlay
from panodent.errors import TeethError
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

BLOCK = np.ones((40, 40), bool)


def one(kind: str, *, doubtful: bool = False) -> Findings:
    flags = [["doubtful"] if doubtful else []]
    return Findings.from_masks((80, 80), [(kind, 36, BLOCK, (20, 20))], flags=flags)


def drawn(findings: Findings, grey: int = 128) -> np.ndarray:
    canvas = np.full((80, 80, 3), grey, np.uint8)
    draw_findings(canvas, findings, 30)
    return canvas


def test_every_kind_has_a_style() -> None:
    assert set(STYLES) == set(KINDS)
    assert len({colour for colour, _ in STYLES.values()}) == len(KINDS)


@pytest.mark.parametrize("grey", [40, 128, 230])
def test_kinds_differ_in_grey(grey: int) -> None:
    """Of each pixel only counts whether it is lighter than the mean: hue and lightness do not."""
    signs = {}
    for kind in KINDS:
        inside = drawn(one(kind), grey)[26:54, 26:54].mean(axis=2)
        signs[kind] = inside > inside.mean() if np.ptp(inside) > 25 else np.zeros((28, 28), bool)
    for first, other in itertools.combinations(KINDS, 2):
        same = (signs[first] == signs[other]).mean()
        assert max(same, 1 - same) < 0.95, (first, other)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_finding_and_its_outline_are_drawn(kind: str) -> None:
    canvas = drawn(one(kind))
    assert (canvas[:16] == 128).all()
    assert (canvas[64:] == 128).all()
    assert (canvas[30:50, 30:50] != 128).any()


def test_a_doubtful_finding_is_dashed() -> None:
    edges = [drawn(one("crown", doubtful=d))[20, 24:56] for d in (False, True)]
    near = [
        int((np.abs(edge.astype(int) - (230, 159, 0)).max(axis=1) < 40).sum()) for edge in edges
    ]
    assert near[0] > 25
    assert 5 < near[1] < 25


def test_a_finding_of_one_pixel_at_the_border() -> None:
    dot = Findings.from_masks((8, 8), [("post", 0, np.ones((1, 1), bool), (7, 7))])
    canvas = np.zeros((8, 8, 3), np.uint8)
    draw_findings(canvas, dot, 11)
    assert canvas[7, 7].any()


def test_samples_stay_in_the_strip() -> None:
    strip = np.zeros((30, 60, 3), np.uint8)
    draw_sample(strip, "crown", 10, 15, 20)
    assert strip.any()
    assert not strip[:, :10].any()
    draw_sample(strip, "crown", 200, 15, 20)  # outside: nothing to draw


def test_the_overlay_has_findings_only_when_given(grey, two_rows) -> None:
    radiograph, teeth = grey(200, 400), two_rows((200, 400), 20)
    findings = Findings.from_masks((200, 400), [("crown", 36, np.ones((20, 15), bool), (110, 150))])
    options = {"numbers": False, "legend": False}
    plain = overlay(radiograph, teeth, **options)
    shown = overlay(radiograph, teeth, findings=findings, **options)
    changed = np.flatnonzero((plain != shown).any(axis=(1, 2)))
    assert 105 < changed.min() < changed.max() < 135
    nothing = Findings.empty((200, 400))
    assert np.array_equal(overlay(radiograph, teeth, findings=nothing), overlay(radiograph, teeth))
    with pytest.raises(TeethError, match="resize"):
        overlay(radiograph, teeth, findings=Findings.empty((200, 401)))


def test_the_legend_counts_the_kinds_that_occur() -> None:
    items = [("crown", 36), ("root_filling", 36), ("crown", 0)]
    made = [(kind, fdi, BLOCK, (20, 20)) for kind, fdi in items]
    findings = Findings.from_masks((80, 80), made, flags=[["doubtful"], [], []])
    entries = legend_items(Teeth.empty((80, 80)), "fdi", findings)
    assert [(entry.text, entry.swatch) for entry in entries] == [
        ("No teeth found", ""),
        ("2 crowns", "crown"),
        ("1 root filling", "root_filling"),
        ("1 doubtful finding (dashed)", "dashed"),
        (DISCLAIMER, ""),
    ]
