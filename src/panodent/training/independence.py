"""Whether a network learnt from a radiograph, so that it may repeat the mistakes of its annotation.

A training run records which radiographs were on which side of its split, and a bundle without its
run lists what it has seen. Radiographs are compared as pictures
(`panodent.datasets.splits.fingerprint`), so that copies in other folders are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from panodent.bundle.bundle import DEFAULT, load
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest_of
from panodent.datasets.splits import DUPLICATE_CORRELATION, fingerprint
from panodent.errors import PanodentError, TrainingError
from panodent.training.recipes import CONFIG_FILE, load_config
from panodent.training.run_data import DataSource
from panodent.utils.arrays import Float32Array

TrainedOn = Literal["no", "unknown", "yes"]
Prints = dict[Path, Float32Array]
"""Fingerprints by file; runs of one cross-validation share their radiographs."""


@dataclass(frozen=True)
class Origin:
    """What a bundle learnt from.

    prints : (n, k) fingerprints of the radiographs that are known to be training data.
    gaps : why further training data are not known; empty where all are known.
    seen : what bundles without a training run say that they have seen.
    """

    prints: Float32Array
    gaps: tuple[str, ...] = ()
    seen: Seen = field(default_factory=Seen)

    def trained_on(self, print_: Float32Array) -> TrainedOn:
        """Whether the radiograph of this fingerprint is among the training data."""
        if len(self.prints) and float((self.prints @ print_).max()) > DUPLICATE_CORRELATION:
            return "yes"
        if digest_of(print_) in self.seen:
            return "yes"
        return "unknown" if self.gaps else "no"


def origins(bundles: Sequence[str]) -> list[Origin]:
    """What each bundle learnt from, by the training run of which it is part.

    A run that started from another bundle also learnt from that one's data. Raises `TrainingError`
    for a run that was written by another program.
    """
    prints: Prints = {}
    return [_origin(bundle, prints, ()) for bundle in bundles]


def most_independent(origin_of: Sequence[Origin], print_: Float32Array) -> tuple[int, TrainedOn]:
    """Position of the bundle that knows least of a radiograph, the first of several, and how much.

    >>> seen, other = np.eye(2, dtype=np.float32)
    >>> most_independent([Origin(seen[None]), Origin(other[None])], seen)
    (1, 'no')
    """
    order: tuple[TrainedOn, ...] = ("no", "unknown", "yes")
    found = [origin.trained_on(print_) for origin in origin_of]
    place = min(range(len(found)), key=lambda number: order.index(found[number]))
    return place, found[place]


def _origin(bundle: str, prints: Prints, before: tuple[str, ...]) -> Origin:
    run = _run(bundle)
    if run is None:
        seen = _seen(bundle)
        unknown = () if seen.complete else (_unknown(bundle),)
        return Origin(np.zeros((0, 1), np.float32), unknown, seen)
    _, record = load_config(run)
    found: list[Float32Array] = []
    gaps: list[str] = []
    seen = Seen()
    try:
        data, start = record["data"], str(record["start"])
        sources = [(DataSource.recorded(item), item["training"]) for item in data]
    except (KeyError, TypeError) as error:
        raise TrainingError(f"{run / CONFIG_FILE}: {error!r} where data were expected") from None
    for source, keys in sources:
        try:
            images = {case.key: case for case in source.find().cases}
            for key in keys:
                case = images[key]
                if case.image not in prints:
                    prints[case.image] = fingerprint(case.radiograph())
                found.append(prints[case.image])
        except (PanodentError, KeyError) as error:
            gaps.append(f"training data of {run} cannot be read ({error})")
    if start and start not in before:
        first = _origin(start, prints, (*before, start))
        found += list(first.prints)
        seen = first.seen
        gaps += [f"{run} started from another bundle: {gap}" for gap in first.gaps]
    return Origin(
        np.array(found, np.float32) if found else np.zeros((0, 1), np.float32), tuple(gaps), seen
    )


def _run(bundle: str) -> Path | None:
    """The training run that a bundle is or belongs to."""
    folder = Path(bundle)
    places = () if bundle == DEFAULT else (folder, folder.parent)
    return next((place for place in places if (place / CONFIG_FILE).is_file()), None)


def _seen(bundle: str) -> Seen:
    try:
        return load(bundle).seen
    except PanodentError:
        return Seen()


def _unknown(bundle: str) -> str:
    """Why the training data of a bundle without a run are not known."""
    try:
        data = load(bundle).provenance.get("data", [])
        folders = ", ".join(f"{item['folder']} ({item['training_cases']})" for item in data)
    except (PanodentError, KeyError, TypeError):
        folders = ""
    learnt = f"; it says that it learnt from {folders}" if folders else ""
    return f"{bundle} is not part of a training run{learnt}"
