"""Teeth that nobody annotated: they must not teach that nothing is there.

Before the first epoch, the bundle that a run starts from predicts each training radiograph. Where
it is sure of a tooth and no annotation is drawn, the pixels are `IGNORED` by the loss. The list is
kept in RUN/ignored.json, so that a resumed run ignores the same pixels.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from panodent.bundle import bundle as bundles
from panodent.bundle.bundle import Bundle
from panodent.datasets.dataset import Case
from panodent.dentition import TEETH
from panodent.errors import BundleError, TrainingError
from panodent.inference.rescaling import predict_teeth
from panodent.teeth.overlap import intersections
from panodent.teeth.teeth import Teeth
from panodent.training.augmentation.augment import IGNORED
from panodent.training.batches import Example
from panodent.training.run import Run
from panodent.utils.atomic_files import write_whole

IGNORED_FILE = "ignored.json"
DRAWN = 0.2
"""A tooth is annotated when an annotated tooth overlaps at least this share of it."""


@dataclass(frozen=True)
class Unlabelled:
    """A tooth that a bundle found where nothing is drawn.

    case : index of the radiograph among the run's training cases.
    key : name of the radiograph in its data folder.
    fdi : the number that the bundle gave it.
    box : (top, left, bottom, right) in pixels of the radiograph.
    score : of the bundle.
    size : (height, width) of the radiograph.
    rle : mask, COCO's compressed run lengths over the whole radiograph.
    """

    case: int
    key: str
    fdi: int
    box: tuple[int, int, int, int]
    score: float
    size: tuple[int, int]
    rle: str


def unlabelled_teeth(run: Run) -> list[Unlabelled] | None:
    """The unlabelled teeth of the run's training radiographs; finds them if that was not done.

    None without `ignore_unlabelled`, or when the run starts from nothing or from a bundle that
    does not know all 52 teeth; `run.report("not_searched", ...)` says the latter. Raises
    `TrainingError` when RUN/ignored.json cannot be read.
    """
    if not run.config.ignore_unlabelled:
        return None
    file = run.folder / IGNORED_FILE
    if file.exists():
        return _read(file)
    bundle = _bundle_with_all_teeth(run)
    if bundle is None:
        return None
    found: list[Unlabelled] = []
    for number, case in enumerate(run.training):
        teeth = unlabelled_in(case, bundle, run.config.ignore_unlabelled)
        found += [
            Unlabelled(
                case=number,
                key=case.key,
                fdi=int(teeth.fdi[i]),
                box=tuple(teeth.boxes[i].tolist()),
                score=round(float(teeth.scores[i]), 4),
                size=teeth.size,
                rle=teeth.rle(i),
            )
            for i in range(len(teeth))
        ]
        run.report("scoring", {"done": number + 1, "cases": len(run.training)})
    write_whole(file, json.dumps([asdict(item) for item in found], indent=1) + "\n")
    return found


def unlabelled_in(case: Case, bundle: Bundle, least_score: float) -> Teeth:
    """The teeth of a radiograph that the bundle finds with this score and nobody has annotated."""
    found = predict_teeth(bundle, case.radiograph().pixels).numbered()
    found = found.select(found.scores >= least_score)
    shared = intersections(found, case.teeth())
    drawn = shared.max(axis=1, initial=0) >= DRAWN * found.areas
    return found.select(~drawn)


def ignore(examples: Sequence[Example], teeth: Sequence[Unlabelled]) -> None:
    """Marks the pixels of unlabelled teeth as `IGNORED` where no tooth is annotated, in place."""
    for item in teeth:
        labels = examples[item.case].labels
        whole = Teeth.from_rles(item.size, [(item.fdi, item.rle)]).resized(labels.shape)
        if len(whole):  # nothing may be left of a small tooth
            top, left, bottom, right = whole.boxes[0].tolist()
            crop = labels[top:bottom, left:right]
            crop[whole.masks[0] & (crop == 0)] = IGNORED


def _bundle_with_all_teeth(run: Run) -> Bundle | None:
    """The bundle that the run starts from, if it knows all teeth."""
    known = 0
    if run.start:
        try:
            bundle = bundles.load(run.start)
        except BundleError:  # a run that was never finished
            pass
        else:
            if set(bundle.classes) >= set(TEETH):
                return bundle
            known = len(bundle.classes)
    run.report("not_searched", {"known": known})
    return None


def _read(file: Path) -> list[Unlabelled]:
    try:
        items: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return [
            Unlabelled(**{**item, "box": tuple(item["box"]), "size": tuple(item["size"])})
            for item in items
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TrainingError(
            f"{file}: not a list of ignored teeth ({error}); remove it to have it made again"
        ) from None
