"""The exported network computes what Keras computes."""

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle.bundle import Bundle
from panodent.bundle.frame import Frame
from panodent.errors import BundleError
from panodent.training import onnx_export, transfer
from panodent.training.unet import UNetConfig, build


def trained(**settings):
    """A small network whose batch norms hold statistics like trained ones."""
    config = UNetConfig(**{"filters": (4, 8, 16), "classes": 5, **settings})
    model = build(config)
    rng = np.random.default_rng(0)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            shape = layer.get_weights()[0].shape
            layer.set_weights(
                [
                    rng.uniform(0.5, 2, shape),
                    rng.normal(size=shape),
                    rng.normal(size=shape),
                    rng.uniform(0.5, 2, shape),
                ]
            )
    return config, model


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"stem": 1, "skip": "concatenate", "normalisation": False, "softmax": True},
        {"stem": 1},
        {"skip": "concatenate", "decoder_convolutions": 2},
        {"dropout": 0.3},
    ],
)
def test_it_agrees_with_keras_whatever_the_architecture(settings: dict) -> None:
    _, model = trained(**settings)
    images = np.random.default_rng(1).normal(size=(2, 32, 64, 1)).astype(np.float32)
    network = onnx_export.to_onnx(model, (32, 64))
    assert onnx_export.differences(network, model, images) < 1e-3


def test_it_takes_other_sizes_if_its_sides_are_open() -> None:
    _, model = trained()
    network = onnx_export.to_onnx(model, (32, 64), open_sides=True)
    for size in ((32, 64), (64, 32)):
        images = np.random.default_rng(1).normal(size=(1, *size, 1)).astype(np.float32)
        assert onnx_export.differences(network, model, images) < 1e-3


def test_a_shifted_network_is_noticed() -> None:
    _, model = trained()
    network = onnx_export.to_onnx(model, (32, 64))
    head = model.get_layer("head")
    kernel, bias = head.get_weights()
    head.set_weights([kernel, bias + 1])
    images = np.zeros((1, 32, 64, 1), np.float32)
    assert onnx_export.differences(network, model, images) == pytest.approx(1, abs=1e-3)


def test_a_layer_without_translation_is_an_error() -> None:
    import keras

    inputs = keras.Input((32, 32, 1))
    model = keras.Model(inputs, keras.layers.Conv2D(3, 1)(keras.layers.LeakyReLU()(inputs)))
    with pytest.raises(BundleError, match="LeakyReLU"):
        onnx_export.to_onnx(model, (32, 32))


def test_a_bundle_gives_its_keras_network_back() -> None:
    from dataclasses import asdict

    config, model = trained()
    made = Bundle(
        onnx_export.to_onnx(model, (32, 64)),
        Frame(32, 64),
        (11, 12, 13, 14),
        asdict(config),
        norms=transfer.norms(model),
    )
    images = np.random.default_rng(1).normal(size=(2, 32, 64, 1)).astype(np.float32)
    again = transfer.from_bundle(made)
    assert onnx_export.differences(made.network, again, images) < 1e-3
    for ours, theirs in zip(again.get_weights(), model.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=2e-3)
