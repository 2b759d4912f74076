"""How a peer's runner talks to `panodent benchmark`; see `panodent.benchmark.peers`."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Stages:
    """Milliseconds by stage of one radiograph."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.times[name] = 1000 * (time.perf_counter() - start)


def serve(about: str, work: Callable[[str, Stages], None], after: Callable[[Stages], None]) -> None:
    """Answers each path on standard input: `work` makes masks of it, `after` writes what it will.

    `whole` is the time of `work`, `after` comes on top.
    """
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever a library prints is no answer
    print(json.dumps({"about": about}), file=answers, flush=True)
    for line in sys.stdin:
        stages = Stages()
        with stages("whole"):
            work(line.rstrip("\n"), stages)
        after(stages)
        print(json.dumps(stages.times), file=answers, flush=True)
