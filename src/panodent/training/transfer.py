"""Transfer learning: reads a trained network, matches its classes, and freezes layers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.errors import BundleError, ConfigError, MissingExtraError, TrainingError
from panodent.training import checkpoint
from panodent.training.recipes import load_config
from panodent.training.train_config import TrainConfig
from panodent.training.unet import NETWORKS, NORM_EPSILON, UNetConfig, build, named

HEAD = "head"


def trained(source: str | Path) -> tuple[Any, tuple[int, ...]]:
    """The Keras network of a bundle or training run, and the FDI numbers of its classes.

    Raises `BundleError` or `TrainingError` when `source` is neither or cannot be trained on.
    """
    folder = Path(source)
    if (folder / "best.npz").exists():
        config, _ = load_config(folder)
        model = build(named(config.network, classes=len(config.classes) + 1))
        checkpoint.load(folder / "best.npz", model, with_optimiser=False)
        return model, config.classes
    bundle = bundles.load(source)
    return from_bundle(bundle), bundle.classes


def kind(source: str | Path) -> tuple[str, tuple[int, ...], tuple[int, int]]:
    """Network name, FDI numbers of the classes, and frame (height, width) of a bundle or run."""
    folder = Path(source)
    if (folder / "best.npz").exists():
        config, _ = load_config(folder)
        return config.network, config.classes, config.frame.size
    bundle = bundles.load(source)
    wanted = _architecture(bundle)
    for name, network in NETWORKS.items():
        # Heads may differ, since `with_classes` matches them.
        if wanted == replace(network, classes=wanted.classes, offsets=wanted.offsets):
            return name, bundle.classes, bundle.frame.size
    raise BundleError(f"{source}: its architecture is none of {', '.join(NETWORKS)}")


def from_bundle(bundle: Bundle) -> Any:
    """The Keras network of a bundle; large kernels keep the half precision of their storage."""
    model = build(_architecture(bundle))
    stored = constants(bundle.network)
    for layer in model.layers:
        if layer.weights:
            layer.set_weights(_weights(layer, stored, bundle))
    return model


def _architecture(bundle: Bundle) -> UNetConfig:
    """The configuration of a bundle; raises `BundleError` when it cannot be trained on."""
    settings = dict(bundle.architecture)
    if "members" in settings:
        raise BundleError("the bundle is an ensemble; train on one of its members")
    if "precision" in settings:
        raise BundleError("the bundle is quantised; train on the one that it was made from")
    if not settings:
        raise BundleError(
            "the bundle does not state its architecture; train on one that `panodent train` wrote"
        )
    return UNetConfig(**{**settings, "filters": tuple(settings["filters"])})


def norms(model: Any) -> dict[str, npt.NDArray[np.float32]]:
    """Batch-norm vectors by layer name, float32 (4, channels): gamma, beta, mean, variance."""
    return {
        layer.name: np.stack([np.asarray(w, np.float32) for w in layer.get_weights()])
        for layer in model.layers
        if type(layer).__name__ == "BatchNormalization"
    }


def constants(network: bytes) -> dict[str, npt.NDArray[Any]]:
    """Constants of an ONNX network by name."""
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError:
        raise MissingExtraError("train", "training on a bundle", "onnx") from None
    graph = onnx.load_from_string(network).graph
    return {item.name: numpy_helper.to_array(item) for item in graph.initializer}


def _weights(
    layer: Any, stored: dict[str, npt.NDArray[Any]], bundle: Bundle
) -> list[npt.NDArray[Any]]:
    """A layer's weights from the exported constants, with batch norms separated again."""
    name = layer.name
    try:
        if type(layer).__name__ == "BatchNormalization":
            return list(bundle.norms[name])
        half = stored.get(f"{name}_kernel_half")
        kernel = np.asarray(stored[f"{name}_kernel"] if half is None else half, np.float32)
        bias = stored[f"{name}_bias"]
    except KeyError as error:
        raise BundleError(f"the bundle lacks {error} of layer {name!r}; export it again") from None
    kernel = kernel.transpose(2, 3, 1, 0)
    norm = bundle.norms.get(f"{name}_norm")
    if norm is not None:
        gamma, _, _, variance = norm
        scale = gamma / np.sqrt(variance + NORM_EPSILON)
        # Where gamma is 0 any kernel gives the same result.
        kernel = np.divide(kernel, scale, out=np.zeros_like(kernel), where=scale != 0)
    return [kernel, bias] if layer.use_bias else [kernel]


