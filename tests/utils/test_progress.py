"""Progress: everything that takes a callback calls it once for each item, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from panodent import phantom
from panodent.datasets.convert import convert
from panodent.datasets.inspection import inspect
from panodent.utils.progress import Progress


def converted(folder: Path, progress: Progress) -> None:
    convert(folder, folder.parent / "converted", "voc", progress=progress)


def inspected(folder: Path, progress: Progress) -> None:
    inspect(folder, progress=progress)


@pytest.mark.parametrize("work", [converted, inspected])
def test_progress_counts_to_the_total(
    tmp_path: Path, work: Callable[[Path, Progress], None]
) -> None:
    phantom.write(tmp_path / "data", 3, size=(64, 128))
    calls: list[tuple[int, int]] = []
    work(tmp_path / "data", lambda done, total: calls.append((done, total)))
    assert calls == [(1, 3), (2, 3), (3, 3)]
