"""Tests of `panodent.reports.charts`: places, heights and texts, worked out by hand."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.evaluation.bootstrap import Estimate
from panodent.evaluation.evaluate import Confusion
from panodent.reports.charts import (
    CHART_ROWS,
    ToothBar,
    bars_by_tooth,
    confusion_svg,
    counts_by_tooth,
    interval_svg,
    interval_text,
    metrics_by_tooth,
    value_text,
)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314 - our own text


def marks(svg: str) -> dict[str, ElementTree.Element]:
    """Groups of a chart by their title."""
    return {group.findtext("title", ""): group for group in parsed(svg).iter("g")}


def test_chart_rows_hold_every_permanent_tooth_once() -> None:
    assert sorted(fdi for row in CHART_ROWS for fdi in row) == list(PERMANENT)
    assert [row[0] for row in CHART_ROWS] == [18, 48]  # the patient's right is on the left
    assert [row[-1] for row in CHART_ROWS] == [28, 38]


@pytest.mark.parametrize(
    ("estimate", "value", "interval"),
    [
        (Estimate(0.12345, 0.1, 0.2), "0.123", "0.100 to 0.200"),
        (Estimate(0.5, reason="too few"), "0.500", "too few"),
        (Estimate(None), "–", "no interval"),
    ],
)
def test_words_for_estimates(estimate: Estimate, value: str, interval: str) -> None:
    assert value_text(estimate) == value
    assert interval_text(estimate) == interval


# --- interval ----------------------------------------------------------------------------------


def test_interval_on_a_line() -> None:
    # 6 pixels of margin on either side of 200: 0.5 is in the middle, 0.25 at 6 + 50.
    svg = parsed(interval_svg(Estimate(0.5, 0.25, 0.75), width=212))
    assert svg.find("circle").attrib["cx"] == "106.0"
    bar = svg.find("rect").attrib
    assert (bar["x"], bar["width"]) == ("56.0", "100.0")
    assert svg.findtext("title") == "0.500, 95 % interval 0.250 to 0.750"


def test_interval_of_no_width_is_still_visible() -> None:
    assert parsed(interval_svg(Estimate(1.0))).find("rect").attrib["width"] == "1"


def test_no_value_has_no_line() -> None:
    assert interval_svg(Estimate(None, reason="no teeth to count")) == ""


# --- bars --------------------------------------------------------------------------------------


def test_a_bar_has_its_height_interval_and_mark() -> None:
    bar = ToothBar("title", "text", 0.5, interval=(0.25, 1.0), mark=1.0)
    group = marks(bars_by_tooth({18: bar}, "label"))["title"]
    rect = group.find("rect").attrib
    assert float(rect["height"]) == 55  # half of 110
    assert float(rect["y"]) == 16 + 55
    interval, mark = (line.attrib for line in group.findall("line"))
    assert (float(interval["y1"]), float(interval["y2"])) == (16, 16 + 0.75 * 110)
    assert float(mark["y1"]) == float(mark["y2"]) == 16
    assert [text.text for text in group.findall("text")] == ["text", "18"]


def test_a_bar_without_a_height_has_its_text_alone() -> None:
    group = marks(bars_by_tooth({18: ToothBar("title", "–")}, "label"))["title"]
    assert group.find("rect") is None
    assert group.find("line") is None


def test_bars_stand_as_in_a_dental_chart() -> None:
    bars = {fdi: ToothBar(str(fdi), "") for fdi in (*PERMANENT, *DECIDUOUS)}
    at = {
        int(title): (float(text.attrib["x"]), float(text.attrib["y"]))
        for title, group in marks(bars_by_tooth(bars, "label")).items()
        for text in group.findall("text")[1:]
    }
    assert sorted({y for _, y in at.values()}) == [at[fdi][1] for fdi in (11, 41, 51, 81)]
    assert at[18] < at[11] < at[21] < at[28]
    assert at[48] < at[41] < at[31] < at[38]
    assert at[55] < at[51] < at[61] < at[65]
    assert at[85] < at[81] < at[71] < at[75]
    assert at[51][0] == at[11][0]
    assert at[65][0] == at[25][0]


def test_titles_are_escaped(hostile: str) -> None:
    svg = bars_by_tooth({18: ToothBar(hostile, hostile)}, hostile)
    assert list(marks(svg)) == [hostile]
    assert parsed(svg).attrib["aria-label"] == hostile


def test_metrics_by_tooth() -> None:
    by_tooth = {
        36: {"dice": Estimate(0.5, 0.25, 0.75, 1), "numbering": Estimate(1.0)},
        37: {"dice": Estimate(0.5, count=2, reason="too few")},
        18: {},
    }
    assert list(marks(metrics_by_tooth(by_tooth))) == [
        "18: not in the ground truth",
        "36 lower left first molar: Dice 0.500 (0.250 to 0.750), numbering 1.000, 1 tooth",
        "37 lower left second molar: Dice 0.500 (too few), numbering –, 2 teeth",
    ]


def test_counts_by_tooth() -> None:
    found = marks(counts_by_tooth({11: 4, 36: 1}))
    assert len(found) == 32
    assert "36 lower left first molar: 1 radiograph" in found
    assert "37 lower left second molar: 0 radiographs" in found
    heights = [
        float(group.find("rect").attrib["height"])
        for title, group in found.items()
        if title.startswith(("11 ", "36 ", "37 "))
    ]
    assert heights == [110, 27.5, 0]
    assert len(marks(counts_by_tooth({11: 4, 55: 1}))) == 52
    assert len(marks(counts_by_tooth({}))) == 32


# --- confusion ---------------------------------------------------------------------------------


def test_confusion_matrix() -> None:
    counts = np.array([[3, 1, 0, 0], [0, 0, 2, 2], [0, 0, 0, 0], [0, 1, 0, 0]])
    names = ("37", "36", "75")
    found = marks(confusion_svg(Confusion((*names, "extra"), (*names, "missed"), counts)))
    # Rows in the order of the arch: 37 before 36, the deciduous 75 after them.
    assert list(found) == [
        "37 predicted as 37: 3 of 4 (75.0 %)",
        "37 predicted as 36: 1 of 4 (25.0 %)",
        "36 predicted as 75: 2 of 4 (50.0 %)",
        "36 missed: 2 of 4 (50.0 %)",
        "36 predicted where the ground truth has no tooth: 1 of 1 (100.0 %)",
    ]
    cells = [group.find("rect").attrib for group in found.values()]
    assert [cell["fill"] for cell in cells] == ["var(--accent)"] + 4 * ["var(--wrong)"]
    assert [cell["fill-opacity"] for cell in cells[1:3]] == ["0.5", "0.67"]
    assert [int(cell["x"]) for cell in cells[:2]] == [93, 116]


def test_found_without_a_number() -> None:
    matrix = Confusion(("36", "extra"), ("36", "unnumbered"), np.array([[0, 1], [0, 0]]))
    assert list(marks(confusion_svg(matrix))) == ["36 found without a number: 1 of 1 (100.0 %)"]
