"""Fuzzes all annotation readers and the reading of DICOM headers with structured mutations.

    python tools/fuzz.py [--count 20000] [--seed 0] [--seconds 3600] [--keep DIR] [--only 123]

Each input is a small sound data folder, or a DICOM file, of which one or two files were changed.
Reading must end within five seconds of processor time, in less than 500 MB, with a result or with
an error that panodent raises on purpose; and teeth that are missing from the result must have been
reported. Everything else is printed with the number of the input, which makes it again (`--only`),
and written to `--keep`. The exit code is 1 if there was any.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import resource
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from functools import cache
from pathlib import Path
from typing import IO

from fuzz_mutations import DELETING, mutated
from fuzz_seeds import SIZE, Seed, dicom_files, seeds
from panodent.datasets.dataset import find
from panodent.errors import PanodentError
from panodent.formats.faults import FaultList

SECONDS = 5
MEBIBYTES = 500
WALL_SECONDS = 60
"""A worker that says nothing for so long is ended; other programs may slow it down."""
_DICOM_SHARE = 0.15
ALWAYS = "boxes and no outline"
"""What is said of sound folders of Pascal VOC, too."""


class _TooSlow(BaseException):
    """Raised by the timer; no handler of readers catches it."""


def build(seed: int, number: int, folder: Path) -> tuple[Seed | None, list[str]]:
    """Writes input `number` below `folder`; returns its seed (None: DICOM) and its mutations."""
    rng = random.Random(f"{seed}/{number}")  # noqa: S311 - not for secrets
    if rng.random() < _DICOM_SHARE:
        name, content = rng.choice([*_dicom().items()])
        kinds = []
        for _ in range(rng.choice((1, 1, 2, 3))):
            kind, content = mutated(rng, name, content)
            kinds.append(f"{kind} {name}")
        (folder / name).write_bytes(content)
        return None, kinds
    chosen = rng.choice(_seeds())
    files = dict(chosen.files)
    kinds = []
    for _ in range(rng.choice((1, 1, 1, 2))):
        if not files:
            break
        path = rng.choice([*files])
        if rng.random() < 0.04:
            del files[path]
            kinds.append(f"delete {path}")
            continue
        kind, files[path] = mutated(rng, path, files[path])
        kinds.append(f"{kind} {path}")
    for path, content in {**chosen.fixed, **files}.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return chosen, kinds


@cache
def _seeds() -> list[Seed]:
    return seeds()


@cache
def _dicom() -> dict[str, bytes]:
    return dicom_files()


@cache
def _whole(name: str) -> int:
    """The shapes that a seed holds."""
    seed = next(seed for seed in _seeds() if seed.name == name)
    with tempfile.TemporaryDirectory() as place:
        for path, content in {**seed.fixed, **seed.files}.items():
            file = Path(place, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        count, reported = read_folder(Path(place), seed)
    if reported:
        raise SystemExit(f"the seed {name} is not sound: {reported}")
    return count


def read_folder(folder: Path, seed: Seed) -> tuple[int, list[str]]:
    """(teeth and findings that were read, everything that was reported) of a data folder."""
    faults = FaultList()
    reported: list[str] = []
    count = 0
    try:
        found = find(folder, seed.format, seed.options, faults)
    except PanodentError as error:
        return 0, [str(error)]
    for case in found.cases:
        try:
            teeth = case.teeth()
            count += len(teeth)
            if teeth.size != SIZE:
                reported.append(f"{case.key}: is annotated on {teeth.size}")  # `inspect` says so
            if case.annotation.findings is not None:
                annotated = case.annotation.findings()
                count += len(annotated.findings) + int(annotated.unclear.any())
        except PanodentError as error:
            reported.append(f"{case.key}: {error}")
    reported += [text for text in map(str, faults) if ALWAYS not in text]
    reported += [f"no image: {key}" for key in found.labels_without_images]
    reported += [f"no labels: {key}" for key in found.images_without_labels]
    return count, reported


def check(seed: int, number: int, folder: Path) -> str:
    """What is wrong with the reading of an input; empty if nothing is."""
    chosen, kinds = build(seed, number, folder)
    whole = _whole(chosen.name) if chosen is not None else 0
    _reset_peak()
    before = _peak()
    signal.signal(signal.SIGVTALRM, _too_slow)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    what = f"{chosen.name if chosen else 'DICOM'}, {' and '.join(kinds)}"
    try:
        if chosen is None:
            _read_dicom(folder)
        else:
            count, reported = read_folder(folder, chosen)
            if count < whole and not reported and not any(k.startswith(DELETING) for k in kinds):
                return f"{what}: {whole - count} of {whole} shapes are missing without a word"
            if any(len(line) > 5000 for line in reported):
                return f"{what}: a message of {max(map(len, reported))} characters"
    except PanodentError:
        pass
    except _TooSlow:
        return f"{what}: longer than {SECONDS} s of processor time"
    except Exception:
        return f"{what}: {traceback.format_exc()}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    if (peak := _peak() - before) > MEBIBYTES:
        return f"{what}: {peak:.0f} MiB of memory"
    return ""


def _read_dicom(folder: Path) -> None:
    from panodent.radiograph.radiograph import read

    (file,) = folder.iterdir()
    pixels = read(file).pixels
    if pixels.ndim != 2 or not (pixels.min() >= 0 and pixels.max() <= 1):
        raise ValueError(f"pixels of shape {pixels.shape} from {pixels.min()} to {pixels.max()}")


def _too_slow(*_: object) -> None:
    raise _TooSlow


def _reset_peak() -> None:
    with contextlib.suppress(OSError):  # elsewhere, the peak is that of the whole process
        Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """The largest resident memory since `_reset_peak`, in MiB; the process has some before."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    except (OSError, StopIteration):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def work(seed: int, start: int, stop: int, keep: Path | None) -> None:
    """Checks inputs and prints a line of JSON for each: its number and what is wrong."""
    warnings.simplefilter("ignore")
    for number in range(start, stop):
        with tempfile.TemporaryDirectory() as place:
            wrong = check(seed, number, Path(place))
            if wrong and keep is not None:
                shutil.copytree(place, keep / str(number), dirs_exist_ok=True)
        print(json.dumps([number, wrong]), flush=True)


