"""Checks that every radiograph of a data folder can be used, before work begins.

>>> from pathlib import Path
>>> from tempfile import TemporaryDirectory
>>> from panodent import phantom
>>> from panodent.datasets.dataset import find
>>> with TemporaryDirectory() as folder:
...     phantom.write(Path(folder), 2, size=(64, 128))
...     Path(folder, "images", "phantom-00001.png").write_bytes(b"")
...     faults = FaultList()
...     found = usable(find(folder, faults=faults), faults)
...     [case.key for case in found.cases], [Path(fault.file).name for fault in faults.serious]
0
(['phantom-00000'], ['phantom-00001.png'])
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from panodent.datasets.dataset import Case, Dataset
from panodent.errors import DatasetError, FaultyItemsError, PanodentError
from panodent.formats.base import Annotated
from panodent.formats.faults import Fault, FaultList
from panodent.radiograph.radiograph import Radiograph, key_of, read_size
from panodent.radiograph.raster import turned_by_exif
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted


def usable(found: Dataset, faults: FaultList) -> Dataset:
    """The data folder without the radiographs that cannot be trained on; reads each once.

    A radiograph with an annotation that cannot be read is left out, too: training would take the
    tooth for background. `faults`, to which `find` reported before, takes what is wrong.
    """
    checks = {case.key: partial(check, case, faults) for case in found.cases}
    whole = whole_keys(checks, faults)
    return replace(found, cases=tuple(case for case in found.cases if case.key in whole))


def whole_keys(checks: Mapping[str, Callable[[], None]], faults: FaultList) -> set[str]:
    """The keys of the radiographs of which nothing is lost; calls the check of each once.

    A check reports to `faults`, and may raise a `PanodentError` instead. Faults that were reported
    before, of items of a radiograph, count too.
    """
    kept = set()
    incomplete = {key_of(fault.image) for fault in faults.serious if fault.image and _costs(fault)}
    ends = {end for key in incomplete for end in _ends(key)}
    for key, look in checks.items():
        with faults.watching() as seen:
            try:
                look()
            except PanodentError as error:
                faults.add(fault_of(error))
        # A file may name the radiograph with more or fewer folders than its key has.
        is_whole = key not in ends and incomplete.isdisjoint(_ends(key))
        if is_whole and not any(map(_costs, seen)):
            kept.add(key)
    return kept


def _costs(fault: Fault) -> bool:
    return fault.cost != "nothing"


def _ends(key: str) -> list[str]:
    """The key and its ends: 'a/b/c', 'b/c', 'c'."""
    parts = key.split("/")
    return ["/".join(parts[start:]) for start in range(len(parts))]


def check(case: Case, faults: FaultList) -> None:
    """Reads a radiograph with its annotation; reports what cannot be used."""
    try:
        teeth = matched(case.radiograph(), case.teeth())
        if case.annotation.findings is not None:
            same_size(case.key, teeth, case.annotation.findings().findings.size)
    except PanodentError as error:
        faults.add(fault_of(error, case.image))


def fault_of(error: PanodentError, image: Path | None = None) -> Fault:
    """The fault of a whole radiograph that cannot be read.

    Errors of files start with the file; others are of the radiograph `image`.
    """
    file, colon, problem = str(error).partition(": ")
    if colon and file and Path(file).is_file():
        return Fault(file, problem=problem, cost="radiograph")
    return Fault(str(image or ""), problem=str(error), cost="radiograph")


def matched(radiograph: Radiograph, teeth: Teeth) -> Teeth:
    """The teeth, if they are annotated on an image of this radiograph's size.

    Raises `DatasetError` otherwise.
    """
    if teeth.size != radiograph.size:
        raise DatasetError(conflict(radiograph, teeth.size))
    return teeth


def teeth_of_size(annotation: Annotated, image: Path | None) -> Teeth:
    """The teeth, if they are annotated on an image of the size of the radiograph `image`.

    Raises `AnnotationError` as reading does, `DatasetError` otherwise, and `RadiographError` for a
    radiograph whose size cannot be read.
    """
    teeth = annotation.read()
    size = teeth.size if image is None else read_size(image)
    if teeth.size != size:
        raise DatasetError(f"{image}: {size_conflict(size, image, teeth.size)}")
    return teeth


def conflict(radiograph: Radiograph, size: tuple[int, int]) -> str:
    """What is wrong with an annotation of another (height, width) than the radiograph, in words.

    >>> import numpy as np
    >>> conflict(Radiograph(np.zeros((40, 50), np.float32)), (50, 60))
    'the radiograph has 50 x 40 pixels, its annotation 60 x 50'
    """
    return size_conflict(radiograph.size, radiograph.source, size)


def size_conflict(found: tuple[int, int], file: Path | None, size: tuple[int, int]) -> str:
    """As `conflict`, for a radiograph of which (height, width) `found` and the file are known."""
    height, width = found
    said = f"the radiograph has {width} x {height} pixels, its annotation {size[1]} x {size[0]}"
    turned = None if file is None else turned_by_exif(file)
    if turned is None:
        return said
    drawn = "; it was drawn on the pixels as they are stored" if size == (width, height) else ""
    return (
        f"{said}; the file stores {height} x {width}, and its EXIF orientation {turned} turns them "
        f"upright{drawn}; save the radiograph upright without EXIF orientation, and draw on that"
    )


def same_size(key: str, teeth: Teeth, size: tuple[int, int]) -> None:
    """Raises `DatasetError` if the findings of (height, width) `size` do not fit the teeth."""
    if size != teeth.size:
        raise DatasetError(
            f"{key}: its findings are on {size[1]} x {size[0]} pixels, its teeth "
            f"on {teeth.size[1]} x {teeth.size[0]}; expected the same"
        )


def stop_at(faults: Iterable[Fault]) -> None:
    """Raises `FaultyItemsError` with all faults that are more than a note, if there are any."""
    serious = [fault for fault in faults if not fault.is_note]
    if serious:
        it = "it" if len(serious) == 1 else "them"
        raise FaultyItemsError(
            f"{counted(len(serious), 'item', 'items')} cannot be used, and nothing was done yet; "
            f"correct {it}, or leave {it} out with --skip-bad",
            serious,
        )


def left_out(faults: Iterable[Fault]) -> str:
    """How many annotations and radiographs were left out, in words; empty for none."""
    listed = [fault for fault in faults if not fault.is_note]
    annotations = sum(fault.cost == "annotation" for fault in listed)
    radiographs = sum(fault.cost == "radiograph" for fault in listed)
    counts = [
        counted(annotations, "annotation", "annotations") if annotations else "",
        counted(radiographs, "radiograph", "radiographs") if radiographs else "",
    ]
    return " and ".join(filter(None, counts))
