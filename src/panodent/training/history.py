"""Records of a training run: history.csv, TensorBoard logs and curves.png."""

from __future__ import annotations

import csv
import io
import itertools
import math
import platform
import time
from collections.abc import Sequence
from pathlib import Path

from panodent.utils.atomic_files import write_whole

Row = dict[str, float]

COLUMNS = ("epoch", "height", "width", "loss", "val_loss", "val_dice", "learning_rate", "seconds")
TABLE, CURVES, TENSORBOARD = "history.csv", "curves.png", "tensorboard"
_LINES = (
    (("loss", "training", "#1f6f8b"), ("val_loss", "validation", "#c4622d")),
    (("val_dice", "validation", "#1f6f8b"),),
)
"""Column, label and colour of the lines in each part of the curves."""


def write(folder: Path, rows: Sequence[Row]) -> None:
    """Writes history.csv and curves.png of all epochs, and the last epoch's TensorBoard scalars."""
    write_table(folder, rows, COLUMNS)
    write_whole(folder / CURVES, _curves(rows))
    _log(folder / TENSORBOARD, rows[-1])


def write_table(folder: Path, rows: Sequence[Row], columns: Sequence[str] = ()) -> None:
    """Writes history.csv: the given columns, or all of the first row, to six digits.

    A column that an earlier version did not record is NaN.
    """
    stream = io.StringIO()
    names = list(columns or rows[0])
    table = csv.DictWriter(stream, names, lineterminator="\n")
    table.writeheader()
    table.writerows({name: f"{row.get(name, math.nan):.6g}" for name in names} for row in rows)
    write_whole(folder / TABLE, stream.getvalue())


def _curves(rows: Sequence[Row]) -> bytes:
    """Losses and Dice by epoch as a PNG; vertical lines mark changes of the frame size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4))  # a layout that measures every label takes twice as long
    FigureCanvasAgg(figure)
    figure.subplots_adjust(left=0.08, right=0.98, bottom=0.13, top=0.91, wspace=0.18)
    epochs = [row["epoch"] for row in rows]
    for axes, lines, title in zip(
        figure.subplots(1, 2), _LINES, ("Loss", "Validation Dice"), strict=True
    ):
        for column, label, colour in lines:
            values = [row.get(column, math.nan) for row in rows]
            axes.plot(epochs, values, marker=".", color=colour, label=label)
        if len(lines) > 1:
            axes.legend()
        for before, after in itertools.pairwise(rows):
            if (before["height"], before["width"]) != (after["height"], after["width"]):
                axes.axvline(after["epoch"] - 0.5, color="#999999", linewidth=0.8)
        axes.set(title=title, xlabel="epoch")
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=110)
    return stream.getvalue()


def _log(folder: Path, row: Row) -> None:
    """Writes one epoch as an event file of TensorBoard.

    TensorBoard's own writer fails in a thread of its own where a disk is full, and takes no name
    of a folder that is not UTF-8.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.plugins.scalar.summary import scalar_pb
    from tensorboard.summary.writer.record_writer import RecordWriter

    now, stream = time.time(), io.BytesIO()
    events = RecordWriter(stream)
    events.write(Event(wall_time=now, file_version="brain.Event:2").SerializeToString())
    for column in COLUMNS[3:]:
        summary = scalar_pb(column, row.get(column, math.nan))
        event = Event(wall_time=now, step=int(row["epoch"]), summary=summary)
        events.write(event.SerializeToString())
    name = f"events.out.tfevents.{int(now):010d}.{platform.node()}.{int(row['epoch']):04d}"
    write_whole(folder / name, stream.getvalue())
