"""Batches made ahead by several processes, for a device that trains faster than one can augment."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any, Protocol

AHEAD = 3
"""Batches that are made or wait, for each process."""


class Batches(Protocol):
    """Makes the batch of any step of any epoch, both from 0; what it is can be sent to processes.

    `rest` is what else a batch depends on, such as the frame's size.
    """

    @property
    def steps(self) -> int:
        """Batches per epoch."""

    def batch(self, epoch: int, step: int, *rest: Any) -> tuple[Any, Any]:
        """Inputs and truth."""


class BatchPool:
    """The batches of an augmenter, made by `workers` processes; with 0, when they are asked for.

    Use as a context manager; leaving it ends the processes. Batches are the same for any number of
    processes, since they depend on (seed, epoch, step) only.
    """

    def __init__(self, augmenter: Batches, workers: int = 0) -> None:
        self.augmenter, self.workers = augmenter, workers
        self._waiting: dict[tuple[Any, ...], Future[Any]] = {}
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> BatchPool:
        if self.workers:
            # A copy of a process that already runs Keras may hang, so new ones are started.
            self._pool = ProcessPoolExecutor(
                self.workers, multiprocessing.get_context("spawn"), _start, (self.augmenter,)
            )
        return self

    def __exit__(self, *error: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def steps(self) -> int:
        """Batches per epoch."""
        return self.augmenter.steps

    def batch(self, epoch: int, step: int, *rest: Any) -> tuple[Any, Any]:
        """As the augmenter's; those that follow are made meanwhile."""
        if self._pool is None:
            return self.augmenter.batch(epoch, step, *rest)
        wanted = (epoch, step, *rest)
        coming = [
            (epoch + index // self.steps, index % self.steps, *rest)
            for index in range(step, step + AHEAD * self.workers)
        ]
        for place in coming:
            if place not in self._waiting:
                self._waiting[place] = self._pool.submit(_batch, place)
        for place in set(self._waiting).difference(coming):
            self._waiting.pop(place).cancel()
        made: tuple[Any, Any] = self._waiting.pop(wanted).result()
        return made


_augmenter: Batches | None = None
"""The augmenter of a process that makes batches."""


def _start(augmenter: Batches) -> None:
    """Makes a new process ready; other ones use the remaining processors."""
    global _augmenter
    import cv2

    cv2.setNumThreads(1)
    _augmenter = augmenter


def _batch(place: tuple[Any, ...]) -> tuple[Any, Any]:
    assert _augmenter is not None  # noqa: S101
    return _augmenter.batch(*place)
