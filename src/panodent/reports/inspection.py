"""An `Inspection` as files: inspection.json and a page that opens without a network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from panodent.analysis.annotation_checks import KINDS
from panodent.datasets.inspection import InspectedCase, Inspection
from panodent.drawing.canvas import RGBImage
from panodent.drawing.display import scaled_down
from panodent.drawing.overlay import overlay
from panodent.reports import audit as audit_files
from panodent.reports.audit import LISTED, Audit
from panodent.reports.charts import counts_by_tooth
from panodent.reports.html import render
from panodent.reports.pictures import CasePicture, write_picture
from panodent.teeth.finding_kinds import KINDS as FINDING_KINDS
from panodent.utils.atomic_files import write_whole

SUSPICIOUS_SHOWN = 24
"""At most this many cases to check are drawn."""
USUAL_SHOWN = 6
"""At most this many cases without findings are drawn."""
SIZES_SHOWN = 12
"""At most this many image sizes are listed."""
PICTURE_WIDTH = 960
"""Pictures are at most this wide, in pixels."""


def write(inspection: Inspection, folder: Path, audit: Audit | None = None) -> Path:
    """Writes inspection.json, pictures/*.jpg and index.html below `folder`; returns the page.

    With an `audit` also audit.csv, corrections.json and pictures of the mistakes. Each file is
    written completely or not at all, the page last. Raises `OutputError` when a file cannot be
    written.
    """
    write_whole(folder / "inspection.json", inspection.to_json())
    usual = [f for f in inspection.findings if not f.suspicions and not f.problem]
    chosen = {
        "suspicious": inspection.suspicious[:SUSPICIOUS_SHOWN],
        "usual": _spread(usual, USUAL_SHOWN),
    }
    pictures = {
        name: [
            _picture(inspection, finding, folder, f"pictures/{name}-{place}.jpg")
            for place, finding in enumerate(findings, start=1)
        ]
        for name, findings in chosen.items()
    }
    mistakes = audit_files.write(audit, folder) if audit else []
    page = folder / "index.html"
    text = to_html(inspection, pictures["suspicious"], pictures["usual"], audit, mistakes)
    write_whole(page, text)
    return page


def to_html(
    inspection: Inspection,
    suspicious: Sequence[CasePicture] = (),
    usual: Sequence[CasePicture] = (),
    audit: Audit | None = None,
    mistakes: Sequence[CasePicture] = (),
) -> str:
    """The page as HTML text; `suspicious`, `usual` and `mistakes` are pictures of cases.

    >>> from panodent.datasets.dataset import Dataset
    >>> nothing = Inspection(Dataset(Path(), "coco", ()), (), ())
    >>> "0 radiographs in format coco, 0 teeth." in to_html(nothing)
    True
    """
    left_out = len(inspection.suspicious) - len(suspicious)
    page = render(
        "inspection.html.j2",
        title="Inspection",
        inspection=inspection,
        unread=[f"{item.path}: {item.reason}" for item in inspection.dataset.unread],
        tooth_chart=counts_by_tooth(inspection.per_number),
        sizes=list(inspection.sizes.items()),
        sizes_shown=SIZES_SHOWN,
        kinds=_kinds,
        finding_kinds=FINDING_KINDS,
        observations=_observations,
        picture_sections=[
            ("Pictures of annotations to check", suspicious, left_out),
            ("Pictures of other cases" if suspicious else "Pictures", usual, 0),
        ],
        audit=audit,
        audit_pictures=mistakes,
        audit_listed=LISTED,
    )
    return str(page)


def _kinds(finding: InspectedCase) -> list[str]:
    """The kinds of a case's suspicions, each once."""
    return list(dict.fromkeys(KINDS[suspicion.kind] for suspicion in finding.suspicions))


def _observations(finding: InspectedCase) -> str:
    """The messages of a case's suspicions."""
    return "; ".join(suspicion.message for suspicion in finding.suspicions)


def _spread(findings: Sequence[InspectedCase], count: int) -> list[InspectedCase]:
    """At most `count` of the findings, at even distances, the first and the last included."""
    places = np.linspace(0, len(findings) - 1, min(count, len(findings))).round().astype(int)
    return [findings[place] for place in places]


def _picture(
    inspection: Inspection, finding: InspectedCase, folder: Path, file: str
) -> CasePicture:
    caption = ": ".join(filter(None, (finding.key, _observations(finding))))
    draw = partial(_annotated, inspection, finding.key)
    return write_picture(draw, folder, file, caption, f"Annotated teeth of {finding.key}")


def _annotated(inspection: Inspection, key: str) -> RGBImage:
    """The case's radiograph with its annotated teeth, at most `PICTURE_WIDTH` pixels wide."""
    case = inspection.case(key)
    radiograph = scaled_down(case.radiograph(), PICTURE_WIDTH)
    return overlay(radiograph, case.teeth().resized(radiograph.size), legend=False)
