"""Which epoch is best, and when a training is finished."""

from __future__ import annotations

from panodent.training.epochs import best_of, candidates, finished
from panodent.training.train_config import Stage, TrainConfig


def row(width: int, dice: float, epoch: int = 1) -> dict[str, float]:
    return {"epoch": epoch, "height": 64, "width": width, "val_dice": dice}


def rows(*dice: float, width: int = 128) -> list[dict[str, float]]:
    return [row(width, value, epoch) for epoch, value in enumerate(dice, start=1)]


def test_the_best_epoch_is_sought_at_the_latest_frame() -> None:
    assert best_of([row(64, 0.9), row(128, 0.3), row(128, 0.5), row(128, 0.5)]) == 3
    assert best_of([row(64, 0.9), row(128, 0.5), row(128, 0.3)]) == 1
    assert best_of([row(64, 0.2), row(64, float("nan"))]) == 0
    assert best_of([row(64, float("nan")), row(64, float("nan"))]) == 1


def test_candidates_are_the_best_epochs_at_the_latest_frame() -> None:
    found = [row(64, 0.9, 1), row(128, 0.2, 2), row(128, 0.4, 3), row(128, 0.3, 4)]
    assert candidates(found, 2) == [3, 4]
    assert candidates(rows(float("nan")), 2) == []


def test_a_training_ends_early_only_in_its_last_stage_and_with_validation() -> None:
    config = TrainConfig(stages=(Stage(4, 64, 64), Stage(4, 64, 128)), patience=2)
    assert finished(rows(0.5, 0.4, 0.3), config)
    assert not finished(rows(0.5, 0.4, 0.3, width=64), config)
    assert not finished(rows(*[float("nan")] * 4), config)
    assert not finished(rows(0.5, 0.4, 0.6), config)
    assert not finished([], config)
    assert finished(rows(*[float("nan")] * 8), config)
