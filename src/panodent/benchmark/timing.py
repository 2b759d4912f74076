"""Times by stage, their median and quartiles, and ratios of paired times."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

Result = TypeVar("Result")


@dataclass(frozen=True)
class Spread:
    """Median and first and third quartile (`low`, `high`) of `count` values.

    Rounded to 3 digits after the point; milliseconds, or a ratio.
    """

    median: float
    low: float
    high: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        low, median, high = np.percentile(values, (25, 50, 75))
        return cls(
            round(float(median), 3), round(float(low), 3), round(float(high), 3), len(values)
        )


@dataclass
class StageTimer:
    """Collects milliseconds by stage; a stage may be measured many times."""

    times: dict[str, list[float]] = field(default_factory=dict)

    def time(self, stage: str, work: Callable[[], Result]) -> Result:
        """Calls `work`, adds its duration to the stage and returns its result."""
        start = time.perf_counter()
        result = work()
        self.add(stage, 1000 * (time.perf_counter() - start))
        return result

    def add(self, stage: str, milliseconds: float) -> None:
        """Adds a duration that was measured elsewhere."""
        self.times.setdefault(stage, []).append(milliseconds)

    def latest(self) -> dict[str, float]:
        """The last duration of each stage."""
        return {stage: values[-1] for stage, values in self.times.items()}

    def spreads(self) -> dict[str, Spread]:
        """The spread of each stage, in the order in which stages were first measured."""
        return {stage: Spread.of(values) for stage, values in self.times.items()}


def paired_ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Spread:
    """The spread of the ratios of values measured in the same turn.

    Load on the computer slows both values of a turn, so it hardly changes their ratio. Raises
    `ValueError` when the lengths differ.
    """
    return Spread.of([a / b for a, b in zip(numerators, denominators, strict=True)])
