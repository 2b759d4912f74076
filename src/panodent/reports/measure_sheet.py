"""The measurement sheet: one page with overlay, odontogram and table, as HTML and as PDF.

>>> from panodent.analysis.measure import measure
>>> teeth = Teeth.empty((100, 200))
>>> "200 x 100 pixels, 0 teeth" in html("name", measure(teeth), teeth)
True
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from panodent.analysis.measurements import Measurements, ToothMeasure
from panodent.analysis.tooth_report import REPLACING, tooth_report
from panodent.dentition import TEETH, Numbering, from_fdi
from panodent.drawing import odontogram
from panodent.drawing.canvas import RGBImage, to_jpeg_bytes
from panodent.drawing.display import fitted_size
from panodent.reports.html import render
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted, shown
from panodent.version import DISCLAIMER, __version__

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEADS = ("area", "score", "length", "width", "angle", "tilt", "mesial", "distal", "remarks")
"""Columns of the table after the number; mesial and distal are the gaps to the next teeth. Those
without a value are left out."""
TOUCHING = "\N{EN DASH}"
"""In place of a gap: the two teeth touch or overlap."""
LEAST_GAP = 0.1
"""A gap of missing teeth that is narrower than this many mean tooth widths has no measure."""
PICTURE_WIDTH = 1600
"""The overlay is shown at most this wide, in pixels."""

_A4 = (8.27, 11.69)  # inches
_LINE = 145  # characters of a printed line
_TITLE, _FACTS = 60, 125  # characters of the two lines at the top in their usual size
_ROW = 0.0115  # least height of a legible row of the table, as a share of the page
_WIDTHS = {
    "area": 0.042,
    "score": 0.044,
    "length": 0.048,
    "width": 0.042,
    "angle": 0.04,
    "tilt": 0.034,
    "mesial": 0.048,
    "distal": 0.044,
    "remarks": 0.008,
}
"""Of the columns of the printed table, as shares of the page."""
_METADATA = {"Creator": f"panodent {__version__}", "CreationDate": None, "Producer": None}


def html(
    name: str,
    measures: Measurements,
    teeth: Teeth,
    picture: RGBImage | None = None,
    numbering: Numbering = "fdi",
    findings: Findings | None = None,
) -> str:
    """The sheet as a page that needs no other file, as HTML text.

    `name` is the radiograph's name; `picture` is its overlay, uint8 RGB (height, width, 3), shown
    at most `PICTURE_WIDTH` pixels wide; `numbering` is that of all numbers on the sheet; `findings`
    are in the chart and told in words.
    """
    from markupsafe import Markup

    said = _findings_in_words(teeth, findings, numbering)
    lines = [*said, *_lines(measures, numbering, _replaced(findings))]
    heads, rows = _table_of(measures, numbering)
    data = b"" if picture is None else b64encode(to_jpeg_bytes(_scaled_down(picture)))
    page = render(
        "measure_sheet.html.j2",
        title=_title(name),
        name=name,
        facts=_facts(measures, heads),
        picture=data.decode("ascii"),
        chart=Markup(  # noqa: S704 - every text in it is escaped
            odontogram.svg(teeth, numbering, findings=findings)
        ),
        heads=heads,
        tables=_halved(rows),
        lines=lines,
        picture_room=_room_for_pictures(
            len(measures.teeth), len(lines) + len(_wrapped(said)) - len(said)
        ),
    )
    return str(page)


def _room_for_pictures(rows: int, lines: int) -> float:
    """Height in mm that a table of `rows` teeth and `lines` of text leave for both pictures."""
    return round(min(240 - 3.8 * (-(-rows // 2) + 1) - 3.6 * lines, 180.0), 1)


def pdf(
    name: str,
    measures: Measurements,
    teeth: Teeth,
    picture: RGBImage | None = None,
    numbering: Numbering = "fdi",
    findings: Findings | None = None,
) -> bytes:
    """The sheet as one A4 page, as the bytes of a PDF file; arguments are those of `html`.

    The same arguments give the same bytes.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_A4)
    FigureCanvasAgg(figure)
    title = _title(name)
    size = min(14.0, 14.0 * _TITLE / len(title))
    figure.text(0.06, 0.962, _plain(title), size=size, weight="bold")
    heads, rows = _table_of(measures, numbering)
    facts = _facts(measures, heads)
    size = min(7.5, 7.5 * _FACTS / len(facts))
    figure.text(0.06, 0.945, _plain(facts), size=size, color="#555")
    said = _wrapped(_findings_in_words(teeth, findings, numbering))
    lines = [*said, *_wrapped(_lines(measures, numbering, _replaced(findings)))]
    lower = 0.045 + 0.014 * len(lines)
    # With many words both pictures are smaller, so that the table stays legible.
    table = _ROW * (len(_halved(rows)[0]) + 2) + 0.027
    upper, lowest = 0.93, lower + table if said else -1.0
    if picture is not None:
        highest = min(0.33, 0.52 * (upper - lowest))
        upper = _show(figure, _scaled_down(picture), upper, 0.88, highest) - 0.012
    chart = odontogram.png(teeth, numbering, findings=findings)
    upper = _show(figure, chart, upper, 0.6, min(upper - lowest, 1.0)) - 0.015
    _table(figure, heads, rows, upper, lower)
    for number, line in enumerate(reversed(lines)):
        figure.text(0.06, 0.042 + 0.014 * number, _plain(line), size=7)
    figure.text(0.06, 0.022, f"{DISCLAIMER}. panodent {__version__}", size=7, color="#555")
    stream = io.BytesIO()
    figure.savefig(stream, format="pdf", dpi=200, metadata=_METADATA)
    return stream.getvalue()


