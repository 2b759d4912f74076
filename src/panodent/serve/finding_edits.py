"""Edits of the findings of a study; see PUT /v1/studies/{id}/teeth.

Findings follow their teeth: the number of a finding is that of the tooth that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import PanodentError, TeethError, UnknownNameError
from panodent.outputs.record import finding_record
from panodent.serve.acceptance import with_acceptance
from panodent.serve.study import FindingRecord, ToothRecord, check_points
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.outlines import fill

MAX_FINDINGS = 400


def following(
    findings: Sequence[FindingRecord],
    before: Sequence[ToothRecord],
    after: Sequence[ToothRecord],
) -> list[FindingRecord]:
    """The findings with the numbers that they have after an edit of the teeth.

    A finding on a tooth that gets another number gets it too. If the tooth is deleted, a finding
    that only a tooth can carry loses its number; a crown or an appliance keeps it, as does what
    stands in the place of a tooth.

    >>> tooth = {"id": "t1", "fdi": 36}
    >>> found = [{"kind": "filling", "fdi": 36}, {"kind": "crown", "fdi": 36}]
    >>> [f["fdi"] for f in following(found, [tooth], [{**tooth, "fdi": 37}])]
    [37, 37]
    >>> [f["fdi"] for f in following(found, [tooth], [])]
    [0, 36]
    """
    numbers = {tooth["id"]: tooth["fdi"] for tooth in after}
    moved = {tooth["fdi"]: numbers.get(tooth["id"]) for tooth in before if tooth["fdi"]}
    return [{**finding, "fdi": _number_after(finding, moved)} for finding in findings]


def _number_after(finding: FindingRecord, moved: Mapping[int, int | None]) -> int:
    fdi, carrier = int(finding["fdi"]), KINDS[finding["kind"]].carrier
    if carrier == "position" or fdi not in moved:
        return fdi
    number = moved[fdi]
    if number is None:
        return NOWHERE if carrier == "tooth" else fdi
    return number


def apply_finding_edit(
    size: tuple[int, int],
    predicted: Sequence[FindingRecord],
    current: Sequence[FindingRecord],
    revision: int,
    entries: Sequence[Mapping[str, Any]],
    stamp: Mapping[str, str],
) -> list[FindingRecord]:
    """The findings after a user's edit of the `current` ones.

    size : (height, width) of the radiograph.
    predicted, current : with the numbers of their teeth after the edit, see `following`.
    revision : the revision that the edit is based on.
    entries : all findings after the edit, each with `kind` and `fdi`, and with the `id` of a
        finding whose mask it keeps, with `polygons`, or both; and `accepted`.
    stamp : who saves (`by`) and when (`at`), for findings that are accepted.

    Raises `TeethError` for an id that is unknown or used twice, an invalid number or outline, an
    outline without a pixel, and too many findings or points; `UnknownNameError` for a kind.
    """
    if len(entries) > MAX_FINDINGS:
        raise TeethError(f"{len(entries)} findings; expected at most {MAX_FINDINGS}")
    check_points(entries)
    known = {finding["id"]: finding for finding in (*predicted, *current)}
    origin = {finding["id"]: finding for finding in predicted}
    findings: list[FindingRecord] = []
    for number, entry in enumerate(entries, start=1):
        name = entry.get("id")
        if name is not None and name not in known:
            raise TeethError(f"finding {number} has the unknown id {str(name)[:40]!r}; omit the id")
        changed = _changed(size, known.get(name) if name is not None else None, entry, number)
        earlier = [among[name] for among in (origin, known) if name in among]
        same = [one for one in earlier if _same(one, changed)]
        own = name if name is not None else f"e{revision + 1}.{number}"
        edited = dict(same[0]) if same else {**changed, "id": own}
        findings.append(with_acceptance(edited, known.get(name), entry.get("accepted"), stamp))
    ids = [finding["id"] for finding in findings]
    for name in ids:
        if ids.count(name) > 1:
            raise TeethError(f"the id {name!r} is used twice; list each finding once")
    return findings


def _same(one: FindingRecord, other: FindingRecord) -> bool:
    return all(one[key] == other[key] for key in ("kind", "fdi", "rle"))


def _changed(
    size: tuple[int, int],
    before: FindingRecord | None,
    entry: Mapping[str, Any],
    number: int,
) -> FindingRecord:
    """The finding of an entry, marked as edited."""
    kind, fdi, polygons = str(entry["kind"]), int(entry["fdi"]), entry.get("polygons")
    if kind not in KINDS:
        raise UnknownNameError("kind of finding", kind, KINDS)
    if fdi != NOWHERE and fdi not in TEETH:
        raise TeethError(f"{fdi} is not an FDI number (0 means no single tooth)")
    if polygons:
        drawn = _drawn(size, kind, polygons, number)
    elif before is not None:
        drawn = before
    else:
        raise TeethError(
            f"finding {number} ({kind}) has neither an id nor polygons; expected at least one"
        )
    return {**drawn, "kind": kind, "fdi": fdi, "score": 1.0, "flags": ["edited"]}


def _drawn(size: tuple[int, int], kind: str, polygons: Any, number: int) -> FindingRecord:
    try:
        findings = Findings.from_masks(size, [(kind, NOWHERE, fill(polygons, size))])
    except PanodentError as error:
        raise TeethError(f"finding {number} ({kind}): {error}") from None
    if not len(findings):
        raise TeethError(
            f"the outline of finding {number} ({kind}) contains no pixel of the radiograph of "
            f"{size[1]} x {size[0]} pixels"
        )
    return finding_record(findings, 0)
