"""Tests of `panodent.drawing.overlay`: sizes, colours and signs of doubt."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from panodent.dentition import TEETH
from panodent.drawing.overlay import overlay
from panodent.errors import ConfigError, TeethError, UnknownNameError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


def test_size_is_kept_and_the_legend_is_added_below(grey, two_rows) -> None:
    radiograph, teeth = grey(120, 200), two_rows((120, 200), 10)
    bare = overlay(radiograph, teeth, legend=False)
    full = overlay(radiograph, teeth)
    assert bare.dtype == np.uint8
    assert bare.shape == (120, 200, 3)
    assert full.shape[0] > 120
    assert full.shape[1:] == (200, 3)
    assert np.array_equal(full[:120], bare)


def test_filling_is_the_tooths_own_colour(grey, blocks) -> None:
    teeth = blocks((120, 200), {36: (30, 40, 90, 80), 0: (30, 120, 90, 160)})
    drawn = overlay(grey(120, 200), teeth, opacity=1.0, numbers=False, legend=False)
    assert tuple(drawn[60, 60]) == TEETH[36].colour
    red, green, blue = drawn[60, 140].tolist()
    assert red == green == blue


def test_opacity_zero_leaves_the_inside_and_the_outside_alone(grey, blocks) -> None:
    radiograph = grey(120, 200)
    teeth = blocks((120, 200), {36: (30, 40, 90, 80)})
    plain = overlay(radiograph, Teeth.empty((120, 200)), legend=False)
    drawn = overlay(radiograph, teeth, opacity=0.0, numbers=False, legend=False)
    assert np.array_equal(drawn[40:80, 50:70], plain[40:80, 50:70])
    assert not np.array_equal(drawn[28:32, 45:75], plain[28:32, 45:75])
    far = np.ones((120, 200), bool)
    far[25:95, 35:85] = False
    assert np.array_equal(drawn[far], plain[far])


def test_a_hole_is_outlined_and_not_filled(grey) -> None:
    mask = np.ones((60, 60), bool)
    mask[20:40, 20:40] = False
    teeth = Teeth.from_masks((120, 200), [(36, mask, (30, 40))])
    drawn = overlay(grey(120, 200), teeth, opacity=1.0, numbers=False, legend=False)
    assert len(set(drawn[60, 70].tolist())) == 1


def test_doubtful_teeth_are_dashed_and_paler(grey, blocks) -> None:
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


def test_dark_and_flat_radiographs_are_drawn(grey) -> None:
    flat = Radiograph(np.full((64, 64), 0.5, np.float32))
    assert overlay(flat, Teeth.empty((64, 64)), legend=False).shape == (64, 64, 3)
    faint = Radiograph((grey(64, 64).pixels * 0.01).astype(np.float32))
    shown = overlay(faint, Teeth.empty((64, 64)), legend=False)
    assert shown.min() == 0
    assert shown.max() == 255


def test_teeth_at_the_border_and_of_one_pixel(grey, blocks) -> None:
    places = {18: (0, 0, 30, 20), 38: (63, 79, 64, 80), 0: (0, 79, 1, 80)}
    flags = [["doubtful"], ["doubtful"], []]
    drawn = overlay(grey(64, 80), blocks((64, 80), places, flags=flags))
    assert drawn.shape[1] == 80


def test_the_same_record_gives_the_same_picture(grey, two_rows) -> None:
    radiograph, teeth = grey(200, 300), two_rows((200, 300), 14)
    assert np.array_equal(overlay(radiograph, teeth), overlay(radiograph, teeth))


def test_the_radiograph_is_not_written_to(grey, two_rows) -> None:
    radiograph, teeth = grey(120, 200), two_rows((120, 200), 10)
    before = radiograph.pixels.copy()
    overlay(radiograph, teeth)
    assert np.array_equal(radiograph.pixels, before)


def test_numbering_changes_the_words(grey, two_rows) -> None:
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
def test_contradictions_are_refused(grey, size, options, error) -> None:
    with pytest.raises(error):
        overlay(grey(64, 64), Teeth.empty(size), **options)


def test_importing_is_light() -> None:
    code = (
        "import sys, panodent.drawing.overlay, panodent.drawing.odontogram; "
        "print(sorted({'cv2', 'PIL', 'matplotlib', 'keras'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
