"""The chart: 32 teeth in their places and states, the same as SVG and as pixels."""

from __future__ import annotations

import itertools
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest

from panodent.dentition import ARCH_ORDER, DECIDUOUS, PERMANENT, TEETH
from panodent.drawing.odontogram import png, svg
from panodent.drawing.tooth_shapes import pictogram
from panodent.drawing.vector import to_points
from panodent.errors import ConfigError, UnknownNameError
from panodent.teeth.teeth import Teeth

NS = {"s": "http://www.w3.org/2000/svg"}


def chart(
    *numbers: int, doubtful: tuple[int, ...] = (), scores: list[float] | None = None
) -> Teeth:
    mask = np.ones((3, 3), bool)
    made = [(fdi, mask, (1, 1)) for fdi in numbers]
    return Teeth.from_masks(
        (10, 10), made, scores, [["doubtful"] if fdi in doubtful else [] for fdi in numbers]
    )


def groups(document: str) -> dict[int, ET.Element]:
    root = ET.fromstring(document)  # noqa: S314  # our own document
    found = root.findall(".//s:g[@data-fdi]", NS)
    return {int(group.attrib["data-fdi"]): group for group in found}


def words(element: ET.Element) -> list[str]:
    return [text.text or "" for text in element.findall(".//s:text", NS)]


def places(document: str) -> dict[int, tuple[float, float]]:
    """(x, y) of each tooth's number."""
    at = {}
    for fdi, group in groups(document).items():
        text = group.findall("s:text", NS)[-1]
        at[fdi] = (float(text.attrib["x"]), float(text.attrib["y"]))
    return at


def test_thirty_two_teeth_with_their_states() -> None:
    found = groups(svg(chart(11, 36, 48, doubtful=(36,))))
    assert sorted(found) == sorted(PERMANENT)
    states = {fdi: group.attrib["data-state"] for fdi, group in found.items()}
    assert states.pop(11) == "found"
    assert states.pop(48) == "found"
    assert states.pop(36) == "doubtful"
    assert set(states.values()) == {"not found"}


def test_states_read_without_colour() -> None:
    found = groups(svg(chart(11, 36, doubtful=(36,))))
    assert words(found[11]) == ["11"]
    assert words(found[36]) == ["?", "36"]
    dashed = {f for f, g in found.items() if g.findall("s:path[@stroke-dasharray]", NS)}
    assert dashed == {36}
    open_lines = {
        fdi: sum(not path.attrib["d"].endswith("Z") for path in group.findall("s:path", NS))
        for fdi, group in found.items()
    }
    assert open_lines.pop(11) == open_lines.pop(36) == 0
    assert set(open_lines.values()) == {2}  # the cross


def test_each_tooth_says_what_it_is() -> None:
    found = groups(svg(chart(36, 36, scores=[0.5, 0.91])))
    assert found[36].findtext("s:title", None, NS) == "36 lower left first molar"
    about = found[36].findtext("s:desc", None, NS)
    assert about == "found, score 0.91, 2 teeth have this number"
    assert words(found[36]) == ["36 x2"]
    assert found[37].findtext("s:desc", None, NS) == "not found"


def test_rows_run_as_the_dentist_sees_them() -> None:
    at = places(svg(chart()))
    upper = sorted((fdi for fdi in at if TEETH[fdi].jaw == "upper"), key=lambda fdi: at[fdi])
    lower = sorted((fdi for fdi in at if TEETH[fdi].jaw == "lower"), key=lambda fdi: at[fdi])
    assert upper == [*range(18, 10, -1), *range(21, 29)]
    assert lower == [*range(48, 40, -1), *range(31, 39)]
    assert {at[fdi][1] for fdi in upper} != {at[fdi][1] for fdi in lower}
    assert max(at[fdi][1] for fdi in upper) < min(at[fdi][1] for fdi in lower)


def test_pictograms_do_not_touch_their_neighbours() -> None:
    at = places(svg(chart()))
    row = sorted((at[fdi][0], fdi) for fdi in ARCH_ORDER[:16])
    for (x0, left), (x1, right) in itertools.pairwise(row):
        half = [np.abs(to_points(pictogram(fdi).crown)[:, 0]).max() for fdi in (left, right)]
        assert x1 - x0 > sum(half) + 2


