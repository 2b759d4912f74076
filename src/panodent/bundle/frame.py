"""Radiograph <-> network frame: resize, normalise, and the way back.

The frame is part of the bundle: a network without its input convention is half a network.
"""

from __future__ import annotations

from dataclasses import dataclass

from panodent.errors import ConfigError
from panodent.radiograph.resampling import normalised, resized
from panodent.utils.arrays import FloatImage

OFFSET_UNIT = 8.0
"""Network pixels in one unit of the offset planes; see `panodent.training.unet.UNetConfig`."""


@dataclass(frozen=True)
class Frame:
    """What the network sees: the whole radiograph at (height, width), grey, contrast-normalised.

    The radiograph is stretched to the frame whatever its aspect: panoramics are near 2:1, and
    those that were stored squashed come right again.
    """

    height: int = 256
    width: int = 512

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < 32 or value % 32:
                raise ConfigError(f"frame {name} is {value!r}; expected a positive multiple of 32")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    def forward(self, pixels: FloatImage) -> FloatImage:
        """Pixels (H, W) in [0, 1] -> network input (height, width) float32, see `normalised`."""
        return normalised(resized(pixels, self.size))
