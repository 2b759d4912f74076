"""Stages of a training: how epochs and frame sizes change, and what they cannot be."""

from __future__ import annotations

import pytest

from panodent.errors import ConfigError, UnknownNameError
from panodent.training.recipes import RECIPES, recipe
from panodent.training.train_config import Stage, TrainConfig


@pytest.mark.parametrize("name", RECIPES)
@pytest.mark.parametrize("epochs", [1, 2, 7, 100])
def test_epochs_stretch_and_the_last_stage_stays(name: str, epochs: int) -> None:
    changed = recipe(name).with_epochs(epochs)
    assert changed.epochs == epochs
    assert changed.frame == recipe(name).frame
    assert all(stage.epochs > 0 for stage in changed.stages)


def test_a_size_shrinks_the_coarser_stages_along() -> None:
    changed = recipe("default").with_size(512, 1024)
    assert [(s.height, s.width) for s in changed.stages] == [(256, 512), (384, 768), (512, 1024)]
    assert [s.epochs for s in changed.stages] == [s.epochs for s in recipe("default").stages]


def test_stages_follow_each_other() -> None:
    config = TrainConfig(stages=(Stage(2, 64, 128), Stage(1, 128, 256)))
    assert [config.stage_of(epoch).height for epoch in range(4)] == [64, 64, 128, 128]


def test_the_last_stage_decides_what_the_network_is_used_with() -> None:
    config = TrainConfig(stages=(Stage(2, 64, 128), Stage(1, 128, 256)))
    assert config.epochs == 3
    assert config.frame.size == (128, 256)


def test_a_frame_must_suit_the_network() -> None:
    stages = (Stage(1, 96, 160),)
    assert TrainConfig(network="seed", stages=stages).frame.size == (96, 160)
    with pytest.raises(ConfigError, match=r"frame 96 x 160 does not suit .* multiples of 64"):
        TrainConfig(stages=stages)


def test_faults() -> None:
    with pytest.raises(UnknownNameError, match="network"):
        TrainConfig(network="other")
    with pytest.raises(ConfigError, match="stages have 0 epochs"):
        TrainConfig(stages=(Stage(0, 64, 128),))
    with pytest.raises(ConfigError, match="epochs is 0"):
        TrainConfig().with_epochs(0)
