"""What a user accepted: a tooth or a finding that is right as it is, by whom and when.

In a study, what was accepted has the key `accepted`, {"by": name, "at": time}, and the flag
"accepted" instead of "doubtful".

>>> tooth = {"fdi": 36, "rle": "x", "flags": ["doubtful"]}
>>> with_acceptance(tooth, tooth, True, {"by": "reader 1", "at": "2026-01-02"})
{'fdi': 36, 'rle': 'x', 'flags': ['accepted'], 'accepted': {'by': 'reader 1', 'at': '2026-01-02'}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_REVIEWER_LENGTH = 80
"""Longest name of who accepts, in characters."""
Entry = Mapping[str, Any]
"""A tooth or a finding as a study keeps it."""


def with_acceptance(
    entry: Entry, before: Entry | None, wanted: bool | None, stamp: Mapping[str, str]
) -> dict[str, Any]:
    """The entry after an edit, accepted or not.

    before : the same tooth or finding before the edit; None for a new one.
    wanted : whether it is accepted now; None keeps what was said of `before` if both are the same.
    stamp : who accepts (`by`) and when (`at`), for what was not accepted before.
    """
    earlier = None if before is None or not _same(entry, before) else before.get("accepted")
    mark = earlier if wanted is None else (earlier or dict(stamp)) if wanted else None
    plain = {key: value for key, value in entry.items() if key != "accepted"}
    flags = set(entry["flags"]) - {"accepted"}
    if mark is None:
        return {**plain, "flags": sorted(flags)}
    return {**plain, "flags": sorted(flags - {"doubtful"} | {"accepted"}), "accepted": mark}


def _same(one: Entry, other: Entry) -> bool:
    return all(one.get(key) == other.get(key) for key in ("kind", "fdi", "rle"))


def add_acceptance(record: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a teeth.json with `accepted` in each tooth and finding, None where it is not.

    `study` is the record of the study that it was made from, see `panodent.serve.study`.
    """
    kinds = [kind for kind in ("teeth", "findings") if kind in record]
    return {**record, **{kind: _marked(record[kind], study.get(kind) or ()) for kind in kinds}}


def _marked(entries: Any, kept: Any) -> list[dict[str, Any]]:
    marks = {_identity(entry): entry.get("accepted") for entry in kept}
    return [{**entry, "accepted": marks.get(_identity(entry))} for entry in entries]


def _identity(entry: Entry) -> tuple[Any, ...]:
    return entry.get("kind"), entry["fdi"], entry["rle"]
