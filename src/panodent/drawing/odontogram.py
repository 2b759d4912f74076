"""The odontogram: a chart of the teeth that were found, are doubtful, or were not found.

Two rows of sixteen teeth, the upper jaw above the lower, the patient's right on the left as on the
radiograph. Where a deciduous tooth was found, two inner rows show the twenty deciduous teeth, each
in the column of its successor. Colour is not the only sign of a state: found teeth are filled,
doubtful teeth dashed with "?", teeth not found pale with a cross. Teeth that have not erupted,
germs and impacted teeth, are white inside a ring; an arrow shows where an impacted tooth points.
Of a root remnant only the root is full. Findings are drawn in black on paler teeth, see
`panodent.drawing.chart_findings`.

`svg` and `png` draw the same description.

>>> svg(Teeth.empty((9, 9))).count('data-state="not found"')
32
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import chain

from panodent.analysis.tooth_report import in_words
from panodent.dentition import NUMBERINGS, TEETH, Numbering, from_fdi
from panodent.drawing import chart_key, chart_marks
from panodent.drawing.canvas import Colour, RGBImage, blended
from panodent.drawing.chart_findings import BAR, bridges, finding_shapes, scaled
from panodent.drawing.chart_teeth import ChartTooth, chart_teeth
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import Part, Path, Piece, Shape, Text, placed, rounded, to_pixels
from panodent.errors import ConfigError, UnknownNameError
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

Palette = Mapping[int, Colour]

_WHITE: Colour = (255, 255, 255)
_INK: Colour = (28, 32, 38)
_QUIET: Colour = (104, 110, 118)
_PALE: Colour = (190, 195, 202)
_RING: Colour = (72, 78, 86)

# In chart units.
_COLUMNS = (33, 29, 31, 31, 31, 46, 43, 39)  # widths by position, from the midline
_MIDLINE_GAP = 14
_MARGIN = 30
_WIDTH = 2 * (sum(_COLUMNS) + _MARGIN + _MIDLINE_GAP / 2)
_UPPER_EDGE = 152.0  # y of the upper teeth's biting edge
_DECIDUOUS_SCALE = 0.56
_INNER_ROW = 84.0  # height of a row of deciduous teeth
_MIN_WIDTH, _USUAL_WIDTH, _MAX_WIDTH = 320, 1280, 8000  # of a PNG, in pixels


@dataclass(frozen=True)
class _Group:
    """Pieces that belong together, those of `tooth` where it is given.

    `joins` are the numbers of the teeth above which the bars of bridges lie.
    """

    pieces: tuple[Piece, ...]
    tooth: ChartTooth | None = None
    joins: frozenset[int] = frozenset()

    @property
    def parts(self) -> list[Part]:
        """The parts of its pieces."""
        return [part for piece in self.pieces for part in piece]


@dataclass(frozen=True)
class _Look:
    """How all teeth are drawn.

    middle : the y between the jaws.
    inner : the height of a row of deciduous teeth, or 0.
    faint : whether teeth are pale, so that findings stand out.
    """

    middle: float
    inner: float
    numbering: Numbering
    palette: Palette
    faint: bool

    def edge(self, fdi: int) -> float:
        """The y of a tooth's biting edge."""
        away = 28 + (0.0 if TEETH[fdi].deciduous else self.inner)
        return self.middle + (-away if TEETH[fdi].jaw == "upper" else away)

    def bar(self, fdi: int, other: int) -> Shape:
        """The bar that joins two neighbours in a bridge."""
        scale = _DECIDUOUS_SCALE if TEETH[fdi].deciduous else 1.0
        y = self.edge(fdi) + (-BAR if TEETH[fdi].jaw == "upper" else BAR) * scale
        ends = sorted((_column(fdi), _column(other)))
        line: Path = (("M", (ends[0], y)), ("L", (ends[1], y)))
        return Shape(line, None, _INK, 4.0 * scale)