def test_deciduous_teeth_stand_in_inner_rows_when_one_is_found() -> None:
    plain, mixed = svg(chart(11)), svg(chart(11, 55, 75))
    assert set(groups(mixed)) == set(TEETH)
    states = {fdi: group.attrib["data-state"] for fdi, group in groups(mixed).items()}
    assert {fdi for fdi, state in states.items() if state == "found"} == {11, 55, 75}
    at = places(mixed)
    for fdi in DECIDUOUS:
        successor = TEETH[fdi - 40]
        assert at[fdi][0] == at[successor.fdi][0]
        # Between the permanent teeth of both jaws, on the side of their own.
        assert at[15][1] < at[fdi][1] < at[35][1]
        assert (at[fdi][1] < (at[15][1] + at[35][1]) / 2) == (successor.jaw == "upper")
    heights = [float(ET.fromstring(text).attrib["height"]) for text in (plain, mixed)]  # noqa: S314
    assert heights[1] > heights[0]


def germ(*, doubtful: bool = False) -> Teeth:
    """16, 55 and 54 in a row, and the germ of 15 above 55."""
    block = np.ones((40, 10), bool)
    row = [(fdi, block, (10, 10 * place)) for place, fdi in enumerate((16, 55, 54))]
    flags = [[], [], [], ["doubtful"] * doubtful]
    return Teeth.from_masks((60, 60), [*row, (15, block[:25], (0, 10))], flags=flags)


def test_unerupted_teeth_are_hollow_in_a_ring() -> None:
    found, doubted = groups(svg(germ())), groups(svg(germ(doubtful=True)))
    assert {fdi for fdi, g in found.items() if g.attrib["data-erupted"] == "false"} == {15}
    assert found[15].findtext("s:desc", None, NS) == "found, unerupted, score 1.00"
    assert found[16].findtext("s:desc", None, NS) == "found, score 1.00"
    shapes = {fdi: group.findall("s:path", NS) for fdi, group in found.items()}
    assert len(shapes[15]) == len(shapes[45]) - 1  # one root, crown, ring; a cross of two strokes
    ring, root, _ = shapes[15]
    assert (ring.attrib["fill"], root.attrib["fill"]) == ("#ffffff", "#ffffff")
    assert all(part.attrib["fill"] != "#ffffff" for part in shapes[55])
    dashed = [part for part in doubted[15] if "stroke-dasharray" in part.attrib]
    assert len(dashed) == 2  # the tooth, not its ring
    assert words(doubted[15]) == ["?", "15"]
    assert "1 unerupted" in (ET.fromstring(svg(germ())).findtext("s:desc", None, NS) or "")  # noqa: S314
    assert "unerupted" in words(ET.fromstring(svg(chart())))  # noqa: S314 - the key


def test_the_ring_stays_in_its_column_and_below_the_title() -> None:
    block = np.ones((40, 20), bool)
    for fdi in PERMANENT:
        up = TEETH[fdi].jaw == "upper"
        tooth = (fdi, block[:20], (0 if up else 40, 60))
        taller = (55 if up else 85, block, (20, 60))
        document = svg(Teeth.from_masks((80, 99), [tooth, taller]))
        group, at = groups(document)[fdi], places(document)
        assert group.attrib["data-erupted"] == "false"
        ring = group.findall("s:path", NS)[0].attrib["d"]
        numbers = [float(n) for n in re.findall(r"-?\d+\.?\d*", ring)]
        x, y = numbers[::2], numbers[1::2]
        nearest = min(abs(at[fdi][0] - place[0]) for place in at.values() if place[0] != at[fdi][0])
        assert max(x) - min(x) < 2 * nearest
        assert min(y) > 28
        assert not min(y) < at[fdi][1] < max(y)  # its number is outside


