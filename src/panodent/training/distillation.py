"""Distillation: a network learns from the truth and from the answers of trained, larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from panodent.errors import ConfigError
from panodent.training import transfer
from panodent.training.train_config import TrainConfig


def check_teachers(teachers: Sequence[str], config: TrainConfig) -> None:
    """Raises errors for teachers that cannot teach a network of this recipe; imports no Keras.

    `BundleError` or `TrainingError` when one is neither a bundle nor a run that can be trained on,
    `ConfigError` when its classes differ.
    """
    for source in teachers:
        _, classes, _ = transfer.kind(source)
        if tuple(classes) != tuple(config.classes):
            raise ConfigError(
                f"--teacher {source} knows {len(classes)} teeth, this recipe {len(config.classes)}"
                "; expected the same, in the same order"
            )


def with_teachers(model: Any, teachers: Sequence[str], config: TrainConfig) -> Any:
    """A network that answers with the planes of `model`, then those of each teacher.

    float32 (batch, height, width, 1) -> float32 (batch, h, w, n x planes). `teachers` are bundles
    or runs; they are not trained. `model` is part of the new network, so both have the same
    weights. Raises errors as `check_teachers`, and `ConfigError` if a teacher's planes differ from
    those of `model`.
    """
    check_teachers(teachers, config)
    networks = []
    for source in teachers:
        teacher, _ = transfer.trained(source)
        shapes = [
            item.compute_output_shape((1, *config.frame.size, 1)) for item in (teacher, model)
        ]
        if shapes[0] != shapes[1]:
            raise ConfigError(
                f"--teacher {source} answers with {shapes[0][1:]} (height, width, planes), this "
                f"network with {shapes[1][1:]}; expected the same"
            )
        networks.append(teacher)
    return beside(model, networks)


def beside(model: Any, teachers: Sequence[Any]) -> Any:
    """`model` and Keras networks that are not trained, which answer like it, as one network.

    It answers with the planes of all, in float32, and takes what `model` takes.
    """
    from panodent.training.backend import keras, layers

    inputs = keras.Input(model.input_shape[1:], name="radiograph")
    answers = [model(inputs)]
    for number, teacher in enumerate(teachers):
        teacher.trainable = False
        teacher.name = f"teacher_{number}"  # layers of one network need different names
        answers.append(teacher(inputs))
    return keras.Model(inputs, layers.Concatenate(dtype="float32", name="answers")(answers))


def mirrored(network: Any) -> Any:
    """A Keras network that answers to the mirror image, as an answer to the image itself.

    (batch, height, width, channels) -> (batch, h, w, planes), for planes that know no sides.
    """
    from panodent.training.backend import keras, ops

    inputs = keras.Input(network.input_shape[1:], name="image")
    return keras.Model(inputs, ops.flip(network(ops.flip(inputs, axis=2)), axis=2))
