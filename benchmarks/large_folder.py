"""Measures time and memory of `panodent inspect` and `convert` on large annotated folders.

    python benchmarks/large_folder.py [--format coco ...] [--sizes 1000,10000] [--teeth 28]

Makes folders of small noise pictures with teeth, and runs both commands on each in a process of its
own. Seconds are of the processor, so that other programs do not count. Neither time per radiograph
nor memory should grow with the folder. The last columns compare with the smallest folder: the time
per radiograph divided by that, and the growth of the peak of memory for each further radiograph in
KB. With few teeth the command is faster.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from panodent import formats
from panodent.dentition import PERMANENT
from panodent.formats.registry import BY_NAME
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)
TEETH = tuple(fdi for fdi in PERMANENT if fdi % 10 < 8)
FORMATS = ("coco", "yolo", "labelme", "cvat", "labels", "label-studio")
"""Formats that people have at this size."""
_MEBIBYTE = 1024 if sys.platform == "linux" else 1024 * 1024  # of ru_maxrss


def picture(number: int) -> np.ndarray:
    """A (64, 128) uint8 picture of noise, different for each number."""
    noise = np.random.default_rng(number).normal(128, 40, (16, 32))
    return cv2.resize(noise, SIZE[::-1]).clip(0, 255).astype(np.uint8)


def teeth(count: int = len(TEETH)) -> Teeth:
    """28 boxes of 6 x 6 pixels in two rows, or the last of them."""
    square = np.ones((6, 6), bool)
    places = [
        (12 + 24 * (fdi // 10 > 2), column) for fdi, column in zip(TEETH, _columns(), strict=True)
    ]
    return Teeth.from_masks(
        SIZE, [(fdi, square, place) for fdi, place in zip(TEETH, places, strict=True)][-count:]
    )


def _columns() -> Iterator[int]:
    for index in range(len(TEETH)):
        yield 4 + 8 * (index % 14)


def make(folder: Path, name: str, count: int, drawn: Teeth | None = None) -> None:
    """A data folder of `count` radiographs in a format, each annotated with the same teeth."""
    chosen, drawn = formats.get(name), drawn or teeth()
    files = [f"scan-{number:06d}.png" for number in range(count)]
    for number, file in enumerate(files):
        place = folder / chosen.image_place(file)
        place.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(place), picture(number))
    chosen.write(folder, ((file, drawn) for file in files))


_MEASURING = """
import os, subprocess, sys
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss)
"""
"""Starts a command from a small process: a new process counts the memory of its parent."""


def measured(*arguments: object) -> tuple[float, float]:
    """(seconds of the processor, largest resident memory in MiB) of a call of panodent."""
    command = [sys.executable, "-m", "panodent", *map(str, arguments)]
    found = subprocess.run(
        [sys.executable, "-c", _MEASURING, *command], stdout=subprocess.PIPE, check=True
    )
    code, seconds, memory = map(float, found.stdout.split())
    if code:
        raise SystemExit(f"{' '.join(command)}: exit code {code:.0f}")
    return seconds, memory / _MEBIBYTE


def measure(name: str, sizes: list[int], drawn: Teeth) -> None:
    """Prints a row for each size of folder and command."""
    first: dict[str, tuple[float, float]] = {}
    for count in sizes:
        with tempfile.TemporaryDirectory() as place:
            data, other = Path(place, "data"), Path(place, "other")
            make(data, name, count, drawn)
            reading = ("--values", "fdi") if name == "labels" else ()
            to = "coco" if name != "coco" else "cvat"
            runs = {
                "inspect": ("inspect", data, *reading),
                "convert": ("convert", data, other, "--to", to, *reading),
            }
            for command, arguments in runs.items():
                seconds, memory = measured(*arguments)
                each = 1000 * seconds / count
                fastest, least = first.setdefault(command, (each, memory))
                further = 1024 * (memory - least) / (count - sizes[0] or 1)
                print(
                    f"{name:14}{command:9}{count:12}{seconds:9.1f}{each:9.2f}{memory:7.1f}"
                    f"{each / fastest:8.2f}{further:9.2f}",
                    flush=True,
                )


def main() -> None:
    """Measures each format."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--format", action="append", choices=[*BY_NAME])
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--teeth", type=int, default=len(TEETH), choices=range(1, len(TEETH) + 1))
    options = parser.parse_args()
    sizes = [int(text) for text in options.sizes.split(",")]
    heads = ("format", "command", "radiographs", "seconds", "ms each", "MiB", "growth", "KB each")
    print("{:14}{:9}{:>12}{:>9}{:>9}{:>7}{:>8}{:>9}".format(*heads))
    for name in options.format or FORMATS:
        measure(name, sizes, teeth(options.teeth))


if __name__ == "__main__":
    main()
