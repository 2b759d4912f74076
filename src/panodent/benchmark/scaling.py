"""How time and memory grow: with the number of radiographs, and with their width."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from panodent.benchmark import cold, inputs, warm
from panodent.benchmark.timing import Clock, Spread
from panodent.inference.predictor import Predictor

COUNTS = (1, 10, 100, 1000)
WIDTHS = (512, 1024, 2048, 3072, 4096, 6000)


def by_count(
    files: Sequence[Path],
    place: Path,
    bundle: str,
    environment: dict[str, str],
    counts: Sequence[int] = COUNTS,
    say: Callable[[str], None] = lambda text: None,
) -> list[cold.Folder]:
    """Folders of as many radiographs as `counts` say."""
    found = []
    for count in counts:
        say(f"a folder of {count}")
        images = inputs.copies(files, count, place / f"{count}-in")
        found.append(cold.folder(images, count, place / f"{count}-out", bundle, environment))
        shutil.rmtree(images)
        shutil.rmtree(place / f"{count}-out")
    return found


def by_width(
    predictor: Predictor,
    place: Path,
    rounds: int,
    widths: Sequence[int] = WIDTHS,
    say: Callable[[str], None] = lambda text: None,
) -> dict[int, dict[str, Spread]]:
    """Every stage of phantoms that are so wide and half as high."""
    found = {}
    for width in widths:
        say(f"a radiograph {width} pixels wide")
        (file,) = inputs.phantoms(place / str(width), 1, (width // 2, width))
        clock = Clock()
        warm.measure(predictor, [file], place / "out", rounds, clock)
        found[width] = clock.spreads()
    return found
