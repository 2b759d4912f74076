"""Times gathered by name, and what is said of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")


@dataclass(frozen=True)
class Spread:
    """Milliseconds: the median, and between which values half of all lie."""

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """The spread of at least one value."""
        low, median, high = np.percentile(values, (25, 50, 75))
        return cls(
            round(float(median), 3), round(float(low), 3), round(float(high), 3), len(values)
        )


@dataclass
class Clock:
    """Milliseconds of stages that take place many times."""

    times: dict[str, list[float]] = field(default_factory=dict)

    def time(self, stage: str, work: Callable[[], Result]) -> Result:
        """Does `work` and takes down how long it took."""
        start = time.perf_counter()
        result = work()
        self.add(stage, 1000 * (time.perf_counter() - start))
        return result

    def add(self, stage: str, milliseconds: float) -> None:
        """Takes down what was measured elsewhere."""
        self.times.setdefault(stage, []).append(milliseconds)

    def spreads(self) -> dict[str, Spread]:
        """Of every stage, in the order in which they first took place."""
        return {stage: Spread.of(values) for stage, values in self.times.items()}


def ratio(slower: list[float], faster: list[float]) -> Spread:
    """How many times as long, turn by turn: a busy minute slows both of a turn."""
    pairs = zip(slower, faster, strict=True)
    return Spread.of([a / b for a, b in pairs])
