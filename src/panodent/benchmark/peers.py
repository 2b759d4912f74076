"""Measures other programs on the same radiographs, in turns with panodent.

A peer's runner is a script in the folder `benchmarks/` of panodent's source. It runs as a process
of its own, with any Python that has the packages it needs. It prints one line of JSON when it is
ready (`about`: what it is). Then it reads the path of a radiograph per line from standard input and
answers each with one line of JSON: milliseconds by stage, where `whole` is the time from the file
to masks of the radiograph's size.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from panodent.benchmark.timing import Spread, StageTimer, paired_ratio
from panodent.benchmark.warm import FILE_TO_TEETH, time_prediction
from panodent.errors import BenchmarkError, UnknownNameError
from panodent.inference.predictor import Predictor

PEERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "seed-keras": (("seed_keras.py",),),
    "yolo-onnx": (("yolo_onnx.py", "n"), ("yolo_onnx.py", "s")),
    "yolo-onnx-boxes": (("yolo_onnx.py", "n", "boxes"), ("yolo_onnx.py", "s", "boxes")),
}
"""The runners of each peer: script and arguments."""
WHOLE = "whole"
_PAUSE_SECONDS = 0.05
"""Between turns: the threads of the last program spin for a while before they free their cores."""
_END_SECONDS = 10
"""How long a runner may take to end before it is killed."""


def runners_folder() -> Path:
    """`benchmarks/` of the source that this panodent runs from; an installed one has none."""
    return Path(__file__).parents[3] / "benchmarks"


class Runner:
    """The process of a peer; a context manager that ends it.

    Raises `BenchmarkError` when the script is missing or ends before it answers.
    """

    def __init__(self, command: Sequence[str], python: str, folder: Path) -> None:
        script = folder / command[0]
        if not script.is_file():
            raise BenchmarkError(
                f"--against needs {script.name}, which is in panodent's source only; in a checkout "
                "of it, run pip install -e . and panodent benchmark again"
            )
        self.name = " ".join([script.stem.replace("_", "-"), *command[1:]])
        self.requirements = script.with_suffix(".requirements.txt")
        self.process = subprocess.Popen(
            [python, str(script), *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.about = self._answer().get("about", "")

    def predict(self, file: Path) -> dict[str, float]:
        """Milliseconds by stage for one radiograph. Raises `BenchmarkError` when the peer ends."""
        assert self.process.stdin is not None  # noqa: S101 - opened as a pipe
        try:
            self.process.stdin.write(f"{file}\n")
            self.process.stdin.flush()
        except OSError:
            pass  # the process has ended: `_answer` reports it
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101 - opened as a pipe
        line = self.process.stdout.readline()
        if not line:
            raise BenchmarkError(
                f"{self.name} ended with {self.process.wait()}; what it needs: "
                f"pip install -r {self.requirements} (and --peer-python for its Python)"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.process.stdin is not None  # noqa: S101 - opened as a pipe
        self.process.stdin.close()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()


@contextmanager
def started(names: Sequence[str], python: str) -> Iterator[list[Runner]]:
    """The running peers of these `PEERS`; they end with the context. `python` runs them.

    Raises `UnknownNameError` for another name, `BenchmarkError` for a peer that does not start.
    """
    for name in names:
        if name not in PEERS:
            raise UnknownNameError("peer", name, PEERS)
    with ExitStack() as stack:
        yield [
            stack.enter_context(Runner(command, python, runners_folder()))
            for name in names
            for command in PEERS[name]
        ]


@dataclass(frozen=True)
class Peer:
    """A peer compared with panodent; times in milliseconds.

    stages : by stage of the peer; `whole` is from the file to masks.
    panodent : file to teeth by panodent, in the same turns.
    ratio : the peer's `whole` divided by panodent's time, turn by turn.
    """

    name: str
    about: str
    stages: dict[str, Spread]
    panodent: Spread
    ratio: Spread


def measure(
    runners: Sequence[Runner],
    predictor: Predictor,
    files: Sequence[Path],
    output: Path,
    rounds: int,
) -> list[Peer]:
    """Measures panodent and the peers in turns on each radiograph, `rounds` times after a warm-up.

    `runners` are `started`, `output` is a folder for panodent's results. Raises `BenchmarkError`
    when a peer ends.
    """

    def panodent(file: Path) -> dict[str, float]:
        timer = StageTimer()
        time_prediction(predictor, file, output, timer)
        return timer.latest()

    programs = [panodent, *(runner.predict for runner in runners)]
    timers = _take_turns(programs, files, rounds)
    own = timers[0].times[FILE_TO_TEETH]
    return [
        Peer(
            name=runner.name,
            about=runner.about,
            stages=timer.spreads(),
            panodent=Spread.of(own),
            ratio=paired_ratio(timer.times[WHOLE], own),
        )
        for runner, timer in zip(runners, timers[1:], strict=True)
    ]


def _take_turns(
    programs: Sequence[Callable[[Path], dict[str, float]]], files: Sequence[Path], rounds: int
) -> list[StageTimer]:
    """Calls every program on every file, `rounds` times after a warm-up; a timer per program."""
    timers = [StageTimer() for _ in programs]
    for number in range(-1, rounds):
        for file in files:
            for program, timer in zip(programs, timers, strict=True):
                time.sleep(_PAUSE_SECONDS)
                stages = program(file)
                for stage, milliseconds in stages.items() if number >= 0 else ():
                    timer.add(stage, milliseconds)
    return timers
