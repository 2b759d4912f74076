"""Teachers: they answer beside the network that learns, and are not changed by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError
from panodent.training import transfer
from panodent.training.backend import keras
from panodent.training.distillation import mirrored, with_teachers
from panodent.training.loop import compile_model
from panodent.training.recipes import recipe
from panodent.training.train_config import Stage, TrainConfig
from panodent.training.unet import build, named

CONFIG = replace(recipe("children"), stages=(Stage(1, 64, 128),), precision="float32", batch_size=1)


def learner(config: TrainConfig):
    return build(named(config.network, classes=len(config.classes) + 1))


@pytest.fixture(scope="module")
def batch() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    labels = np.zeros((1, 64, 128), np.uint8)
    labels[0, 20:40, 30:50] = 7
    return rng.normal(size=(1, 64, 128, 1)).astype(np.float32), labels


def test_a_network_learns_what_its_teacher_answers(
    untraced, batch: tuple[np.ndarray, np.ndarray], small_network: Path
) -> None:
    keras.utils.set_random_seed(1)
    model = learner(CONFIG)
    fitted = compile_model(model, CONFIG, 1, [str(small_network)])
    teacher, _ = transfer.trained(small_network)
    wanted = np.asarray(teacher(batch[0], training=False))

    planes = np.asarray(fitted(batch[0], training=False))
    assert planes.shape[-1] == 2 * wanted.shape[-1]
    assert np.allclose(planes[..., wanted.shape[-1] :], wanted, atol=1e-3)
    before = model.get_layer("head").get_weights()[0]
    with untraced():
        losses = [float(fitted.train_on_batch(*batch)) for _ in range(3)]
    assert losses[-1] < losses[0]
    assert np.abs(model.get_layer("head").get_weights()[0] - before).max() > 0
    after = np.asarray(fitted(batch[0], training=False))[..., wanted.shape[-1] :]
    assert np.allclose(after, wanted, atol=1e-3)


def test_teachers_that_do_not_fit_are_named() -> None:
    fewer = replace(CONFIG, classes=PERMANENT)
    with pytest.raises(ConfigError, match="--teacher default knows 52 teeth, this recipe 32"):
        with_teachers(learner(fewer), ["default"], fewer)
    other = replace(recipe("seed"), classes=tuple(TEETH))
    with pytest.raises(ConfigError, match="this network with"):
        with_teachers(learner(other), ["default"], other)


def test_the_answer_to_the_mirror_image_is_turned_back() -> None:
    inputs = keras.Input((1, 4, 1))
    shifted = keras.ops.concatenate([inputs[:, :, 1:], inputs[:, :, :1]], axis=2)
    answer = mirrored(keras.Model(inputs, shifted))(np.arange(4.0).reshape(1, 1, 4, 1))
    assert np.asarray(answer).ravel().tolist() == [3.0, 0.0, 1.0, 2.0]
