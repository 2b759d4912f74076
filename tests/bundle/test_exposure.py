"""Teeth that are brighter or darker than usual are brought into the usual range."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.bundle.exposure import MAX_GAMMA, USUAL, exposed, gamma_for

TEETH = np.zeros((64, 128), bool)
TEETH[16:48, 32:96] = True


def radiograph(grey: float) -> np.ndarray:
    """Teeth of about this grey value, 0 to 1, on darker ground; from -1 to 1."""
    rng = np.random.default_rng(0)
    image = np.where(TEETH, grey, 0.2) + rng.normal(0, 0.02, TEETH.shape)
    return (2 * image - 1).astype(np.float32)


def grey_of_teeth(image: np.ndarray) -> float:
    return float((np.median(image[TEETH]) + 1) / 2)


@pytest.mark.parametrize(("grey", "end"), [(0.3, USUAL[0]), (0.7, USUAL[1])])
def test_unusual_exposures_are_brought_to_the_nearest_end(grey: float, end: float) -> None:
    image = radiograph(grey)
    changed = exposed(image, gamma_for(image, TEETH))
    assert grey_of_teeth(changed) == pytest.approx(end, abs=1e-3)
    assert changed.dtype == np.float32
    order = np.argsort(image[TEETH], kind="stable")
    assert (np.diff(changed[TEETH][order]) >= 0).all()  # brighter stays brighter
    assert np.array_equal(image, radiograph(grey))


def test_usual_exposures_and_few_teeth_change_nothing() -> None:
    usual = radiograph(0.5)
    assert exposed(usual, gamma_for(usual, TEETH)) is usual
    assert gamma_for(radiograph(0.3), np.zeros_like(TEETH)) == 1


def test_extremes_stay_finite() -> None:
    for grey, gamma in ((0.0, 1 / MAX_GAMMA), (1.0, MAX_GAMMA)):
        flat = np.full(TEETH.shape, 2 * grey - 1, np.float32)
        assert gamma_for(flat, TEETH) == pytest.approx(gamma)
    image = np.linspace(-1.5, 1.5, TEETH.size, dtype=np.float32).reshape(TEETH.shape)
    for gamma in (1 / MAX_GAMMA, MAX_GAMMA):
        changed = exposed(image, gamma)
        assert np.isfinite(changed).all()
        assert changed.min() == -1
        assert changed.max() <= 1.5