def run(options: argparse.Namespace) -> int:
    """Runs workers until all inputs are checked or the time is over; the number of faults."""
    number, wrongs, end = options.start, 0, time.monotonic() + options.seconds
    last = options.start + options.count
    while number < last and time.monotonic() < end:
        stop = min(number + 1000, last)
        command = [sys.executable, __file__, "--seed", options.seed, "--work", number, stop]
        command += ["--keep", options.keep] if options.keep else []
        with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, bufsize=0) as worker:
            while (line := _line(worker.stdout)) is not None and time.monotonic() < end:
                number, wrong = json.loads(line)
                number += 1
                if wrong:
                    wrongs += 1
                    print(f"{number - 1}: {wrong}", flush=True)
            worker.kill()
            died = line is None and number < stop
        if died and time.monotonic() < end:
            wrongs += 1
            print(f"{number}: the process ended or said nothing for {WALL_SECONDS} s", flush=True)
            number += 1
    print(f"{number - options.start} inputs checked, {wrongs} faults")
    return wrongs


def _line(stream: IO[bytes] | None) -> bytes | None:
    """The next line of a worker; None if it has ended or says nothing for too long."""
    ready, _, _ = select.select([stream], [], [], WALL_SECONDS)
    return (stream.readline() or None) if ready and stream is not None else None


def main(arguments: list[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=20000, help="how many inputs; %(default)s")
    parser.add_argument("--start", type=int, default=0, help="the number of the first input")
    parser.add_argument("--seed", type=int, default=0, help="another seed makes other inputs")
    parser.add_argument("--seconds", type=float, default=3600, help="stop after this time")
    parser.add_argument("--keep", type=Path, help="folder for the inputs that fail")
    parser.add_argument("--only", type=int, help="check this input, in this process")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.work:
        work(options.seed, *options.work, options.keep)
        return 0
    if options.only is not None:
        with tempfile.TemporaryDirectory() as place:
            wrong = check(options.seed, options.only, Path(place))
            if options.keep is not None:
                shutil.copytree(place, options.keep / str(options.only), dirs_exist_ok=True)
        print(wrong or "nothing wrong")
        return 1 if wrong else 0
    return 1 if run(options) else 0


if __name__ == "__main__":
    sys.exit(main())
