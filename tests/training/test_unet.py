"""The networks: the seed's exact one, and ours."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.errors import ConfigError, UnknownNameError
from panodent.training.unet import NETWORKS, UNetConfig, build, named


def test_the_seed_network_is_the_seeds() -> None:
    model = build(named("seed"), (512, 512))
    assert model.count_params() == 1_941_361
    assert model.output_shape == (None, 512, 512, 33)
    head = model.get_layer("head")
    assert head.kernel_size == (1, 1)
    assert head.get_config()["activation"] == "softmax"
    filters = [layer.filters for layer in model.layers if layer.name.startswith("encoder_")
               and hasattr(layer, "filters")]  # fmt: skip
    assert filters == [16, 16, 32, 32, 64, 64, 128, 128, 256, 256]
    assert not any("norm" in layer.name for layer in model.layers)
    relus = [layer for layer in model.layers if layer.name.startswith("encoder_")
             and hasattr(layer, "filters")]  # fmt: skip
    assert {layer.get_config()["activation"] for layer in relus} == {"relu"}


def test_the_seed_network_answers_with_probabilities() -> None:
    model = build(named("seed"))
    answer = np.asarray(model(np.random.default_rng(0).random((1, 64, 64, 1), np.float32)))
    assert answer.shape == (1, 64, 64, 33)
    assert np.allclose(answer.sum(axis=-1), 1, atol=1e-5)


def test_the_default_network_answers_at_half_size_with_offsets() -> None:
    config = named("default", classes=5)
    model = build(config)
    assert model(np.zeros((1, 64, 128, 1), np.float32)).shape == (1, 32, 64, 7)
    assert config.planes == 7


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_are_named_so_that_they_can_be_frozen(name: str) -> None:
    filters = (4,) * len(NETWORKS[name].filters)  # how many does not matter for the names
    model = build(named(name, filters=filters))
    weighted = [layer.name for layer in model.layers if layer.weights]
    assert all(layer.startswith(("encoder_", "decoder_", "head")) for layer in weighted)
    assert weighted[-1] == "head"
    firsts = [layer.split("_")[0] for layer in weighted]
    assert firsts == sorted(firsts, key=["encoder", "decoder", "head"].index)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"filters": (8,)}, "filters"),
        ({"stem": 3}, "stem"),
        ({"classes": 1}, "classes"),
        ({"softmax": True, "offsets": True}, "offsets"),
    ],
)
def test_nonsense_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        UNetConfig(**settings)


def test_names_and_sizes_that_do_not_fit() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'default'"):
        named("defualt")
    with pytest.raises(ConfigError):
        build(named("default"), (100, 128))
