"""An `Evaluation` as files: scores.json, cases.csv and a page that opens without a network."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from panodent.drawing.canvas import RGBImage
from panodent.drawing.panel import panel
from panodent.evaluation.bootstrap import CONFIDENCE, Estimate
from panodent.evaluation.case_scores import MIN_IOU, CaseScores
from panodent.evaluation.evaluate import METRICS, Confusion, Evaluation
from panodent.evaluation.groups import MIN_COMPARED
from panodent.evaluation.pairing import CaseLoader
from panodent.reports.charts import (
    NO_VALUE,
    confusion_svg,
    interval_svg,
    interval_text,
    metrics_by_tooth,
    value_text,
)
from panodent.reports.html import render
from panodent.reports.pictures import CasePicture, write_picture
from panodent.utils.atomic_files import write_whole

SHOWN = 4
"""How many of the worst and how many of the best cases are drawn."""
CASE_METRICS = ("dice", "numbering", "dice_obb", "foreground", "detection_f1")
"""Metrics in the table of cases."""
KIND_METRICS = ("dice", "numbering", "ap", "ap50", "calibration_error")
"""Metrics in the table of permanent and deciduous teeth."""
GROUP_METRICS = ("dice", "numbering", "ap50", "calibration_error", "count_error")
"""Metrics in the tables of groups; scores.json has all."""
CONFUSIONS_NAMED = 8
"""How many confusions of two tooth numbers are named above the matrix."""


def write(
    evaluation: Evaluation,
    folder: Path,
    *,
    cases: Mapping[str, CaseLoader] | None = None,
    title: str = "Evaluation",
    shown: int = SHOWN,
) -> Path:
    """Writes cases.csv, scores.json, cases/*.jpg and index.html below `folder`; returns the page.

    `cases` maps a case's key to a function that loads what its picture shows. A case that `cases`
    lacks has no picture; one that cannot be read has the reason in place of the picture. Each file
    is written completely or not at all, the page last. Raises `OutputError` when a file cannot be
    written.
    """
    write_whole(folder / "cases.csv", to_csv(evaluation))
    write_whole(folder / "scores.json", evaluation.to_json())
    loaders = cases or {}
    worst, best = _worst_and_best(evaluation, set(loaders), shown)
    pictures = {
        name: [
            _picture(case, loaders[case.key], folder, f"cases/{name}-{place}.jpg")
            for place, case in enumerate(chosen, start=1)
        ]
        for name, chosen in (("worst", worst), ("best", best))
    }
    page = folder / "index.html"
    write_whole(page, to_html(evaluation, title, pictures["worst"], pictures["best"]))
    return page


def to_csv(evaluation: Evaluation) -> str:
    """The table of cases as CSV text, a row for each case; empty text without cases.

    Lists of teeth are separated by spaces; a metric without a value is empty.

    >>> from panodent.evaluation.evaluate import summarise
    >>> to_csv(summarise([]))
    ''
    """
    rows = evaluation.rows()
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return stream.getvalue()


def _cell(value: Any) -> Any:
    """A value of the table of cases as it is written to CSV."""
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return round(value, 6) if isinstance(value, float) else value


def to_html(
    evaluation: Evaluation,
    title: str,
    worst: Sequence[CasePicture] = (),
    best: Sequence[CasePicture] = (),
) -> str:
    """The page as HTML text; `worst` and `best` are pictures of cases."""
    by_type = evaluation.by_type.values()
    page = render(
        "evaluation.html.j2",
        title=title,
        evaluation=evaluation,
        tooth_count=sum(len(case.teeth) for case in evaluation.cases),
        confidence=round(100 * CONFIDENCE),
        min_iou=MIN_IOU,
        metrics=METRICS,
        type_metrics=[name for name in METRICS if any(name in metrics for metrics in by_type)],
        case_metrics=CASE_METRICS,
        kind_metrics=KIND_METRICS,
        group_metrics=GROUP_METRICS,
        min_compared=MIN_COMPARED,
        no_estimate=Estimate(None),
        value=value_text,
        interval=interval_text,
        interval_svg=interval_svg,
        tooth_chart=metrics_by_tooth(evaluation.by_tooth),
        confusion_chart=confusion_svg(evaluation.confusion),
        confusions=_most_frequent(evaluation.confusion),
        picture_sections=[("Worst cases", worst), ("Best cases", best)],
        rows=_worst_first(evaluation.rows()),
    )
    return str(page)


def _most_frequent(confusion: Confusion) -> list[tuple[int, str, str]]:
    """(count, number in the ground truth, predicted number) of wrong numbers, largest first."""
    errors = [
        (int(count), row, column)
        for row, line in zip(confusion.rows, confusion.counts.tolist(), strict=True)
        for column, count in zip(confusion.columns, line, strict=True)
        if count and row != column and row != "extra" and column.isdecimal()
    ]
    return sorted(errors, key=lambda error: (-error[0], error[1:]))[:CONFUSIONS_NAMED]


def _worst_first(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the table of cases by Dice; cases without a Dice (no teeth) are last."""
    return sorted(rows, key=lambda row: (row["dice"] is None, row["dice"] or 0.0, row["case"]))


# --- pictures ----------------------------------------------------------------------------------


def _worst_and_best(
    evaluation: Evaluation, drawable: set[str], shown: int
) -> tuple[list[CaseScores], list[CaseScores]]:
    """(worst first, best first) among the drawable cases with a Dice; no case is in both."""
    scored = [c for c in evaluation.cases if c.dice is not None and c.key in drawable]
    ranked = sorted(scored, key=lambda case: (case.dice or 0.0, case.key))
    worst = ranked[:shown]
    best = ranked[len(worst) :][-shown:][::-1] if shown else []
    return worst, best


def _picture(case: CaseScores, load: CaseLoader, folder: Path, file: str) -> CasePicture:
    dice, numbering = (
        NO_VALUE if value is None else f"{value:.3f}" for value in (case.dice, case.numbering)
    )
    caption = f"{case.key}: Dice {dice}, numbering {numbering}"
    if not case.predicted:
        caption += ", no prediction"
    description = f"Radiograph, prediction and ground truth of {case.key}"
    return write_picture(partial(_comparison, load), folder, file, caption, description)


def _comparison(load: CaseLoader) -> RGBImage:
    """Radiograph, prediction and ground truth of a case side by side."""
    radiograph, truth, prediction = load()
    return panel(radiograph, prediction, truth)
