"""How often a bundle warns: of panoramics as they should be, and of pictures that are none.

    python benchmarks/alarms.py [DATA...] [--values hitl] [--bundle default]

Of each annotated folder all radiographs are looked at as they are, and the 15 % that `panodent
train` holds out turned and cut; then textures. Without DATA, phantoms are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import radiographs

from panodent.analysis.prediction_quality import warning
from panodent.bundle.bundle import Bundle, load
from panodent.datasets.dataset import Case
from panodent.inference.rescaling import predict_teeth
from panodent.utils.arrays import FloatImage

TEXTURES = 20


def _bitewing(pixels: FloatImage, rng: np.random.Generator) -> FloatImage:
    """A quarter as wide, of the teeth on one side."""
    height, width = pixels.shape
    left = int(width * rng.choice([0.2, 0.55]))
    return pixels[int(0.4 * height) : int(0.75 * height), left : left + width // 4]


CHANGES: Mapping[str, Callable[[FloatImage, np.random.Generator], FloatImage]] = {
    "on the left side": lambda pixels, _: np.rot90(pixels),
    "on the right side": lambda pixels, _: np.rot90(pixels, -1),
    "upside down": lambda pixels, _: pixels[::-1, ::-1],
    "its left half": lambda pixels, _: pixels[:, : pixels.shape[1] // 2],
    "cut to a bitewing": _bitewing,
}


def texture(seed: int) -> FloatImage:
    """(512, 1024) smooth noise, coarse to fine by `seed`."""
    import cv2

    coarse = 2 ** (seed % 5)
    noise = np.random.default_rng(seed).random((8 * coarse, 16 * coarse), np.float32)
    return np.clip(cv2.resize(noise, (1024, 512), interpolation=cv2.INTER_CUBIC), 0, 1)


def count(bundle: Bundle, training: Sequence[Case], held: Sequence[Case]) -> None:
    """Prints rows: what was shown, of how many of them the bundle warns; and its false alarms."""
    alarms = {case.key: _said(bundle, case.radiograph().pixels) for case in (*training, *held)}
    _row("all, as they are", list(alarms.values()))
    _row("held out, as they are", [alarms[case.key] for case in held])
    for name, change in CHANGES.items():
        rng = np.random.default_rng(0)
        changed = (change(case.radiograph().pixels, rng) for case in held)
        _row(f"held out, {name}", [_said(bundle, pixels) for pixels in changed])
    for key, said in alarms.items():
        if said:
            print(f"| {key} | {said} |")


def _said(bundle: Bundle, pixels: FloatImage) -> str:
    return warning(predict_teeth(bundle, np.ascontiguousarray(pixels)))


def _row(name: str, warnings: Sequence[str]) -> None:
    print(f"| {name} | {sum(map(bool, warnings))} of {len(warnings)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path, help="folders of annotated radiographs")
    parser.add_argument("--values", help="what label images mean")
    parser.add_argument("--bundle", default="default")
    given = parser.parse_args()
    bundle = load(given.bundle)
    for name, training, held in radiographs.split(given.data, given.values):
        print(f"\n{name}\n\n| shown | warned of |\n|---|---|")
        count(bundle, training, held)
    _row("textures", [_said(bundle, texture(seed)) for seed in range(TEXTURES)])


if __name__ == "__main__":
    main()
