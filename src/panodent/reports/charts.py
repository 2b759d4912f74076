"""Inline SVG of scores: an interval on a line, bars by tooth, the confusion matrix.

Colours are the page's own CSS variables (--accent, --wrong, --line, --quiet), so that the charts
follow its light and dark dress; every mark has a <title> with its numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from panodent.dentition import ARCH_ORDER, TEETH
from panodent.evaluation.bootstrap import Estimate
from panodent.evaluation.evaluate import Confusion

_ROW = (
    "18 17 16 15 14 13 12 11 21 22 23 24 25 26 27 28",
    "48 47 46 45 44 43 42 41 31 32 33 34 35 36 37 38",
)
CHART_ORDER: tuple[tuple[int, ...], ...] = tuple(tuple(map(int, row.split())) for row in _ROW)
"""The permanent teeth as a dental chart shows them: upper jaw, lower jaw, patient's right first."""


def number(estimate: Estimate, share: bool = True) -> str:
    """The value in words, an en dash where there is none."""
    if estimate.value is None:
        return "–"
    return f"{estimate.value:.3f}" if share else f"{estimate.value:.2f}"


def interval(estimate: Estimate, share: bool = True) -> str:
    """The interval in words, or why there is none."""
    if estimate.low is None or estimate.high is None:
        return estimate.reason or "no interval"
    places = 3 if share else 2
    return f"{estimate.low:.{places}f} to {estimate.high:.{places}f}"


def interval_svg(estimate: Estimate, width: int = 220) -> str:
    """A share on a line from 0 to 1, its interval as a bar around it."""
    if estimate.value is None:
        return ""

    def at(value: float) -> float:
        return round(6 + value * (width - 12), 1)

    low = estimate.value if estimate.low is None else estimate.low
    high = estimate.value if estimate.high is None else estimate.high
    label = f"{number(estimate)}, 95 % interval {interval(estimate)}"
    ticks = "".join(
        f'<line x1="{at(tick)}" x2="{at(tick)}" y1="6" y2="14" stroke="var(--line)"/>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    )
    return (
        f'<svg viewBox="0 0 {width} 20" width="{width}" height="20" role="img" '
        f'aria-label="{escape(label)}"><title>{escape(label)}</title>'
        f'<line x1="6" x2="{width - 6}" y1="10" y2="10" stroke="var(--line)"/>{ticks}'
        f'<rect x="{at(low)}" y="7" width="{max(at(high) - at(low), 1):.1f}" height="6" rx="3" '
        f'fill="var(--accent)" fill-opacity="0.4"/>'
        f'<circle cx="{at(estimate.value)}" cy="10" r="3.5" fill="var(--accent)"/></svg>'
    )


# --- by tooth ----------------------------------------------------------------------------------

_BAR, _TALL, _HEAD, _LEFT = 44, 120, 16, 34


def teeth_svg(by_tooth: Mapping[int, Mapping[str, Estimate]]) -> str:
    """Dice of each permanent tooth as a bar with its interval, numbering as a tick across it."""
    width, height = _LEFT + 16 * _BAR + 14, 2 * (_TALL + _HEAD + 30)
    parts = []
    for row, numbers in enumerate(CHART_ORDER):
        base = _HEAD + _TALL + row * (_TALL + _HEAD + 30)
        for share in (0, 0.5, 1):
            y = base - share * _TALL
            parts.append(
                f'<line x1="{_LEFT}" x2="{width - 6}" y1="{y:g}" y2="{y:g}" stroke="var(--line)"/>'
                f'<text x="{_LEFT - 6}" y="{y + 4:g}" text-anchor="end" class="q">{share:g}</text>'
            )
        for column, fdi in enumerate(numbers):
            x = _LEFT + column * _BAR + (8 if column >= 8 else 0)
            parts.append(_bar(fdi, by_tooth.get(fdi, {}), x, base))
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Dice by tooth" '
        f'style="max-width:{width}px">{"".join(parts)}</svg>'
    )


