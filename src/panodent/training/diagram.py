"""Draws a network's architecture as a U, from the Keras model."""

from __future__ import annotations

import io
import re
from typing import Any

_LEVEL = re.compile(r"(encoder|decoder)_(\d+)_")
_COLOURS = {"encoder": "#1f6f8b", "decoder": "#c8553d", "head": "#6a994e"}


def draw(model: Any, title: str) -> bytes:
    """A PNG of the network: one column per block, deeper levels lower, with sizes and filters.

    `model` is made by `panodent.training.unet.build` for a fixed frame size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    blocks = _blocks(model)
    depth = max(level for _, level, _ in blocks)
    figure = Figure(figsize=(2.0 + 1.15 * len(blocks), 1.8 + 1.15 * (depth + 1)), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    places: dict[tuple[str, int], int] = {}
    for column, (part, level, text) in enumerate(blocks):
        places[part, level] = column
        _box(axes, column, -level, text, _COLOURS[part])
        if column:
            _arrow(axes, (column - 1, -blocks[column - 1][1]), (column, -level), "-")
    for (part, level), column in places.items():
        if part == "encoder" and ("decoder", level) in places:
            _arrow(axes, (column, -level), (places["decoder", level], -level), "--")
    axes.set_xlim(-0.7, len(blocks) - 0.3)
    axes.set_ylim(-depth - 0.6, 0.6)
    axes.axis("off")
    shape = "x".join(str(side) for side in model.input_shape[1:3])
    axes.set_title(f"{title}: {shape} grey, {model.count_params():,} parameters", fontsize=12)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=130)
    return stream.getvalue()


def _blocks(model: Any) -> list[tuple[str, int, str]]:
    """(part, level, text) of each block in the order of computation."""
    found: dict[tuple[str, int], list[Any]] = {}
    for layer in model.layers:
        if match := _LEVEL.match(layer.name):
            found.setdefault((match[1], int(match[2])), []).append(layer)
        elif layer.name == "head":
            found["head", 0] = [layer]
    return [(part, level, _text(layers)) for (part, level), layers in found.items()]


def _text(layers: list[Any]) -> str:
    _, height, width, channels = layers[-1].output.shape
    convolutions = [layer for layer in layers if type(layer).__name__ == "Conv2D"]
    kernels = "+".join(f"{layer.kernel_size[0]}x{layer.kernel_size[1]}" for layer in convolutions)
    return f"{height}x{width}\n{channels} channels\nconv {kernels}"


def _box(axes: Any, x: float, y: float, text: str, colour: str) -> None:
    axes.text(
        x,
        y,
        text,
        ha="center",
        va="center",
        fontsize=8,
        color="white",
        bbox={"boxstyle": "round,pad=0.45", "facecolor": colour, "edgecolor": "none"},
        zorder=3,
    )


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], style: str) -> None:
    axes.annotate(
        "",
        xy=end,
        xytext=start,
        arrowprops={
            "arrowstyle": "->",
            "linestyle": style,
            "color": "#666666",
            "shrinkA": 24,
            "shrinkB": 24,
        },
        zorder=1,
    )
