"""Charts of a report as inline SVG: an interval on a line, bars by tooth, a confusion matrix.

Coordinates are SVG user units, x to the right and y downwards from the upper left corner. Colours
are CSS variables of the page (--accent, --wrong, --line, --quiet), so that charts follow its light
or dark scheme. Every mark has a <title> with its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from panodent.dentition import ARCH_ORDER, ARCHES, DECIDUOUS, TEETH
from panodent.evaluation.bootstrap import Estimate
from panodent.evaluation.evaluate import Confusion
from panodent.reports.html import render
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from markupsafe import Markup

CHART_ROWS: tuple[tuple[int, ...], ...] = (ARCHES[0], ARCHES[1][::-1])
"""Permanent teeth as a dental chart shows them: upper jaw, lower jaw; the patient's right first."""

NO_VALUE = "–"


def value_text(estimate: Estimate, digits: int = 3) -> str:
    """The value with this many decimal places, an en dash where there is none.

    >>> value_text(Estimate(0.5)), value_text(Estimate(None))
    ('0.500', '–')
    """
    return NO_VALUE if estimate.value is None else f"{estimate.value:.{digits}f}"


def interval_text(estimate: Estimate, digits: int = 3) -> str:
    """The interval with this many decimal places, or the reason why there is none.

    >>> interval_text(Estimate(0.5, 0.25, 0.75), 2)
    '0.25 to 0.75'
    """
    if estimate.low is None or estimate.high is None:
        return estimate.reason or "no interval"
    return f"{estimate.low:z.{digits}f} to {estimate.high:z.{digits}f}"


def interval_svg(estimate: Estimate, width: int = 220) -> Markup | str:
    """A value of 0 to 1 on a line, its interval as a bar; empty where there is no value.

    `width` is in pixels.
    """
    if estimate.value is None:
        return ""

    def x(share: float) -> float:
        return round(6 + share * (width - 12), 1)

    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    return render(
        "interval.svg.j2",
        width=width,
        title=f"{value_text(estimate)}, 95 % interval {interval_text(estimate)}",
        ticks=[x(share) for share in (0, 0.25, 0.5, 0.75, 1)],
        bar=(x(low), max(round(x(high) - x(low), 1), 1)),
        point=x(estimate.value),
    )


# --- bars by tooth -----------------------------------------------------------------------------

_BAR_WIDTH, _BAR_HEIGHT = 44, 110
_ABOVE, _BELOW, _LEFT = 16, 30, 34  # room above and below a row of bars, and left of it
_MIDLINE_GAP = 8


@dataclass(frozen=True, slots=True)
class ToothBar:
    """The bar of one tooth; heights are shares of the highest possible bar, 0 to 1.

    Attributes
    ----------
    title : what a reader sees who points at the bar.
    text : short text at the foot of the bar.
    height : None for no bar at all.
    interval : (low, high), drawn as a vertical line.
    mark : drawn as a horizontal line across the bar.
    """

    title: str
    text: str
    height: float | None = None
    interval: tuple[float, float] | None = None
    mark: float | None = None


class _GridLine(NamedTuple):
    y: float
    text: str


class _DrawnBar(NamedTuple):
    """A `ToothBar` in user units; `base` and `top` are the y of its ends."""

    fdi: int
    title: str
    text: str
    x: float
    width: float
    middle: float
    base: float
    top: float | None
    interval: tuple[float, float] | None
    mark: float | None


def bars_by_tooth(
    bars: Mapping[int, ToothBar], label: str, ticks: Sequence[float] = (0.0,)
) -> Markup:
    """Bars by FDI number in the order of a dental chart, as one SVG.

    Rows are the permanent teeth of the upper and of the lower jaw and, where `bars` has a deciduous
    tooth, the same of the deciduous teeth; numbers that `bars` lacks are left out. `label` names
    the chart for readers who do not see it. `ticks` are heights (0 to 1) of horizontal lines; with
    more than one, each has its value on the left.
    """
    rows = [*CHART_ROWS, *(_deciduous_rows() if any(fdi in bars for fdi in DECIDUOUS) else ())]
    step = _ABOVE + _BAR_HEIGHT + _BELOW
    bases = [_ABOVE + _BAR_HEIGHT + number * step for number in range(len(rows))]
    grid = [
        _GridLine(base - tick * _BAR_HEIGHT, f"{tick:g}" if len(ticks) > 1 else "")
        for base in bases
        for tick in ticks
    ]
    drawn = [
        _drawn(fdi, bars[fdi], _LEFT + _column_x(place, len(row)), base)
        for row, base in zip(rows, bases, strict=True)
        for place, fdi in enumerate(row)
        if fdi in bars
    ]
    width = _LEFT + 16 * _BAR_WIDTH + _MIDLINE_GAP + 6
    return render(
        "bars_by_tooth.svg.j2",
        label=label,
        width=width,
        height=step * len(rows),
        left=_LEFT,
        grid=grid,
        bars=drawn,
    )


def _deciduous_rows() -> tuple[tuple[int, ...], ...]:
    """The deciduous teeth of the upper and of the lower jaw, the patient's right first."""

    def from_image_left(fdi: int) -> int:
        return TEETH[fdi].position * (-1 if TEETH[fdi].side == "right" else 1)

    return tuple(
        tuple(sorted((f for f in DECIDUOUS if TEETH[f].jaw == jaw), key=from_image_left))
        for jaw in ("upper", "lower")
    )


