"""The page of an `Evaluation`: HTML with style and charts inside; nothing fetched, no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from panodent.evaluation.bootstrap import CONFIDENCE, Estimate
from panodent.evaluation.evaluate import FIGURES, Evaluation
from panodent.reports.charts import confusion_svg, interval, interval_svg, number, teeth_svg
from panodent.reports.html import page, section, table
from panodent.utils.wording import counted


def to_html(
    evaluation: Evaluation, title: str, pictures: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The page; `pictures` are HTML figures under 'worst' and 'best'."""
    teeth = sum(len(case.teeth) for case in evaluation.cases)
    images = counted(len(evaluation.cases), "radiograph", "radiographs")
    spread = f"{100 * CONFIDENCE:.0f} % bootstrap intervals over radiographs"
    shown = pictures or {}
    sections = [
        _warnings(evaluation),
        section("Figures", _figures(evaluation.figures)),
        section("By type of tooth", _types(evaluation)),
        section(
            "By tooth", _TOOTH_KEY + f'<div class="wide">{teeth_svg(evaluation.by_tooth)}</div>'
        ),
        section("Numbers taken for others", _confusions(evaluation)),
        section("Worst cases", "".join(shown.get("worst", ()))),
        section("Best cases", "".join(shown.get("best", ()))),
        section("All cases", _cases(evaluation)),
    ]
    return page(
        title,
        f"{images}, {counted(teeth, 'tooth', 'teeth')} in the truth. {spread} "
        f"({evaluation.samples} samples).",
        sections,
        'The same figures for programs: <a href="scores.json">scores.json</a>, '
        '<a href="cases.csv">cases.csv</a>.',
    )


_TOOTH_KEY = (
    '<p class="note key">Bars: <b>Dice</b> with its interval; across them: <i>numbering</i>. '
    "The patient's right is on the left, as on the radiograph.</p>"
)


def _warnings(evaluation: Evaluation) -> str:
    """What a reader must know before the figures."""
    parts = []
    for keys, one, many in (
        (
            evaluation.without_prediction,
            "case has no prediction and counts as 0",
            "cases have no prediction and count as 0",
        ),
        (
            evaluation.without_truth,
            "prediction has no truth and was not scored",
            "predictions have no truth and were not scored",
        ),
    ):
        if keys:
            names = ", ".join(map(escape, keys))
            parts.append(
                f"<details><summary>{counted(len(keys), one, many)}</summary>{names}</details>"
            )
    parts += [f"<p>{escape(note)}</p>" for note in evaluation.notes]
    return f'<div class="warn">{"".join(parts)}</div>' if parts else ""


def _figures(figures: Mapping[str, Estimate]) -> str:
    rows = []
    for name, estimate in figures.items():
        kind = FIGURES[name]
        line = interval_svg(estimate) if kind.is_share else f"{kind.better} is better"
        rows.append(
            f'<tr><th scope="row">{kind.label}</th><td class="n"><strong>'
            f'{number(estimate, kind.is_share)}</strong></td><td class="n">'
            f'{escape(interval(estimate, kind.is_share))}</td><td class="q">{line}</td>'
            f'<td class="q">{escape(kind.about)}</td></tr>'
        )
    head = (
        '<tr><th>Figure</th><th class="n">Value</th><th class="n">Interval</th>'
        "<th>0 to 1</th><th>What it counts</th></tr>"
    )
    return table(head, rows)


def _types(evaluation: Evaluation) -> str:
    names = [n for n in FIGURES if any(n in figures for figures in evaluation.by_type.values())]
    head = "<tr><th>Type</th>" + "".join(
        f'<th class="n">{FIGURES[name].label}</th>' for name in names
    )
    rows = []
    for kind, figures in evaluation.by_type.items():
        cells = []
        for name in names:
            estimate, share = figures.get(name, Estimate(None)), FIGURES[name].is_share
            cells.append(
                f'<td class="n"><strong>{number(estimate, share)}</strong><br>'
                f'<span class="q">{escape(interval(estimate, share))}</span></td>'
            )
        rows.append(f'<tr><th scope="row">{kind}</th>{"".join(cells)}</tr>')
    return table(head + "</tr>", rows)


def _confusions(evaluation: Evaluation) -> str:
    """The matrix, and its commonest errors in words."""
    matrix = evaluation.confusion
    errors = sorted(
        (
            (int(count), row, column)
            for row, line in zip(matrix.rows, matrix.counts.tolist(), strict=True)
            for column, count in zip(matrix.columns, line, strict=True)
            if count and row != column and row != "extra" and column.isdecimal()
        ),
        key=lambda error: (-error[0], error[1:]),
    )
    words = ", ".join(f"{row} as {column} ({count})" for count, row, column in errors[:8])
    said = f"<p>Commonest: {words}.</p>" if words else "<p>No number was taken for another.</p>"
    note = (
        '<p class="note">By place: each tooth of the truth and the instance that overlaps it best '
        "(IoU of at least 0.5). The last row are instances that lie on no tooth.</p>"
    )
    return f'{said}{note}<div class="wide">{confusion_svg(matrix)}</div>'


_COLUMNS = ("dice", "numbering", "dice_obb", "foreground", "detection_f1")


def _cases(evaluation: Evaluation) -> str:
    # The worst first; cases without a Dice, for want of teeth, last.
    listed = sorted(
        evaluation.rows(),
        key=lambda row: (row["dice"] is None, row["dice"] or 0.0, row["case"]),
    )
    head = '<tr><th>Case</th><th class="n">Teeth</th><th class="n">Predicted</th>' + "".join(
        f'<th class="n">{FIGURES[name].label}</th>' for name in _COLUMNS
    )
    rows = []
    for row in listed:
        shares = "".join(
            f'<td class="n">{"–" if row[name] is None else format(row[name], ".3f")}</td>'
            for name in _COLUMNS
        )
        lists = "".join(
            f'<td class="l">{escape(" ".join(map(str, row[name])))}</td>'
            for name in ("missed", "misnumbered", "extra")
        )
        found = row["predicted_teeth"] if row["predicted"] else "none"
        rows.append(
            f'<tr><td class="k">{escape(row["case"])}</td><td class="n">{row["teeth"]}</td>'
            f'<td class="n">{found}</td>{shares}{lists}</tr>'
        )
    return table(head + "<th>Missed</th><th>Misnumbered</th><th>Extra</th></tr>", rows)
