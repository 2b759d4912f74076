"""A study: one radiograph with its teeth and findings, as predicted and as corrected by a user.

Teeth and findings are dictionaries here, as in teeth.json, with an `id` that stays the same during
edits.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from panodent.analysis.dentition_stage import erupted_by_boxes
from panodent.analysis.numbering_checks import NumberingProblem, numbering_problems
from panodent.analysis.tooth_attributes import tooth_attributes
from panodent.dentition import TEETH
from panodent.errors import PanodentError, TeethError
from panodent.outputs.record import FINDINGS_VERSION, from_record, tooth_record
from panodent.serve.acceptance import with_acceptance, with_note
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth

ToothRecord = dict[str, Any]
"""A tooth as in teeth.json, with `id`."""
FindingRecord = dict[str, Any]
"""A finding as in teeth.json, with `id`."""
MAX_TEETH = 100
MAX_POINTS = 200_000
MAX_NAME_LENGTH = 120
_ABOUT = ("quality", "warning", "notes", "spacing_mm", "bundle")


@dataclass(frozen=True)
class Study:
    """What the store keeps of a radiograph.

    id : 32 hexadecimal digits.
    name : the radiograph's file name as it may be shown.
    kind : 'image' or 'dicom'.
    created, updated : times, ISO 8601 in UTC.
    width, height : of the upright radiograph, in pixels.
    predicted, teeth : the teeth as predicted, and as corrected so far.
    about : quality, warning, notes, spacing_mm and bundle, as in teeth.json; and `doubtful`, see
        `doubtful_count`, missing in studies that an earlier version kept.
    revision : number of saves; a save must name the revision that it is based on.
    saved : whether a user has saved it.
    predicted_findings, findings : what was done to the teeth, as predicted, and as corrected so
        far; None if nothing was looked for.
    findings_saved : whether a user has saved findings, not teeth alone.
    """

    id: str
    name: str
    kind: str
    created: str
    updated: str
    width: int
    height: int
    predicted: Sequence[ToothRecord]
    teeth: Sequence[ToothRecord]
    about: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    saved: bool = False
    predicted_findings: Sequence[FindingRecord] | None = None
    findings: Sequence[FindingRecord] | None = None
    findings_saved: bool = False

    def summary(self) -> dict[str, Any]:
        """The study without its teeth, as the API lists it."""
        return {
            "id": self.id,
            "name": self.name,
            "kind": self.kind,
            "created": self.created,
            "updated": self.updated,
            "revision": self.revision,
            "saved": self.saved,
            "width": self.width,
            "height": self.height,
            "quality": self.about.get("quality", 0.0),
            "warning": self.about.get("warning", ""),
            "notes": self.about.get("notes", []),
            "spacing_mm": self.about.get("spacing_mm"),
            "count": len(self.teeth),
            "doubtful": self.about.get("doubtful"),
        }

    def public(self) -> dict[str, Any]:
        """The study as the API shows it: teeth and findings without run lengths."""
        return {
            **self.summary(),
            "doubtful": doubtful_count(self.teeth, self.findings),
            "predicted": _shown(self.predicted),
            "teeth": _shown(self.teeth),
            "predicted_findings": _shown_findings(self.predicted_findings),
            "findings": _shown_findings(self.findings),
            "numbering_problems": self._numbering_problems(),
        }

    def _numbering_problems(self) -> list[dict[str, Any]]:
        return [
            {
                "kind": one.kind,
                "teeth": [self.teeth[place]["id"] for place in one.teeth],
                "message": one.text(),
            }
            for one in problems_of(self.teeth)
        ]

    def record(self) -> dict[str, Any]:
        """The current teeth and findings as in teeth.json, for `panodent.outputs.record`."""
        record = {"width": self.width, "height": self.height, "teeth": list(self.teeth)}
        if self.findings is None:
            return record
        return {**record, "findings_version": FINDINGS_VERSION, "findings": list(self.findings)}


def new_study(study: str, name: str, kind: str, moment: str, record: Mapping[str, Any]) -> Study:
    """A study that nobody has saved yet.

    study, name, kind : its `id`, `name` and `kind`.
    moment : when it is made, as `created`.
    record : a radiograph's teeth.json, with what `about` has.
    """
    teeth = with_ids(record["teeth"])
    findings = with_ids(record["findings"], "f") if "findings" in record else None
    about = {key: record.get(key) for key in _ABOUT}
    return Study(
        id=study,
        name=name,
        kind=kind,
        created=moment,
        updated=moment,
        width=int(record["width"]),
        height=int(record["height"]),
        predicted=teeth,
        teeth=teeth,
        about={**about, "doubtful": doubtful_count(teeth, findings)},
        predicted_findings=findings,
        findings=findings,
    )


def doubtful_count(teeth: Sequence[ToothRecord], findings: Sequence[FindingRecord] | None) -> int:
    """How many teeth and findings somebody should look at: doubtful ones, teeth without a number.

    >>> teeth = [{"flags": ["doubtful"]}, {"flags": ["accepted", "unnumbered"]}, {"flags": []}]
    >>> doubtful_count(teeth, [{"flags": ["doubtful"]}])
    2
    """
    flags = [set(entry.get("flags", ())) for entry in (*teeth, *(findings or ()))]
    return sum(bool({"doubtful", "unnumbered"} & own) and "accepted" not in own for own in flags)


def problems_of(teeth: Sequence[Mapping[str, Any]]) -> list[NumberingProblem]:
    """What looks wrong in the numbers of teeth, each with `fdi`, `box` and perhaps `accepted`.

    >>> teeth = [{"fdi": fdi, "box": [x, 50, x + 10, 90]} for fdi, x in ((45, 0), (46, 12))]
    >>> [problem.text() for problem in problems_of(teeth)]
    ["45 and 46 are in each other's place"]
    """
    corners = [tooth["box"] for tooth in teeth]
    boxes = [[top, left, bottom, right] for left, top, right, bottom in corners]
    accepted = [place for place, tooth in enumerate(teeth) if tooth.get("accepted")]
    return numbering_problems([tooth["fdi"] for tooth in teeth], boxes, accepted)


def _shown(teeth: Sequence[ToothRecord]) -> list[ToothRecord]:
    """The teeth without run lengths, each with whether it has erupted.

    In stores of earlier versions teeth do not have `erupted`; there it is judged from the boxes.
    """
    boxes = np.array([tooth["box"] for tooth in teeth], np.int64).reshape(-1, 4)
    out = erupted_by_boxes([tooth["fdi"] for tooth in teeth], boxes[:, [1, 0, 3, 2]])
    return [
        {"erupted": is_out, **_without_rle(tooth)}
        for tooth, is_out in zip(teeth, out.tolist(), strict=True)
    ]


def with_attributes(size: tuple[int, int], teeth: Sequence[ToothRecord]) -> list[ToothRecord]:
    """All teeth of a radiograph of `size` (height, width), with attributes as in teeth.json."""
    height, width = size
    masks = from_record({"height": height, "width": width, "teeth": teeth})
    return [
        {**tooth, **attributes.to_dict()}
        for tooth, attributes in zip(teeth, tooth_attributes(masks), strict=True)
    ]


def _shown_findings(findings: Sequence[FindingRecord] | None) -> list[FindingRecord] | None:
    return None if findings is None else [_without_rle(item) for item in findings]


def _without_rle(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key != "rle"}


def with_ids(entries: Iterable[Mapping[str, Any]], letter: str = "t") -> list[dict[str, Any]]:
    """Teeth or findings of a teeth.json as a study keeps them, with ids that begin with `letter`.

    >>> with_ids([{"fdi": 36, "erupted": True}, {"fdi": 37}])
    [{'id': 't1', 'fdi': 36, 'erupted': True}, {'id': 't2', 'fdi': 37}]
    """
    return [{"id": f"{letter}{number}", **entry} for number, entry in enumerate(entries, start=1)]


def display_name(given: str | None) -> str:
    """A file name that is safe to show: no folders, no control characters, limited length.

    It is never used as a path.

    >>> display_name("..\\\\scans\\\\a<b>.png"), display_name(None)
    ('a_b_.png', 'radiograph')
    """
    base = PurePosixPath((given or "").replace("\\", "/")).name
    plain = re.sub(r'[<>:"|?*]', "_", printable(base)).strip(" .")
    return plain[-MAX_NAME_LENGTH:] or "radiograph"


def printable(text: str) -> str:
    """The text without control characters."""
    return "".join(c for c in unicodedata.normalize("NFC", text) if c.isprintable())


def apply_edit(
    size: tuple[int, int],
    predicted: Sequence[ToothRecord],
    current: Sequence[ToothRecord],
    revision: int,
    entries: Sequence[Mapping[str, Any]],
    stamp: Mapping[str, str],
) -> list[ToothRecord]:
    """The teeth after a user's edit of the `current` ones; see PUT /v1/studies/{id}/teeth.

    size : (height, width) of the radiograph.
    revision : the revision that the edit is based on.
    entries : all teeth after the edit, each with `fdi`, and with the `id` of a tooth whose mask it
        keeps, with `polygons`, or both; and `accepted` and `note`, see
        `panodent.serve.acceptance`.
    stamp : who saves (`by`) and when (`at`), for teeth that are accepted.

    Raises `TeethError` for a number or id that is used twice, an unknown id, an invalid number or
    outline, an outline without a pixel, and too many teeth or points.
    """
    if len(entries) > MAX_TEETH:
        raise TeethError(f"{len(entries)} teeth; expected at most {MAX_TEETH}")
    check_points(entries)
    known = {tooth["id"]: tooth for tooth in (*predicted, *current)}
    origin = {tooth["id"]: tooth for tooth in predicted}
    teeth: list[ToothRecord] = []
    for number, entry in enumerate(entries, start=1):
        fdi, name = int(entry["fdi"]), entry.get("id")
        if name is not None and name not in known:
            raise TeethError(f"tooth {number} has the unknown id {str(name)[:40]!r}; omit the id")
        before = known.get(name) if name is not None else None
        if not entry.get("polygons"):
            if before is None:
                raise TeethError(
                    f"tooth {number} has neither an id nor polygons; expected at least one of them"
                )
            rle, tooth = before["rle"], before
        else:
            tooth = _drawn(size, fdi, entry["polygons"], number)
            rle = tooth["rle"]
        first = origin.get(name) if name is not None else None
        if first is not None and first["fdi"] == fdi and first["rle"] == rle:
            edited = dict(first)
        elif before is not None and before["fdi"] == fdi and before["rle"] == rle:
            edited = dict(before)
        else:
            own = name if name is not None else f"e{revision + 1}.{number}"
            edited = {**_numbered(tooth, fdi), "id": own}
        accepted = with_acceptance(edited, before, entry.get("accepted"), stamp)
        teeth.append(with_note(accepted, before, entry.get("note")))
    _check(teeth)
    return teeth


def check_points(entries: Sequence[Mapping[str, Any]]) -> None:
    """Raises `TeethError` if the outlines of an edit have more than `MAX_POINTS` points."""
    points = sum(
        len(ring) for entry in entries for part in entry.get("polygons") or () for ring in part
    )
    if points > MAX_POINTS:
        raise TeethError(f"the outlines have more than {MAX_POINTS} points; simplify them")


def _drawn(size: tuple[int, int], fdi: int, polygons: Any, number: int) -> ToothRecord:
    try:
        teeth = Teeth.from_masks(size, [(fdi, fill(polygons, size))])
    except PanodentError as error:
        raise TeethError(f"tooth {number} ({fdi or 'unnumbered'}): {error}") from None
    if not len(teeth):
        raise TeethError(
            f"the outline of tooth {number} ({fdi or 'unnumbered'}) contains no pixel of the "
            f"radiograph of {size[1]} x {size[0]} pixels"
        )
    return tooth_record(teeth, 0)


def check_number(fdi: int) -> None:
    """Raises `TeethError` if `fdi` is neither an FDI number nor 0."""
    if fdi != UNNUMBERED and fdi not in TEETH:
        raise TeethError(f"{fdi} is not an FDI number (0 means unnumbered)")


def _numbered(tooth: ToothRecord, fdi: int) -> ToothRecord:
    check_number(fdi)
    flags = ["edited", *(["unnumbered"] if fdi == UNNUMBERED else [])]
    name = TEETH[fdi].name if fdi else "unnumbered tooth"
    changed = {"fdi": fdi, "name": name, "score": 1.0, "flags": sorted(flags)}
    return {**tooth, **changed, "reason": "", "alternative": 0}


def _check(teeth: Sequence[ToothRecord]) -> None:
    ids, numbers = set(), set()
    for tooth in teeth:
        if tooth["id"] in ids:
            raise TeethError(f"the id {tooth['id']!r} is used twice; list each tooth once")
        if tooth["fdi"] and tooth["fdi"] in numbers:
            raise TeethError(f"number {tooth['fdi']} is used twice; change one of them")
        ids.add(tooth["id"])
        numbers.add(tooth["fdi"])
