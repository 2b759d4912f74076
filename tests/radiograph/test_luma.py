"""Grey values of colours."""

import numpy as np

from panodent.radiograph.luma import WEIGHTS, luma


def test_grey_colours_keep_their_value() -> None:
    assert WEIGHTS.sum() == 1
    assert np.allclose(luma(np.full((2, 3, 3), 200, np.uint8)), 200)


def test_channels_are_red_green_and_blue_and_more_are_ignored() -> None:
    primaries = np.array([[[1, 0, 0, 9], [0, 1, 0, 9], [0, 0, 1, 9]]], np.uint16)
    grey = luma(primaries)
    assert grey.dtype == np.float32
    assert np.allclose(grey, [[0.299, 0.587, 0.114]])
