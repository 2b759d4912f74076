"""The records of a run: a table, curves and TensorBoard logs."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

pytest.importorskip("tensorboard", reason="needs the train extra")

from panodent.training import history

ROWS = [
    {
        "epoch": 1,
        "height": 64,
        "width": 128,
        "loss": 2.0,
        "val_dice": float("nan"),
        "learning_rate": 0.00123456789,
        "seconds": 1.5,
    },
    {
        "epoch": 2,
        "height": 128,
        "width": 256,
        "loss": 1.0,
        "val_loss": 1.5,
        "val_dice": 0.25,
        "learning_rate": 1e-6,
        "seconds": 3.0,
        "decoded_dice": 0.5,
    },
]


def test_the_table_has_a_row_per_epoch_and_six_digits(tmp_path: Path) -> None:
    history.write(tmp_path, ROWS)
    assert (tmp_path / "history.csv").read_text() == (
        "epoch,height,width,loss,val_loss,val_dice,learning_rate,seconds\n"
        "1,64,128,2,nan,nan,0.00123457,1.5\n"
        "2,128,256,1,1.5,0.25,1e-06,3\n"
    )


def test_curves_and_logs_are_written_for_every_epoch(tmp_path: Path) -> None:
    for count in (1, 2):
        history.write(tmp_path, ROWS[:count])
    assert cv2.imread(str(tmp_path / "curves.png")).shape[0] > 300
    assert len(list((tmp_path / "tensorboard").iterdir())) >= 1
