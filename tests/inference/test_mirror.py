"""Asking of the mirror image too: what comes back is the same from either side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent.bundle import bundle
from panodent.dentition import mirror
from panodent.errors import BundleError
from panodent.inference.mirror import predict_planes
from panodent.inference.predictor import Predictor


def test_it_does_not_matter_which_side_is_first(drawn) -> None:
    pixels = drawn[0].pixels
    made = bundle.load()
    here = predict_planes(made, pixels)
    there = predict_planes(made, np.ascontiguousarray(pixels[:, ::-1]))[..., ::-1]
    for index, fdi in enumerate(made.classes, start=1):
        other = there[made.classes.index(mirror(fdi)) + 1]
        assert np.allclose(here[index], other, atol=1e-4)
    for plane, sign in zip(range(1 + len(made.classes), len(here)), (-1, 1), strict=False):
        assert np.allclose(here[plane], sign * there[plane], atol=1e-4)


def test_predicting_with_it_finds_the_teeth(drawn) -> None:
    radiograph, truth = drawn
    found = Predictor(bundle.load(), mirror=True)(radiograph)
    assert len(set(found.fdi.tolist()) & set(truth.fdi.tolist())) >= 0.8 * len(truth)


def test_a_bundle_for_one_side_is_refused(drawn) -> None:
    made = bundle.load()
    one_side = replace(made, classes=made.classes[:-1])  # without 85, with 75
    with pytest.raises(BundleError, match="without --tta"):
        predict_planes(one_side, drawn[0].pixels)
