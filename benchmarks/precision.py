"""Trains one network in float32 and one in mixed_bfloat16 from the same seed, and compares them.

    python benchmarks/precision.py --output OUT DATA... [any option of panodent train]

    python benchmarks/precision.py --output runs/precision data/ --recipe default --fold 1/3

Needs panodent[train]. Prints, for each, Dice and numbering of the held-out radiographs with their
95 % intervals and the median seconds of an epoch at the last frame size; then the difference in
Dice, radiograph by radiograph, with its interval, and the ratio of times. A precision is worth
choosing only after the whole recipe; fewer epochs show that it works and how fast it is. The same
command goes on after an interruption.
"""

from __future__ import annotations

import argparse
import csv
import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

PRECISIONS = ("float32", "mixed_bfloat16")
SAMPLES = 2000
"""Samples of the bootstrap."""


def train(folder: Path, precision: str, options: Sequence[str]) -> None:
    """Trains the run in a folder, or goes on with it; a finished one is left as it is."""
    if (folder / "bundle").exists():
        return
    command = [sys.executable, "-m", "panodent", "train", "--output", str(folder)]
    if (folder / "last.npz").exists():
        command.append("--resume")
    else:
        settings = folder.with_suffix(".toml")
        settings.parent.mkdir(parents=True, exist_ok=True)
        settings.write_text(f'precision = "{precision}"\n', encoding="utf-8")
        command += ["--config", str(settings), *options]
    subprocess.run(command, check=True)


def scores(folder: Path) -> dict[str, Any]:
    """The evaluation of each data folder of a run, by the folder's name."""
    found: dict[str, Any] = json.loads((folder / "scores.json").read_text(encoding="utf-8"))
    return found


def seconds(folder: Path) -> float:
    """Median seconds of an epoch at the last frame size; the first of them compiles the network."""
    with (folder / "history.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    last = [float(row["seconds"]) for row in rows if row["height"] == rows[-1]["height"]]
    return statistics.median(last[1:] or last)


def difference(first: dict[str, Any], second: dict[str, Any]) -> tuple[float, float, float]:
    """Mean difference in Dice of the same radiographs, second less first, and its 95 % interval."""
    dice = [
        {
            (name, case["case"]): case["dice"]
            for name, found in each.items()
            for case in found["cases"]
        }
        for each in (first, second)
    ]
    changes = np.array([dice[1][case] - value for case, value in dice[0].items()])
    chosen = np.random.default_rng(0).integers(len(changes), size=(SAMPLES, len(changes)))
    low, high = np.quantile(changes[chosen].mean(axis=1), (0.025, 0.975))
    return float(changes.mean()), float(low), float(high)


def main() -> None:
    """Trains both and prints the comparison."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--output", type=Path, required=True)
    given, options = parser.parse_known_args()
    folders = [given.output / precision for precision in PRECISIONS]
    for precision, folder in zip(PRECISIONS, folders, strict=True):
        train(folder, precision, options)
    times = [seconds(folder) for folder in folders]
    found = [scores(folder) for folder in folders]
    for precision, each, time in zip(PRECISIONS, found, times, strict=True):
        print(f"{precision}: {time:.2f} s an epoch")
        for name, evaluation in each.items():
            figures = (
                f"{key} {value['value']:.3f} ({value['low']:.3f} to {value['high']:.3f})"
                for key in ("dice", "numbering")
                if (value := evaluation["figures"][key])["value"] is not None
            )
            print(f"  {name}: {', '.join(figures)}")
    if all(found):
        mean, low, high = difference(*found)
        interval = f"({low:+.4f} to {high:+.4f})"
        print(f"Dice of a radiograph in mixed_bfloat16 less float32: {mean:+.4f} {interval}")
    print(f"an epoch in float32 takes {times[0] / times[1]:.2f} times as long")


if __name__ == "__main__":
    main()
