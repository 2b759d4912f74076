from __future__ import annotations

import numpy as np

from panodent.bundle.bundle import Bundle, load
from panodent.inference.network_view import network_view
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


def test_what_is_kept_fits_together(drawn: tuple[Radiograph, Teeth], teeth_bundle) -> None:
    bundle: Bundle = load(teeth_bundle)
    pixels = drawn[0].pixels
    large = np.repeat(np.repeat(pixels, 4, axis=0), 4, axis=1)
    view = network_view(bundle, large)
    assert view.size == large.shape
    assert view.plane == view.numbers.shape[1:]
    assert view.numbers.shape[0] == len(bundle.classes)
    assert view.votes is not None
    assert view.votes.shape == (2, *view.plane)
    assert 1000 <= view.pixels.shape[0] < 2000
    assert abs(len(view.teeth) - len(drawn[1])) <= 4
    # Probabilities of the numbers where there is a tooth, whatever says that there is one.
    assert np.allclose(view.numbers.astype(np.float32).sum(axis=0), 1, atol=0.01)
