"""Other programs at the same radiographs, taking turns with panodent.

Their runners are scripts in the folder `benchmarks/` of panodent's source, run as processes of
their own by any Python that has what they require. A runner prints a line of JSON when it is ready
(`about`: what it is), then reads a radiograph's path a line from standard input and answers each
with a line of milliseconds by stage, from the file to masks at the radiograph's size.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from panodent.benchmark.timing import Clock, Spread, ratio
from panodent.benchmark.warm import TEETH, whole
from panodent.errors import BenchmarkError, UnknownNameError
from panodent.inference.predictor import Predictor

PEERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "seed-keras": (("seed_keras.py",),),
    "yolo-onnx": (("yolo_onnx.py", "n"), ("yolo_onnx.py", "s")),
    "yolo-onnx-boxes": (("yolo_onnx.py", "n", "boxes"), ("yolo_onnx.py", "s", "boxes")),
}
"""The runners of each peer: script and arguments."""
WHOLE = "whole"
_SETTLE = 0.05
"""Seconds between turns, in which the last one's idle threads go to sleep."""


def runners_home() -> Path:
    """`benchmarks/` of the source that this panodent runs from, or of the current folder."""
    beside = Path(__file__).parents[3] / "benchmarks"
    return beside if beside.is_dir() else Path("benchmarks")


class Runner:
    """A peer's process; a context manager."""

    def __init__(self, command: Sequence[str], python: str, home: Path) -> None:
        script = home / command[0]
        if not script.is_file():
            raise BenchmarkError(
                f"{script}: not there; peers are in panodent's source: run from a checkout of it"
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

    def ask(self, file: Path) -> dict[str, float]:
        """Milliseconds by stage for one radiograph. Raises `BenchmarkError` when the peer ends."""
        assert self.process.stdin is not None  # noqa: S101 - a pipe was asked for
        try:
            self.process.stdin.write(f"{file}\n")
            self.process.stdin.flush()
        except OSError:
            pass  # its answer will be missing
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101 - a pipe was asked for
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
        assert self.process.stdin is not None  # noqa: S101 - a pipe was asked for
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


@dataclass(frozen=True)
class Peer:
    """A peer beside panodent."""

    name: str
    about: str
    stages: dict[str, Spread]
    ours: Spread
    """File to teeth of panodent in the same turns."""
    times_as_long: Spread


def measure(
    names: Sequence[str],
    predictor: Predictor,
    files: Sequence[Path],
    output: Path,
    rounds: int,
    python: str,
) -> list[Peer]:
    """panodent and each peer in turns, radiograph by radiograph; raises `BenchmarkError`."""
    for name in names:
        if name not in PEERS:
            raise UnknownNameError("peer", name, PEERS)
    home = runners_home()
    commands = [command for name in names for command in PEERS[name]]
    ours, theirs = Clock(), [Clock() for _ in commands]
    with ExitStack() as stack:
        runners = [stack.enter_context(Runner(c, python, home)) for c in commands]
        for number in range(-1, rounds):
            for file in files:
                _turn(predictor, runners, file, output, ours, theirs, number >= 0)
    own = ours.times[TEETH]
    return [
        Peer(
            runner.name,
            runner.about,
            clock.spreads(),
            Spread.of(own),
            ratio(clock.times[WHOLE], own),
        )
        for runner, clock in zip(runners, theirs, strict=True)
    ]


def _turn(
    predictor: Predictor,
    runners: Sequence[Runner],
    file: Path,
    output: Path,
    ours: Clock,
    theirs: Sequence[Clock],
    counts: bool,
) -> None:
    time.sleep(_SETTLE)
    whole(predictor, file, output, ours if counts else Clock())
    for runner, clock in zip(runners, theirs, strict=True):
        time.sleep(_SETTLE)
        answer = runner.ask(file)
        for stage, milliseconds in answer.items() if counts else ():
            clock.add(stage, milliseconds)