def with_classes(model: Any, old: tuple[int, ...], config: TrainConfig) -> Any:
    """A network for `config.classes` with the weights of `model`, whose classes are `old`.

    The model itself, if it has these classes and this architecture. Otherwise output planes are
    matched by FDI number in a new one, and a network with fewer filters begins with the first
    channels of each layer. A deciduous tooth that the old network did not have
    starts with the weights of its successor, any other with those of "no tooth". Raises
    `ConfigError` when the architectures differ.
    """
    wanted = named(config.network, classes=len(config.classes) + 1)
    if old == config.classes and model.configuration == wanted:
        return model
    fresh = build(wanted)
    theirs = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    layers = {layer.name: layer for layer in fresh.layers if layer.weights}
    for name in dict.fromkeys((*layers, *theirs)):
        if name == HEAD:
            continue
        both = name in layers and name in theirs
        weights = narrowed(theirs[name], layers[name].get_weights()) if both else None
        if weights is None:
            raise ConfigError(
                f"network {config.network!r} and the trained one differ at layer {name!r}; "
                "leave out --recipe and 'network' to keep the trained architecture"
            )
        layers[name].set_weights(weights)
    head = layers[HEAD]
    places = [0] + [_plane_of(fdi, old) for fdi in config.classes]
    offsets = len(old) + 1  # their index among the old planes, if there are any
    weights = []
    for new, whole in zip(head.get_weights(), theirs[HEAD], strict=True):
        given = whole[..., : new.shape[-2], :] if new.ndim > 1 else whole
        # New planes start at 0, so that they do not disturb the others.
        merged = np.zeros_like(new)
        merged[..., : len(places)] = given[..., places]
        further = given[..., offsets:][..., : new.shape[-1] - len(places)]
        merged[..., len(places) : len(places) + further.shape[-1]] = further
        weights.append(merged)
    head.set_weights(weights)
    return fresh


def narrowed(
    weights: Sequence[npt.NDArray[Any]], wanted: Sequence[npt.NDArray[Any]]
) -> list[npt.NDArray[Any]] | None:
    """A layer's weights for the first channels of its input and output; those of `wanted`'s shapes.

    None if the layers differ otherwise. As every layer keeps its first channels, they still fit.
    """
    shapes = [(whole.shape, new.shape) for whole, new in zip(weights, wanted, strict=False)]
    fit = len(weights) == len(wanted) and all(
        len(old) == len(new)
        and old[:-2] == new[:-2]
        and all(n <= o for o, n in zip(old, new, strict=True))
        for old, new in shapes
    )
    if not fit:
        return None
    return [whole[tuple(map(slice, new))] for whole, (_, new) in zip(weights, shapes, strict=True)]


def _plane_of(fdi: int, classes: tuple[int, ...]) -> int:
    """The plane of a network with these classes that a tooth's weights are taken from."""
    for known in (fdi, fdi - 40):  # 55 stands where 15 will
        if known in classes:
            return classes.index(known) + 1
    return 0


def freeze(model: Any, what: str) -> list[str]:
    """Freezes 'encoder', or the first N layers with weights; returns their names.

    A frozen batch norm stays in inference mode: it uses and keeps its statistics. Raises
    `TrainingError` when no layer would be left to train.
    """
    weighted = [layer for layer in model.layers if layer.weights]
    if what == "encoder":
        frozen = [layer for layer in weighted if layer.name.startswith("encoder_")]
    else:
        frozen = weighted[: int(what or 0)]
    if len(frozen) == len(weighted):
        raise TrainingError(
            f"--freeze {what} leaves no layer to train; the network has {len(weighted)}"
        )
    for layer in frozen:
        layer.trainable = False
    return [layer.name for layer in frozen]
