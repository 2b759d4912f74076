"""The loss: cross-entropy and Dice of the classes, and the error of predicted tooth centres.

Ground truth comes as class images at the frame's size. A network whose output has half that size is
compared with the share of each class in 2 x 2 blocks, so no ground truth of 33 planes is made at
full size. Pixels of class 255 (`panodent.training.augmentation.augment.IGNORED`) are left out. Only
`keras.ops` are used, so any Keras backend works.
"""

from __future__ import annotations

from typing import Any

from panodent.bundle.frame import OFFSET_UNIT
from panodent.training.backend import keras, ops


class ToothLoss(keras.losses.Loss):
    """Cross-entropy + `dice_weight` x soft Dice + mean absolute error of the offsets.

    `y_true` uint8 (batch, height, width); `y_pred` (batch, height/stem, width/stem, planes),
    logits, or probabilities when `probabilities` is true; planes beyond `classes` are offsets.

    Dice follows Milletari et al. 2016 (arXiv:1606.04797) without squares, summed over the batch,
    and averaged over the tooth classes; `smooth`, in output pixels, limits the effect of absent
    classes. With `present_only`, Dice leaves out classes that no pixel of the batch has: where
    classes are rare, a network would otherwise learn not to answer them at all.
    """

    def __init__(
        self,
        classes: int,
        stem: int = 1,
        dice_weight: float = 1.0,
        probabilities: bool = False,
        smooth: float = 20.0,
        name: str = "tooth_loss",
        present_only: bool = False,
    ) -> None:
        super().__init__(name=name, reduction=None)
        self.classes, self.stem = classes, stem
        self.dice_weight, self.probabilities, self.smooth = dice_weight, probabilities, smooth
        self.present_only = present_only

    def call(self, y_true: Any, y_pred: Any) -> Any:
        share = class_shares(y_true, self.classes, self.stem)
        planes = ops.cast(y_pred, "float32")
        scores = planes[..., : self.classes]
        if self.probabilities:
            log_probability = ops.log(ops.clip(scores, 1e-7, 1.0))
            probability = scores
        else:
            log_probability = ops.log_softmax(scores, axis=-1)
            probability = ops.exp(log_probability)
        counted = ops.sum(share, axis=-1, keepdims=True)
        pixels = ops.maximum(ops.sum(counted), 1.0)
        loss = -ops.sum(share * log_probability) / pixels
        if self.dice_weight:
            loss = loss + self.dice_weight * self._dice_loss(share, probability * counted)
        if planes.shape[-1] > self.classes:
            loss = loss + offset_loss(share, planes[..., self.classes :])
        return loss

    def _dice_loss(self, share: Any, probability: Any) -> Any:
        both = ops.sum(share * probability, axis=(0, 1, 2))
        there = ops.sum(share, axis=(0, 1, 2))
        total = there + ops.sum(probability, axis=(0, 1, 2))
        dice = (2 * both + self.smooth) / (total + self.smooth)
        if not self.present_only:
            return 1 - ops.mean(dice[1:])
        present = ops.cast(there[1:] > 0, "float32")
        return ops.sum((1 - dice[1:]) * present) / ops.maximum(ops.sum(present), 1.0)


class DistillationLoss(keras.losses.Loss):
    """A `ToothLoss`, and `weight` times the difference from teachers (Hinton et al. 2015,
    arXiv:1503.02531).

    `y_pred` (batch, h, w, n x planes) holds the planes of the network that learns, then those of
    each teacher, all as logits. What is learnt from is the mean of the teachers' probabilities, and
    of their offsets where they see a tooth.
    """

    def __init__(
        self, truth: ToothLoss, planes: int, weight: float, name: str = "distillation_loss"
    ) -> None:
        super().__init__(name=name, reduction=None)
        self.truth, self.planes, self.weight = truth, planes, weight

    def call(self, y_true: Any, y_pred: Any) -> Any:
        everything = ops.cast(y_pred, "float32")
        count = everything.shape[-1] // self.planes
        learner, *teachers = (
            everything[..., i * self.planes : (i + 1) * self.planes] for i in range(count)
        )
        classes = self.truth.classes
        wanted = sum(ops.softmax(item[..., :classes], axis=-1) for item in teachers) / len(teachers)
        answer = ops.log_softmax(learner[..., :classes], axis=-1)
        difference = -ops.mean(ops.sum(wanted * answer, axis=-1))
        if self.planes > classes:
            places = sum(item[..., classes:] for item in teachers) / len(teachers)
            inside = ops.cast(wanted[..., 0] < 0.5, "float32")
            errors = ops.sum(ops.abs(learner[..., classes:] - places), axis=-1)
            difference += ops.sum(inside * errors) / ops.maximum(ops.sum(inside), 1.0)
        return self.truth.call(y_true, learner) + self.weight * difference


def offset_loss(share: Any, offsets: Any) -> Any:
    """Mean absolute error of offsets (batch, h, w, 2) as x, y, over pixels inside one tooth.

    `share` is (batch, h, w, classes), class 0 no tooth. The centre of a tooth cut by the frame is
    that of its visible part.
    """
    teeth = share[..., 1:]
    inside = ops.cast(ops.max(teeth, axis=-1) > 0.75, "float32")
    mass = ops.maximum(ops.sum(teeth, axis=(1, 2)), 1e-6)
    loss = 0.0
    for plane, line in enumerate(("bhwc,w->bc", "bhwc,h->bc")):
        # Indices by cumulative sum: the frame changes during training, so sizes are not static.
        ones = ops.ones_like(teeth[0, :, 0, 0] if plane else teeth[0, 0, :, 0])
        places = ops.cumsum(ones) - 1
        centre = ops.einsum(line, teeth, places) / mass
        there = ops.einsum("bhwc,bc->bhw", teeth, centre) / ops.maximum(
            ops.sum(teeth, axis=-1), 1e-6
        )
        here = places[None, :, None] if plane else places[None, None, :]
        truth = (there - here) / OFFSET_UNIT
        loss = loss + ops.sum(inside * ops.abs(offsets[..., plane] - truth))
    return loss / ops.maximum(ops.sum(inside), 1.0)


def class_shares(labels: Any, classes: int, stem: int) -> Any:
    """(batch, H, W) integers -> float32 (batch, H/stem, W/stem, classes): share of each class.

    Ignored pixels belong to no class, so shares may add up to less than one.
    """
    labels = ops.cast(labels, "int32")
    shifted = [labels[:, i::stem, j::stem] for i in range(stem) for j in range(stem)]
    total = sum(ops.one_hot(part, classes, dtype="float32") for part in shifted)
    return total / float(stem * stem)
