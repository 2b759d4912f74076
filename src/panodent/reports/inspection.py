"""An `Inspection` as files: inspection.json and a page with pictures, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

import numpy as np

from panodent.analysis.annotation_checks import KINDS
from panodent.datasets.inspection import Finding, Inspection
from panodent.dentition import TEETH
from panodent.drawing.canvas import to_jpeg_bytes
from panodent.drawing.overlay import overlay
from panodent.errors import PanodentError
from panodent.radiograph.radiograph import Radiograph
from panodent.reports.charts import CHART_ORDER
from panodent.reports.html import page, section, table
from panodent.utils.atomic_files import write_whole
from panodent.utils.wording import counted

SUSPICIOUS_SHOWN = 24
USUAL_SHOWN = 6
PICTURE_WIDTH = 960


def write(inspection: Inspection, folder: Path) -> Path:
    """Writes inspection.json, pictures/*.jpg and index.html below `folder`; returns the page.

    Each file appears whole or not at all, the page last. Raises `OutputError`.
    """
    write_whole(folder / "inspection.json", inspection.to_json())
    suspicious = inspection.suspicious[:SUSPICIOUS_SHOWN]
    usual = _spread(
        [f for f in inspection.findings if not f.suspicions and not f.problem], USUAL_SHOWN
    )
    pictures = [
        [_picture(inspection, finding, folder, f"pictures/{name}-{place}.jpg")
         for place, finding in enumerate(chosen, start=1)]
        for name, chosen in (("suspicious", suspicious), ("usual", usual))
    ]  # fmt: skip
    index = folder / "index.html"
    write_whole(index, to_html(inspection, *pictures))
    return index


def to_html(inspection: Inspection, suspicious: Sequence[str], usual: Sequence[str]) -> str:
    """The page; `suspicious` and `usual` are HTML figures."""
    dataset = inspection.dataset
    unnumbered = f" ({inspection.unnumbered} without a number)" if inspection.unnumbered else ""
    intro = (
        f"{counted(len(inspection.findings), 'radiograph', 'radiographs')} in format "
        f"{escape(dataset.format)}, {counted(inspection.teeth, 'tooth', 'teeth')}{unnumbered}."
    )
    left_out = len(inspection.suspicious) - len(suspicious)
    more = f"<p>{left_out} more are listed above.</p>" if left_out > 0 else ""
    sections = [
        _missing(inspection),
        section("Cannot be used", _problems(inspection)),
        section("Teeth by number", f'<div class="wide">{_numbers_svg(inspection)}</div>'),
        section("Sizes", _sizes(inspection)),
        section("The same radiograph twice", _duplicates(inspection)),
        section("To be looked at", _suspicions(inspection)),
        section("Pictures of what should be looked at", "".join(suspicious) + more),
        section("Pictures of others", "".join(usual)),
    ]
    return page(
        "Inspection",
        intro,
        sections,
        'The same for programs: <a href="inspection.json">inspection.json</a>.',
    )


def _spread(findings: Sequence[Finding], count: int) -> list[Finding]:
    """Some of them, evenly over the folder."""
    places = np.linspace(0, len(findings) - 1, min(count, len(findings))).round().astype(int)
    return [findings[place] for place in places]


def _missing(inspection: Inspection) -> str:
    """Images and labels that lack their other half."""
    parts = []
    for keys, one, many in (
        (
            inspection.dataset.images_without_labels,
            "image without labels",
            "images without labels",
        ),
        (
            inspection.dataset.labels_without_images,
            "label without its image",
            "labels without their images",
        ),
    ):
        if keys:
            names = ", ".join(map(escape, keys))
            said = counted(len(keys), one, many)
            parts.append(f"<details><summary>{said}</summary>{names}</details>")
    return f'<div class="warn">{"".join(parts)}</div>' if parts else ""


def _problems(inspection: Inspection) -> str:
    rows = [
        f'<tr><td class="k">{escape(f.key)}</td><td>{escape(f.problem)}</td></tr>'
        for f in inspection.problems
    ]
    return table("<tr><th>Case</th><th>Why</th></tr>", rows) if rows else ""


def _sizes(inspection: Inspection) -> str:
    rows = [
        f'<tr><td class="n">{width}</td><td class="n">{height}</td><td class="n">{count}</td></tr>'
        for (height, width), count in inspection.sizes.items()
    ]
    head = (
        '<tr><th class="n">Width</th><th class="n">Height</th><th class="n">Radiographs</th></tr>'
    )
    shown = table(head, rows[:12])
    rest = f"<p>and {len(rows) - 12} more sizes</p>" if len(rows) > 12 else ""
    return shown + rest if rows else ""


def _duplicates(inspection: Inspection) -> str:
    if not inspection.duplicates:
        return ""
    items = "".join(f"<li>{' = '.join(map(escape, same))}</li>" for same in inspection.duplicates)
    return f"<p>They are kept on one side of every split.</p><ul>{items}</ul>"


def _suspicions(inspection: Inspection) -> str:
    rows = []
    for finding in inspection.suspicious:
        said = "; ".join(escape(suspicion.message) for suspicion in finding.suspicions)
        kinds = ", ".join(dict.fromkeys(KINDS[s.kind] for s in finding.suspicions))
        rows.append(
            f'<tr><td class="k">{escape(finding.key)}</td><td>{kinds}</td><td>{said}</td></tr>'
        )
    return table("<tr><th>Case</th><th>Kind</th><th>What is seen</th></tr>", rows) if rows else ""


def _picture(inspection: Inspection, finding: Finding, folder: Path, name: str) -> str:
    """Draws a case; returns its piece of the page."""
    said = escape(finding.key)
    if finding.suspicions:
        said += ": " + "; ".join(escape(s.message) for s in finding.suspicions)
    try:
        case = inspection.case(finding.key)
        radiograph, teeth = case.radiograph(), case.teeth()
        size = radiograph.size
        if size[1] > PICTURE_WIDTH:
            size = (max(round(size[0] * PICTURE_WIDTH / size[1]), 1), PICTURE_WIDTH)
        image = overlay(_at(radiograph, size), teeth.resized(size), legend=False)
    except PanodentError as error:
        return (
            f"<figure><figcaption>{said} (no picture: {escape(str(error))})</figcaption></figure>"
        )
    write_whole(folder / name, to_jpeg_bytes(image))
    height, width = image.shape[:2]
    return (
        f'<figure><a href="{name}"><img src="{name}" width="{width}" height="{height}" '
        f'loading="lazy" alt="Annotated teeth of {escape(finding.key)}"></a>'
        f"<figcaption>{said}</figcaption></figure>"
    )


def _at(radiograph: Radiograph, size: tuple[int, int]) -> Radiograph:
    from panodent.radiograph.resampling import resized

    return Radiograph(resized(radiograph.pixels, size), radiograph.source)


# --- teeth by number ---------------------------------------------------------------------------

_BAR, _TALL, _HEAD, _FOOT, _LEFT = 44, 90, 18, 26, 40


def _numbers_svg(inspection: Inspection) -> str:
    """How many radiographs have each tooth, as bars in the order of a dental chart."""
    counts = inspection.per_number
    deciduous = [tuple(_deciduous_row(jaw)) for jaw in ("upper", "lower")]
    rows = [*CHART_ORDER]
    if any(fdi in counts for row in deciduous for fdi in row):
        rows += deciduous
    most = max(counts.values(), default=1)
    width = _LEFT + 16 * _BAR + 14
    step = _TALL + _HEAD + _FOOT
    parts = []
    for place, numbers in enumerate(rows):
        base = _HEAD + _TALL + place * step
        parts.append(
            f'<line x1="{_LEFT}" x2="{width - 6}" y1="{base}" y2="{base}" stroke="var(--line)"/>'
        )
        shift = (16 - len(numbers)) / 2
        for column, fdi in enumerate(numbers):
            x = _LEFT + (column + shift) * _BAR + (8 if column >= len(numbers) / 2 else 0)
            parts.append(_number_bar(fdi, counts.get(fdi, 0), most, x, base))
    return (
        f'<svg viewBox="0 0 {width} {step * len(rows)}" role="img" '
        f'aria-label="Radiographs by tooth" style="max-width:{width}px">{"".join(parts)}</svg>'
    )


def _deciduous_row(jaw: str) -> list[int]:
    right = [f for f, t in TEETH.items() if t.deciduous and t.jaw == jaw and t.side == "right"]
    left = [f for f, t in TEETH.items() if t.deciduous and t.jaw == jaw and t.side == "left"]
    return sorted(right, reverse=True) + sorted(left)


def _number_bar(fdi: int, count: int, most: int, x: float, base: float) -> str:
    tall = count / most * _TALL
    middle = x + _BAR / 2
    title = f"{fdi} {TEETH[fdi].name}: {counted(count, 'radiograph', 'radiographs')}"
    return (
        f"<g><title>{escape(title)}</title>"
        f'<rect x="{x + 7:g}" y="{base - tall:.1f}" width="{_BAR - 14}" height="{tall:.1f}" '
        'fill="var(--accent)" fill-opacity="0.5"/>'
        f'<text x="{middle:g}" y="{base - tall - 4:.1f}" text-anchor="middle" class="s">'
        f"{count}</text>"
        f'<text x="{middle:g}" y="{base + 16:g}" text-anchor="middle">{fdi}</text></g>'
    )
