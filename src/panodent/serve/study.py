"""A study: one radiograph, the teeth as they were found, and the teeth as they now stand.

Teeth are plain data here, as teeth.json has them, with an `id` that stays while a tooth is edited.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from panodent.errors import PanodentError, TeethError
from panodent.outputs.record import tooth_record
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth

Tooth = dict[str, Any]
MOST_TEETH = 100
MOST_POINTS = 200_000
LONGEST_NAME = 120


@dataclass(frozen=True)
class Study:
    """What the store keeps of a radiograph; times are ISO 8601 in UTC.

    revision : counts the saves; a save must name the one that it builds on.
    saved : whether a person has saved it.
    about : quality, warning, notes, spacing_mm and bundle, as teeth.json has them.
    """

    id: str
    name: str
    kind: str
    created: str
    updated: str
    width: int
    height: int
    predicted: Sequence[Tooth]
    teeth: Sequence[Tooth]
    about: Mapping[str, Any] = field(default_factory=dict)
    revision: int = 0
    saved: bool = False

    def summary(self) -> dict[str, Any]:
        """Without teeth."""
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
        }

    def public(self) -> dict[str, Any]:
        """With teeth; run lengths are left out, outlines say the same."""
        return {
            **self.summary(),
            "predicted": [_shown(tooth) for tooth in self.predicted],
            "teeth": [_shown(tooth) for tooth in self.teeth],
        }

    def record(self) -> dict[str, Any]:
        """The present teeth in the form of teeth.json, which `from_record` reads."""
        return {"width": self.width, "height": self.height, "teeth": list(self.teeth)}


def _shown(tooth: Tooth) -> Tooth:
    return {key: value for key, value in tooth.items() if key != "rle"}


def identified(teeth: Iterable[Mapping[str, Any]]) -> list[Tooth]:
    """The teeth of a teeth.json with ids."""
    return [{"id": f"t{number}", **tooth} for number, tooth in enumerate(teeth, start=1)]


def shown_name(given: str | None) -> str:
    """A file's name as it may be shown: without folders, controls or length; never a path."""
    base = PurePosixPath((given or "").replace("\\", "/")).name
    plain = "".join(c for c in unicodedata.normalize("NFC", base) if c.isprintable())
    plain = re.sub(r'[<>:"|?*]', "_", plain).strip(" .")
    return plain[-LONGEST_NAME:] or "radiograph"


def edited(
    size: tuple[int, int],
    predicted: Sequence[Tooth],
    present: Sequence[Tooth],
    revision: int,
    entries: Sequence[Mapping[str, Any]],
) -> list[Tooth]:
    """The teeth after a person's edit of the `present` ones, see PUT /v1/studies/{id}/teeth.

    `size` is (height, width), `revision` the one that the edit builds on. An entry names a tooth
    by `id` and keeps its mask, or brings `polygons`. Raises `TeethError` for what cannot be a
    dentition: a number twice, an unknown id, an outline without a pixel.
    """
    if len(entries) > MOST_TEETH:
        raise TeethError(f"{len(entries)} teeth; a radiograph has at most {MOST_TEETH}")
    if _points(entries) > MOST_POINTS:
        raise TeethError(f"outlines of more than {MOST_POINTS} points; simplify them")
    known = {tooth["id"]: tooth for tooth in (*predicted, *present)}
    origin = {tooth["id"]: tooth for tooth in predicted}
    teeth: list[Tooth] = []
    for number, entry in enumerate(entries, start=1):
        fdi, name = int(entry["fdi"]), entry.get("id")
        if name is not None and name not in known:
            raise TeethError(f"tooth {number} has the unknown id {str(name)[:40]!r}; leave it out")
        before = known.get(name) if name is not None else None
        if not entry.get("polygons"):
            if before is None:
                raise TeethError(f"tooth {number} has neither an id nor polygons")
            rle, tooth = before["rle"], before
        else:
            tooth = _drawn(size, fdi, entry["polygons"], number)
            rle = tooth["rle"]
        first = origin.get(name) if name is not None else None
        if first is not None and first["fdi"] == fdi and first["rle"] == rle:
            teeth.append(dict(first))
        elif before is not None and before["fdi"] == fdi and before["rle"] == rle:
            teeth.append(dict(before))
        else:
            own = name if name is not None else f"e{revision + 1}.{number}"
            teeth.append({**_numbered(tooth, fdi), "id": own})
    _check(teeth)
    return teeth


def _points(entries: Sequence[Mapping[str, Any]]) -> int:
    return sum(
        len(ring) for entry in entries for part in entry.get("polygons") or () for ring in part
    )


def _drawn(size: tuple[int, int], fdi: int, polygons: Any, number: int) -> Tooth:
    try:
        teeth = Teeth.from_masks(size, [(fdi, fill(polygons, size))])
    except PanodentError as error:
        raise TeethError(f"tooth {number} ({fdi or 'unnumbered'}): {error}") from None
    if not len(teeth):
        raise TeethError(
            f"the outline of tooth {number} ({fdi or 'unnumbered'}) holds no pixel of the "
            f"radiograph of {size[1]} x {size[0]}"
        )
    return tooth_record(teeth, 0)


def _numbered(tooth: Tooth, fdi: int) -> Tooth:
    from panodent.dentition import TEETH

    if fdi != UNNUMBERED and fdi not in TEETH:
        raise TeethError(f"{fdi} is no FDI number (0 means unnumbered)")
    flags = ["edited", *(["unnumbered"] if fdi == UNNUMBERED else [])]
    name = TEETH[fdi].name if fdi else "unnumbered tooth"
    return {**tooth, "fdi": fdi, "name": name, "score": 1.0, "flags": sorted(flags)}


def _check(teeth: Sequence[Tooth]) -> None:
    ids, numbers = set(), set()
    for tooth in teeth:
        if tooth["id"] in ids:
            raise TeethError(f"the tooth with id {tooth['id']!r} stands twice")
        if tooth["fdi"] and tooth["fdi"] in numbers:
            raise TeethError(f"number {tooth['fdi']} stands twice; give one of them another")
        ids.add(tooth["id"])
        numbers.add(tooth["fdi"])
