"""Measures on paper: one page with overlay, odontogram and table, as HTML and as PDF."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence
from html import escape

from panodent import odontogram
from panodent.drawing import RGBImage, to_jpeg_bytes
from panodent.legend import DISCLAIMER
from panodent.measure import Measurements, ToothMeasure
from panodent.page import page, section, table
from panodent.teeth import Teeth
from panodent.version import __version__

HEADS = ("FDI", "score", "length", "width", "angle", "tilt", "mesial gap", "distal gap", "remarks")
_A4 = (8.27, 11.69)  # inches
_PICTURE_WIDTH = 1600


def html(name: str, measures: Measurements, teeth: Teeth, picture: RGBImage | None = None) -> str:
    """A page that stands alone; `name` is of the file, `picture` the overlay."""
    data = "" if picture is None else b64encode(to_jpeg_bytes(_shrunk(picture))).decode()
    shown = f'<img alt="overlay of {escape(name)}" src="data:image/jpeg;base64,{data}">'
    head = "<tr>" + "".join(f'<th class="n">{cell}</th>' for cell in HEADS) + "</tr>"
    rows = [
        "<tr>" + "".join(f'<td class="n">{escape(cell)}</td>' for cell in row) + "</tr>"
        for row in _rows(measures)
    ]
    return page(
        f"Measures of {name}",
        escape(_facts(measures)),
        [
            section("Overlay", shown if data else ""),
            section("Odontogram", odontogram.svg(teeth)),
            section("Teeth", table(head, rows)),
            section("Dentition", "".join(f"<p>{escape(line)}</p>" for line in _lines(measures))),
        ],
        f"panodent {__version__}",
    )


def pdf(name: str, measures: Measurements, teeth: Teeth, picture: RGBImage | None = None) -> bytes:
    """One A4 page."""
    return _figure(name, measures, teeth, picture, "pdf")


def _figure(
    name: str, measures: Measurements, teeth: Teeth, picture: RGBImage | None, kind: str
) -> bytes:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=_A4)
    FigureCanvasAgg(figure)
    figure.text(0.06, 0.962, _plain(f"Measures of {name}"), size=14, weight="bold")
    figure.text(0.06, 0.945, _plain(_facts(measures)), size=7.5, color="#555")
    upper = 0.93
    if picture is not None:
        small = _shrunk(picture)
        tall = 0.88 * _A4[0] / _A4[1] * small.shape[0] / small.shape[1]
        tall = min(tall, 0.33)
        axes = figure.add_axes((0.06, upper - tall, 0.88, tall))
        axes.imshow(small, aspect="equal")
        axes.axis("off")
        upper -= tall + 0.012
    chart = odontogram.png(teeth)
    tall = 0.6 * _A4[0] / _A4[1] * chart.shape[0] / chart.shape[1]
    axes = figure.add_axes((0.2, upper - tall, 0.6, tall))
    axes.imshow(chart, aspect="equal")
    axes.axis("off")
    upper -= tall + 0.015
    lines = _lines(measures)
    _table(figure, _rows(measures), upper, 0.045 + 0.014 * len(lines))
    for number, line in enumerate(reversed(lines)):
        figure.text(0.06, 0.042 + 0.014 * number, _plain(line), size=7)
    figure.text(0.06, 0.022, f"{DISCLAIMER}. panodent {__version__}", size=7, color="#555")
    stream = io.BytesIO()
    figure.savefig(stream, format=kind, dpi=200, metadata={} if kind == "png" else _METADATA)
    return stream.getvalue()


_METADATA = {"Creator": f"panodent {__version__}", "CreationDate": None, "Producer": None}


def _table(figure: object, rows: Sequence[Sequence[str]], upper: float, lower: float) -> None:
    """The rows in two columns of the page between these heights (shares of the page)."""
    half = -(-len(rows) // 2)
    step = min((upper - lower) / (half + 2), 0.0155)
    size = min(7.0, step * _A4[1] * 72 * 0.72)
    places = (0.0, 0.042, 0.088, 0.13, 0.172, 0.212, 0.262, 0.312, 0.345)
    for column, part in enumerate((rows[:half], rows[half:])):
        left = 0.06 + 0.455 * column
        for number, row in enumerate([_SHORT, *part]):
            y = upper - step * (number + 1)
            for place, cell in zip(places, row, strict=True):
                last = place == places[-1]
                figure.text(  # type: ignore[attr-defined]
                    left + place + (0 if last else 0.025),
                    y,
                    _plain(cell if not last else cell[:18]),
                    size=size,
                    ha="left" if last else "right",
                    weight="bold" if number == 0 else "normal",
                )


_SHORT = ("FDI", "score", "length", "width", "angle", "tilt", "mesial", "distal", "")


def _rows(measures: Measurements) -> list[list[str]]:
    ordered = sorted(measures.teeth, key=lambda tooth: (tooth.fdi == 0, tooth.fdi))
    return [
        [
            str(tooth.fdi or "?"),
            f"{tooth.score:.2f}",
            f"{tooth.length:.0f}",
            f"{tooth.width:.0f}",
            "" if tooth.angle is None else f"{tooth.angle:.0f}\N{DEGREE SIGN}",
            "" if tooth.tilt is None else f"{tooth.tilt:+.0f}\N{DEGREE SIGN}",
            _gap(tooth, "mesial"),
            _gap(tooth, "distal"),
            ", ".join(tooth.flags),
        ]
        for tooth in ordered
    ]


def _gap(tooth: ToothMeasure, side: str) -> str:
    neighbour = getattr(tooth, side)
    if neighbour is None:
        return ""
    return "overlap" if neighbour.overlap else f"{neighbour.gap:.0f}"


def _facts(measures: Measurements) -> str:
    height, width = measures.size
    return (
        f"{width} x {height} pixels, {len(measures.teeth)} teeth; lengths in pixels, angles to "
        f"the occlusal plane ({measures.occlusal_plane:+.1f}\N{DEGREE SIGN} to the rows), tilt "
        "positive towards the midline"
    )


def _lines(measures: Measurements) -> list[str]:
    numbers = ", ".join(map(str, measures.missing)) or "none"
    thirds = ", ".join(map(str, measures.missing_third_molars)) or "none"
    lines = [f"Not found: {numbers}; third molars not found: {thirds}."]
    for gap in measures.gaps:
        first, second = gap.between
        lines.append(
            f"Gap between {first} and {second} ({', '.join(map(str, gap.missing))} missing): "
            f"{gap.distance:.0f} pixels, {gap.widths:.1f} widths of its neighbours."
        )
    for third in measures.third_molars:
        lines.append(
            f"{third.fdi}: {third.winter} (Winter), {third.angle:+.0f}\N{DEGREE SIGN} to its "
            "neighbour."
        )
    return [*lines, *(f"{note[0].upper()}{note[1:]}." for note in measures.notes)]


def _plain(text: str) -> str:
    """Without what matplotlib would read as mathematics."""
    return text.replace("$", r"\$")


def _shrunk(picture: RGBImage) -> RGBImage:
    import cv2

    height, width = picture.shape[:2]
    if width <= _PICTURE_WIDTH:
        return picture
    size = (_PICTURE_WIDTH, round(height * _PICTURE_WIDTH / width))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