def test_the_summary_counts() -> None:
    root = ET.fromstring(svg(chart(11, 12, 55, 0, 0, doubtful=(12,))))  # noqa: S314
    summary = root.findtext("s:desc", None, NS)
    assert summary == (
        "2 of 32 permanent teeth found · 1 deciduous tooth · 1 doubtful · 2 teeth without a number"
    )
    assert summary in words(root)
    assert "Patient's right" in words(root)
    assert "Research use only, not a medical device" in words(root)


@pytest.mark.parametrize(
    ("fdi", "numbering", "label", "title"),
    [
        (36, "universal", "19", "19 lower left first molar"),
        (36, "palmer", "LL6", "LL6 lower left"),
        (55, "universal", "A", "A upper right deciduous second molar"),
        (85, "universal", "T", "T lower right deciduous second molar"),
        (71, "palmer", "LLA", "LLA lower left deciduous central incisor"),
    ],
)
def test_numbering(fdi, numbering, label, title) -> None:
    group = groups(svg(chart(fdi), numbering))[fdi]
    assert words(group) == [label]
    assert (group.findtext("s:title", None, NS) or "").startswith(title)


def test_colours_follow_the_palette() -> None:
    teeth = chart(11, 36)
    assert svg(teeth) != svg(teeth, palette={36: (1, 2, 3)})
    assert svg(teeth) == svg(teeth, palette={36: TEETH[36].colour})


def test_png_shows_the_same_chart() -> None:
    teeth = chart(*PERMANENT, doubtful=(36,))
    document, picture = svg(teeth), png(teeth, width=640)
    box = [float(v) for v in ET.fromstring(document).attrib["viewBox"].split()]  # noqa: S314
    assert picture.dtype == np.uint8
    assert picture.shape == (round(640 * box[3] / box[2]), 640, 3)
    scale = 640 / box[2]
    for fdi in (11, 26, 47):
        crown = groups(document)[fdi].findall("s:path", NS)[-1]
        x, y = places(document)[fdi]
        row = y + (30 if TEETH[fdi].jaw == "lower" else -40)
        pixel = picture[round(row * scale), round(x * scale)]
        expected = [int(crown.attrib["fill"][i : i + 2], 16) for i in (1, 3, 5)]
        assert np.abs(pixel.astype(int) - expected).max() <= 2
    assert (picture[[0, -1]] == 255).all()


def test_same_record_same_chart() -> None:
    teeth = chart(11, 36, 55, 0)
    assert svg(teeth) == svg(teeth)
    assert np.array_equal(png(teeth, width=320), png(teeth, width=320))


def test_an_empty_record_is_a_chart_of_crosses() -> None:
    assert png(Teeth.empty((5, 5)), width=320).shape[1] == 320


def test_mistakes_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="palmer"):
        svg(chart(), "palmar")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="320"):
        png(chart(), width=10)


def test_impacted_teeth_and_remnants_are_marked(jaw: Callable[..., Teeth]) -> None:
    plain, marked = svg(jaw(lean={48: 0.0})), svg(jaw(lean={48: 60.0}, crownless=(35,)))
    found, before = groups(marked), groups(plain)
    assert found[48].attrib["data-impaction"] == "mesial"
    assert found[48].findtext("s:desc", None, NS) == (
        "found, impacted (mesial, depth A), score 1.00"
    )
    assert found[35].attrib["data-remnant"] == "true"
    assert found[35].findtext("s:desc", None, NS) == "found, root remnant, score 1.00"
    shapes = {fdi: len(group.findall("s:path", NS)) for fdi, group in found.items()}
    usual = {fdi: len(group.findall("s:path", NS)) for fdi, group in before.items()}
    assert shapes[48] == usual[48] + 3  # a ring, and an arrow of two lines
    assert shapes[35] == usual[35]
    assert "stroke-dasharray" in found[35].findall("s:path", NS)[0].attrib  # the missing crown
    both = ET.fromstring(marked), ET.fromstring(plain)  # noqa: S314
    assert float(both[0].attrib["height"]) > float(both[1].attrib["height"])
    assert "root remnant" in words(both[0])
    assert "root remnant" not in words(both[1])
