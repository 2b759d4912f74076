"""Checks of annotated data before the first epoch: what would waste a training, with the remedy.

A network learns whatever it is shown. Numbers on the wrong side, classes that are left out and
radiographs without an annotation show up hours later as a low score, so they are looked for first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from panodent.analysis.annotation_checks import MIN_TEETH, swapped
from panodent.datasets.dataset import Case, Dataset
from panodent.errors import ConfigError, DatasetError, TrainingError
from panodent.teeth.teeth import UNNUMBERED
from panodent.training.fitting import Report
from panodent.training.train_config import TrainConfig
from panodent.utils.wording import counted

ENOUGH_FROM_SCRATCH = 300
"""Radiographs that a training from random weights needs; the first that shipped had 355."""
MOST_SWAPPED = 0.5
"""Training does not start if sides or jaws are swapped in more than this share of radiographs."""
FAILING_DICE, FAILING_EPOCHS = 0.05, 5
"""Validation Dice below the first number after this many epochs is reported."""
NAMED = 3
"""At most this many radiographs are named in a message."""


@dataclass
class _Seen:
    """What the annotations contain.

    teeth : number of teeth by FDI number, 0 for those without.
    checked : radiographs with enough teeth to tell sides and jaws.
    swapped : (radiograph, message) of those where they are swapped.
    """

    teeth: Counter[int] = field(default_factory=Counter)
    checked: int = 0
    swapped: list[tuple[str, str]] = field(default_factory=list)


def check_data(found: Sequence[Dataset], config: TrainConfig, start: str, report: Report) -> None:
    """Reports what is odd in data folders, as `report("warning", {"text": ...})`.

    `start` is the bundle or run that training starts from, or empty. Raises `DatasetError` when
    training on the data is useless: the sides are swapped in most radiographs, or no tooth is a
    class of the network. Reads all annotations; raises `AnnotationError`.
    """
    for dataset in found:
        for text in unpaired(dataset):
            report("warning", {"text": text})
    cases = [case for dataset in found for case in dataset.cases]
    seen = _seen(cases)
    _check_swapped(seen, report)
    _check_classes(seen, config.classes, report)
    if not start and len(cases) < ENOUGH_FROM_SCRATCH:
        text = (
            f"{counted(len(cases), 'radiograph', 'radiographs')} to train from scratch, which "
            f"needs about {ENOUGH_FROM_SCRATCH}; with fewer, start from a trained network: "
            "--from default"
        )
        report("warning", {"text": text})


def unpaired(dataset: Dataset) -> list[str]:
    """Sentences about radiographs without an annotation and annotations without a radiograph."""
    texts = []
    for keys, what, one, many in (
        (dataset.images_without_labels, "annotation", "radiograph", "radiographs"),
        (dataset.labels_without_images, "radiograph", "annotation", "annotations"),
    ):
        if keys:
            have = "has" if len(keys) == 1 else "have"
            texts.append(
                f"{dataset.root}: {counted(len(keys), one, many)} {have} no {what} and "
                f"{'is' if len(keys) == 1 else 'are'} not used ({_first(keys)}); "
                f"{len(dataset.cases)} of {len(dataset.cases) + len(keys)} {many} are"
            )
    return texts


def check_sides(training: int, validation: int) -> None:
    """Raises `TrainingError` when a split into so many radiographs leaves nothing to train on."""
    if not training:
        raise TrainingError(
            f"{counted(validation, 'radiograph is', 'radiographs are')} held out and none is left "
            "to train on; add annotated radiographs, or add --val 0 to train on all"
        )


def check_fold(fold: tuple[int, int] | None, groups: int) -> None:
    """Raises `ConfigError` for more folds than there are different radiographs.

    A fold beyond the last, such as 6/5, is left to `panodent.datasets.splits.fold`.
    """
    if fold is not None and fold[0] <= fold[1] and fold[1] > groups:
        most = (
            f"at most {groups} folds, such as --fold 1/{min(5, groups)}"
            if groups > 1
            else "at least two radiographs"
        )
        raise ConfigError(
            f"fold {fold[0]}/{fold[1]}: the data has "
            f"{counted(groups, 'different radiograph', 'different radiographs')}; expected {most}"
        )


def failing(dice: Sequence[float], epochs: int, start: str, radiographs: int) -> str:
    """Why training may fail, if the Dice of each epoch so far is near 0; else empty.

    Not empty once in a run: after `FAILING_EPOCHS` of its `epochs`, or after the last of fewer.

    >>> failing([0.0, 0.3], 2, "", 400)
    ''
    """
    if len(dice) != min(FAILING_EPOCHS, epochs) or not all(d < FAILING_DICE for d in dice):
        return ""
    reasons = [
        "the annotations do not fit the radiographs (panodent inspect DATA)",
        "the learning rate is too high or too low (--learning-rate)",
    ]
    if not start:
        reasons.insert(
            0,
            f"training from scratch needs about {ENOUGH_FROM_SCRATCH} radiographs and many epochs, "
            f"and this run has {radiographs} (--from default starts from a trained network)",
        )
    else:
        reasons.append(
            "radiographs or input size (--size) are unlike those that the bundle of "
            f"{start!r} was trained on"
        )
    if epochs < FAILING_EPOCHS:
        few = f"{counted(epochs, 'epoch is', 'epochs are')} too few (--epochs)"
        reasons.insert(0, few)
    after = counted(len(dice), "epoch", "epochs")
    return f"Dice is still {dice[-1]:.3f} after {after}; it may be that " + ", or that ".join(
        reasons
    )


def _seen(cases: Sequence[Case]) -> _Seen:
    """Reads all annotations."""
    seen = _Seen()
    for case in cases:
        teeth = case.teeth()
        seen.teeth.update(teeth.fdi.tolist())
        seen.checked += int((teeth.fdi != UNNUMBERED).sum() >= MIN_TEETH)
        seen.swapped += [(case.key, item.message) for item in swapped(teeth)[:1]]
    return seen


def _check_swapped(seen: _Seen, report: Report) -> None:
    """Says where sides or jaws are swapped; raises `DatasetError` where they are in most."""
    if not seen.swapped:
        return
    names = _first([name for name, _ in seen.swapped])
    text = f"{len(seen.swapped)} of {seen.checked} radiographs ({names}): {seen.swapped[0][1]}"
    remedy = "check --values, --numbering or --map, and that the pictures are not mirrored"
    if len(seen.swapped) > MOST_SWAPPED * seen.checked:
        raise DatasetError(f"{text}; {remedy}; panodent inspect DATA shows them")
    report("warning", {"text": f"{text}; panodent inspect DATA shows them"})


def _check_classes(seen: _Seen, classes: Sequence[int], report: Report) -> None:
    """Says which teeth the network leaves out; raises `DatasetError` where it knows none."""
    numbered = {fdi: count for fdi, count in seen.teeth.items() if fdi}
    left_out = {fdi: count for fdi, count in sorted(numbered.items()) if fdi not in classes}
    if not numbered:
        raise DatasetError(
            f"none of the {counted(seen.teeth[0], 'annotated tooth', 'annotated teeth')} has a "
            "number, so there is nothing to learn; check --values, --numbering or --map"
        )
    named = ", ".join(map(str, left_out))
    if len(left_out) == len(numbered):
        raise DatasetError(
            f"the data shows teeth {named}, and none of them is one of the network's "
            f"{counted(len(classes), 'class', 'classes')}; add --classes, such as --classes all"
        )
    if left_out:
        text = (
            f"teeth {named} of the data ({counted(sum(left_out.values()), 'tooth', 'teeth')}) are "
            f"not among the network's {counted(len(classes), 'class', 'classes')}, so their pixels "
            "are ignored; --classes all trains all 52 teeth"
        )
        report("warning", {"text": text})


def _first(keys: Sequence[str]) -> str:
    """The first names of a list, and how many more there are."""
    more = len(keys) - NAMED
    return ", ".join(keys[:NAMED]) + (f" and {more} more" if more > 0 else "")
