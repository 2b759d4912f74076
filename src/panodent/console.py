"""How long jobs tell of themselves: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

out = Console(highlight=False, soft_wrap=True)
err = Console(stderr=True, highlight=False, soft_wrap=True)


def fail(message: object) -> None:
    """One line on standard error."""
    err.print(f"[bold red]error:[/] {escape(' '.join(str(message).split()))}")


def warn(message: object) -> None:
    """One line on standard error."""
    err.print(f"[yellow]warning:[/] {escape(' '.join(str(message).split()))}")


def say(message: str) -> None:
    """One line on standard output, as it is."""
    out.print(message, markup=False)


@contextmanager
def bar(title: str) -> Iterator[Any]:
    """A progress bar on standard error: call what it yields with (done, total)."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )
    with progress:
        task = progress.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield update


class TrainingView:
    """Loss, Dice and time left of a training run; `report` is what `panodent.runs.Run` calls."""

    def __init__(self, epochs: int, done: int = 0) -> None:
        self.epochs, self.first = epochs, done
        self.loss = self.dice = float("nan")
        self.started = time.monotonic()
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}  dice {task.fields[dice]:.4f}"),
            TextColumn("left {task.fields[left]}"),
            console=err,
            transient=True,
            disable=not err.is_terminal,
        )
        self.task = self.progress.add_task(
            "train", total=None, epoch=done + 1, epochs=epochs, loss=0.0, dice=0.0, left="?"
        )

    def __enter__(self) -> TrainingView:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def report(self, kind: str, row: dict[str, float]) -> None:
        """Takes up one message of the run."""
        if kind == "reading":
            say(f"reading {int(row['cases'])} annotated radiographs")
            self.started = time.monotonic()
        elif kind == "step":
            self._step(row)
        elif kind == "epoch":
            self._epoch(row)
        elif kind == "scoring":
            self.progress.update(self.task, completed=row["done"], total=row["cases"])

    def _step(self, row: dict[str, float]) -> None:
        self.loss = row["loss"]
        share = row["epoch"] + row["step"] / row["steps"]
        self.progress.update(
            self.task,
            completed=row["step"],
            total=row["steps"],
            epoch=int(row["epoch"]) + 1,
            loss=self.loss,
            dice=self.dice,
            left=self._left(share),
        )

    def _epoch(self, row: dict[str, float]) -> None:
        self.dice = row["val_dice"]
        say(
            f"epoch {int(row['epoch'])}/{self.epochs}  {int(row['width'])}x{int(row['height'])}  "
            f"loss {row['loss']:.4f}  dice {row['val_dice']:.4f}  {row['seconds']:.0f} s  "
            f"left {self._left(row['epoch'])}"
        )

    def _left(self, epochs_done: float) -> str:
        """Time to the end at the pace so far; later, finer stages take longer than that."""
        passed = epochs_done - self.first
        if passed <= 0:
            return "?"
        seconds = (time.monotonic() - self.started) / passed * (self.epochs - epochs_done)
        hours, rest = divmod(int(seconds), 3600)
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
