"""Pictures that cannot be radiographs are refused: blank ones and masks."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.errors import RadiographError
from panodent.inference.content_check import check_content
from panodent.radiograph.radiograph import Radiograph


@pytest.mark.parametrize(("levels", "is_mask"), [(2, True), (40, True), (41, False)])
def test_a_radiograph_has_more_than_forty_grey_values(levels: int, is_mask: bool) -> None:
    # Every third pixel is looked at; the last value comes in the last of those rows.
    pixels = np.zeros((3 * 50, 90), np.float32)
    pixels[::3][-levels:] = np.linspace(0, 1, levels, dtype=np.float32)[:, None]
    radiograph = Radiograph(pixels)
    if not is_mask:
        check_content(radiograph)
        return
    with pytest.raises(RadiographError, match=f"looks like a mask \\({levels} grey values\\)"):
        check_content(radiograph)


def test_a_blank_picture_is_refused_by_its_source() -> None:
    blank = Radiograph(np.full((30, 60), 0.5, np.float32), source="blank.png")
    with pytest.raises(RadiographError, match=r"blank\.png: blank"):
        check_content(blank)
