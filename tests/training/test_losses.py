"""The loss: least where the answer is right, and blind where it should be."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.bundle.frame import OFFSET_UNIT
from panodent.inference.softmax import softmax
from panodent.training.augmentation.augment import IGNORED
from panodent.training.backend import keras
from panodent.training.losses import DistillationLoss, ToothLoss, class_shares, offset_loss

CLASSES = 4


@pytest.fixture
def labels() -> np.ndarray:
    """(1, 16, 32) with three teeth, each of even corners."""
    made = np.zeros((1, 16, 32), np.uint8)
    made[0, 2:10, 2:8] = 1
    made[0, 2:12, 12:18] = 2
    made[0, 4:14, 22:30] = 3
    return made


def logits_of(labels: np.ndarray, height: float = 20.0) -> np.ndarray:
    return (np.eye(CLASSES, dtype=np.float32)[labels] - 0.5) * 2 * height


def value(loss: ToothLoss, labels: np.ndarray, answer: np.ndarray) -> float:
    return float(np.asarray(loss(labels, answer)))


def test_the_right_answer_costs_nothing(labels: np.ndarray) -> None:
    assert value(ToothLoss(CLASSES), labels, logits_of(labels)) < 1e-3
    half = logits_of(labels[:, ::2, ::2])
    assert value(ToothLoss(CLASSES, stem=2), labels, half) < 1e-3


def test_knowing_nothing_costs_the_logarithm_of_the_classes(labels: np.ndarray) -> None:
    loss = ToothLoss(CLASSES, dice_weight=0.0)
    flat = np.zeros((*labels.shape, CLASSES), np.float32)
    assert value(loss, labels, flat) == pytest.approx(np.log(CLASSES), abs=1e-4)


def test_a_wrong_number_costs_more_than_a_wrong_edge(labels: np.ndarray) -> None:
    loss = ToothLoss(CLASSES)
    swapped = np.where(labels == 1, 2, np.where(labels == 2, 1, labels))
    edge = np.roll(labels, 1, axis=2)
    costs = [value(loss, labels, logits_of(x, 3.0)) for x in (labels, edge, swapped)]
    assert costs == sorted(costs)


def test_ignored_pixels_count_for_nothing(labels: np.ndarray) -> None:
    loss = ToothLoss(CLASSES)
    answer = logits_of(labels, 2.0)
    blind = labels.copy()
    blind[0, :, 20:] = IGNORED
    other = answer.copy()
    other[0, :, 20:] = np.random.default_rng(0).normal(size=other[0, :, 20:].shape)
    assert value(loss, blind, answer) == pytest.approx(value(loss, blind, other), abs=1e-5)


def test_probabilities_and_logits_agree(labels: np.ndarray) -> None:
    logits = np.random.default_rng(0).normal(size=(*labels.shape, CLASSES)).astype(np.float32)
    probability = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    assert value(ToothLoss(CLASSES), labels, logits) == pytest.approx(
        value(ToothLoss(CLASSES, probabilities=True), labels, probability), abs=1e-4
    )


@pytest.mark.parametrize(
    "loss",
    [
        ToothLoss(CLASSES),
        ToothLoss(CLASSES, present_only=True),
        ToothLoss(CLASSES, probabilities=True),
        DistillationLoss(ToothLoss(CLASSES), CLASSES, 0.5),
    ],
)
def test_in_a_traced_graph_it_is_the_same(labels: np.ndarray, loss: keras.losses.Loss) -> None:
    """A training traces its loss; other tests compute it step by step."""
    answer = logits_of(labels, 2.0)
    if isinstance(loss, DistillationLoss):
        answer = np.concatenate([answer, answer[..., ::-1]], axis=-1)
    if getattr(loss, "probabilities", False):
        answer = softmax(answer, axis=-1)
    traced = pytest.importorskip("tensorflow").function(loss)
    assert value(traced, labels, answer) == pytest.approx(value(loss, labels, answer), rel=1e-5)


def test_shares_of_two_by_two_blocks(labels: np.ndarray) -> None:
    labels[0, 2, 2] = 0
    shares = np.asarray(class_shares(labels, CLASSES, 2))
    assert shares.shape == (1, 8, 16, CLASSES)
    assert np.allclose(shares.sum(axis=-1), 1)
    assert shares[0, 1, 1].tolist() == [0.25, 0.75, 0, 0]


def test_offsets_to_the_true_centres_cost_nothing(labels: np.ndarray) -> None:
    share = np.asarray(class_shares(labels, CLASSES, 1))
    rows, cols = np.mgrid[:16, :32].astype(np.float32)
    truth = np.zeros((1, 16, 32, 2), np.float32)
    for tooth in (1, 2, 3):
        own = labels[0] == tooth
        truth[0, own, 0] = (cols[own].mean() - cols[own]) / OFFSET_UNIT
        truth[0, own, 1] = (rows[own].mean() - rows[own]) / OFFSET_UNIT
    assert float(offset_loss(share, truth)) < 1e-5
    assert float(offset_loss(share, np.add(truth, [1 / OFFSET_UNIT, 0]))) == pytest.approx(
        1 / OFFSET_UNIT, abs=1e-5
    )
    wild = truth.copy()
    wild[0, labels[0] == 0] = 99  # outside teeth nothing is asked
    assert float(offset_loss(share, wild)) < 1e-5
    whole = np.concatenate([logits_of(labels), truth], axis=-1)
    assert value(ToothLoss(CLASSES), labels, whole) < 1e-3


def test_without_teeth_the_loss_is_finite() -> None:
    none = np.zeros((1, 16, 32), np.uint8)
    answer = np.random.default_rng(0).normal(size=(1, 16, 32, CLASSES + 2)).astype(np.float32)
    assert np.isfinite(value(ToothLoss(CLASSES), none, answer))


def test_dice_may_leave_out_classes_that_are_absent() -> None:
    labels = np.zeros((1, 4, 4), np.uint8)
    labels[0, :2] = 1
    logits = np.zeros((1, 4, 4, 3), np.float32)
    logits[..., 1] = np.where(labels == 1, 20, -20)
    logits[..., 0] = -logits[..., 1]
    logits[..., 2] = -20.0
    logits[0, 3, :, 2] = 21.0  # four pixels of the absent class
    both = float(ToothLoss(3, dice_weight=1.0, smooth=1.0)(labels, logits))
    entropy = float(ToothLoss(3, dice_weight=0.0)(labels, logits))
    present = float(ToothLoss(3, dice_weight=1.0, smooth=1.0, present_only=True)(labels, logits))
    assert present == pytest.approx(entropy, abs=1e-4)
    # The Dice of the absent class is 1 / (4 x probability + 1).
    share = 1 / (1 + np.exp(-1))
    assert both - entropy == pytest.approx((1 - 1 / (4 * share + 1)) / 2, abs=1e-3)


def test_distillation_wants_the_mean_of_the_teachers(labels: np.ndarray) -> None:
    truth = ToothLoss(CLASSES)
    right = logits_of(labels, 2.0)
    swapped = logits_of(np.where(labels == 1, 2, np.where(labels == 2, 1, labels)), 2.0)
    loss = DistillationLoss(truth, CLASSES, weight=1.0)
    agreeing = value(loss, labels, np.concatenate([right, right, right], axis=-1))
    quarrel = value(loss, labels, np.concatenate([right, right, swapped], axis=-1))
    against = value(loss, labels, np.concatenate([right, swapped, swapped], axis=-1))
    assert agreeing < quarrel < against
    none = DistillationLoss(truth, CLASSES, weight=0.0)
    both = np.concatenate([right, swapped], axis=-1)
    assert value(none, labels, both) == pytest.approx(value(truth, labels, right))


def test_distillation_learns_offsets_where_the_teacher_sees_a_tooth(labels: np.ndarray) -> None:
    loss = DistillationLoss(ToothLoss(CLASSES), CLASSES + 2, weight=1.0)
    planes = np.concatenate([logits_of(labels), np.zeros((*labels.shape, 2), np.float32)], axis=-1)
    moved = planes.copy()
    moved[..., CLASSES:][labels > 0] += 1.0
    elsewhere = planes.copy()
    elsewhere[..., CLASSES:][labels == 0] += 1.0
    costs = [
        value(loss, labels, np.concatenate([planes, teacher], axis=-1))
        for teacher in (planes, elsewhere, moved)
    ]
    assert costs[1] == pytest.approx(costs[0], abs=1e-5)
    assert costs[2] == pytest.approx(costs[0] + 2.0, abs=1e-4)
