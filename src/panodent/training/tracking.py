"""Passes the progress of a training on to trackers, each epoch once, also in several calls.

RUN/trackers.json names the trackers of a run, the id of its record in each, and the last epoch that
was recorded. Epochs that were finished and not recorded before a crash are recorded at the start.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panodent.errors import TrainingError
from panodent.training.continuation import history_of
from panodent.training.history import Row
from panodent.training.run import Run
from panodent.training.trackers import TRACKERS, Tracker
from panodent.utils.atomic_files import write_whole

FILE = "trackers.json"
"""In the folder of a run."""


def choose(folder: Path, names: Sequence[str]) -> None:
    """Remembers the trackers of a run, so that a training that goes on uses them too."""
    if names:
        _write(folder, {"ids": dict.fromkeys(names, ""), "epochs": 0})


@dataclass
class Recording:
    """A training that is being recorded.

    Parameters
    ----------
    log : records figures of the finished bundle.
    status : how the training ends, if no error ends it: 'finished' or 'stopped'.
    """

    log: Callable[[Mapping[str, float]], None]
    status: str = "finished"


@contextmanager
def tracking(
    run: Run, trackers: Mapping[str, Callable[..., Tracker]] = TRACKERS
) -> Iterator[Recording]:
    """During the block, reports of the run's epochs go to its trackers too.

    Without trackers nothing happens. Raises `TrainingError` if a tracker cannot start; one that
    fails later is warned about, and training continues.
    """
    record = _read(run.folder)
    if not record["ids"]:
        yield Recording(lambda values: None)
        return
    active = _started(run, record, trackers)
    before = run.report

    def log(step: int, values: Mapping[str, float]) -> None:
        for name in list(active):
            try:
                active[name].log(step, values)
            except Exception as error:  # whatever a service raises, training is worth more
                del active[name]
                text = f"{name} does not record any more ({type(error).__name__}: {error})"
                before("warning", {"text": text})

    def epoch(row: Row) -> None:
        log(int(row["epoch"]), _figures(row))
        record["epochs"] = int(row["epoch"])
        _write(run.folder, record)

    def report(event: str, row: dict[str, Any]) -> None:
        before(event, row)
        if event == "epoch":
            epoch(row)

    for row in history_of(run.folder):
        if row["epoch"] > record["epochs"]:
            epoch(row)
    run.report = report
    recording, status = Recording(lambda values: log(record["epochs"], values)), "failed"
    try:
        yield recording
        status = recording.status
    finally:
        run.report = before
        for tracker in active.values():
            tracker.end(status)


def _started(
    run: Run, record: dict[str, Any], trackers: Mapping[str, Callable[..., Tracker]]
) -> dict[str, Tracker]:
    """The trackers of a run by name; their ids are kept."""
    active = {}
    for name, known in record["ids"].items():
        try:
            tracker = trackers[name](run.folder, run.folder.name, known)
            if not known:
                tracker.settings(run.config.to_dict())
        except Exception as error:
            raise TrainingError(
                f"{name} cannot record this run ({type(error).__name__}: {error}); delete "
                f"{run.folder / FILE} to train without it"
            ) from error
        record["ids"][name] = tracker.id
        active[name] = tracker
    _write(run.folder, record)
    return active


def _figures(row: Row) -> dict[str, float]:
    """The figures of an epoch that are numbers, without its own number."""
    return {
        key: float(value) for key, value in row.items() if key != "epoch" and not math.isnan(value)
    }


def _read(folder: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"ids": {}, "epochs": 0}
    except (OSError, ValueError) as error:
        raise TrainingError(
            f"{folder / FILE}: cannot be read ({error}); delete it to train without trackers"
        ) from None
    return record


def _write(folder: Path, record: Mapping[str, Any]) -> None:
    write_whole(folder / FILE, json.dumps(record, indent=1) + "\n")