def _bar(fdi: int, figures: Mapping[str, Estimate], x: float, base: float) -> str:
    dice = figures.get("dice", Estimate(None, reason="not in the truth"))
    middle = x + _BAR / 2
    label = f'<text x="{middle:g}" y="{base + 16:g}" text-anchor="middle">{fdi}</text>'
    if dice.value is None:
        dash = f'<text x="{middle:g}" y="{base - 6:g}" text-anchor="middle" class="q">–</text>'
        return f"<g><title>{fdi}: {escape(dice.reason)}</title>{dash}{label}</g>"
    numbering = figures.get("numbering", Estimate(None))
    title = (
        f"{fdi} {TEETH[fdi].name}: Dice {number(dice)} ({interval(dice)}), "
        f"numbering {number(numbering)}, {dice.count} teeth"
    )
    tall = dice.value * _TALL
    parts = [
        f'<rect x="{x + 7:g}" y="{base - tall:.1f}" width="{_BAR - 14}" height="{tall:.1f}" '
        'fill="var(--accent)" fill-opacity="0.45"/>'
    ]
    if dice.low is not None and dice.high is not None:
        ends = base - dice.high * _TALL, base - dice.low * _TALL
        parts.append(
            f'<line x1="{middle:g}" x2="{middle:g}" y1="{ends[0]:.1f}" y2="{ends[1]:.1f}" '
            'stroke="currentColor" stroke-width="1.5"/>'
        )
    if numbering.value is not None:
        y = base - numbering.value * _TALL
        parts.append(
            f'<line x1="{x + 4:g}" x2="{x + _BAR - 4:g}" y1="{y:.1f}" y2="{y:.1f}" '
            'stroke="var(--wrong)" stroke-width="2.5"/>'
        )
    value = f'<text x="{middle:g}" y="{base - 5:g}" text-anchor="middle" class="s">'
    return (
        f"<g><title>{escape(title)}</title>{''.join(parts)}"
        f"{value}{dice.value:.2f}</text>{label}</g>"
    )


# --- confusion ---------------------------------------------------------------------------------

_CELL, _EDGE = 23, 92


def confusion_svg(confusion: Confusion) -> str:
    """The matrix as a heat map: rows the truth, columns what was found, in order of the arch.

    The shade is the share of the row; what agrees has one colour, what does not another.
    """
    rows, columns = _arch_first(confusion.rows), _arch_first(confusion.columns)
    width, height = _EDGE + len(columns) * _CELL + 4, _EDGE + len(rows) * _CELL + 4
    parts = [_grid(rows, columns)]
    for r, row in enumerate(rows):
        line = confusion.counts[confusion.rows.index(row)]
        total = max(int(line.sum()), 1)
        for c, column in enumerate(columns):
            count = int(line[confusion.columns.index(column)])
            if count:
                parts.append(_cell((r, c), (row, column), count, total))
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="Confusion of numbers" '
        f'style="min-width:{width * 0.75:g}px;max-width:{width}px">{"".join(parts)}</svg>'
    )


def _arch_first(names: tuple[str, ...]) -> list[str]:
    """Neighbours beside each other; what is no permanent tooth keeps its order after them."""
    arch = [str(fdi) for fdi in ARCH_ORDER]
    return [n for n in arch if n in names] + [n for n in names if n not in arch]


def _grid(rows: list[str], columns: list[str]) -> str:
    right, bottom = _EDGE + len(columns) * _CELL, _EDGE + len(rows) * _CELL
    parts = [
        f'<text x="{_EDGE}" y="12" class="q">found as</text>'
        f'<text x="{_EDGE - 8}" y="{_EDGE - 8}" text-anchor="end" class="q">truth</text>'
    ]
    for index, name in enumerate(rows):
        y = _EDGE + index * _CELL
        parts.append(
            f'<text x="{_EDGE - 8}" y="{y + 15}" text-anchor="end">{escape(name)}</text>'
            f'<line x1="{_EDGE}" x2="{right}" y1="{y}" y2="{y}" stroke="var(--line)"/>'
        )
    for index, name in enumerate(columns):
        x = _EDGE + index * _CELL
        parts.append(
            f'<text transform="translate({x + 15} {_EDGE - 8}) rotate(-90)">{escape(name)}</text>'
            f'<line x1="{x}" x2="{x}" y1="{_EDGE}" y2="{bottom}" stroke="var(--line)"/>'
        )
    frame = f'<rect x="{_EDGE}" y="{_EDGE}" width="{right - _EDGE}" height="{bottom - _EDGE}" '
    return "".join(parts) + frame + 'fill="none" stroke="var(--line)"/>'


def _cell(place: tuple[int, int], names: tuple[str, str], count: int, total: int) -> str:
    x, y = _EDGE + place[1] * _CELL, _EDGE + place[0] * _CELL
    row, column = names
    said = {"missed": "missed", "unnumbered": "found without a number"}.get(
        column, f"found as {column}"
    )
    what = "where the truth has no tooth" if row == "extra" else f"{row} {said}"
    if row == "extra":
        what = f"{column} {what}"
    colour = "accent" if row == column else "wrong"
    # The root lets single errors be seen beside hundreds of agreements.
    shade = 0.1 + 0.8 * (count / total) ** 0.5
    middle = x + _CELL / 2
    return (
        f"<g><title>{escape(what)}: {count} of {total} ({100 * count / total:.1f} %)</title>"
        f'<rect x="{x + 1}" y="{y + 1}" width="{_CELL - 2}" height="{_CELL - 2}" '
        f'fill="var(--{colour})" fill-opacity="{shade:.2f}"/>'
        f'<text x="{middle:g}" y="{y + 15}" text-anchor="middle" class="s">{count}</text></g>'
    )
