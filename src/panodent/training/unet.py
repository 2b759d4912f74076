"""U-Nets (Ronneberger et al. 2015, arXiv:1505.04597) in Keras 3, sized by configuration.

Four configurations have names. `seed` is the plain network of the project that panodent began as.
`default` computes at half the frame's resolution: a strided stem, additions instead of
concatenations, and logits at half size. They are enlarged linearly, so outlines are exact to a
fraction of a pixel, unlike those of an enlarged label map. `wide` is `default` with four times the
filters, to be a teacher of it; `slim` is `default` with fewer filters where there are most pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from panodent.errors import ConfigError, UnknownNameError
from panodent.training.settings import check_ranges, setting

NORM_EPSILON = 1e-3
"""Added to the variance in batch normalisation; exported weights depend on it."""


@dataclass(frozen=True)
class UNetConfig:
    """Sizes of a network; each field's metadata holds its help.

    Raises `ConfigError` or `UnknownNameError` for sizes that do not make a network.
    """

    filters: tuple[int, ...] = setting(
        (24, 48, 96, 192, 256, 256), "Filters of each level, from the finest to the deepest."
    )
    classes: int = setting(33, "Classes of a pixel; class 0 is not a tooth.", (2, 256), "classes")
    channels: int = setting(1, "Channels of the input.", (1, 64), "channels")
    stem: int = setting(
        2, "Stride of the first convolution; the output has the frame's size divided by it.", (1, 2)
    )
    skip: str = setting("add", "How the decoder joins the encoder's level: add or concatenate.")
    normalisation: bool = setting(True, "Batch normalisation after every convolution.")
    norm_momentum: float = setting(
        0.95, "Share of the running statistics that one batch keeps.", (0, 1)
    )
    encoder_convolutions: int = setting(2, "Convolutions of a level in the encoder.", (1, 8))
    decoder_convolutions: int = setting(1, "Convolutions of a level in the decoder.", (1, 8))
    dropout: float = setting(0.0, "Dropout of whole channels at the deepest level.", (0, 0.95))
    softmax: bool = setting(False, "The network ends in probabilities instead of logits.")
    offsets: bool = setting(
        False,
        "Two more planes hold, at each pixel of a tooth, where its centre lies: x, y, in units of "
        "`panodent.bundle.frame.OFFSET_UNIT` output pixels.",
    )

    def __post_init__(self) -> None:
        if len(self.filters) < 2 or min(self.filters) < 1:
            raise ConfigError(f"filters are {self.filters}; expected two or more positive numbers")
        check_ranges(self)
        if self.skip not in ("add", "concatenate"):
            raise UnknownNameError("skip", self.skip, ("add", "concatenate"))
        if self.softmax and self.offsets:
            raise ConfigError(
                "softmax and offsets are both on; offsets are not probabilities, so use one"
            )

    @property
    def planes(self) -> int:
        """Number of output planes: the classes, and two for offsets."""
        return self.classes + 2 * self.offsets

    @property
    def divisor(self) -> int:
        """The frame's sides must be multiples of this."""
        return int(self.stem * 2 ** (len(self.filters) - 1))


NETWORKS: dict[str, UNetConfig] = {
    "default": UNetConfig(offsets=True),
    # Its first level has the most pixels, and processors compute 24 channels as slowly as 32.
    "slim": UNetConfig(filters=(16, 48, 96, 192, 256, 256), offsets=True),
    # Some thirty times the arithmetic of `default`, for a GPU: a teacher, not to be shipped.
    "wide": UNetConfig(
        filters=(96, 192, 384, 640, 768, 768), decoder_convolutions=2, dropout=0.1, offsets=True
    ),
    "seed": UNetConfig(
        filters=(16, 32, 64, 128, 256),
        stem=1,
        skip="concatenate",
        normalisation=False,
        encoder_convolutions=2,
        decoder_convolutions=2,
        softmax=True,
    ),
}


