"""Counts wrong numbers, and how many of them are flagged as doubtful.

    python benchmarks/numbering.py [DATA...] [--values hitl] [--bundle default] [--split-seed 0]

Scores the 15 % of each annotated folder that `panodent train` holds out, or with --training the
others: unchanged, with more teeth removed, and with more teeth removed, restorations, other scales
and positioning (both drawn anew --repeats times). Rows of adults, of children (deciduous teeth) and
of jaws with fewer than 20 teeth follow. Without DATA, phantoms are drawn.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import radiographs

from panodent.bundle.bundle import Bundle, load
from panodent.datasets.dataset import Case
from panodent.dentition import TEETH
from panodent.evaluation.case_scores import score_pair
from panodent.inference.decode import decode
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.teeth import Teeth
from panodent.training.augmentation.augment import augment, mirrored_classes
from panodent.training.augmentation.config import AugmentConfig, only
from panodent.training.batches import class_image
from panodent.utils.arrays import FloatImage

CLASSES = tuple(TEETH)
MIN_AREA = 0.0004
"""Teeth that a change leaves less than this share of the picture are not counted."""
FEW = 20
CHANGES: Mapping[str, AugmentConfig] = {
    "teeth removed": only(
        flip=0.5, extract=1.0, extract_runs_p=0.2, extract_length_p=0.4, rotation=4, zoom=0.1,
        shift=0.02,
    ),
    "teeth removed, restored, rescaled": only(
        flip=0.5, extract=1.0, extract_runs_p=0.3, rotation=8, zoom=0.3, aspect=0.35, shift=0.06,
        shear=0.05, restore=0.5, bend=0.012, trough=0.33, blur=1.2, noise=0.2, gamma=0.6,
        contrast=0.3, detail=0.8,
    ),
}  # fmt: skip


@dataclass
class Counts:
    """Teeth of the ground truth by what became of them; `doubtful` are flagged among the found."""

    teeth: int = 0
    right: int = 0
    wrong: int = 0
    missed: int = 0
    doubtful: int = 0
    wrong_doubtful: int = 0

    def add(self, other: Counts) -> None:
        for item in fields(self):
            setattr(self, item.name, getattr(self, item.name) + getattr(other, item.name))


def counted(truth: Teeth, found: Teeth) -> Counts:
    """The counts of one radiograph; predicted teeth without a number do not count."""
    flagged = {n for n, flags in zip(found.fdi.tolist(), found.flags, strict=True) if flags}
    counts = Counts()
    for tooth in score_pair(truth, found.numbered()).teeth:
        wrong = tooth.found_as is not None and not tooth.correctly_numbered
        counts.teeth += 1
        counts.right += tooth.correctly_numbered
        counts.wrong += wrong
        counts.missed += tooth.found_as is None
        counts.doubtful += tooth.found_as in flagged
        counts.wrong_doubtful += wrong and tooth.found_as in flagged
    return counts


def changed(
    bundle: Bundle, pixels: FloatImage, truth: Teeth, config: AugmentConfig, seed: int
) -> tuple[Teeth, Teeth]:
    """Ground truth and prediction of a changed radiograph, at the size of the bundle's frame."""
    size, rng = bundle.frame.size, np.random.default_rng(seed)
    mirrored = mirrored_classes(CLASSES)
    labels = class_image(truth, CLASSES)
    framed, classes = augment(pixels, labels, size, config, rng, mirrored, CLASSES)
    masks = [(fdi, classes == value) for value, fdi in enumerate(CLASSES, start=1)]
    kept = [(fdi, mask) for fdi, mask in masks if mask.mean() >= MIN_AREA]
    found = decode(bundle.run(framed), bundle.classes, size, bundle.calibration)
    return Teeth.from_masks(size, kept), found


def scored(bundle: Bundle, case: Case, repeats: int) -> Iterator[tuple[str, Counts]]:
    """(kind of picture, counts) of a radiograph, unchanged and with each change."""
    pixels, truth = case.radiograph().pixels, case.teeth()
    unchanged = counted(truth, predict_teeth(bundle, pixels))
    yield "unchanged", unchanged
    child = any(fdi and TEETH[fdi].deciduous for fdi in truth.fdi.tolist())
    yield f"unchanged, {'children' if child else 'adults'}", unchanged
    if len(truth) < FEW:
        yield f"unchanged, fewer than {FEW} teeth", unchanged
    for name, config in CHANGES.items():
        for repeat in range(repeats):
            seed = zlib.crc32(f"{case.key} {repeat}".encode())
            yield name, counted(*changed(bundle, pixels, truth, config, seed))


def report(bundle: Bundle, cases: Sequence[Case], repeats: int) -> None:
    """Prints a table, a row for each kind of picture."""
    sums: dict[str, Counts] = {}
    for case in cases:
        for name, counts in scored(bundle, case, repeats):
            sums.setdefault(name, Counts()).add(counts)
    print("| pictures | teeth | right number | wrong | missed | doubtful | wrong and doubtful |")
    print("|---|---|---|---|---|---|---|")
    for name, s in sums.items():
        share = s.right / max(s.teeth, 1)
        cells = (s.teeth, f"{share:.4f}", s.wrong, s.missed, s.doubtful, s.wrong_doubtful)
        print(f"| {name} | " + " | ".join(map(str, cells)) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="*", type=Path, help="folders of annotated radiographs")
    parser.add_argument("--values", help="meaning of pixel values in label images")
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--split-seed", type=int, default=0, help="as given to panodent train")
    parser.add_argument("--training", action="store_true", help="score the others instead")
    parser.add_argument("--repeats", type=int, default=2, help="pictures of each change")
    given = parser.parse_args()
    bundle = load(given.bundle)
    for name, training, held in radiographs.split(given.data, given.values, None, given.split_seed):
        cases = training if given.training else held
        print(f"\n{len(cases)} {'trained on' if given.training else 'held out'} of {name}\n")
        report(bundle, cases, given.repeats)


if __name__ == "__main__":
    main()
