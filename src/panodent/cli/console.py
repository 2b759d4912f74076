"""Output of commands: messages, progress bars on a terminal, plain lines in a log.

Rich is imported only when it has something to draw: importing it takes as long as predicting a
radiograph.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from panodent.utils.wording import counted, shown

if TYPE_CHECKING:
    from rich.console import Console

    from panodent.evaluation.evaluate import Evaluation
    from panodent.formats.faults import Fault

REDRAW_SECONDS = 0.1
"""Shortest time between two pictures of a progress bar."""
LINE_SECONDS = 10.0
"""Seconds between lines of progress in a log."""
MAIN_FIGURES = ("dice", "dice_obb", "numbering", "detection_f1", "ap50")


@lru_cache(maxsize=1)
def _stderr() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=True)


def _print_labelled(style: str, label: str, message: object) -> None:
    from rich.markup import escape

    _stderr().print(f"[{style}]{label}:[/] {escape(shown(' '.join(str(message).split())))}")


def print_error(message: object) -> None:
    """Prints one line on standard error."""
    _print_labelled("bold red", "error", message)


def print_warning(message: object) -> None:
    """Prints one line on standard error."""
    _print_labelled("yellow", "warning", message)


def print_line(message: str) -> None:
    """Prints the message on standard output as one line; see `shown` for odd file names."""
    # While Rich draws a progress bar it replaces sys.stdout, and would print to standard error.
    stream = getattr(sys.stdout, "rich_proxied_file", sys.stdout)
    print(shown(message), file=stream, flush=True)


def print_lines(text: str) -> None:
    """Prints each line of the text with `print_line`."""
    for line in text.rstrip("\n").split("\n"):
        print_line(line)


def print_faults(faults: Iterable[Fault]) -> None:
    """Prints a line for each fault of annotation files; harmless notes on standard output."""
    for fault in faults:
        if fault.is_warning or not fault.is_note:
            print_warning(fault)
        else:
            print_line(f"note: {fault}")


def main_figures(evaluation: Evaluation) -> str:
    """The main figures of an evaluation in one line, with their 95 % intervals."""
    parts = []
    for name in MAIN_FIGURES:
        figure = evaluation.figures.get(name)
        if figure is not None and figure.value is not None:
            interval = "" if figure.low is None else f" ({figure.low:.3f} to {figure.high:.3f})"
            parts.append(f"{name} {figure.value:.3f}{interval}")
    return ", ".join(parts) or "nothing to count"


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error. Yields a function to call with (done, total).

    Where standard error is not a terminal, a line tells of progress every `LINE_SECONDS`.
    """
    if not sys.stderr.isatty():
        yield _progress_lines(title)
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
        console=_stderr(),
        transient=True,
        # Redrawn by calls: with a thread of its own, the process could not be forked.
        auto_refresh=False,
    )
    with progress:
        task = progress.add_task(title, total=None)
        drawn = time.monotonic()

        def update(done: int, total: int) -> None:
            nonlocal drawn
            due = time.monotonic() - drawn >= REDRAW_SECONDS or done == total
            progress.update(task, completed=done, total=total, refresh=due)
            drawn = time.monotonic() if due else drawn

        yield update


def _progress_lines(title: str) -> Callable[[int, int], None]:
    """A function that prints a line such as "predicting: 120 of 600" now and then."""
    last = time.monotonic()

    def update(done: int, total: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= LINE_SECONDS and done < total:
            last = now
            print(f"{title}: {done} of {total}", file=sys.stderr, flush=True)

    return update


_SENTENCES = {
    "unread": "entries of the data folders that are not read but may be radiographs: {entries}; "
    "`panodent inspect DATA` names them",
    "not_searched": "unlabelled teeth are not looked for: the bundle that training starts from "
    "knows {known} of 52 teeth",
    "ignoring": "{teeth} teeth without annotation in {cases} of {of} radiographs are ignored; "
    "ignored.json lists them",
    "stopped_early": "stopped early: no epoch since {best} improved the Dice ({patience} in a row)",
    "unscored": "scores count the {classes} teeth that the network knows; {teeth} others of the "
    "ground truth are left out",
}


class TrainingProgress:
    """Shows loss, Dice and remaining time of a training run; a context manager.

    Pass `report` to the run. `epochs` is the number of epochs of the whole run, `done` how many of
    them an earlier call has finished.
    """

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
            console=_stderr(),
            transient=True,
            disable=not _stderr().is_terminal,
        )
        self.task = self.progress.add_task(
            "train", total=None, epoch=done + 1, epochs=epochs, loss=0.0, dice=0.0, left="?"
        )

    def __enter__(self) -> TrainingProgress:
        self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.progress.stop()

    def report(self, kind: str, row: dict[str, Any]) -> None:
        """Shows one message of the run.

        `kind` is 'unread', 'network', 'reading', 'not_searched', 'ignoring', 'step', 'epoch',
        'scoring', 'unscored', 'stopped_early' or 'warning'; `row` holds its figures by name, and
        'text' for the network and a warning.
        """
        if kind == "network":
            print_lines(row["text"])
        elif kind == "reading":
            cases = counted(int(row["cases"]), "annotated radiograph", "annotated radiographs")
            print_line(f"reading {cases}")
            self.started = time.monotonic()
        elif kind == "step":
            self._step(row)
        elif kind == "epoch":
            self._epoch(row)
        elif kind == "scoring":
            self.progress.update(self.task, completed=row["done"], total=row["cases"])
        elif kind == "warning":
            print_warning(row["text"])
        elif kind in _SENTENCES:
            print_line(_SENTENCES[kind].format(**{name: int(value) for name, value in row.items()}))

    def _step(self, row: dict[str, float]) -> None:
        self.loss = row["loss"]
        epochs_done = row["epoch"] + row["step"] / row["steps"]
        self.progress.update(
            self.task,
            completed=row["step"],
            total=row["steps"],
            epoch=int(row["epoch"]) + 1,
            loss=self.loss,
            dice=self.dice,
            left=self._remaining(epochs_done),
        )

    def _epoch(self, row: dict[str, float]) -> None:
        self.dice = row["val_dice"]
        validated = (
            ""
            if math.isnan(row["val_dice"])
            else f"validation loss {row['val_loss']:.4f}  dice {row['val_dice']:.4f}  "
        )
        print_line(
            f"epoch {int(row['epoch'])}/{self.epochs}  {int(row['height'])}x{int(row['width'])}  "
            f"loss {row['loss']:.4f}  {validated}{row['seconds']:.0f} s  "
            f"left {self._remaining(row['epoch'])}"
        )

    def _remaining(self, epochs_done: float) -> str:
        """Remaining time as h:mm:ss at the mean speed so far, '?' before the first step.

        Too short while a later stage has a larger frame: its epochs take longer.
        """
        passed = epochs_done - self.first
        if passed <= 0:
            return "?"
        seconds = (time.monotonic() - self.started) / passed * (self.epochs - epochs_done)
        hours, rest = divmod(int(seconds), 3600)
        return f"{hours}:{rest // 60:02d}:{rest % 60:02d}"
