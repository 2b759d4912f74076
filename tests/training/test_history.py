"""The records of a run: a table, curves and TensorBoard logs."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import pytest

pytest.importorskip("tensorboard", reason="needs the train extra")

from panodent.errors import OutputError
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
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = EventAccumulator(str(tmp_path / "tensorboard"))
    log.Reload()
    assert set(log.Tags()["tensors"]) == set(history.COLUMNS[3:])
    assert [event.step for event in log.Tensors("loss")] == [1, 2]
    assert [event.tensor_proto.float_val[0] for event in log.Tensors("loss")] == [2.0, 1.0]


def test_the_folder_may_have_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"Jos\xe9")
    history.write(folder, ROWS)
    assert sorted(file.name for file in folder.iterdir()) == [
        "curves.png",
        "history.csv",
        "tensorboard",
    ]


def test_a_full_disk_is_an_output_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (16, before[1]))
    try:
        with pytest.raises(OutputError, match="cannot be written"):
            history._log(tmp_path, ROWS[0])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
