"""Settings of augmentation: documented, in range, and off when they are 0."""

from __future__ import annotations

from dataclasses import fields

import pytest

from panodent.errors import ConfigError
from panodent.training.augmentation.config import AugmentConfig, only


@pytest.mark.parametrize(
    "settings",
    [
        {"rotation": -1.0},
        {"rotation": 90.0},
        {"flip": 1.5},
        {"zoom": float("nan")},
        {"trough": 0.4},
    ],
)
def test_nonsense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="augment"):
        AugmentConfig(**settings)


def test_every_setting_says_what_it_does_and_its_default_lies_in_its_range() -> None:
    for item in fields(AugmentConfig):
        low, high = item.metadata["range"]
        assert low <= item.default <= high, item.name
        assert item.metadata["help"].endswith("."), item.name
        assert item.metadata["unit"], item.name


def test_only_turns_every_other_effect_off_and_keeps_how_effects_are_made() -> None:
    config = only(blur=2.0)
    assert config.blur == 2.0
    for name in ("rotation", "zoom", "flip", "erase", "extract", "restore", "equalise"):
        assert getattr(config, name) == 0
    assert config.blur_probability == AugmentConfig().blur_probability
    assert config.extract_runs_p == AugmentConfig().extract_runs_p


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"extract_max_runs": 2.5}, "extract_max_runs is 2.5; expected a whole number"),
        ({"extract_runs_p": 0.0}, "expected at least 0.01 and at most 1"),
        ({"rotation": "8"}, "rotation is '8'; expected a number"),
        ({"rotation": 50.0}, "at most 45 .degrees."),
    ],
)
def test_errors_name_the_setting_and_its_range(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        AugmentConfig(**settings)
