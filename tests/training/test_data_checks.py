"""What is said of annotated data before the first epoch, and what stops a training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from panodent import phantom
from panodent.datasets.dataset import Case, Dataset
from panodent.dentition import mirror
from panodent.errors import ConfigError, DatasetError, TrainingError
from panodent.formats.base import Annotated
from panodent.teeth.teeth import Teeth
from panodent.training.data_checks import (
    check_data,
    check_fold,
    check_sides,
    failing,
    unpaired,
)
from panodent.training.train_config import TrainConfig

ADULT = phantom.draw(3, (64, 128))[1]
MIRRORED = Teeth(
    ADULT.size, [mirror(fdi) for fdi in ADULT.fdi.tolist()], ADULT.boxes, ADULT.masks, ADULT.scores
)


def dataset(*teeth: Teeth, **left: tuple[str, ...]) -> Dataset:
    cases = [
        Case(f"{n}", Path(f"{n}.png"), Annotated(f"{n}", lambda item=item: item))
        for n, item in enumerate(teeth)
    ]
    return Dataset(Path("data"), "coco", tuple(cases), **left)


def said(data: Dataset, classes: Sequence[int] = TrainConfig().classes, start: str = "a") -> list:
    texts: list[str] = []
    config = TrainConfig(classes=tuple(classes))
    check_data([data], config, start, lambda event, row: texts.append((event, row["text"])))
    assert {event for event, _ in texts} <= {"warning"}
    return [text for _, text in texts]


def test_nothing_is_said_of_good_data() -> None:
    assert said(dataset(ADULT, ADULT)) == []


def test_radiographs_without_a_partner_are_named() -> None:
    data = dataset(ADULT, images_without_labels=("a", "b", "c", "d"), labels_without_images=("e",))
    assert said(data) == unpaired(data)
    assert unpaired(data) == [
        "data: 4 radiographs have no annotation and are not used (a, b, c and 1 more); 1 of 5 "
        "radiographs are",
        "data: 1 annotation has no radiograph and is not used (e); 1 of 2 annotations are",
    ]


def test_swapped_sides_stop_training_if_most_radiographs_have_them() -> None:
    with pytest.raises(DatasetError, match=r"2 of 3 radiographs \(0, 1\): teeth of .* --values"):
        said(dataset(MIRRORED, MIRRORED, ADULT))
    (text,) = said(dataset(MIRRORED, ADULT))
    assert text.startswith("1 of 2 radiographs (0): teeth of the patient's right")


def test_teeth_that_the_network_leaves_out_are_named() -> None:
    count = int((ADULT.fdi == 11).sum() + (ADULT.fdi == 48).sum())
    classes = [fdi for fdi in TrainConfig().classes if fdi not in (11, 48)]
    (text,) = said(dataset(ADULT), classes)
    assert text.startswith(
        f"teeth 11, 48 of the data ({count} teeth) are not among the network's 30"
    )
    with pytest.raises(DatasetError, match="none of them is one of the network's 1 class;"):
        said(dataset(ADULT), [51])
    unnumbered = Teeth(ADULT.size, [0] * len(ADULT), ADULT.boxes, ADULT.masks, ADULT.scores)
    with pytest.raises(DatasetError, match="has a number"):
        said(dataset(unnumbered))


def test_few_radiographs_from_scratch() -> None:
    (text,) = said(dataset(ADULT), start="")
    assert text == (
        "1 radiograph to train from scratch, which needs about 300; with fewer, start from a "
        "trained network: --from default"
    )


def test_splits_that_cannot_be() -> None:
    check_fold(None, 1)
    check_fold((1, 3), 3)
    with pytest.raises(ConfigError, match="12 different radiographs; expected at most 12 folds"):
        check_fold((1, 40), 12)
    with pytest.raises(ConfigError, match="1 different radiograph; expected at least two"):
        check_fold((1, 2), 1)
    check_sides(1, 0)
    with pytest.raises(TrainingError, match="2 radiographs are held out and none is left"):
        check_sides(0, 2)


@pytest.mark.parametrize(
    ("dice", "epochs", "said"),
    [
        ((0.0,) * 4, 20, False),
        ((0.0,) * 5, 20, True),
        ((0.0,) * 6, 20, False),
        ((0.0, 0.04), 2, True),
        ((0.0, 0.0, 0.0, 0.0, 0.1), 20, False),
        ((float("nan"),) * 5, 20, False),
    ],
)
def test_a_dice_near_0_is_explained_once(dice: tuple, epochs: int, said: bool) -> None:
    assert bool(failing(dice, epochs, "default", 12)) is said


def test_the_reasons_depend_on_the_start() -> None:
    scratch, tuned = (failing((0.0,) * 5, 9, start, 12) for start in ("", "default"))
    assert (
        "from scratch needs about 300 radiographs and many epochs, and this run has 12" in scratch
    )
    assert "unlike those that the bundle of 'default' was trained on" in tuned
    assert "1 epoch is too few (--epochs)" in failing((0.0,), 1, "default", 12)
    assert "too few" not in tuned
    assert scratch.startswith("Dice is still 0.000 after 5 epochs; it may be that ")
