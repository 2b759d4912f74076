"""Marks of impacted teeth and root remnants on a chart."""

from __future__ import annotations

import pytest

from panodent.analysis.impaction import Impaction
from panodent.analysis.tooth_attributes import ToothAttributes
from panodent.drawing.chart_marks import arrow, marks, samples
from panodent.drawing.vector import Text

MESIAL = Impaction("mesial", 45.0, "A", 0.0)


@pytest.mark.parametrize(
    ("fdi", "angle", "way"),
    [
        (48, 0, (0, -1)),  # towards the bite, which is at y = 0
        (48, 90, (1, 0)),  # towards the midline
        (38, 90, (-1, 0)),
        (18, 90, (1, 0)),
        (48, -90, (-1, 0)),
        (48, 180, (0, 1)),
    ],
)
def test_the_arrow_points_as_the_crown_does(
    fdi: int, angle: float, way: tuple[float, float]
) -> None:
    shaft, _ = arrow(fdi, Impaction("mesial", angle, "A", 0.0))
    (_, start), (_, end) = shaft.path
    assert (end[0] - start[0], end[1] - start[1]) == pytest.approx((20 * way[0], 20 * way[1]))


def test_which_marks_a_chart_has() -> None:
    whole, impacted = ToothAttributes(True), ToothAttributes(False, impaction=MESIAL)
    assert marks([whole, ToothAttributes(False)]) == set()
    assert marks([whole, impacted]) == {"impacted"}
    assert marks([impacted, ToothAttributes(True, remnant=True)]) == {"impacted", "root remnant"}


def test_samples_name_what_they_show() -> None:
    def texts(*shown: str) -> list[str]:
        return [part.text for part in samples(0, 0, shown) if isinstance(part, Text)]

    assert texts() == []
    assert texts("root remnant") == ["root remnant"]
    assert len(texts("impacted", "root remnant")) == 2
