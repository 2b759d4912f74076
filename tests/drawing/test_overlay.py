"""Overlays and panels: sizes, colours, marks, and numbers that do not cover each other."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

from panodent.dentition import ARCH_ORDER, TEETH
from panodent.drawing.canvas import dashes, put_text, text_width, to_png_bytes
from panodent.drawing.label_layout import Label, place_labels
from panodent.drawing.legend import items, legend_strip
from panodent.drawing.overlay import overlay
from panodent.drawing.panel import panel
from panodent.errors import ConfigError, OutputError, TeethError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

DISCLAIMER = "Research use only, not a medical device"


def grey(height: int, width: int) -> Radiograph:
    """A smooth ramp, so that the display window has something to stretch."""
    ramp = np.linspace(0.2, 0.8, height * width, dtype=np.float32)
    return Radiograph(ramp.reshape(height, width))


def blocks(size: tuple[int, int], places: dict[int, tuple[int, int, int, int]], **more) -> Teeth:
    """Rectangular teeth from FDI -> (top, left, bottom, right)."""
    made = [
        (fdi, np.ones((bottom - top, right - left), bool), (top, left))
        for fdi, (top, left, bottom, right) in places.items()
    ]
    return Teeth.from_masks(size, made, **more)


def two_rows(size: tuple[int, int], width: int) -> Teeth:
    """All 32 teeth as touching blocks of this width, in the middle of the picture."""
    height, total = size
    start = (total - 16 * width) // 2
    tall = height // 4
    places = {}
    for row, numbers in enumerate((ARCH_ORDER[:16], ARCH_ORDER[:15:-1])):
        for column, fdi in enumerate(numbers):
            left, top = start + column * width, height // 4 + row * tall
            places[fdi] = (top, left, top + tall, left + width)
    return blocks(size, places)


def overlapping(labels: list[Label]) -> int:
    def touch(a: Label, b: Label) -> bool:
        (t0, l0, b0, r0), (t1, l1, b1, r1) = a.box, b.box
        return min(b0, b1) > max(t0, t1) and min(r0, r1) > max(l0, l1)

    return sum(touch(a, b) for a, b in itertools.combinations(labels, 2))


# --- placement ----------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [40, 18, 12, 8])
def test_numbers_never_cover_each_other(width: int) -> None:
    teeth = two_rows((512, 700), width)
    labels = place_labels(teeth, [(14.0, 18.0)] * 32)
    assert [label.index for label in labels] == list(range(32))
    assert overlapping(labels) == 0
    for label in labels:
        top, left, bottom, right = label.box
        assert top >= 0
        assert left >= 0
        assert bottom <= 512
        assert right <= 700


def test_a_roomy_tooth_keeps_its_number_on_the_crown() -> None:
    teeth = blocks((200, 200), {11: (20, 20, 90, 60), 41: (110, 20, 180, 60)})
    upper, lower = place_labels(teeth, [(12.0, 16.0)] * 2)
    assert upper.root is None
    assert lower.root is None
    assert (upper.box[0] + upper.box[2]) / 2 > 55  # the crown of an upper tooth is its lower half
    assert (lower.box[0] + lower.box[2]) / 2 < 145
    assert (upper.box[1] + upper.box[3]) / 2 == pytest.approx(39.5)


def test_crowded_numbers_leave_on_the_roots_side() -> None:
    crowd = {fdi: (100, 100 + i, 130, 106 + i) for i, fdi in enumerate((11, 12, 13, 14, 15))}
    upper = place_labels(blocks((300, 300), crowd), [(14.0, 18.0)] * 5)
    lower_places = {fdi + 30: box for fdi, box in crowd.items()}
    lower = place_labels(blocks((300, 300), lower_places), [(14.0, 18.0)] * 5)
    away_upper = [label for label in upper if label.root]
    away_lower = [label for label in lower if label.root]
    assert away_upper
    assert away_lower
    assert all(label.box[2] < 100 for label in away_upper)
    assert all(label.box[0] > 130 for label in away_lower)
    assert overlapping(upper) == overlapping(lower) == 0


def test_a_picture_too_small_for_its_numbers_still_gets_them_inside() -> None:
    labels = place_labels(two_rows((40, 64), 4), [(14.0, 18.0)] * 32)
    assert len(labels) == 32
    assert all(label.box[0] >= 0 and label.box[2] <= 40 for label in labels)


def test_an_unnumbered_tooth_goes_with_its_nearest_neighbour() -> None:
    places = {21: (60, 10, 100, 30), 0: (60, 40, 100, 60)}
    _, unknown = place_labels(blocks((120, 80), places), [(10.0, 10.0)] * 2)
    assert unknown.box[0] > 75  # as in the upper jaw, although it lies in the lower half


def test_placing_nothing() -> None:
    assert place_labels(Teeth.empty((50, 50)), []) == []


# --- overlay ------------------------------------------------------------------------------------


def test_size_is_kept_and_the_legend_is_added_below() -> None:
    radiograph, teeth = grey(120, 200), two_rows((120, 200), 10)
    bare = overlay(radiograph, teeth, legend=False)
    full = overlay(radiograph, teeth)
    assert bare.dtype == np.uint8
    assert bare.shape == (120, 200, 3)
    assert full.shape[0] > 120
    assert full.shape[1:] == (200, 3)
    assert np.array_equal(full[:120], bare)


def test_filling_is_the_tooths_own_colour() -> None:
    teeth = blocks((120, 200), {36: (30, 40, 90, 80), 0: (30, 120, 90, 160)})
    drawn = overlay(grey(120, 200), teeth, opacity=1.0, numbers=False, legend=False)
    assert tuple(drawn[60, 60]) == TEETH[36].colour
    red, green, blue = drawn[60, 140].tolist()
    assert red == green == blue


def test_opacity_zero_leaves_the_inside_and_the_outside_alone() -> None:
    radiograph = grey(120, 200)
    teeth = blocks((120, 200), {36: (30, 40, 90, 80)})
    plain = overlay(radiograph, Teeth.empty((120, 200)), legend=False)
    drawn = overlay(radiograph, teeth, opacity=0.0, numbers=False, legend=False)
    assert np.array_equal(drawn[40:80, 50:70], plain[40:80, 50:70])
    assert not np.array_equal(drawn[28:32, 45:75], plain[28:32, 45:75])
    far = np.ones((120, 200), bool)
    far[25:95, 35:85] = False
    assert np.array_equal(drawn[far], plain[far])


def test_a_hole_is_outlined_and_not_filled() -> None:
    mask = np.ones((60, 60), bool)
    mask[20:40, 20:40] = False
    teeth = Teeth.from_masks((120, 200), [(36, mask, (30, 40))])
    drawn = overlay(grey(120, 200), teeth, opacity=1.0, numbers=False, legend=False)
    assert len(set(drawn[60, 70].tolist())) == 1


def test_doubtful_teeth_are_dashed_and_paler() -> None:
    place = {36: (20, 40, 100, 120)}
    sure = blocks((120, 200), place)
    doubtful = blocks((120, 200), place, flags=[["doubtful"]])
    options = {"numbers": False, "legend": False}
    solid = overlay(grey(120, 200), sure, opacity=0.0, **options)[60:90, 40].astype(int)
    dashed = overlay(grey(120, 200), doubtful, opacity=0.0, **options)[60:90, 40].astype(int)

    def coloured(edge: np.ndarray) -> int:
        return int((np.ptp(edge, axis=1) > 60).sum())

    assert coloured(solid) == 30
    assert 5 < coloured(dashed) < 25
    filled = [overlay(grey(120, 200), t, **options)[60, 80] for t in (sure, doubtful)]
    assert np.ptp(filled[0].astype(int)) > np.ptp(filled[1].astype(int)) > 0


def test_dark_and_flat_radiographs_are_drawn() -> None:
    flat = Radiograph(np.full((64, 64), 0.5, np.float32))
    assert overlay(flat, Teeth.empty((64, 64)), legend=False).shape == (64, 64, 3)
    faint = Radiograph((grey(64, 64).pixels * 0.01).astype(np.float32))
    shown = overlay(faint, Teeth.empty((64, 64)), legend=False)
    assert shown.min() == 0
    assert shown.max() == 255


def test_teeth_at_the_border_and_of_one_pixel() -> None:
    places = {18: (0, 0, 30, 20), 38: (63, 79, 64, 80), 0: (0, 79, 1, 80)}
    flags = [["doubtful"], ["doubtful"], []]
    drawn = overlay(grey(64, 80), blocks((64, 80), places, flags=flags))
    assert drawn.shape[1] == 80


def test_the_same_record_gives_the_same_picture() -> None:
    radiograph, teeth = grey(200, 300), two_rows((200, 300), 14)
    assert np.array_equal(overlay(radiograph, teeth), overlay(radiograph, teeth))


def test_the_radiograph_is_not_written_to() -> None:
    radiograph, teeth = grey(120, 200), two_rows((120, 200), 10)
    before = radiograph.pixels.copy()
    overlay(radiograph, teeth)
    assert np.array_equal(radiograph.pixels, before)


def test_numbering_changes_the_words() -> None:
    radiograph, teeth = grey(200, 400), two_rows((200, 400), 20)
    pictures = [overlay(radiograph, teeth, numbering=name) for name in ("fdi", "universal")]
    assert not np.array_equal(*pictures)


@pytest.mark.parametrize(
    ("size", "options", "error"),
    [
        ((64, 65), {}, TeethError),
        ((64, 64), {"opacity": 1.2}, ConfigError),
        ((64, 64), {"numbering": "fid"}, UnknownNameError),
    ],
)
def test_contradictions_are_refused(size, options, error) -> None:
    with pytest.raises(error):
        overlay(grey(64, 64), Teeth.empty(size), **options)


# --- legend -------------------------------------------------------------------------------------


def texts(teeth: Teeth, numbering="fdi") -> list[str]:
    return [item.text for item in items(teeth, numbering)]


def test_the_legend_counts_and_lists() -> None:
    everything = two_rows((120, 200), 10)
    assert texts(everything) == ["32 teeth", "All 32 permanent teeth found", DISCLAIMER]
    fewer = everything.select(~np.isin(everything.fdi, (18, 36)))
    assert "Not found: 18 36" in texts(fewer)
    assert "Not found: 1 19" in texts(fewer, "universal")
    assert texts(Teeth.empty((9, 9))) == ["No teeth found", DISCLAIMER]


def test_the_legend_explains_only_the_marks_in_use() -> None:
    places = {0: (1, 1, 3, 3), 36: (5, 5, 8, 8)}
    both = texts(blocks((9, 9), places, flags=[[], ["doubtful"]]))
    assert both[1:3] == ["1 doubtful (dashed, ?)", "1 without a number (grey, ?)"]


@pytest.mark.parametrize("width", [60, 200, 2000])
def test_the_legend_fits_any_width(width: int) -> None:
    teeth = blocks((9, 9), {36: (5, 5, 8, 8)})
    strip = legend_strip(teeth, "palmer", width, 12.0)
    assert strip.shape[1] == width
    if width >= 200:
        assert (strip[:, -2:] == strip[0, 0]).all()


# --- panel --------------------------------------------------------------------------------------


def test_a_panel_has_a_tile_for_each_picture() -> None:
    radiograph, teeth = grey(100, 200), two_rows((100, 200), 10)
    three = panel(radiograph, teeth.select([0, 1]), teeth, width=150)
    two = panel(radiograph, teeth, width=150)
    assert three.shape[0] == two.shape[0] > 75
    assert three.shape[1] > 3 * 150
    assert 2 * 150 < two.shape[1] < 3 * 150
    with pytest.raises(TeethError):
        panel(grey(100, 201), teeth)


# --- drawing ------------------------------------------------------------------------------------


def test_dashes_keep_lengths_and_close_evenly() -> None:
    square = np.array([[0.0, 0], [30, 0], [30, 30], [0, 30]])
    pieces = dashes(square, 6, 4, closed=True)
    assert len(pieces) == 12
    lengths = [np.hypot(*np.diff(piece, axis=0).T).sum() for piece in pieces]
    assert lengths == pytest.approx([6] * 12)
    assert len(dashes(square, 100, 40, closed=True)) == 1


def test_text_is_cut_at_the_border_and_scales() -> None:
    canvas = np.zeros((20, 20, 3), np.uint8)
    put_text(canvas, "36", (-5, 10), 14, (255, 255, 255), halo=2)
    put_text(canvas, "36", (500, 10), 14, (255, 255, 255))
    assert canvas.any()
    assert text_width("36", 28) == pytest.approx(2 * text_width("36", 14), rel=0.05)


def test_png_bytes_decode_to_the_same_picture() -> None:
    import cv2

    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    decoded = cv2.imdecode(np.frombuffer(to_png_bytes(picture), np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decoded[..., ::-1], picture)
    with pytest.raises(OutputError, match="float64"):
        to_png_bytes(np.zeros((4, 4, 3)))


def test_importing_is_light() -> None:
    code = (
        "import sys, panodent.drawing.overlay, panodent.drawing.odontogram; "
        "print(sorted({'cv2', 'PIL', 'matplotlib', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
