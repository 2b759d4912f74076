"""Counts warnings: false ones on panoramic radiographs, right ones on other pictures.

    python benchmarks/alarms.py [DATA...] [--values hitl] [--bundle default]

A bundle predicts all radiographs of each annotated folder unchanged, the 15 % that `panodent train`
holds out rotated, cropped and two in one picture, and textures (smooth noise). Prints how many of
each have a warning, such as that the picture may not be an upright panoramic radiograph, and each
false warning. Without DATA, phantoms are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import radiographs

from panodent.analysis.prediction_quality import warning
from panodent.bundle.bundle import Bundle, load
from panodent.datasets.dataset import Case
from panodent.inference.rescaling import predict_teeth
from panodent.utils.arrays import FloatImage

TEXTURES = 20


def _bitewing(pixels: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Crops the teeth of one side, to a quarter of the width."""
    height, width = pixels.shape
    left = int(width * rng.choice([0.2, 0.55]))
    return pixels[int(0.4 * height) : int(0.75 * height), left : left + width // 4]


CHANGES: Mapping[str, Callable[[FloatImage, np.random.Generator], FloatImage]] = {
    "rotated left": lambda pixels, _: np.rot90(pixels),
    "rotated right": lambda pixels, _: np.rot90(pixels, -1),
    "upside down": lambda pixels, _: pixels[::-1, ::-1],
    "left half": lambda pixels, _: pixels[:, : pixels.shape[1] // 2],
    "cropped to a bitewing": _bitewing,
}


def texture(seed: int) -> FloatImage:
    """Smooth noise, (512, 1024) in [0, 1]; `seed` also chooses its scale, coarse to fine."""
    coarse = 2 ** (seed % 5)
    noise = np.random.default_rng(seed).random((8 * coarse, 16 * coarse), np.float32)
    return np.clip(cv2.resize(noise, (1024, 512), interpolation=cv2.INTER_CUBIC), 0, 1)


def count(bundle: Bundle, training: Sequence[Case], held: Sequence[Case]) -> None:
    """Prints a table row for each kind of picture: how many have a warning; then false warnings."""
    unchanged = {
        case.key: _warning(bundle, case.radiograph().pixels) for case in (*training, *held)
    }
    _print_row("all, unchanged", list(unchanged.values()))
    _print_row("held out, unchanged", [unchanged[case.key] for case in held])
    for name, change in CHANGES.items():
        rng = np.random.default_rng(0)
        changed = (change(case.radiograph().pixels, rng) for case in held)
        _print_row(f"held out, {name}", [_warning(bundle, pixels) for pixels in changed])
    for name, join in (("above each other", np.vstack), ("side by side", np.hstack)):
        pairs = zip(held[::2], held[1::2], strict=False)
        joined = (join([_same_size(case) for case in pair]) for pair in pairs)
        _print_row(f"held out, two {name}", [_warning(bundle, pixels) for pixels in joined])
    for key, text in unchanged.items():
        if text:
            print(f"| {key} | {text} |")


def _warning(bundle: Bundle, pixels: FloatImage) -> str:
    return warning(predict_teeth(bundle, np.ascontiguousarray(pixels)))


def _same_size(case: Case) -> FloatImage:
    """The radiograph, 512 x 1024 pixels."""
    return cv2.resize(case.radiograph().pixels, (1024, 512), interpolation=cv2.INTER_AREA)


def _print_row(name: str, warnings: Sequence[str]) -> None:
    print(f"| {name} | {sum(map(bool, warnings))} of {len(warnings)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path, help="folders of annotated radiographs")
    parser.add_argument("--values", help="meaning of pixel values in label images")
    parser.add_argument("--bundle", default="default")
    given = parser.parse_args()
    bundle = load(given.bundle)
    for name, training, held in radiographs.split(given.data, given.values):
        print(f"\n{name}\n\n| pictures | with a warning |\n|---|---|")
        count(bundle, training, held)
    _print_row("textures", [_warning(bundle, texture(seed)) for seed in range(TEXTURES)])


if __name__ == "__main__":
    main()