def named(name: str, **changes: Any) -> UNetConfig:
    """A named configuration with changed fields; an unknown name raises `UnknownNameError`.

    >>> named("default", classes=3).planes
    5
    """
    if name not in NETWORKS:
        raise UnknownNameError("network", name, NETWORKS)
    return replace(NETWORKS[name], **changes)


def build(config: UNetConfig, size: tuple[int | None, int | None] = (None, None)) -> Any:
    """The Keras model of a configuration.

    float32 (batch, height, width, channels) -> float32 (batch, height/stem, width/stem, planes).
    Layers are named `encoder_L_...`, `decoder_L_...` and `head`, so that they can be frozen by
    name; level 0 is the finest. The model has the configuration as `configuration`. Raises
    `ConfigError` when a side of `size` does not suit the levels.
    """
    from panodent.training.backend import keras, layers

    for side in size:
        if side is not None and side % config.divisor:
            raise ConfigError(
                f"frame side {side} is not a multiple of {config.divisor}, which "
                f"{len(config.filters)} levels need"
            )
    inputs = keras.Input((*size, config.channels), name="radiograph")
    x, skips = _encode(config, inputs)
    if config.dropout:
        x = layers.SpatialDropout2D(config.dropout, name="bottom_dropout")(x)
    x = _decode(config, x, skips)
    outputs = layers.Conv2D(
        config.planes,
        1,
        activation="softmax" if config.softmax else None,
        dtype="float32",
        name="head",
    )(x)
    model = keras.Model(inputs, outputs, name="panodent_unet")
    model.configuration = config
    return model


def _encode(config: UNetConfig, x: Any) -> tuple[Any, list[Any]]:
    """The encoder: its deepest tensor, and the tensor of every level, finest first."""
    from panodent.training.backend import layers

    levels = []
    for level, filters in enumerate(config.filters):
        for index in range(config.encoder_convolutions):
            name = f"encoder_{level}_{index}"
            if level == 0 and index == 0 and config.stem == 2:
                x = _convolve(config, x, filters, name, stride=2, kernel=4)
            elif level > 0 and index == 0 and config.skip == "add":
                x = _convolve(config, x, filters, name, stride=2)
            elif level > 0 and index == 0:
                x = layers.MaxPooling2D(name=f"encoder_{level}_pool")(x)
                x = _convolve(config, x, filters, name)
            else:
                x = _convolve(config, x, filters, name)
        levels.append(x)
    return x, levels


def _decode(config: UNetConfig, x: Any, levels: list[Any]) -> Any:
    """The decoder, from the deepest tensor `x` to the finest level."""
    from panodent.training.backend import layers

    for level in range(len(config.filters) - 2, -1, -1):
        filters, skip = config.filters[level], levels[level]
        if config.skip == "add":
            x = layers.Conv2D(filters, 1, name=f"decoder_{level}_project")(x)
            x = layers.UpSampling2D(2, name=f"decoder_{level}_up")(x)
            x = layers.Add(name=f"decoder_{level}_join")([x, skip])
        else:
            x = layers.Conv2DTranspose(filters, 2, 2, padding="same", name=f"decoder_{level}_up")(x)
            x = layers.Concatenate(name=f"decoder_{level}_join")([x, skip])
        for index in range(config.decoder_convolutions):
            x = _convolve(config, x, filters, f"decoder_{level}_{index}")
    return x


def _convolve(
    config: UNetConfig, x: Any, filters: int, name: str, stride: int = 1, kernel: int = 3
) -> Any:
    """A convolution with ReLU, and batch normalisation between both where the network has it."""
    from panodent.training.backend import layers

    plain = not config.normalisation
    x = layers.Conv2D(
        filters,
        kernel,
        stride,
        padding="same",
        use_bias=plain,
        activation="relu" if plain else None,
        kernel_initializer="he_normal",
        name=name,
    )(x)
    if plain:
        return x
    x = layers.BatchNormalization(
        momentum=config.norm_momentum, epsilon=NORM_EPSILON, name=f"{name}_norm"
    )(x)
    return layers.ReLU(name=f"{name}_relu")(x)
