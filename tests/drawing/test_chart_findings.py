"""Findings on the chart: a sign for each kind, on its tooth, readable in black and white."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import numpy as np
import pytest

from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.drawing.chart_findings import INK, bridges, finding_shapes
from panodent.drawing.chart_teeth import chart_teeth
from panodent.drawing.odontogram import png, svg
from panodent.drawing.tooth_shapes import NECK, pictogram
from panodent.drawing.vector import to_points
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

NS = {"s": "http://www.w3.org/2000/svg"}
SIZE = (10, 10)
DOT = np.ones((3, 3), bool)


def teeth(*absent: int) -> Teeth:
    return Teeth.from_masks(SIZE, [(n, DOT, (1, 1)) for n in PERMANENT if n not in absent])


def found(*items: tuple[str, int], doubtful: tuple[int, ...] = ()) -> Findings:
    made = [(kind, fdi, DOT, (1, 1)) for kind, fdi in items]
    flags = [["doubtful"] if place in doubtful else [] for place in range(len(items))]
    return Findings.from_masks(SIZE, made, flags=flags)


def groups(document: str) -> dict[int, ET.Element]:
    root = ET.fromstring(document)  # noqa: S314 - our own document
    return {int(g.attrib["data-fdi"]): g for g in root.findall(".//s:g[@data-fdi]", NS)}


def words(document: str) -> list[str]:
    root = ET.fromstring(document)  # noqa: S314 - our own document
    return [text.text or "" for text in root.findall(".//s:text", NS)]


def heights(fdi: int, kind: str) -> tuple[float, float]:
    """The smallest and largest y of what is drawn, from the biting edge to the root."""
    y = np.concatenate([to_points(shape.path)[:, 1] for shape in finding_shapes(fdi, [kind])])
    return float(y.min()), float(y.max())


@pytest.mark.parametrize("fdi", [*PERMANENT, *DECIDUOUS])
def test_signs_are_where_dentists_draw_them(fdi: int) -> None:
    length = pictogram(fdi).length
    for kind in ("filling", "crown", "pontic", "appliance"):
        assert heights(fdi, kind)[1] <= NECK + 0.5
    for kind in ("root_filling", "implant"):
        top, tip = heights(fdi, kind)
        assert top + 2 > NECK
        assert length * 0.7 < tip <= length
    top, tip = heights(fdi, "post")
    assert top < NECK < tip < (NECK + length) / 2
    for shape in (s for kind in KINDS for s in finding_shapes(fdi, [kind])):
        assert np.abs(to_points(shape.path)[:, 0]).max() <= pictogram(fdi).width / 2 + 1


@pytest.mark.parametrize(("fdi", "canals"), [(16, 3), (14, 2), (36, 2), (48, 2), (11, 1), (45, 1)])
def test_a_line_in_each_canal(fdi: int, canals: int) -> None:
    assert len(finding_shapes(fdi, ["root_filling"])) == canals


def test_a_post_is_in_the_palatal_or_distal_root() -> None:
    def x(fdi: int) -> float:
        return float(to_points(finding_shapes(fdi, ["post"])[-1].path)[-1, 0])

    assert x(16) == x(11) == 0
    assert x(46) < -5 < 5 < x(36)


def test_signs_are_black_or_white_and_differ() -> None:
    drawn = {kind: finding_shapes(36, [kind]) for kind in KINDS}
    paths = {kind: tuple(shape.path for shape in shapes) for kind, shapes in drawn.items()}
    assert paths.pop("pontic") == paths["crown"]  # it has no roots and a bar
    assert len(set(paths.values())) == len(paths)
    for shapes in drawn.values():
        assert any(INK in (shape.fill, shape.stroke) for shape in shapes)
        assert all(len(set(shape.stroke)) <= 3 and max(shape.stroke) - min(shape.stroke) <= 12
                   for shape in shapes)  # fmt: skip


def test_bars_join_a_bridge() -> None:
    one = {15: ["crown"], 14: ["pontic"], 13: ["crown", "root_filling"], 12: ["crown"]}
    assert bridges(one) == [(15, 14), (14, 13)]
    over_the_midline = {11: ["pontic"], 21: ["pontic"], 22: ["crown"], 12: ["crown"]}
    assert bridges(over_the_midline) == [(12, 11), (11, 21), (21, 22)]
    assert bridges({25: ["pontic"], 24: ["crown"]}) == [(24, 25)]  # a cantilever
    assert bridges({32: ["pontic"]}) == [(33, 32), (32, 31)]  # glued to its neighbours
    assert bridges({18: ["pontic"], 48: ["pontic"]}) == [(18, 17), (47, 48)]
    assert bridges({36: ["crown"], 37: ["crown"], 16: ["implant"]}) == []
    assert bridges({54: ["pontic"], 55: ["crown"]}) == [(55, 54)]


def test_a_chart_tells_its_findings() -> None:
    document = svg(
        teeth(46, 14), findings=found(("root_filling", 36), ("crown", 36), ("implant", 46),
                                      ("pontic", 14), ("crown", 15), ("appliance", 0))
    )  # fmt: skip
    drawn = groups(document)
    held = {n: g.attrib["data-findings"] for n, g in drawn.items() if "data-findings" in g.attrib}
    assert held == {36: "crown root_filling", 46: "implant", 14: "pontic", 15: "crown"}
    assert drawn[36].findtext("s:desc", None, NS) == "found, score 1.00; crown, root filling"
    assert drawn[46].findtext("s:desc", None, NS) == "not found; implant"
    assert drawn[37].findtext("s:desc", None, NS) == "found, score 1.00"
    told = words(document)
    assert [KINDS[kind].title for kind in KINDS if KINDS[kind].title in told] == [
        "crown", "pontic", "root filling", "implant",
    ]  # fmt: skip
    assert "30 of 32 permanent teeth found · 1 appliance on no single tooth" in told


def test_what_stands_in_place_of_a_tooth_has_no_roots() -> None:
    def paths(fdi: int, *items: tuple[str, int]) -> list[str]:
        group = groups(svg(teeth(fdi), findings=found(*items)))[fdi]
        return [path.attrib["d"] for path in group.findall("s:path", NS)]

    absent = paths(46)
    root = absent[0]
    assert root not in paths(46, ("implant", 46))
    assert root not in paths(46, ("pontic", 46))
    assert root in paths(46, ("filling", 46))  # the tooth was overlooked, not replaced
    assert absent[-1] in paths(46, ("implant", 46))  # the cross: no crown on it


def test_a_doubtful_finding_has_a_question_mark() -> None:
    document = svg(teeth(), findings=found(("crown", 36), ("crown", 37), doubtful=(0,)))
    drawn = groups(document)
    assert [[t.text for t in drawn[n].findall("s:text", NS)] for n in (36, 37)] == [
        ["?", "36"],
        ["37"],
    ]
    assert (drawn[36].findtext("s:desc", None, NS) or "").endswith("; crown?")
    # One that is sure is enough.
    both = found(("filling", 36), ("filling", 36), doubtful=(0,))
    assert next(t for t in chart_teeth(teeth(), both) if t.fdi == 36).in_doubt == ()


def test_without_findings_the_chart_is_the_same() -> None:
    assert svg(teeth(36), findings=Findings.empty(SIZE)) == svg(teeth(36))
    assert "data-findings" not in svg(teeth(36))
    assert not set(words(svg(teeth(36)))) & {kind.title for kind in KINDS.values()}


def test_a_finding_on_a_deciduous_tooth_shows_the_inner_rows() -> None:
    drawn = groups(svg(teeth(), findings=found(("crown", 75))))
    assert drawn[75].attrib["data-findings"] == "crown"


def test_the_chart_is_read_in_black_and_white() -> None:
    items = [(kind, 36) for kind in KINDS]
    plain = png(teeth(), width=640).mean(axis=2)
    for item in items:
        shown = png(teeth(), findings=found(item), width=640).mean(axis=2)
        half = shown[200 : len(plain) - 40, 320:]
        assert (half < 60).sum() > (plain[200:-40, 320:] < 60).sum() + 40, item


def test_the_key_fits_with_all_kinds() -> None:
    items = [(kind, 30 + place) for place, kind in enumerate(KINDS, start=1)]
    picture = png(teeth(), findings=found(*items))
    assert (picture[:, -8:] == 255).all()
    assert (picture[[0, -1]] == 255).all()
