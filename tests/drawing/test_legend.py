"""Tests of `panodent.drawing.legend`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from panodent.drawing.legend import (
    count_doubtful,
    counted_attributes,
    legend_items,
    legend_strip,
    not_found,
)
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER


def texts(teeth: Teeth, numbering="fdi") -> list[str]:
    return [item.text for item in legend_items(teeth, numbering)]


def test_the_legend_counts_and_lists(two_rows) -> None:
    everything = two_rows((120, 200), 10)
    assert texts(everything) == ["32 teeth", "All 32 permanent teeth found", DISCLAIMER]
    fewer = everything.select(~np.isin(everything.fdi, (18, 36)))
    assert "Not found: 18 36" in texts(fewer)
    assert "Not found: 1 19" in texts(fewer, "universal")
    assert texts(Teeth.empty((9, 9))) == ["No teeth found", DISCLAIMER]


def test_the_legend_explains_only_the_marks_in_use(blocks) -> None:
    places = {0: (1, 1, 3, 3), 36: (5, 5, 8, 8)}
    both = texts(blocks((9, 9), places, flags=[[], ["doubtful"]]))
    assert both[1:3] == ["1 doubtful (dashed, ?)", "1 without a number (grey, ?)"]


def test_the_legend_counts_deciduous_and_unerupted_teeth(blocks) -> None:
    row = {16: (10, 0, 50, 10), 55: (10, 10, 50, 20), 15: (0, 10, 25, 20)}
    assert texts(blocks((60, 60), row))[:3] == ["3 teeth", "1 deciduous", "1 unerupted"]


def test_what_was_not_found_and_what_is_doubtful(blocks) -> None:
    places = dict.fromkeys((18, 36, 55), (0, 0, 2, 2))
    teeth = blocks((9, 9), places, flags=[[], ["doubtful"], ["doubtful", "edited"]])
    missing = not_found(teeth)
    assert len(missing) == 30  # a deciduous tooth is none of the 32
    assert missing[:2] == [17, 16]
    assert count_doubtful(teeth) == 2


@pytest.mark.parametrize("width", [60, 200, 2000])
def test_the_legend_fits_any_width(blocks, width: int) -> None:
    teeth = blocks((9, 9), {36: (5, 5, 8, 8)})
    strip = legend_strip(teeth, "palmer", width, 12.0)
    assert strip.shape[1] == width
    if width >= 200:
        assert (strip[:, -2:] == strip[0, 0]).all()


def test_the_legend_counts_impacted_teeth_and_remnants(jaw: Callable[..., Teeth]) -> None:
    assert counted_attributes(jaw()) == []
    assert counted_attributes(jaw(lean={48: 60.0, 38: 60.0}, crownless=(35,))) == [
        "2 impacted",
        "1 root remnant",
    ]
