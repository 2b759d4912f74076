"""The network's input: a radiograph is resized to the frame and its contrast normalised.

The frame is part of the bundle, since a network cannot be used without its input convention.
"""

from __future__ import annotations

from dataclasses import dataclass

from panodent.errors import ConfigError
from panodent.radiograph.resampling import normalised, resized
from panodent.utils.arrays import FloatImage

MULTIPLE = 32
"""Both sides of a network's input are multiples of this."""
OFFSET_UNIT = 8.0
"""Network pixels in one unit of the offset planes; see `panodent.training.unet.UNetConfig`."""


@dataclass(frozen=True)
class Frame:
    """Size of the network's input in pixels, multiples of `MULTIPLE`; others raise `ConfigError`.

    The whole radiograph is stretched to the frame whatever its aspect: panoramic radiographs are
    near 2:1, and this also corrects those that were stored with a wrong aspect.

    >>> import numpy as np
    >>> Frame(256, 512).forward(np.zeros((500, 900), np.float32)).shape
    (256, 512)
    """

    height: int = 256
    width: int = 512

    def __post_init__(self) -> None:
        for name in ("height", "width"):
            value = getattr(self, name)
            if not isinstance(value, int) or value < MULTIPLE or value % MULTIPLE:
                raise ConfigError(
                    f"frame {name} is {value!r}; expected a positive multiple of {MULTIPLE}"
                )

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return self.height, self.width

    def forward(self, pixels: FloatImage) -> FloatImage:
        """Pixels (H, W) in [0, 1] -> network input (height, width) in [-1.5, 1.5], both float32."""
        return normalised(resized(pixels, self.size))
