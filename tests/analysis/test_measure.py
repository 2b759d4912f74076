"""Measures: known shapes have known axes, angles, gaps and classes, and the mirror keeps mesial."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from panodent.analysis.measure import measure, winter_class
from panodent.analysis.measurements import Gap, Neighbour, ToothMeasure
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SIZE = (400, 800)


def bar(centre: tuple[float, float], length: float, width: float, degrees: float) -> np.ndarray:
    """A bar whose long axis stands at `degrees` to the rows, clockwise."""
    mask = np.zeros(SIZE, np.uint8)
    corners = cv2.boxPoints((centre, (length, width), degrees))
    cv2.fillPoly(mask, [np.round(corners).astype(np.int32)], 1)
    return mask.astype(bool)


def of(found: tuple[ToothMeasure, ...], fdi: int) -> ToothMeasure:
    return next(tooth for tooth in found if tooth.fdi == fdi)


@pytest.fixture(scope="module")
def row() -> Teeth:
    """Upright teeth of both jaws, 100 by 30, 10 pixels apart; 46 is missing; 48 leans by 45."""
    items = [(fdi, bar((100 + 40 * i, 120), 100, 30, 90)) for i, fdi in enumerate((16, 15, 14, 13))]
    items += [(47, bar((100, 280), 100, 30, 90)), (45, bar((180, 280), 100, 30, 90))]
    items += [(44, bar((220, 280), 100, 30, 90)), (48, bar((40, 260), 80, 20, 45))]
    return Teeth.from_masks(SIZE, items)


def test_rectangles_by_hand() -> None:
    """12 is 20 wide and 60 tall; 11 begins 5 columns into it; 14 stands 30 columns away from 12."""
    blocks = {14: (100, 30), 12: (150, 20), 11: (165, 20)}
    items = [(fdi, np.ones((60, wide), bool), (40, left)) for fdi, (left, wide) in blocks.items()]
    found = measure(Teeth.from_masks(SIZE, items), (0.1, 0.2))
    tooth = of(found.teeth, 12)
    assert (tooth.area, tooth.box, tooth.centroid) == (1200, (150, 40, 170, 100), (160.0, 70.0))
    assert (tooth.length, tooth.width, tooth.angle, tooth.tilt) == (60, 20, 90, 0)
    assert found.occlusal_plane == 0
    assert tooth.mesial == Neighbour(11, 0.0, 5 * 60)
    assert tooth.distal == Neighbour(14, 20.0, 0)
    assert of(found.teeth, 14).mesial == Neighbour(12, 20.0, 0)
    assert found.gaps == (Gap((13,), (14, 12), 20.0, 20 / 25),)
    entry = found.to_dict()["teeth"][1]
    assert entry["area_mm2_uncalibrated"] == pytest.approx(1200 * 0.1 * 0.2)


def test_an_upright_bar(row: Teeth) -> None:
    tooth = of(measure(row).teeth, 15)
    assert tooth.length == pytest.approx(101, abs=1.5)
    assert tooth.width == pytest.approx(31, abs=1.5)
    assert tooth.angle == pytest.approx(90, abs=0.5)
    assert tooth.tilt == pytest.approx(0, abs=0.5)
    assert tooth.axis == pytest.approx((0, -1), abs=0.01)  # roots of upper teeth point up
    assert of(measure(row).teeth, 44).axis == pytest.approx((0, 1), abs=0.01)
    assert tooth.centroid == pytest.approx((140.5, 120.5), abs=0.6)


def mixed() -> Teeth:
    """16 55 54 12 in a row; 53 is missing; germs of 15 above 55 and of 17 and 18 behind 16."""
    row = {16: 300, 55: 340, 54: 380, 12: 460}
    items = [(fdi, bar((x, 220), 100, 30, 90)) for fdi, x in row.items()]
    germs = {15: (340, 140), 17: (260, 140), 18: (220, 140)}
    items += [(fdi, bar(at, 50, 30, 90)) for fdi, at in germs.items()]
    return Teeth.from_masks(SIZE, items)


def test_neighbours_in_a_mixed_dentition() -> None:
    found = measure(mixed())
    assert {tooth.fdi for tooth in found.teeth if not tooth.erupted} == {15, 17, 18}
    sides = {
        tooth.fdi: tuple(side and side.fdi for side in (tooth.distal, tooth.mesial))
        for tooth in found.teeth
    }
    assert sides == {
        18: (None, 17),
        17: (18, 16),
        16: (17, 55),
        55: (16, 54),
        54: (55, 12),
        12: (54, None),
        15: (None, None),  # a germ above its predecessor
    }
    (gap,) = found.gaps
    assert (gap.missing, gap.between) == ((13,), (54, 12))
    assert 14 in found.missing  # said of permanent teeth only
    assert not {fdi for fdi in found.missing if fdi > 50}


def test_a_deciduous_tooth_beside_its_erupted_successor_has_no_neighbours() -> None:
    row = {16: 100, 15: 140, 55: 180, 14: 220}
    teeth = Teeth.from_masks(SIZE, [(fdi, bar((x, 220), 100, 30, 90)) for fdi, x in row.items()])
    found = measure(teeth).teeth
    assert of(found, 15).mesial.fdi == 14  # type: ignore[union-attr]
    assert of(found, 55).mesial is of(found, 55).distal is None


def test_no_class_of_winter_for_a_germ_behind_a_germ() -> None:
    assert measure(mixed()).third_molars == ()
    erupted = [(17, bar((260, 220), 100, 30, 90)), (18, bar((220, 200), 60, 30, 45))]
    (third,) = measure(Teeth.from_masks(SIZE, erupted)).third_molars
    assert third.fdi == 18


def test_germs_do_not_turn_the_occlusal_plane() -> None:
    level = measure(mixed()).occlusal_plane
    higher = [(15, bar((340, 60), 50, 30, 90)), (17, bar((260, 40), 50, 30, 90))]
    kept = mixed().select(~np.isin(mixed().fdi, (15, 17)))
    items = [(fdi, kept.full_mask(index)) for index, fdi in enumerate(kept.fdi.tolist())]
    assert measure(Teeth.from_masks(SIZE, [*items, *higher])).occlusal_plane == level == 0


def test_neighbours_and_gaps(row: Teeth) -> None:
    found = measure(row)
    tooth = of(found.teeth, 15)
    assert tooth.mesial is not None
    assert tooth.distal is not None
    assert (tooth.mesial.fdi, tooth.distal.fdi) == (14, 16)
    assert tooth.mesial.gap == pytest.approx(9, abs=1.5)
    (gap,) = found.gaps
    assert (gap.missing, gap.between) == ((46,), (45, 47))
    assert gap.distance == pytest.approx(49, abs=2)
    assert gap.widths == pytest.approx(49 / 31, abs=0.1)
    assert 46 in found.missing
    assert found.missing_third_molars == (18, 28, 38)


def test_a_third_molar_that_leans_mesially(row: Teeth) -> None:
    (third,) = measure(row).third_molars
    assert third.fdi == 48
    assert abs(third.angle) == pytest.approx(45, abs=2)
    assert third.winter in ("mesioangular", "distoangular")
    # Its crown is up and to the right, towards the midline.
    leaning = Teeth.from_masks(
        SIZE, [(47, bar((100, 280), 100, 30, 90)), (48, bar((40, 260), 80, 20, 135))]
    )
    assert measure(leaning).third_molars[0].winter == "mesioangular"


def test_the_mirror_keeps_mesial_and_distal(drawn: tuple[Radiograph, Teeth]) -> None:
    here, there = measure(drawn[1]), measure(drawn[1].mirrored())
    assert there.occlusal_plane == pytest.approx(-here.occlusal_plane, abs=0.2)
    for tooth in here.teeth:
        other = of(there.teeth, {1: 20, 2: 10, 3: 40, 4: 30}[tooth.fdi // 10] + tooth.fdi % 10)
        assert other.area == tooth.area
        assert other.length == pytest.approx(tooth.length, abs=0.1)
        if tooth.tilt is not None and other.tilt is not None:
            assert other.tilt == pytest.approx(tooth.tilt, abs=0.5)
        assert (tooth.mesial is None) == (other.mesial is None)
        if tooth.mesial is not None and other.mesial is not None:
            assert other.mesial.gap == tooth.mesial.gap


def test_a_turned_jaw_turns_the_plane() -> None:
    items = [
        (fdi, bar((150 + 80 * i, 100 + 8 * i), 80, 30, 90 + 5.7))
        for i, fdi in enumerate((14, 13, 12, 11, 21, 22))
    ]
    found = measure(Teeth.from_masks(SIZE, items))
    assert found.occlusal_plane == pytest.approx(5.7, abs=1)
    assert of(found.teeth, 13).angle == pytest.approx(90, abs=1.5)


def test_a_phantom_is_plausible(drawn: tuple[Radiograph, Teeth]) -> None:
    found = measure(drawn[1], (0.1, 0.1))
    assert abs(found.occlusal_plane) < 5
    for tooth in found.teeth:
        assert tooth.axis is None or (tooth.axis[1] < 0) == (tooth.fdi < 30) or tooth.fdi % 10 == 8
        if tooth.fdi % 10 <= 5:
            assert tooth.length > tooth.width
    entry = found.to_dict()["teeth"][0]
    assert entry["length_mm_uncalibrated"] == pytest.approx(entry["length"] / 10, abs=0.01)
    assert "uncalibrated" in found.notes[-1]


def test_what_has_no_axis() -> None:
    disc = np.zeros(SIZE, np.uint8)
    cv2.circle(disc, (200, 200), 30, 1, -1)
    dot = np.zeros(SIZE, bool)
    dot[10, 10] = True
    found = measure(Teeth.from_masks(SIZE, [(11, disc), (0, dot), (21, dot)]))
    assert [tooth.axis for tooth in found.teeth] == [None, None, None]
    assert [tooth.angle for tooth in found.teeth] == [None, None, None]
    assert found.teeth[1].name == "unnumbered tooth"
    assert "occlusal plane" in found.notes[0]


def test_no_teeth() -> None:
    found = measure(Teeth.empty(SIZE))
    assert found.teeth == ()
    assert len(found.missing) == 28


@pytest.mark.parametrize(
    ("angle", "name"),
    [
        (10, "vertical"),
        (-10, "vertical"),
        (11, "mesioangular"),
        (79, "mesioangular"),
        (80, "horizontal"),
        (100, "horizontal"),
        (101, "other"),
        (-11, "distoangular"),
        (-79, "distoangular"),
        (-80, "other"),
    ],
)
def test_winters_classes_at_their_bounds(angle: float, name: str) -> None:
    assert winter_class(angle) == name
