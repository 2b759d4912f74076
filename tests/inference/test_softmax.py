"""Softmax by hand, and for logits that would overflow."""

import numpy as np
import pytest

from panodent.inference.softmax import Probabilities, softmax


def test_probabilities_by_hand_along_either_axis() -> None:
    logits = np.log(np.array([[1.0, 2.0], [3.0, 2.0]], np.float32))
    assert softmax(logits, axis=0) == pytest.approx(np.array([[0.25, 0.5], [0.75, 0.5]]))
    assert softmax(logits, axis=1) == pytest.approx(np.array([[1 / 3, 2 / 3], [0.6, 0.4]]))


def test_large_logits_stay_finite_and_the_input_stays() -> None:
    logits = np.array([1000.0, 1000.0, -1000.0], np.float32)
    assert softmax(logits).tolist() == [0.5, 0.5, 0.0]
    assert logits[0] == 1000
    assert softmax(logits).dtype == np.float32


def test_probabilities_where_they_are_asked_for_equal_those_of_all_pixels() -> None:
    logits = np.random.default_rng(0).normal(0, 9, (5, 6, 40)).astype(np.float32)
    everywhere, found = softmax(logits), Probabilities(logits)
    part, pixels = np.s_[1:4, 7:33], np.array([0, 7, 239])
    assert np.array_equal(found.plane(0), everywhere[0])
    assert np.array_equal(found.plane(3, part), everywhere[3, *part])
    assert np.array_equal(found.at_pixels(pixels), everywhere.reshape(5, -1)[:, pixels])