@dataclass(frozen=True)
class Odontogram:
    """A chart that is described, and can be drawn as SVG and as pixels.

    groups : in the order in which they are drawn.
    height : in chart units.
    about : how many teeth were found, as a sentence.
    numbering : of the numbers on it.
    """

    groups: Sequence[_Group]
    height: float
    about: str
    numbering: Numbering

    def svg(self) -> str:
        """An SVG document in which each tooth is a group with <title> and <desc>, all escaped."""
        body = "\n".join(_svg_group(group, self.numbering) for group in self.groups)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH:g} {self.height:g}" '
            f'width="{_WIDTH:g}" height="{self.height:g}" role="img" '
            'font-family="Helvetica, Arial, sans-serif">\n'
            f"<title>Odontogram</title>\n<desc>{escape(self.about)}</desc>\n"
            f'<rect width="100%" height="100%" fill="#fff"/>\n{body}\n</svg>\n'
        )

    def png(self, width: int = _USUAL_WIDTH) -> RGBImage:
        """uint8 RGB (height, width, 3); raises `ConfigError` for a width below 320, above 8000."""
        if not _MIN_WIDTH <= width <= _MAX_WIDTH:
            raise ConfigError(f"width is {width}; expected {_MIN_WIDTH} to {_MAX_WIDTH} pixels")
        pieces, rare = _pieces(self.groups)
        if width > _USUAL_WIDTH:  # too large to be kept
            pieces, rare = [], [*pieces, *rare]
        return to_pixels(pieces, (_WIDTH, self.height), width / _WIDTH, rare)


def odontogram(
    teeth: Teeth,
    numbering: Numbering = "fdi",
    palette: Palette | None = None,
    findings: Findings | None = None,
) -> Odontogram:
    """The chart of teeth.

    `numbering` is 'fdi', 'universal' or 'palmer'; `palette` (RGB, 0 to 255, by FDI number) replaces
    the colours of the teeth that it holds; `findings` are drawn on their teeth. Raises
    `UnknownNameError` for an unknown numbering.
    """
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    charted = chart_teeth(teeth, findings)
    kinds = {tooth.fdi: tooth.findings for tooth in charted if tooth.findings}
    inner = _INNER_ROW if any(TEETH[tooth.fdi].deciduous for tooth in charted) else 0.0
    middle = _UPPER_EDGE + 28 + inner
    look = _Look(middle, inner, numbering, palette or {}, bool(kinds))
    groups = [_frame(middle, numbering)]
    groups += [_tooth(tooth, look) for tooth in charted]
    if pairs := bridges(kinds):
        bars = tuple(look.bar(*pair) for pair in pairs)
        groups.append(_Group((bars,), joins=frozenset(chain.from_iterable(pairs))))
    top = 2 * middle - 38
    left, about = _MARGIN * 0.6, chart_key.summary(teeth, findings)
    shown = {kind for found in kinds.values() for kind in found}
    marks = chart_marks.marks(tooth.attributes for tooth in charted)
    key = chart_key.key(left, _WIDTH - left, top, about, shown, marks)
    groups.append(_Group(tuple(key)))
    height = top + chart_key.HEIGHT + (chart_key.FINDINGS_HEIGHT if shown else 0.0)
    height += chart_marks.HEIGHT if marks else 0.0
    return Odontogram(groups, height, about, numbering)


def svg(
    teeth: Teeth,
    numbering: Numbering = "fdi",
    palette: Palette | None = None,
    findings: Findings | None = None,
) -> str:
    """The chart of `odontogram` as an SVG document."""
    return odontogram(teeth, numbering, palette, findings).svg()


def png(
    teeth: Teeth,
    numbering: Numbering = "fdi",
    palette: Palette | None = None,
    findings: Findings | None = None,
    *,
    width: int = _USUAL_WIDTH,
) -> RGBImage:
    """The chart of `odontogram` as uint8 RGB (height, width, 3); see `Odontogram.png`."""
    return odontogram(teeth, numbering, palette, findings).png(width)


