"""What a network has seen after its training, and which held-out radiographs it knew before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.datasets.dataset import Case
from panodent.datasets.radiograph_digest import digest
from panodent.errors import BundleError
from panodent.training.held_out import folder_names
from panodent.training.run import Run


def seen_with(cases: Iterable[Case], *before: Seen) -> Seen:
    """What a network has seen that was trained on these cases, after networks that saw `before`.

    Reads every radiograph.
    """
    digests = sorted({digest(case.radiograph()) for case in cases})
    return Seen(tuple(digests), complete=True).joined(before)


def seen_by(start: str | Path) -> Seen:
    """What the bundle or run that a training starts from has seen; nothing for an empty name."""
    if not str(start):
        return Seen(complete=True)
    try:
        return bundle.load(start).seen
    except BundleError:  # a run that was never finished
        return Seen()


def known_before(run: Run, seen: Seen) -> dict[str, list[str]]:
    """Keys of the held-out radiographs that are listed in `seen`, by data folder."""
    owners = [
        name
        for name, item in zip(folder_names(run), run.data, strict=True)
        for _ in item["validation"]
    ]
    known: dict[str, list[str]] = {name: [] for name in owners}
    if seen.digests:
        for owner, case in zip(owners, run.validation, strict=True):
            if digest(case.radiograph()) in seen:
                known[owner].append(case.key)
    return known
