"""Softmax by hand, and for logits that would overflow."""

import numpy as np
import pytest

from panodent.inference.softmax import softmax


def test_probabilities_by_hand_along_either_axis() -> None:
    logits = np.log(np.array([[1.0, 2.0], [3.0, 2.0]], np.float32))
    assert softmax(logits, axis=0) == pytest.approx(np.array([[0.25, 0.5], [0.75, 0.5]]))
    assert softmax(logits, axis=1) == pytest.approx(np.array([[1 / 3, 2 / 3], [0.6, 0.4]]))


def test_large_logits_stay_finite_and_the_input_stays() -> None:
    logits = np.array([1000.0, 1000.0, -1000.0], np.float32)
    assert softmax(logits).tolist() == [0.5, 0.5, 0.0]
    assert logits[0] == 1000
    assert softmax(logits).dtype == np.float32
