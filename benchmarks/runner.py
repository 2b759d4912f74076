"""The protocol between a peer's runner and `panodent benchmark`; see `panodent.benchmark.peers`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stages:
    """Measures milliseconds by stage of one radiograph: `with stages("read"): ...`."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.times[name] = 1000 * (time.perf_counter() - start)


def serve(about: str, work: Callable[[str, Stages], None], after: Callable[[Stages], None]) -> None:
    """Answers each path on standard input with milliseconds by stage.

    `work(path, stages)` makes masks; the stage `whole` is its duration. `after(stages)` is then
    called for what the peer does besides, such as writing a picture; it does not count in `whole`.
    """
    # Libraries may print: their text goes to standard error, where it is not read as an answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    print(json.dumps({"about": about}), file=answers, flush=True)
    for line in sys.stdin:
        stages = Stages()
        with stages("whole"):
            work(line.rstrip("\n"), stages)
        after(stages)
        print(json.dumps(stages.times), file=answers, flush=True)
