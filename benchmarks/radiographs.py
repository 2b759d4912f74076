"""Radiographs that the scripts that compare accuracy look at: folders, or phantoms without any."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from panodent import phantom
from panodent.datasets import dataset
from panodent.datasets.dataset import Case

PHANTOMS = 60
HELD_OUT = 0.15
"""The share that `panodent train` holds out."""


def split(
    folders: Sequence[Path], values: str | None = None, format_name: str | None = None
) -> Iterator[tuple[str, list[Case], list[Case]]]:
    """(name, training, held out) of each annotated folder; of phantoms, drawn for it, without.

    Phantoms are gone when the iteration ends.
    """
    options = {"values": values} if values else {}
    with tempfile.TemporaryDirectory() as drawn:
        if not folders:
            phantom.write(drawn, PHANTOMS)
        for folder in folders or [Path(drawn)]:
            cases = dataset.grouped(dataset.find(folder, format_name, options).cases)
            yield (folder.name, *dataset.split(cases, HELD_OUT))