def _show(figure: Figure, picture: RGBImage, upper: float, width: float, height: float) -> float:
    """Draws a picture in the middle of the page, below `upper`; returns where it ends.

    `width` and the highest `height` are, like all places on the page, shares of the page.
    """
    height = min(height, width * _A4[0] / _A4[1] * picture.shape[0] / picture.shape[1])
    axes = figure.add_axes(((1 - width) / 2, upper - height, width, height))
    axes.imshow(picture, aspect="equal")
    axes.axis("off")
    return upper - height


def _table(
    figure: Figure,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    upper: float,
    lower: float,
) -> None:
    """Draws the rows side by side in two tables between these heights (shares of the page)."""
    parts = _halved(rows)
    step = min((upper - lower) / (len(parts[0]) + 2), 0.0155)
    size = min(6.5, step * _A4[1] * 72 * 0.72)
    for column, part in enumerate(parts):
        left = 0.06 + 0.45 * column
        for number, row in enumerate([heads, *part]):
            y = upper - step * (number + 1)
            place = 0.0
            for head, cell in zip(heads, row, strict=True):
                last = head == "remarks"
                place += _WIDTHS.get(head, 0.022)  # right edges, and the left one of the remarks
                # Several remarks are below each other, smaller, so that no word is cut off.
                words = cell.split(", ") if last else [cell]
                figure.text(
                    left + place,
                    y + (0.3 * step if len(words) > 1 else 0),
                    "\n".join(map(_plain, words)),
                    size=size if len(words) < 2 else 1.2 * size / len(words),
                    ha="left" if last else "right",
                    va="center" if len(words) > 1 else "baseline",
                    linespacing=0.95,
                    weight="bold" if number == 0 else "normal",
                )


