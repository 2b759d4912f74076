"""Draws a contact sheet of augmented radiographs with their labels, to look at before training.

    python tools/augmentation_sheet.py DATA... --output sheet.png [--recipe children]
        [--config my.toml] [--only transplant,flip] [--count 12] [--seed 0]

Each row shows radiographs as the network gets them and, below, with the outlines of their teeth;
orange outlines are deciduous teeth. `--only` turns every other effect of the recipe off and these
on with probability 1. A sheet made from radiographs of patients shows patients: do not publish it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from panodent.datasets import dataset
from panodent.dentition import TEETH
from panodent.training import recipes
from panodent.training.augmentation.config import only
from panodent.training.batches import Augmenter, load

ACROSS = 3
ORANGE, GREEN, BLUE = (0, 160, 255), (0, 170, 0), (255, 120, 60)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--config", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--count", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    config = recipes.recipe(given.recipe)
    config = recipes.from_toml(given.config, config) if given.config else config
    effects = only(**dict.fromkeys(given.only.split(","), 1.0)) if given.only else config.augment
    size, classes = config.frame.size, tuple(TEETH)
    cases = [case for root in given.data for case in dataset.find(root).cases]
    examples = [load(case, classes, (2 * size[0], 2 * size[1])) for case in cases]
    made = Augmenter(examples, [1] * len(examples), classes, effects, ACROSS, given.seed)
    rows = []
    for step in range(min(-(-given.count // ACROSS), made.steps)):
        images, labels = made.batch(0, step, size)
        pictures = [np.uint8(np.clip(127.5 * (image + 1), 0, 255)) for image in images[..., 0]]
        colours = [cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR) for picture in pictures]
        outlined = [
            with_outlines(picture.copy(), classes_here, classes)
            for picture, classes_here in zip(colours, labels, strict=True)
        ]
        rows += [np.hstack(colours), np.hstack(outlined)]
    given.output.write_bytes(cv2.imencode(".png", np.vstack(rows))[1].tobytes())
    print(f"{given.output}: {len(rows) // 2 * ACROSS} variants of {len(examples)} radiographs")


def with_outlines(picture: np.ndarray, labels: np.ndarray, classes: tuple[int, ...]) -> np.ndarray:
    """The BGR picture with the outline and FDI number of each class; ignored pixels in blue."""
    for value in np.unique(labels[labels > 0]).tolist():
        mask = np.uint8(labels == value)
        outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        fdi = classes[value - 1] if value <= len(classes) else 0
        colour = (ORANGE if TEETH[fdi].deciduous else GREEN) if fdi else BLUE
        cv2.drawContours(picture, outlines, -1, colour, 1)
        row, col = (int(places.mean()) for places in np.nonzero(mask))
        if fdi:
            place = (col - 7, row + 3)
            cv2.putText(picture, str(fdi), place, cv2.FONT_HERSHEY_SIMPLEX, 0.3, colour, 1)
    return picture


if __name__ == "__main__":
    main()
