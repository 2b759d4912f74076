"""Settings of a refiner stay in their ranges."""

from __future__ import annotations

import pytest

from panodent.errors import ConfigError
from panodent.training.refiner_config import ChangeConfig, RefinerConfig


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (RefinerConfig, {"epochs": 0}, "epochs is 0"),
        (RefinerConfig, {"least_overlap": 1.5}, r"least_overlap is 1\.5"),
        (ChangeConfig, {"rotation": 90}, "rotation is 90"),
    ],
)
def test_settings_out_of_range_are_refused(kind: type, settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        kind(**settings)
