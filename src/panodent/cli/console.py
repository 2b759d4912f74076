"""How long jobs tell of themselves: bars on a terminal, plain lines in a log.

Rich is imported when there is something for it to draw: it takes as long as a radiograph.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


@lru_cache(maxsize=1)
def _err() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _told(style: str, word: str, message: object) -> None:
    from rich.markup import escape

    _err().print(f"[{style}]{word}:[/] {escape(' '.join(str(message).split()))}")


def fail(message: object) -> None:
    """One line on standard error."""
    _told("bold red", "error", message)


def warn(message: object) -> None:
    """One line on standard error."""
    _told("yellow", "warning", message)


def say(message: str) -> None:
    """One line on standard output, as it is."""
    # While a bar is drawn Rich takes what is printed for its own console, standard error.
    print(message, file=getattr(sys.stdout, "rich_proxied_file", sys.stdout), flush=True)


@contextmanager
def bar(title: str) -> Iterator[Any]:
    """A progress bar on standard error: call what it yields with (done, total)."""
    if not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_err(),
        transient=True,
    )
    with progress:
        task = progress.add_task(title, total=None)

        def update(done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        yield update


class TrainingView:
    """Loss, Dice and time left of a training run; `panodent.training.run.Run` calls `report`."""

    def __init__(self, epochs: int, done: int = 0) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

        self.epochs, self.first = epochs, done
        self.loss = self.dice = float("nan")
        self.started = time.monotonic()
        self.progress = Progress(
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.4f}  dice {task.fields[dice]:.4f}"),
            TextColumn("left {task.fields[left]}"),
            console=_err(),
            transient=True,
            disable=not _err().is_terminal,
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