def _halved(rows: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    """The first half, which has the odd row, and the second half."""
    half = -(-len(rows) // 2)
    return rows[:half], rows[half:]


def _table_of(
    measures: Measurements, numbering: Numbering
) -> tuple[tuple[str, ...], list[list[str]]]:
    """The name of the numbering system with those of `HEADS` that say something, and the rows."""
    heads = ({"fdi": "FDI", "universal": "Univ.", "palmer": "Palmer"}[numbering], *HEADS)
    rows = _rows(measures, numbering)
    said = {
        head
        for column, head in enumerate(heads)
        if head not in HEADS or any(row[column] not in ("", TOUCHING) for row in rows)
    }
    if said & {"mesial", "distal"}:
        said |= {"mesial", "distal"}
    kept = [column for column, head in enumerate(heads) if head in said]
    return tuple(heads[column] for column in kept), [[row[i] for i in kept] for row in rows]


def _rows(measures: Measurements, numbering: Numbering) -> list[list[str]]:
    """A row of number and `HEADS` for each tooth by its number, teeth without a number last."""
    ordered = sorted(measures.teeth, key=lambda tooth: (tooth.fdi == 0, tooth.fdi))
    return [
        [
            from_fdi(tooth.fdi, numbering) if tooth.fdi else "?",
            str(tooth.area),
            f"{tooth.score:.2f}",
            f"{tooth.length:.0f}",
            f"{tooth.width:.0f}",
            "" if tooth.angle is None else f"{tooth.angle:.0f}\N{DEGREE SIGN}",
            "" if tooth.tilt is None else _signed(tooth.tilt),
            _gap(tooth, "mesial"),
            _gap(tooth, "distal"),
            ", ".join(tooth.flags),
        ]
        for tooth in ordered
    ]


def _signed(degrees: float) -> str:
    """Whole degrees with their sign; 0 has none."""
    whole = round(degrees)
    return f"{whole:+d}\N{DEGREE SIGN}" if whole else "0\N{DEGREE SIGN}"


def _gap(tooth: ToothMeasure, side: str) -> str:
    """The gap to the neighbour on a side in pixels, empty without a neighbour."""
    neighbour = getattr(tooth, side)
    if neighbour is None:
        return ""
    return TOUCHING if neighbour.overlap or neighbour.gap < 0.5 else f"{neighbour.gap:.0f}"


def _title(name: str) -> str:
    return f"Measurements of {name}"


def _facts(measures: Measurements, heads: Sequence[str]) -> str:
    """Size and number of teeth, and what the columns of the table mean."""
    height, width = measures.size
    found = counted(len(measures.teeth), "tooth", "teeth")
    said = [f"{width} x {height} pixels, {found}"]
    if "mesial" in heads:
        said.append(f"sizes and gaps in pixels ({TOUCHING} touching)")
    elif measures.teeth:
        said.append("sizes in pixels")
    if "angle" in heads:
        said.append(
            f"angles to the occlusal plane ({measures.occlusal_plane:+.1f}\N{DEGREE SIGN} to the "
            "rows), tilt positive to the midline"
        )
    return "; ".join(said)


def _replaced(findings: Findings | None) -> set[int]:
    """The numbers in whose place an implant or a pontic stands."""
    if findings is None:
        return set()
    return {finding.fdi for finding in findings if finding.kind in REPLACING}


def _lines(measures: Measurements, numbering: Numbering, replaced: Collection[int]) -> list[str]:
    """Sentences about absent, deciduous and unerupted teeth, gaps, third molars, and the notes.

    Those that are `replaced` are listed with the findings.
    """

    def listed(numbers: Iterable[int]) -> str:
        return ", ".join(from_fdi(fdi, numbering) for fdi in numbers)

    numbers, thirds = (
        listed(fdi for fdi in some if fdi not in replaced)
        for some in (measures.missing, measures.missing_third_molars)
    )
    others = "; third molars not found: " + thirds if thirds else ""
    lines = [f"Not found: {numbers or 'none'}{others}."]
    numbered = [tooth for tooth in measures.teeth if tooth.fdi]
    kinds = {
        "Deciduous": sorted({tooth.fdi for tooth in numbered if TEETH[tooth.fdi].deciduous}),
        "Unerupted": sorted({tooth.fdi for tooth in numbered if not tooth.erupted}),
    }
    if said := "; ".join(f"{kind}: {listed(found)}" for kind, found in kinds.items() if found):
        lines.append(f"{said}.")
    for gap in measures.gaps:
        first, second = (from_fdi(fdi, numbering) for fdi in gap.between)
        if gap.widths < LEAST_GAP:
            lines.append(f"No gap between {first} and {second} ({listed(gap.missing)} not found).")
            continue
        lines.append(
            f"Gap between {first} and {second} ({listed(gap.missing)} not found): "
            f"{gap.distance:.0f} pixels, {gap.widths:.1f} times the mean width of the two teeth."
        )
    for third in measures.third_molars:
        lines.append(
            f"{from_fdi(third.fdi, numbering)}: {third.winter} (Winter), "
            f"{third.angle:+.0f}\N{DEGREE SIGN} to the second molar."
        )
    return [*lines, *(f"{note[0].upper()}{note[1:]}." for note in measures.notes)]


def _findings_in_words(teeth: Teeth, findings: Findings | None, numbering: Numbering) -> list[str]:
    """What was found on each tooth, as one sentence; none where nothing was looked for."""
    if findings is None:
        return []
    # Teeth with the same text are listed together.
    numbers: dict[str, list[str]] = {}
    for line in tooth_report(teeth, findings):
        if line.findings:
            number, words = line.text(numbering).split(": ", 1)
            numbers.setdefault(words, []).append(number)
    told = [f"{', '.join(some)}: {words}" for words, some in numbers.items()]
    return [f"{'; '.join(told)}." if told else "No fillings, crowns, implants or other findings."]


def _wrapped(lines: Iterable[str]) -> list[str]:
    """The lines broken where they are longer than the page is wide."""
    return [part for line in lines for part in wrap(line, _LINE)]


def _plain(text: str) -> str:
    """The text for matplotlib, which would read dollar signs as mathematics."""
    return shown(text).replace("$", r"\$")


def _scaled_down(picture: RGBImage) -> RGBImage:
    """The picture at most `PICTURE_WIDTH` pixels wide."""
    import cv2

    height, width = picture.shape[:2]
    if width <= PICTURE_WIDTH:
        return picture
    rows, columns = fitted_size((height, width), PICTURE_WIDTH)
    return cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