def _pieces(groups: Sequence[_Group]) -> tuple[list[Piece], list[Piece]]:
    """The pieces of a chart that other charts may have too, and those that are its own.

    Each tooth keeps to its column, so that only the teeth of a bridge touch others.
    """
    joined = {fdi for group in groups for fdi in group.joins}
    pieces: list[Piece] = []
    bridge: list[Part] = []
    for group in groups:
        if group.joins or (group.tooth is not None and group.tooth.fdi in joined):
            bridge += group.parts
        else:
            pieces += group.pieces
    return pieces, [tuple(bridge)] if bridge else []


# --- the chart's description --------------------------------------------------------------------


def _frame(middle: float, numbering: Numbering) -> _Group:
    """Lines between the quadrants and names of the sides; `middle` is the y between the jaws."""
    name = {"fdi": "FDI", "universal": "Universal", "palmer": "Palmer"}[numbering]
    centre = _WIDTH / 2
    lines = (
        (("M", (_MARGIN * 0.6, middle)), ("L", (_WIDTH - _MARGIN * 0.6, middle))),
        (("M", (centre, 40.0)), ("L", (centre, 2 * middle - 40.0))),
    )
    frame: Piece = (
        *(Shape(line, None, _PALE, 1.0) for line in lines),
        Text("R", _MARGIN * 0.6, middle - 6, 13, _INK, "left", True),
        Text("L", _WIDTH - _MARGIN * 0.6, middle - 6, 13, _INK, "right", True),
        Text("Patient's right", _MARGIN * 0.6, 24, 12, _QUIET, "left"),
        Text(f"{name} numbering", centre, 24, 12, _QUIET),
        Text("Patient's left", _WIDTH - _MARGIN * 0.6, 24, 12, _QUIET, "right"),
    )
    return _Group((frame,))


def _column(fdi: int) -> float:
    """The x of the middle of a tooth's column."""
    tooth = TEETH[fdi]
    inside = sum(_COLUMNS[: tooth.position - 1]) + _COLUMNS[tooth.position - 1] / 2
    away = _MIDLINE_GAP / 2 + inside
    return _WIDTH / 2 + (-away if tooth.side == "right" else away)


def _tooth(charted: ChartTooth, look: _Look) -> _Group:
    """One tooth with its number and its findings."""
    tooth = TEETH[charted.fdi]
    up, x = tooth.jaw == "upper", _column(charted.fdi)
    sign = -1.0 if up else 1.0
    scale = _DECIDUOUS_SCALE if tooth.deciduous else 1.0
    edge = look.edge(charted.fdi)
    colour = look.palette.get(charted.fdi, tooth.colour)
    found = charted.state != "not found"
    label = from_fdi(charted.fdi, look.numbering)
    label += f" x{charted.count}" if charted.count > 1 else ""
    parts: list[Part] = _tooth_shapes(charted, x, edge, scale, up, colour, look.faint)
    drawn = finding_shapes(charted.fdi, charted.findings, found)
    if charted.attributes.impaction is not None:
        drawn += chart_marks.arrow(charted.fdi, charted.attributes.impaction)
    parts += [scaled(shape, x, edge, scale, up) for shape in drawn]
    if charted.state == "doubtful":
        at = edge + sign * 21 * scale + 6.5 * max(scale, 0.75)
        parts.append(Text("?", x, at, 18 * max(scale, 0.75), _INK, "middle", True))
    if charted.in_doubt:
        at = edge + sign * (pictogram(charted.fdi).length * scale + 9) + 4.5
        parts.append(Text("?", x, at, 13, _INK, "middle", True))
    letters = 11.0 if look.numbering == "palmer" else 13.0
    baseline = edge - sign * 14 + letters * 0.36
    parts.append(Text(label, x, baseline, letters, _INK if found else _QUIET, "middle", found))
    return _Group((tuple(parts),), charted)


