"""Radiographs that are scored although the network was trained on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import DEFAULT, Bundle, load
from panodent.bundle.fast import fast_bundle
from panodent.bundle.seen import Seen
from panodent.datasets.radiograph_digest import digest
from panodent.errors import BundleError, PanodentError, RadiographError
from panodent.evaluation.pairing import Pair, Pairing
from panodent.utils.wording import counted

NAMED = 3
"""At most this many radiographs are named in a sentence."""


def about_seen(name: str, seen: Seen, keys: Sequence[str], radiographs: int) -> str:
    """A sentence about radiographs that the bundle `name` was trained on and that are scored.

    `keys` are those of the `radiographs` scored that are listed in `seen`. Empty if there are none
    and the list is complete.
    """
    if keys:
        more = f" and {len(keys) - NAMED} more" if len(keys) > NAMED else ""
        return (
            f"{len(keys)} of {counted(radiographs, 'scored radiograph', 'scored radiographs')} "
            f"{'was' if len(keys) == 1 else 'were'} in the training of {name}, so the scores are "
            f"too good ({', '.join(keys[:NAMED])}{more})"
        )
    if not seen.complete and radiographs:
        listed = "lists only a part of" if seen.digests else "has no list of"
        return (
            f"{name} {listed} the radiographs that it was trained on; if scored radiographs are "
            "among them, the scores are too good"
        )
    return ""


def note_on_seen(pairing: Pairing, predictions: Path) -> str:
    """What `about_seen` says of the bundle that predicted; empty for files of other programs.

    `predictions` is a folder that `panodent predict` wrote, or its predictions.json. Reads the
    radiographs if the bundle has a list.
    """
    made_by = _bundle_entry(predictions if predictions.is_dir() else predictions.parent)
    if made_by is None:
        return ""
    name = str(made_by.get("path") or DEFAULT)
    seen = _seen_by(name, made_by.get("sha256"))
    scored = [pair for pair in pairing.pairs if pair.prediction]
    keys = [pair.key for pair in scored if _is_listed(pair, seen)] if seen.digests else []
    with suppress(ValueError):  # the path is stored as an absolute one
        name = str(Path(name).relative_to(Path.cwd()))
    return about_seen(f"the bundle {name}", seen, keys, len(scored))


def _bundle_entry(folder: Path) -> dict[str, Any] | None:
    """What run.json says of the bundle; None if there is none."""
    try:
        entry = json.loads((folder / "run.json").read_text(encoding="utf-8"))["bundle"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return entry if isinstance(entry, dict) else None


def _seen_by(name: str, sha256: object) -> Seen:
    """What the bundle of this name has seen; unknown if it is another one by now."""
    try:
        bundle = load(name)
    except PanodentError:
        return Seen()
    return bundle.seen if sha256 in _digests(bundle) else Seen()


def _digests(bundle: Bundle) -> set[str]:
    """The digests that predictions may have: with and without further networks, or fast."""
    kinds = [bundle]
    with suppress(BundleError):
        kinds.append(fast_bundle(bundle))
    kinds += [kind.without_findings() for kind in kinds]
    return {item.digest for kind in kinds for item in (kind, kind.without_refiner())}


def _is_listed(pair: Pair, seen: Seen) -> bool:
    try:
        return pair.radiograph is not None and digest(pair.radiograph()) in seen
    except RadiographError:
        return False
