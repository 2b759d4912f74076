"""Which epochs of a history are best, and whether a training is finished."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from panodent.training.history import Row
from panodent.training.train_config import TrainConfig


def best_of(rows: Sequence[Row]) -> int:
    """Index of the epoch with the best validation Dice at the last row's frame size.

    Dice at another frame size is not comparable. Of equal epochs the later counts; without
    validation the last one is best.

    >>> best_of([{"height": 64, "width": 128, "val_dice": dice} for dice in (0.1, 0.5, 0.3)])
    1
    """
    here = [i for i, row in enumerate(rows) if _frame(row) == _frame(rows[-1])]
    return max(here, key=lambda i: (np.nan_to_num(rows[i]["val_dice"], nan=-1.0), i))


def candidates(rows: Sequence[Row], count: int) -> list[int]:
    """The epochs (from 1) that may become the bundle: the best `count` by Dice, best first.

    Only epochs at the last row's frame size, and none without validation.

    >>> frame = {"height": 64, "width": 128}
    >>> dice = enumerate((0.1, 0.5, 0.3, 0.5), start=1)
    >>> candidates([{"epoch": epoch, "val_dice": value, **frame} for epoch, value in dice], 3)
    [2, 4, 3]
    """
    here = [
        row for row in rows if _frame(row) == _frame(rows[-1]) and not np.isnan(row["val_dice"])
    ]
    return [int(row["epoch"]) for row in sorted(here, key=lambda row: -row["val_dice"])[:count]]


def finished(rows: Sequence[Row], config: TrainConfig) -> bool:
    """Whether no epoch is left, or `patience` epochs of the last stage have not improved the Dice.

    >>> rows = [{"height": 256, "width": 512, "val_dice": dice} for dice in (0.1, 0.3, 0.2)]
    >>> finished(rows, TrainConfig(patience=1)), finished(rows, TrainConfig(patience=2))
    (True, False)
    """
    if len(rows) >= config.epochs:
        return True
    if not config.patience or not rows or np.isnan(rows[-1]["val_dice"]):
        return False
    at_last_frame = _frame(rows[-1]) == config.frame.size
    return at_last_frame and len(rows) - 1 - best_of(rows) >= config.patience


def _frame(row: Row) -> tuple[float, float]:
    return row["height"], row["width"]