def _tooth_shapes(
    charted: ChartTooth,
    x: float,
    edge: float,
    scale: float,
    up: bool,
    colour: Colour,
    faint: bool,
) -> list[Part]:
    """Roots and crown of a tooth in its state; (x, edge) is the middle of its biting edge."""
    shape = pictogram(charted.fdi)
    crown = placed(shape.crown, x, edge, scale, up)
    roots = [placed(root, x, edge, scale, up) for root in shape.roots]
    if charted.state == "not found":
        return _absent(charted, x, edge, scale, up)
    line = blended(colour, _INK, 0.5)
    parts: list[Part] = []
    if charted.ringed:
        parts.append(Shape(_ring(charted.fdi, x, edge, scale, up), _WHITE, _RING, 1.0))
    if charted.state == "doubtful":
        pale = Shape(crown, blended(colour, _WHITE, 0.8), line, 1.4, (4.0, 3.0))
        return [*parts, *(replace(pale, path=root, fill=_WHITE) for root in roots), pale]
    light = blended(colour, _WHITE, 0.6)
    if charted.ringed:
        hollow = Shape(crown, light, line, 1.3)
        return [*parts, *(replace(hollow, path=root, fill=_WHITE) for root in roots), hollow]
    strong = blended(colour, _WHITE, 0.1)
    if faint:
        strong, light = blended(colour, _WHITE, 0.5), blended(colour, _WHITE, 0.75)
    full = Shape(crown, strong, line, 1.3)
    if charted.attributes.remnant:
        crownless = Shape(crown, _WHITE, _QUIET, 1.0, chart_marks.DOTTED)
        return [*parts, crownless, *(replace(full, path=root) for root in roots)]
    return [*parts, *(replace(full, path=root, fill=light) for root in roots), full]


def _absent(charted: ChartTooth, x: float, edge: float, scale: float, up: bool) -> list[Part]:
    """A pale tooth with a cross; without roots where something stands in its place."""
    shape = pictogram(charted.fdi)
    faint = Shape(placed(shape.crown, x, edge, scale, up), _WHITE, _PALE, 1.0)
    replaced = {"implant", "pontic"} & set(charted.findings)
    roots = [] if replaced else [placed(root, x, edge, scale, up) for root in shape.roots]
    half, middle = min(8.5, shape.width * 0.3), 20.0
    strokes = [
        (("M", (-half, middle - half * way)), ("L", (half, middle + half * way))) for way in (1, -1)
    ]
    crosses = [Shape(placed(s, x, edge, scale, up), None, _QUIET, 1.8) for s in strokes]
    return [*(replace(faint, path=root) for root in roots), faint, *crosses]


def _ring(fdi: int, x: float, edge: float, scale: float, up: bool) -> Path:
    """The line around a tooth that has not erupted, within its column."""
    shape = pictogram(fdi)
    half = min(shape.width / 2 + 4, _COLUMNS[TEETH[fdi].position - 1] / 2 - 1.2)
    return placed(rounded(-half, -3.5, half, shape.length + 4), x, edge, scale, up)


def _svg_group(group: _Group, numbering: Numbering) -> str:
    """The group as an SVG element, with the tooth's name and state where it has a tooth."""
    body = "".join(part.to_svg() for part in group.parts)
    if group.tooth is None:
        return f"<g>{body}</g>"
    tooth, held = group.tooth, ""
    title = f"{from_fdi(tooth.fdi, numbering)} {TEETH[tooth.fdi].name}"
    about = ", ".join((tooth.state, *tooth.attributes.words))
    if tooth.count:
        about += f", score {tooth.score:.2f}"
    if tooth.count > 1:
        about += f", {tooth.count} teeth have this number"
    if tooth.findings:
        about += "; " + in_words(tooth.findings, tooth.in_doubt)
        held = f' data-findings="{" ".join(tooth.findings)}"'
    if tooth.attributes.impaction is not None:
        held += f' data-impaction="{tooth.attributes.impaction.angulation}"'
    if tooth.attributes.remnant:
        held += ' data-remnant="true"'
    return (
        f'<g class="tooth {tooth.state.replace(" ", "-")}" role="img" data-fdi="{tooth.fdi}" '
        f'data-state="{tooth.state}" data-erupted="{str(tooth.attributes.erupted).lower()}"{held}>'
        f"<title>{escape(title)}</title>"
        f"<desc>{escape(about)}</desc>{body}</g>"
    )
