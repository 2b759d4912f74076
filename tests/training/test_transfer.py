"""Starting from a trained network: the same answers, matched classes, frozen layers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.dentition import DECIDUOUS, PERMANENT
from panodent.errors import BundleError, ConfigError, TrainingError
from panodent.training import transfer
from panodent.training.loop import compile_model
from panodent.training.recipes import recipe
from panodent.training.unet import UNetConfig, build


@pytest.fixture(scope="module")
def pixels(drawn) -> np.ndarray:
    return drawn[0].pixels


def answer(model, pixels: np.ndarray) -> np.ndarray:
    batch = bundle.load().frame.forward(pixels)[None, ..., None]
    return np.asarray(model(batch, training=False))[0].transpose(2, 0, 1)


def test_a_bundle_comes_back_as_the_network_it_was(pixels: np.ndarray) -> None:
    made = bundle.load()
    model, classes = transfer.trained("default")
    assert classes == (*PERMANENT, *DECIDUOUS)
    assert np.abs(answer(model, pixels) - made.predict_planes(pixels)).max() < 0.05


def test_its_kind_is_known() -> None:
    assert transfer.kind("default") == ("default", (*PERMANENT, *DECIDUOUS), (256, 512))


def test_other_classes_keep_what_they_share(pixels: np.ndarray, small_network: Path) -> None:
    model, known = transfer.trained(small_network)
    assert transfer.with_classes(model, known, replace(recipe("finetune"), classes=known)) is model
    old = PERMANENT
    model = transfer.with_classes(model, known, replace(recipe("finetune"), classes=old))
    config = replace(recipe("finetune"), classes=(21, 11, 55, 18))
    before = answer(model, pixels)
    after = answer(transfer.with_classes(model, old, config), pixels)
    assert after.shape[0] == 5 + 2
    assert np.allclose(after[0], before[0], atol=1e-3)
    assert np.allclose(after[1], before[old.index(21) + 1], atol=1e-3)
    assert np.allclose(after[2], before[old.index(11) + 1], atol=1e-3)
    # A deciduous tooth that it did not know begins as its successor.
    assert np.allclose(after[3], before[old.index(15) + 1], atol=1e-3)
    assert np.allclose(after[5:], before[33:], atol=1e-3)


def test_a_tooth_without_a_known_successor_begins_as_none(
    pixels: np.ndarray, small_network: Path
) -> None:
    model, known = transfer.trained(small_network)
    two = replace(recipe("finetune"), classes=(11, 21))
    model = transfer.with_classes(model, known, two)
    more = transfer.with_classes(model, (11, 21), replace(two, classes=(11, 21, 36, 75)))
    before, after = answer(model, pixels), answer(more, pixels)
    assert np.allclose(after[3], before[0], atol=1e-3)
    assert np.allclose(after[4], before[0], atol=1e-3)


def test_a_network_without_offsets_gains_them_at_zero() -> None:
    settings = UNetConfig(classes=33)  # the default's, but for the offsets
    model = build(settings)
    fresh = transfer.with_classes(model, PERMANENT, recipe("finetune"))
    kernel, bias = fresh.get_layer("head").get_weights()
    assert kernel.shape[-1] == 35
    assert not kernel[..., 33:].any()
    assert not bias[33:].any()
    assert np.array_equal(kernel[..., :33], model.get_layer("head").get_weights()[0])


def test_a_narrower_network_begins_with_the_first_channels() -> None:
    model, old = build(UNetConfig(classes=33, offsets=True)), PERMANENT
    fresh = transfer.with_classes(model, old, replace(recipe("finetune"), network="slim"))
    for name in ("encoder_0_1", "encoder_1_0", "decoder_0_project", "decoder_0_0_norm", "head"):
        for whole, part in zip(
            model.get_layer(name).get_weights(), fresh.get_layer(name).get_weights(), strict=True
        ):
            assert np.array_equal(part, whole[tuple(map(slice, part.shape))]), name
    assert fresh.get_layer("head").get_weights()[0].shape == (1, 1, 16, 1 + len(old) + 2)


def test_another_architecture_is_refused(small_network: Path) -> None:
    model, old = transfer.trained(small_network)
    with pytest.raises(ConfigError, match="differ at layer"):
        transfer.with_classes(model, old, recipe("seed"))


def test_a_network_with_fewer_layers_is_not_a_narrower_one() -> None:
    deeper = build(UNetConfig(classes=33, offsets=True, decoder_convolutions=2))
    with pytest.raises(ConfigError, match="differ at layer 'decoder_4_1'"):
        transfer.with_classes(deeper, PERMANENT, recipe("finetune"))


def test_a_frozen_encoder_stays_as_it_is(untraced, small_network: Path) -> None:
    model, old = transfer.trained(small_network)
    config = replace(recipe("finetune"), freeze="encoder")
    model = transfer.with_classes(model, old, config)
    frozen = transfer.freeze(model, "encoder")
    assert any("norm" in name for name in frozen)
    compile_model(model, config, 1)
    before = {layer.name: [w.copy() for w in layer.get_weights()] for layer in model.layers}
    rng = np.random.default_rng(0)
    images = rng.normal(size=(2, 64, 128, 1)).astype(np.float32)
    with untraced():
        model.train_on_batch(images, rng.integers(0, 33, (2, 64, 128)).astype(np.uint8))
    for layer in model.layers:
        same = all(
            np.array_equal(old_, new)
            for old_, new in zip(before[layer.name], layer.get_weights(), strict=True)
        )
        if layer.weights:
            assert same == (layer.name in frozen), layer.name


def test_the_first_layers_can_be_frozen_but_not_all() -> None:
    model = build(UNetConfig(filters=(4, 8), classes=3))
    assert len(transfer.freeze(model, "3")) == 3
    assert sum(not layer.trainable for layer in model.layers if layer.weights) == 3
    with pytest.raises(TrainingError, match="no layer to train"):
        transfer.freeze(model, str(sum(bool(layer.weights) for layer in model.layers)))


def test_a_source_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no bundle there"):
        transfer.trained(tmp_path)
