"""What a user said of a tooth or a finding: that it is right as it is, and notes.

In a study, what was accepted has the key `accepted`, {"by": name, "at": time}, and the flag
"accepted" instead of "doubtful"; a tooth with a note has the key `note`.

>>> tooth = {"fdi": 36, "rle": "x", "flags": ["doubtful"]}
>>> with_acceptance(tooth, tooth, True, {"by": "reader 1", "at": "2026-01-02"})
{'fdi': 36, 'rle': 'x', 'flags': ['accepted'], 'accepted': {'by': 'reader 1', 'at': '2026-01-02'}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MAX_NOTE_LENGTH = 1000
"""Longest note of a tooth, in characters."""
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


def with_note(entry: Entry, before: Entry | None, wanted: str | None) -> dict[str, Any]:
    """The tooth with a note; '' removes it, None keeps that of the tooth `before` the edit.

    >>> with_note({"fdi": 36}, {"fdi": 37, "note": "cracked"}, None)
    {'fdi': 36, 'note': 'cracked'}
    """
    note = (before or {}).get("note", "") if wanted is None else wanted.strip()
    plain = {key: value for key, value in entry.items() if key != "note"}
    return {**plain, "note": note} if note else plain


def add_acceptance(record: Mapping[str, Any], study: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a teeth.json with what a user said of each tooth and finding.

    `accepted` is None where nobody has accepted it; `note` of a tooth is '' where there is none.
    `study` is the record of the study that it was made from, see `panodent.serve.study`.
    """
    kinds = [kind for kind in ("teeth", "findings") if kind in record]
    return {**record, **{kind: _marked(record[kind], study.get(kind) or ()) for kind in kinds}}


def _marked(entries: Any, kept: Any) -> list[dict[str, Any]]:
    said = {_identity(entry): entry for entry in kept}
    marked = []
    for entry in entries:
        own = said.get(_identity(entry), {})
        note = {} if "kind" in entry else {"note": own.get("note", "")}
        marked.append({**entry, "accepted": own.get("accepted"), **note})
    return marked


def _identity(entry: Entry) -> tuple[Any, ...]:
    return entry.get("kind"), entry["fdi"], entry["rle"]
