"""Annotated radiographs for the scripts that compare accuracy: given folders, or phantoms."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from panodent import phantom
from panodent.datasets import dataset, splits
from panodent.datasets.dataset import Case

PHANTOMS = 60
HELD_OUT = 0.15
"""The share of radiographs that `panodent train` holds out."""


def split(
    folders: Sequence[Path],
    values: str | None = None,
    format_name: str | None = None,
    seed: int = 0,
    share: float = HELD_OUT,
) -> Iterator[tuple[str, list[Case], list[Case]]]:
    """(name, training cases, held-out cases) of each annotated folder; `share` of it is held out.

    Without folders, phantoms are drawn into a temporary folder; it is removed when the iteration
    ends.
    """
    options = {"values": values} if values else {}
    with tempfile.TemporaryDirectory() as drawn:
        if not folders:
            phantom.write(drawn, PHANTOMS)
        for folder in folders or [Path(drawn)]:
            cases = splits.grouped(dataset.find(folder, format_name, options).cases)
            yield (folder.name, *splits.split(cases, share, seed))