def _column_x(place: int, count: int) -> float:
    """Left edge of a bar in a row of `count`, centred; the midline has a gap."""
    return (place + (16 - count) / 2) * _BAR_WIDTH + (_MIDLINE_GAP if place >= count / 2 else 0)


def _drawn(fdi: int, bar: ToothBar, x: float, base: float) -> _DrawnBar:
    def y(height: float) -> float:
        return round(base - height * _BAR_HEIGHT, 1)

    return _DrawnBar(
        fdi,
        bar.title,
        bar.text,
        x,
        _BAR_WIDTH,
        x + _BAR_WIDTH / 2,
        base,
        None if bar.height is None else y(bar.height),
        None if bar.interval is None else (y(bar.interval[1]), y(bar.interval[0])),
        None if bar.mark is None else y(bar.mark),
    )


def metrics_by_tooth(by_tooth: Mapping[int, Mapping[str, Estimate]]) -> Markup:
    """Dice of each tooth as a bar with its interval, numbering as a line across it."""
    bars = {fdi: _metric_bar(fdi, estimates) for fdi, estimates in by_tooth.items()}
    return bars_by_tooth(bars, "Dice by tooth", (0.0, 0.5, 1.0))


def _metric_bar(fdi: int, estimates: Mapping[str, Estimate]) -> ToothBar:
    dice = estimates.get("dice", Estimate(None, reason="not in the ground truth"))
    if dice.value is None:
        return ToothBar(f"{fdi}: {dice.reason}", NO_VALUE)
    numbering = estimates.get("numbering", Estimate(None))
    title = (
        f"{fdi} {TEETH[fdi].name}: Dice {value_text(dice)} ({interval_text(dice)}), "
        f"numbering {value_text(numbering)}, {counted(dice.count, 'tooth', 'teeth')}"
    )
    interval = None if dice.low is None or dice.high is None else (dice.low, dice.high)
    return ToothBar(title, f"{dice.value:.2f}", dice.value, interval, numbering.value)


def counts_by_tooth(counts: Mapping[int, int]) -> Markup:
    """In how many radiographs each tooth occurs; teeth that `counts` lacks have 0.

    Deciduous teeth are shown when one of them occurs.
    """
    most = max(counts.values(), default=1)
    shown = TEETH if any(fdi in counts for fdi in DECIDUOUS) else ARCH_ORDER
    bars = {}
    for fdi in shown:
        count = counts.get(fdi, 0)
        title = f"{fdi} {TEETH[fdi].name}: {counted(count, 'radiograph', 'radiographs')}"
        bars[fdi] = ToothBar(title, str(count), count / most)
    return bars_by_tooth(bars, "Radiographs by tooth")


# --- confusion matrix --------------------------------------------------------------------------

_CELL, _EDGE = 23, 92


@dataclass(frozen=True, slots=True)
class _Cell:
    x: int
    y: int
    title: str
    count: int
    correct: bool
    shade: float


def confusion_svg(confusion: Confusion) -> Markup:
    """The matrix as a heat map: rows are the ground truth, columns the predictions.

    Teeth are in the order of the arches, so neighbours are next to each other. The shade of a cell
    is its share of the row; agreement has one colour, disagreement another.
    """
    rows, columns = _arch_first(confusion.rows), _arch_first(confusion.columns)
    cells = []
    for r, row in enumerate(rows):
        line = confusion.counts[confusion.rows.index(row)]
        total = max(int(line.sum()), 1)
        for c, column in enumerate(columns):
            count = int(line[confusion.columns.index(column)])
            if count:
                cells.append(_cell((r, c), (row, column), count, total))
    right, bottom = _EDGE + len(columns) * _CELL, _EDGE + len(rows) * _CELL
    return render(
        "confusion.svg.j2",
        rows=rows,
        columns=columns,
        cells=cells,
        size=_CELL,
        edge=_EDGE,
        right=right,
        bottom=bottom,
        width=right + 4,
        height=bottom + 4,
    )


def _arch_first(names: tuple[str, ...]) -> list[str]:
    """Permanent teeth in the order of the arches, then all other names in their own order."""
    arch = [str(fdi) for fdi in ARCH_ORDER]
    return [n for n in arch if n in names] + [n for n in names if n not in arch]


def _cell(place: tuple[int, int], names: tuple[str, str], count: int, total: int) -> _Cell:
    """The cell at (row, column) of the matrix; `names` are those of its row and column."""
    row, column = names
    if row == "extra":
        what = f"{column} predicted where the ground truth has no tooth"
    elif column == "missed":
        what = f"{row} missed"
    elif column == "unnumbered":
        what = f"{row} found without a number"
    else:
        what = f"{row} predicted as {column}"
    # The square root keeps single errors visible next to hundreds of agreements.
    shade = round(0.1 + 0.8 * (count / total) ** 0.5, 2)
    return _Cell(
        _EDGE + place[1] * _CELL,
        _EDGE + place[0] * _CELL,
        f"{what}: {count} of {total} ({100 * count / total:.1f} %)",
        count,
        row == column,
        shade,
    )
