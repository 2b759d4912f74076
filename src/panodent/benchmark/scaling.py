"""Measures how time and memory grow with the number of radiographs and with their width."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from panodent.benchmark import inputs, warm
from panodent.benchmark.cold import ColdBenchmark, FolderRun
from panodent.benchmark.timing import Spread, StageTimer
from panodent.inference.predictor import Predictor

COUNTS = (1, 10, 100, 1000)
"""Radiographs in a folder."""
WIDTHS = (512, 1024, 2048, 3072, 4096, 6000)
"""Pixels."""
VARIANTS = ((), ("--chart",), ("--no-overlay",))
"""Options that a folder is predicted with, in turns."""
FAST = (("--fast",), ("--no-overlay", "--fast"))
"""Likewise, for bundles with eight-bit networks."""
Notify = Callable[[str], None]


def by_count(
    cold: ColdBenchmark,
    files: Sequence[Path],
    folder: Path,
    notify: Notify,
    counts: Sequence[int] = COUNTS,
) -> list[FolderRun]:
    """Predicts folders of `counts` radiographs, copies of `files`, in a new process each.

    `folder` is for temporary files; `notify` is called with a description of each measurement.
    """
    runs = []
    for count in counts:
        notify(f"a folder of {count}")
        images = inputs.copy_in_turn(files, count, folder / f"{count}-in")
        output = folder / f"{count}-out"
        runs.append(cold.measure_folder(images, count, output))
        shutil.rmtree(images)
        shutil.rmtree(output)
    return runs


def by_options(
    cold: ColdBenchmark,
    files: Sequence[Path],
    folder: Path,
    notify: Notify,
    count: int,
    fast: bool,
) -> list[FolderRun]:
    """Predicts a folder of `count` radiographs with each of `VARIANTS`; `fast` adds `FAST`."""
    images = inputs.copy_in_turn(files, count, folder / "variants-in")
    runs = []
    for options in (*VARIANTS, *(FAST if fast else ())):
        notify(f"a folder of {count} {' '.join(options)}".rstrip())
        runs.append(cold.measure_folder(images, count, folder / "variants-out", options))
    return runs


def by_width(
    predictor: Predictor,
    folder: Path,
    rounds: int,
    notify: Notify,
    widths: Sequence[int] = WIDTHS,
) -> dict[int, dict[str, Spread]]:
    """Milliseconds by stage for phantoms of `widths`, half as high as wide, in this process.

    `folder` is for temporary files; `notify` is called with a description of each measurement.
    """
    spreads = {}
    for width in widths:
        notify(f"a radiograph {width} pixels wide")
        (file,) = inputs.draw_phantoms(folder / str(width), 1, (width // 2, width))
        timer = StageTimer()
        warm.measure(predictor, [file], folder / "out", rounds, timer)
        spreads[width] = timer.spreads()
    return spreads
