"""An `Evaluation` as files: scores.json, cases.csv and a page that opens without a network."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from panodent.drawing.canvas import to_jpeg_bytes
from panodent.drawing.panel import panel
from panodent.errors import PanodentError
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.evaluate import Evaluation
from panodent.evaluation.pairing import Picture
from panodent.reports.evaluation_page import to_html
from panodent.utils.atomic_files import write_whole

SHOWN = 4
"""Pictures of the worst and of the best cases each."""


def write(
    evaluation: Evaluation,
    folder: Path,
    *,
    cases: Mapping[str, Picture] | None = None,
    title: str = "Evaluation",
    shown: int = SHOWN,
) -> Path:
    """Writes scores.json, cases.csv, cases/*.jpg and index.html below `folder`; returns the page.

    `cases` gives by key what the pictures show; a case that it lacks, or that cannot be read, has
    none. Each file appears whole or not at all, the page last. Raises `OutputError`.
    """
    write_whole(folder / "scores.json", evaluation.to_json())
    write_whole(folder / "cases.csv", to_csv(evaluation))
    worst, best = _chosen(evaluation, set(cases or {}), shown)
    pictures = {
        name: [
            _picture(case, (cases or {})[case.key], folder, f"cases/{name}-{place}.jpg")
            for place, case in enumerate(chosen, start=1)
        ]
        for name, chosen in (("worst", worst), ("best", best))
    }
    page = folder / "index.html"
    write_whole(page, to_html(evaluation, title, pictures))
    return page


def to_csv(evaluation: Evaluation) -> str:
    """A row a case; lists of teeth are parted by spaces, what cannot be told is empty."""
    rows = evaluation.rows()
    stream = io.StringIO()
    if rows:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _cell(value) for name, value in row.items()})
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return round(value, 6) if isinstance(value, float) else value


# --- pictures ----------------------------------------------------------------------------------


def _ranked(evaluation: Evaluation) -> list[CaseScores]:
    """Cases with a Dice, the worst first."""
    scored = [case for case in evaluation.cases if case.dice is not None]
    return sorted(scored, key=lambda case: (case.dice or 0.0, case.key))


def _chosen(
    evaluation: Evaluation, drawable: set[str], shown: int
) -> tuple[list[CaseScores], list[CaseScores]]:
    """(worst first, best first); no case is in both."""
    ranked = [case for case in _ranked(evaluation) if case.key in drawable]
    worst = ranked[:shown]
    best = ranked[len(worst) :][-shown:][::-1] if shown else []
    return worst, best


def _picture(case: CaseScores, source: Picture, folder: Path, name: str) -> str:
    """Draws a case; returns its piece of the page."""
    dice, numbering = (f"{v:.3f}" if v is not None else "–" for v in (case.dice, case.numbering))
    said = f"{escape(case.key)}: Dice {dice}, numbering {numbering}"
    if not case.predicted:
        said += ", no prediction"
    try:
        radiograph, truth, prediction = source()
        image = panel(radiograph, prediction, truth)
    except PanodentError as error:
        return (
            f"<figure><figcaption>{said} (no picture: {escape(str(error))})</figcaption></figure>"
        )
    write_whole(folder / name, to_jpeg_bytes(image))
    height, width = image.shape[:2]
    return (
        f'<figure><a href="{name}"><img src="{name}" width="{width}" height="{height}" '
        f'loading="lazy" alt="Radiograph, prediction and truth of {escape(case.key)}"></a>'
        f"<figcaption>{said}</figcaption></figure>"
    )
