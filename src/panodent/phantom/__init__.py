"""Phantoms: synthetic panoramic radiographs with ground truth, for tests and demonstrations.

Proportions, positions and grey values follow averages over real radiographs, so that a network
trained on those finds the teeth of a phantom. No pixel of a phantom comes from a person.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np

from panodent.dentition import TEETH
from panodent.drawing.png import encode
from panodent.errors import ConfigError, OutputError, UnknownToothError
from panodent.formats import get
from panodent.formats.finding_annotations import write_findings
from panodent.phantom.dicom import dicom_bytes
from panodent.phantom.eruption import OLDEST, YOUNGEST
from panodent.phantom.render import MIN_SIDE, render_all
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.atomic_files import write_whole
from panodent.utils.output_folder import occupied

DEFAULT_SIZE = (1024, 2048)
"""(height, width) in pixels."""
TRUTH, FINDINGS = "truth.json", "findings.json"
_DRAWN = re.compile(r"phantom-\d{5,}\.(png|dcm)")


def draw(
    seed: int,
    size: tuple[int, int] = DEFAULT_SIZE,
    *,
    missing: Collection[int] | None = None,
    age: float | None = None,
) -> tuple[Radiograph, Teeth]:
    """A phantom of `size` (height, width) in pixels and its teeth; the same arguments, same pixels.

    `missing` are FDI numbers to leave out; None leaves out some at random, with frequencies like
    those of adults. `age` in years draws a child with deciduous teeth, germs and growing roots;
    None draws an adult. Masks of neighbouring teeth may overlap, as teeth do in a projection.
    Raises `ConfigError` for a negative seed, a size below 64 pixels or an age that is not from 5 to
    14, `UnknownToothError` for a number that is not FDI.

    >>> radiograph, teeth = draw(0, (64, 128), missing=[18, 28, 38, 48])
    >>> radiograph.size, len(teeth)
    ((64, 128), 28)
    """
    return draw_all(seed, size, missing=missing, age=age)[:2]


def draw_all(
    seed: int,
    size: tuple[int, int] = DEFAULT_SIZE,
    *,
    missing: Collection[int] | None = None,
    age: float | None = None,
) -> tuple[Radiograph, Teeth, Findings]:
    """As `draw`, with the fillings, crowns and root fillings of the phantom.

    >>> radiograph, teeth, findings = draw_all(3, (64, 128))
    >>> findings.size, set(findings.kinds) <= {"filling", "crown", "root_filling"}
    ((64, 128), True)
    """
    if seed < 0:
        raise ConfigError(f"seed is {seed}; expected 0 or more")
    if min(size) < MIN_SIDE:
        raise ConfigError(
            f"phantom of {size[0]} x {size[1]}; expected at least {MIN_SIDE} pixels a side"
        )
    if unknown := sorted(set(missing or ()) - set(TEETH)):
        raise UnknownToothError(f"{unknown[0]} is not an FDI number; expected 11-48 or 51-85")
    if age is not None and not YOUNGEST <= age <= OLDEST:
        raise ConfigError(f"age is {age}; expected {YOUNGEST:g} to {OLDEST:g} years, or no age")
    return render_all(seed, size, missing, age)


def write(
    folder: str | os.PathLike[str],
    count: int,
    seed: int = 0,
    size: tuple[int, int] = DEFAULT_SIZE,
    progress: Callable[[int, int], None] | None = None,
    dicom: bool = False,
    ages: tuple[float, float] | None = None,
    findings: bool = False,
    overwrite: bool = False,
) -> None:
    """Writes a data folder: images/phantom-00007.png (or .dcm), named by seed, and truth.json.

    truth.json is in COCO's format. The `count` phantoms have the seeds `seed`, `seed` + 1, ... and
    `size` (height, width) in pixels; `ages` (youngest, oldest) draws children of random ages
    between them. `findings` also writes findings.json, which tells the fillings, crowns and root
    fillings. `progress(done, total)` is called after each. Raises as `draw`, `ConfigError` for a
    count below 1, `OutputError` when a file cannot be written, and when the folder already holds
    phantoms, unless `overwrite` replaces them. A folder with other radiographs is refused.
    """
    if count < 1:
        raise ConfigError(f"count is {count}; expected at least 1")
    if ages is not None and not YOUNGEST <= ages[0] <= ages[1] <= OLDEST:
        raise ConfigError(
            f"ages are {ages[0]:g} to {ages[1]:g}; expected two ages from {YOUNGEST:g} to "
            f"{OLDEST:g} years, the youngest first"
        )
    root = Path(folder)
    with occupied(root, "phantom"):
        _clear(root, overwrite)
        _write(root, range(seed, seed + count), size, progress, dicom, ages, findings)


def _write(
    root: Path,
    seeds: range,
    size: tuple[int, int],
    progress: Callable[[int, int], None] | None,
    dicom: bool,
    ages: tuple[float, float] | None,
    findings: bool,
) -> None:
    """`write` into a folder without phantoms."""
    items, found = [], []
    for done, number in enumerate(seeds, start=1):
        age = None if ages is None else float(np.random.default_rng((number, 1)).uniform(*ages))
        radiograph, teeth, restored = draw_all(number, size, age=age)
        name = f"phantom-{number:05d}.{'dcm' if dicom else 'png'}"
        data = dicom_bytes(radiograph, number) if dicom else _png(radiograph)
        write_whole(root / "images" / name, data)
        items.append((name, teeth))
        found.append((name, restored))
        if progress is not None:
            progress(done, len(seeds))
    get("coco").write(root / TRUTH, items, {})
    if findings:
        write_findings(root / FINDINGS, found)


def _clear(root: Path, overwrite: bool) -> None:
    """Removes earlier phantoms if they may be overwritten; raises `OutputError` else."""
    images = sorted((root / "images").iterdir()) if (root / "images").is_dir() else []
    drawn = [file for file in images if _DRAWN.fullmatch(file.name)]
    files = [*drawn, *(root / name for name in (TRUTH, FINDINGS) if (root / name).exists())]
    if len(drawn) < len(images):
        other = next(file for file in images if file not in drawn)
        raise OutputError(
            f"{root}: has {other.relative_to(root)}, which is not a phantom; name another "
            "--output, so that phantoms and radiographs are not mixed"
        )
    if files and not overwrite:
        raise OutputError(
            f"{root}: already holds phantoms ({files[0].relative_to(root)}); replace them with "
            "--overwrite, or name another --output"
        )
    for file in reversed(files):
        try:
            file.unlink()
        except OSError as error:
            raise OutputError(f"{file}: cannot be replaced ({error.strerror})") from None


def _png(radiograph: Radiograph) -> bytes:
    """The bytes of a PNG file, eight-bit grey."""
    return encode(np.round(radiograph.pixels * 255).astype(np.uint8))


__all__ = ["DEFAULT_SIZE", "draw", "draw_all", "write"]
