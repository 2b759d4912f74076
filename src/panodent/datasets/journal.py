"""Teeth and findings as entries of a conversion's journal, which is JSON.

>>> teeth = Teeth.from_masks((4, 5), [(36, np.ones((2, 2)), (1, 1))], scores=[0.5])
>>> entry = teeth_entry(teeth)
>>> entry, teeth_of_entry((4, 5), entry) == teeth
([[36, '52207', 0.5, []]], True)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panodent.datasets.checking import same_size
from panodent.formats.base import Annotated
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth


def teeth_entry(teeth: Teeth) -> list[list[Any]]:
    """[FDI number, run-length text, score, flags] of each tooth."""
    return [
        [int(fdi), teeth.rle(i), float(teeth.scores[i]), sorted(teeth.flags[i])]
        for i, fdi in enumerate(teeth.fdi)
    ]


def teeth_of_entry(size: tuple[int, int], items: list[list[Any]]) -> Teeth:
    """The record of what `teeth_entry` made, on a radiograph of this (height, width)."""
    kept = Teeth.from_rles(size, [(fdi, rle) for fdi, rle, *_ in items])
    return Teeth(
        kept.size,
        kept.fdi,
        kept.boxes,
        kept.masks,
        np.array([score for _, _, score, _ in items]),
        tuple(frozenset(flags) for *_, flags in items),
    )


def findings_entry(item: Annotated, teeth: Teeth) -> dict[str, Any]:
    """The findings of an annotation; nothing if the source has none.

    Raises `DatasetError` if they are of another size than the teeth, and what reading them raises.
    """
    if item.findings is None:
        return {}
    annotated = item.findings()
    found = annotated.findings
    same_size(item.key, teeth, found.size)
    marks = zip(found.kinds, teeth_entry(found.marks), strict=True)
    return {
        "findings": [[kind, *mark] for kind, mark in marks],
        "unclear": bool(annotated.unclear.any()),
    }


def findings_of_entry(size: tuple[int, int], entry: dict[str, Any]) -> Findings:
    """The findings of what `findings_entry` made."""
    return Findings(
        tuple(kind for kind, *_ in entry["findings"]),
        teeth_of_entry(size, [mark for _, *mark in entry["findings"]]),
    )
