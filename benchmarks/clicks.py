"""Scores the outlines that the page's *Point* gives for clicks and boxes.

    python benchmarks/clicks.py [DATA...] [--bundle default] [--clicks 5] [--teeth 200] [--step 1]

For annotated radiographs: the first click is in the middle of a tooth of the ground truth, each
further one in the middle of the largest wrong place, positive where the outline lacks it, negative
where it is too much. Prints the mean Dice after each click and of the tooth's own box, for teeth
that the network found (IoU of at least 0.5), for those it merged with others, and for those it
missed: all of these, and of the found ones `--teeth`, evenly spread. `--step` takes each n-th
radiograph only. Without DATA, phantoms are drawn.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import cv2
import numpy as np
import radiographs

from panodent.bundle.bundle import Bundle, load
from panodent.datasets.dataset import Case
from panodent.inference.clicks import Clicks, Point
from panodent.inference.network_view import NetworkView, network_view
from panodent.inference.prompted_tooth import prompted_tooth
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.overlap import iou_and_dice, union
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray

KINDS = ("found", "merged", "missed")


def middle(mask: BoolArray) -> tuple[float, Point]:
    """The greatest distance of a pixel to the edge of a mask, and that pixel (x, y)."""
    depth = cv2.distanceTransform(np.pad(mask, 1).view(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    row, col = np.unravel_index(int(depth.argmax()), depth.shape)
    return float(depth.max()), (float(col) + 0.5, float(row) + 0.5)


def dice(one: BoolArray, other: BoolArray) -> float:
    return float(2 * (one & other).sum() / max(one.sum() + other.sum(), 1))


class Scored:
    """Answers prompts about one radiograph, and takes the time."""

    def __init__(self, bundle: Bundle, view: NetworkView) -> None:
        self.bundle, self.view = bundle, view
        self.seconds: list[float] = []

    def mask(self, prompt: Clicks) -> BoolArray:
        start = time.perf_counter()
        found = prompted_tooth(self.bundle, self.view, prompt)
        self.seconds.append(time.perf_counter() - start)
        image = np.zeros(self.view.size, bool)
        if found is not None:
            row, col = found.corner
            image[row : row + found.mask.shape[0], col : col + found.mask.shape[1]] = found.mask
        return image

    def by_clicks(self, truth: BoolArray, most: int) -> Iterator[float]:
        """Dice after each click."""
        positive, negative = [middle(truth)[1]], []
        for _ in range(most):
            found = self.mask(Clicks(positive, negative))
            yield dice(found, truth)
            lacks, excess = middle(truth & ~found), middle(found & ~truth)
            (positive if lacks[0] >= excess[0] else negative).append(max(lacks, excess)[1])

    def by_box(self, truth: BoolArray, box: list[int]) -> float:
        top, left, bottom, right = box
        return dice(self.mask(Clicks(box=(left, top, right, bottom))), truth)


def kinds_of(truth: Teeth, found: Teeth) -> list[tuple[str, float]]:
    """For each tooth of the truth whether it was found, merged or missed, and its best Dice."""
    overlap, scores = iou_and_dice(truth, found)
    covered = union(found)
    kinds = []
    for index in range(len(truth)):
        best = float(overlap[index].max(initial=0))
        inside = covered[truth.full_mask(index)].mean()
        kind = "found" if best >= 0.5 else "merged" if inside > 0.5 else "missed"
        kinds.append((kind, float(scores[index].max(initial=0))))
    return kinds


def rows(
    bundle: Bundle, case: Case, chosen: Iterator[bool], most: int
) -> Iterator[tuple[str, list[float], list[float]]]:
    """(kind, [automatic, after each click ..., box], seconds) of the chosen teeth of a case."""
    pixels, truth = case.radiograph().pixels, case.teeth()
    scored = Scored(bundle, network_view(bundle, pixels))
    for index, (kind, automatic) in enumerate(kinds_of(truth, predict_teeth(bundle, pixels))):
        if kind == "found" and not next(chosen):
            continue
        mask = truth.full_mask(index)
        clicks = list(scored.by_clicks(mask, most))
        box = scored.by_box(mask, truth.boxes[index].tolist())
        yield kind, [automatic, *clicks, box], scored.seconds
        scored.seconds = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path)
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--clicks", type=int, default=5)
    parser.add_argument("--teeth", type=int, default=200)
    parser.add_argument("--step", type=int, default=1)
    options = parser.parse_args()
    bundle = load(options.bundle)
    for name, training, held in radiographs.split(options.data):
        cases = [*training, *held][:: options.step]
        every = max(len(cases) * 30 // options.teeth, 1)
        chosen = (number % every == 0 for number in count())  # of the teeth that were found
        found = [row for case in cases for row in rows(bundle, case, chosen, options.clicks)]
        print(f"{name}: {len(cases)} radiographs; automatic, each click, box")
        for kind in KINDS:
            scores = [scores for its, scores, _ in found if its == kind]
            means = " ".join(f"{value:.3f}" for value in np.mean(scores, axis=0)) if scores else ""
            print(f"{kind:7} {len(scores):4} {means}")
        seconds = np.array([value for *_, values in found for value in values])
        print(f"a click: median {np.median(seconds):.3f} s, longest {seconds.max():.3f} s")


if __name__ == "__main__":
    main()
