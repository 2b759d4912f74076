"""Measures training speed of the recipes default and seed at the same input size, in turns.

    python benchmarks/training.py [--size 512x512] [--rounds 5] [--precision float32]

Needs panodent[train]. Trains on phantoms. Prints milliseconds per image for drawing a batch, the
forward pass, the forward pass with loss, and a whole training step; then the ratio of images per
second.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from panodent import phantom
from panodent.dentition import PERMANENT
from panodent.training.batches import Augmenter, Example, class_image
from panodent.training.recipes import recipe
from panodent.training.train_config import TrainConfig
from panodent.training.unet import build, named

EXAMPLES = 8


class Subject:
    """A recipe with its network and batches; `times` holds milliseconds per image by part."""

    def __init__(self, name: str, config: TrainConfig, examples: list[Example]) -> None:
        from panodent.training.backend import keras  # here: --help needs no network
        from panodent.training.loop import compile_model

        self.name, self.config = name, config
        keras.mixed_precision.set_dtype_policy(config.precision)
        self.model = build(named(config.network))
        self.augmenter = Augmenter(
            examples, [1] * len(examples), PERMANENT, config.augment, config.batch_size, 0
        )
        compile_model(self.model, config, self.augmenter.steps)
        self.size = config.frame.size
        self.batch = self.draw(0)
        self.times: dict[str, list[float]] = {}
        self.parts: dict[str, Callable[[int], Any]] = {
            "draw": self.draw,
            "forward": lambda _: self.model.predict_on_batch(self.batch[0]),
            "forward and loss": lambda _: self.model.test_on_batch(*self.batch),
            "step": lambda _: self.model.train_on_batch(*self.batch),
        }
        for part in self.parts.values():
            part(0)

    def draw(self, number: int) -> tuple[Any, Any]:
        return self.augmenter.batch(0, number, self.size)

    def round(self, number: int) -> None:
        for name, part in self.parts.items():
            start = time.perf_counter()
            part(number)
            taken = (time.perf_counter() - start) / self.config.batch_size
            self.times.setdefault(name, []).append(1000 * taken)


def examples() -> list[Example]:
    made = []
    for seed in range(EXAMPLES):
        radiograph, teeth = phantom.draw(seed, (512, 1024))
        pixels = np.round(radiograph.pixels * 255).astype(np.uint8)
        made.append(Example(str(seed), pixels, class_image(teeth, PERMANENT)))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--size", default="512x512", help="input size of both networks, HEIGHTxWIDTH"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--precision", default="float32", help="of the default recipe")
    given = parser.parse_args()
    height, width = (int(side) for side in given.size.split("x"))
    data = examples()
    subjects = [
        Subject(name, replace(recipe(name).with_size(height, width), precision=precision), data)
        for name, precision in (("default", given.precision), ("seed", "float32"))
    ]
    for number in range(given.rounds):
        for subject in subjects:
            subject.round(number)
    for subject in subjects:
        shown = ", ".join(f"{k} {statistics.median(v):.0f}" for k, v in subject.times.items())
        print(f"{subject.name} at {height} x {width}, ms per image: {shown}")
    ours, theirs = (
        [draw + step for draw, step in zip(s.times["draw"], s.times["step"], strict=True)]
        for s in subjects
    )
    ratios = sorted(b / a for a, b in zip(ours, theirs, strict=True))
    print(
        f"default trains {statistics.median(ratios):.2f} times as many images per second as seed "
        f"({ratios[0]:.2f} to {ratios[-1]:.2f})"
    )


if __name__ == "__main__":
    main()
