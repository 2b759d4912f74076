"""Scores bundles on changed radiographs: other exposures, scales and positioning.

    python benchmarks/robustness.py [DATA...] [--values hitl] [--bundle default] [--split-seed 0]
        [--every 2]

Scores the 15 % of each annotated folder that `panodent train` holds out, unchanged and with each
change. The column "first look" is the first bundle without the second prediction at another scale
(`panodent.inference.rescaling`). Without DATA, phantoms are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import radiographs
from scoring import dice_and_numbering

from panodent.bundle.bundle import Bundle, load
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.teeth import Teeth
from panodent.training.augmentation.geometry import off_trough
from panodent.utils.arrays import FloatImage

Change = Callable[[FloatImage, np.random.Generator], FloatImage]
Example = tuple[FloatImage, Teeth]


def _flattened(pixels: FloatImage, _: np.random.Generator) -> FloatImage:
    return np.float32(0.3) + np.float32(0.5) * np.sqrt(pixels)


def _sharpened(pixels: FloatImage, _: np.random.Generator) -> FloatImage:
    return 2 * pixels - cv2.GaussianBlur(pixels, (0, 0), pixels.shape[1] / 100)


def equalised(pixels: FloatImage, limit: float) -> FloatImage:
    """CLAHE of pixels (H, W) in [0, 1] with this clip limit."""
    grey = (255 * pixels).astype(np.uint8)
    return cv2.createCLAHE(limit, (8, 8)).apply(grey).astype(np.float32) / 255


def _noisy(pixels: FloatImage, rng: np.random.Generator) -> FloatImage:
    soft = cv2.GaussianBlur(pixels, (0, 0), pixels.shape[1] / 600)
    return soft + rng.normal(0, 0.06, pixels.shape).astype(np.float32)


EXPOSURES: Mapping[str, Change] = {
    "gamma 2": lambda pixels, _: pixels**2,
    "contrast flattened": _flattened,
    "sharpened": _sharpened,
    "CLAHE": lambda pixels, _: equalised(pixels, 4.0),
    "blurred, noisy": _noisy,
}
SCALES = ((0.6, 0.6), (0.7, 0.7), (1.4, 1.4), (0.8, 1.1), (1.1, 0.8), (1.2, 0.75))
"""(width, height) factors; scaled about the middle, black outside the radiograph."""
FRONTS = {"front teeth 0.7 as wide": 0.43, "front teeth 1.4 as wide": -0.29}
"""`narrower` of `fronted`: a patient who stands in front of or behind the focal trough."""


def scaled(example: Example, width: float, height: float) -> Example:
    """Scales radiograph and teeth about the middle; the size in pixels stays."""
    rows, cols = (
        (np.arange(side) - (side - 1) / 2) / by + (side - 1) / 2
        for side, by in zip(example[0].shape, (height, width), strict=True)
    )
    return _moved(example, rows, cols)


def fronted(example: Example, narrower: float) -> Example:
    """Scales the width by 1 / (1 + narrower) in the middle; the sides compensate, ends stay."""
    height, width = example[0].shape
    return _moved(example, np.arange(height), off_trough(width, narrower, 0))


def _moved(example: Example, rows: np.ndarray, cols: np.ndarray) -> Example:
    """Samples the example at these rows and columns; teeth that are moved out are dropped."""
    pixels, teeth = example
    x, y = np.meshgrid(cols.astype(np.float32), rows.astype(np.float32))
    masks = (
        cv2.remap(teeth.full_mask(place).astype(np.uint8), x, y, cv2.INTER_NEAREST) > 0
        for place in range(len(teeth))
    )
    seen = [(int(fdi), mask) for fdi, mask in zip(teeth.fdi, masks, strict=True) if mask.any()]
    return cv2.remap(pixels, x, y, cv2.INTER_LINEAR), Teeth.from_masks(teeth.size, seen)


def variants(examples: Sequence[Example]) -> dict[str, Callable[[], list[Example]]]:
    """By name of the change, a function that returns the changed examples."""

    def exposed(change: Change) -> list[Example]:
        rng = np.random.default_rng(0)
        return [(np.clip(change(pixels, rng), 0, 1), teeth) for pixels, teeth in examples]

    made: dict[str, Callable[[], list[Example]]] = {"unchanged": lambda: list(examples)}
    for name, change in EXPOSURES.items():
        made[name] = lambda change=change: exposed(change)
    for width, height in SCALES:
        made[f"{width:g} x {height:g}"] = lambda w=width, h=height: [
            scaled(example, w, h) for example in examples
        ]
    for name, narrower in FRONTS.items():
        made[name] = lambda n=narrower: [fronted(example, n) for example in examples]
    return made


def compare(bundles: Mapping[str, Bundle], examples: Sequence[Example]) -> None:
    """Prints a table, a row per change and a column per bundle; then the mean over all changes."""
    print("| dice, numbering | " + " | ".join(bundles) + " |")
    print("|---|" + "---|" * len(bundles))
    rows = []
    for name, make in variants(examples).items():
        changed = make()
        rows.append(
            [
                dice_and_numbering(
                    (truth, predict_teeth(bundle, pixels)) for pixels, truth in changed
                )
                for bundle in bundles.values()
            ]
        )
        _print_row(name, rows[-1])
    _print_row("mean of all changes", np.mean(rows[1:], axis=0))


def _print_row(name: str, figures) -> None:
    cells = (f"{dice:.4f}, {numbering:.4f}" for dice, numbering in figures)
    print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path, help="folders of annotated radiographs")
    parser.add_argument("--values", help="meaning of pixel values in label images")
    parser.add_argument("--bundle", action="append", help="may be given several times")
    parser.add_argument("--split-seed", type=int, default=0, help="as of `panodent train`")
    parser.add_argument("--every", type=int, default=1, help="score every n-th held-out case")
    given = parser.parse_args()
    bundles = {name: load(name) for name in given.bundle or ["default"]}
    first = next(iter(bundles))
    bundles[f"{first}, first look"] = replace(bundles[first], sizes={})
    for name, _, held in radiographs.split(given.data, given.values, seed=given.split_seed):
        chosen = held[:: given.every]
        print(f"\n{len(chosen)} held out of {name}\n")
        compare(bundles, [(case.radiograph().pixels, case.teeth()) for case in chosen])


if __name__ == "__main__":
    main()
