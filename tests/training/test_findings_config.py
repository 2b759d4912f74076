"""Settings of a findings network: their ranges, and that a run can be opened again."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from panodent.errors import ConfigError
from panodent.training.findings_config import FindingsConfig, PaintConfig, config_from


def test_settings_survive_as_plain_data() -> None:
    config = FindingsConfig(filters=(4, 8), paint=PaintConfig(filling=0.5))
    assert config_from(json.loads(json.dumps(asdict(config)))) == config
    with pytest.raises(ConfigError, match="height is 100"):
        FindingsConfig(height=100)
    with pytest.raises(ConfigError, match="paint filling is 2"):
        PaintConfig(filling=2)


def test_the_frame_is_the_one_that_the_bundle_will_use() -> None:
    assert FindingsConfig(height=64, width=128).frame.size == (64, 128)
