"""Corrections of annotations: numbers and polygons by radiograph, applied to published data.

A correction file is JSON; it holds no pixel of a radiograph, so it may be published where the
radiographs may not:

{"format": "panodent-corrections/1", "name": ..., "licence": ..., "attribution": ...,
 "radiographs": {KEY: {"renumber": {"17": 16}, "remove": [33], "add": [{"fdi": 73, "polygon":
 [[x, y], ...]}], "dentition": "mixed", "unsure": ["why"], "note": "..."}}}

KEY is the radiograph's path below the data folder without suffix, or its file name without suffix.
`renumber` (published number -> right number) is applied to all teeth at once, after `remove` and
before `add`. Polygons are in pixels of the published radiograph, (x, y); `fdi` 0 is a
supernumerary tooth.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from panodent import formats
from panodent.datasets.convert import Conversion, convert
from panodent.dentition import TEETH
from panodent.errors import AnnotationError, DatasetError, UnknownNameError
from panodent.formats.faults import OPTION, FaultList
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.utils.progress import Progress

FORMAT = "panodent-corrections/1"
PUBLIC = {
    "ufba425": "UFBA-425, as published with OralBBNet",
    "hitl": "Humans in the Loop, Teeth Segmentation on dental X-ray images",
}
"""Data sets whose corrections ship with panodent."""

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Correction:
    """What is changed in the annotation of one radiograph.

    renumber : published FDI number -> right one (0: unnumbered).
    remove : FDI numbers of teeth to remove.
    add : (FDI number, polygon of (x, y) in pixels) of teeth to add.
    unsure : what the corrector was not sure of, in words.
    """

    renumber: Mapping[int, int] = field(default_factory=dict)
    remove: tuple[int, ...] = ()
    add: tuple[tuple[int, Polygon], ...] = ()
    unsure: tuple[str, ...] = ()
    note: str = ""
    dentition: str = ""

    def __len__(self) -> int:
        """How many teeth it changes, removes or adds."""
        return len(self.renumber) + len(self.remove) + len(self.add)

    def apply(self, teeth: Teeth, where: str = "annotation") -> Teeth:
        """The corrected teeth, in order of FDI number.

        Raises `AnnotationError` where a number to be changed or removed is not there: then the
        correction was made for another version of the data.

        >>> teeth = Teeth.from_masks((2, 2), [(17, np.eye(2, dtype=bool))])
        >>> Correction(renumber={17: 16}).apply(teeth).fdi.tolist()
        [16]
        """
        present = set(teeth.fdi.tolist())
        if missing := [fdi for fdi in (*self.renumber, *self.remove) if fdi not in present]:
            raise AnnotationError(
                f"{where}: the correction changes tooth {missing[0]}, which is not annotated; "
                "expected the data as published. Was it corrected before?"
            )
        kept = teeth.select(~np.isin(teeth.fdi, self.remove))
        items: list[Any] = [
            (self.renumber.get(fdi, fdi), mask, (int(box[0]), int(box[1])))
            for fdi, box, mask in kept
        ]
        scores, flags = kept.scores.tolist(), list(kept.flags)
        for fdi, polygon in self.add:
            items.append((fdi, fill([[np.array(polygon)]], teeth.size)))
            scores.append(1.0)
            flags.append(frozenset())
        return Teeth.from_masks(teeth.size, items, scores, flags).sorted()


@dataclass(frozen=True)
class Corrections:
    """Corrections of one data set; `size` is the (height, width) that polygons refer to."""

    name: str
    licence: str
    attribution: str
    radiographs: Mapping[str, Correction]
    size: tuple[int, int] | None = None

    def entries(self, keys: Collection[str]) -> dict[str, str]:
        """By key of each radiograph that has a correction, the key of that correction.

        A radiograph's own key goes before its file name. Raises `DatasetError` where the file name
        of a correction fits several radiographs.

        >>> Corrections("", "", "", {"x": Correction()}).entries(["a/x", "a/y"])
        {'a/x': 'x'}
        """
        found = {key: key for key in keys if key in self.radiographs}
        first: dict[str, str] = {}
        for key in keys:
            name = PurePosixPath(key).name
            if key in found or name in found or name not in self.radiographs:
                continue
            if name in first:
                raise DatasetError(
                    f"the correction {name!r} fits {first[name]} and {key}; keep one of them, or "
                    "name radiographs by their path in the correction file"
                )
            first[name] = key
        return found | {key: name for name, key in first.items()}

    def apply(self, entry: str, key: str, teeth: Teeth) -> Teeth:
        """The teeth of the radiograph `key`, changed by the correction `entry`.

        Raises `AnnotationError` where the radiograph has another size than the polygons refer to.
        """
        correction = self.radiographs[entry]
        if self.size is not None and correction.add and teeth.size != self.size:
            raise AnnotationError(
                f"{key}: the annotation is {teeth.size[0]} x {teeth.size[1]} (height x width), the "
                f"corrections {self.name!r} are for {self.size[0]} x {self.size[1]}; "
                "use the radiographs as published"
            )
        return correction.apply(teeth, key)


@dataclass
class Outcome:
    """What became of a corrected folder.

    changed : by key of the radiograph, how many teeth were changed, removed or added.
    unused : keys of corrections for which there is no radiograph.
    """

    conversion: Conversion
    changed: Mapping[str, int]
    unused: tuple[str, ...]


def correct(
    source: Path,
    target: Path,
    corrections: Corrections,
    to: str = "coco",
    *,
    format_name: str | None = None,
    read_options: Mapping[str, Any] | None = None,
    skip_bad: bool = False,
    progress: Progress | None = None,
    overwrite: bool = False,
) -> Outcome:
    """Writes the corrected annotations of `source` in format `to`, with copies of the radiographs.

    A radiograph without a correction is written as it is. Raises `DatasetError` when no correction
    belongs to a radiograph or two radiographs share one, and as `convert` does, also with
    `skip_bad` and `overwrite`.
    """
    options = {**(read_options or {}), OPTION: FaultList()}  # `convert` reports them
    name, annotations = formats.read(source, format_name, options)
    keys = [item.key for item in annotations]
    entry_of = corrections.entries(keys)
    if annotations and not entry_of:
        wanted = ", ".join(sorted(corrections.radiographs)[:3])
        found = ", ".join(sorted(keys)[:3])
        raise DatasetError(
            f"{source}: none of {len(keys)} radiographs ({found}, ...) has a correction in "
            f"{corrections.name!r}; expected paths or file names without suffix such as {wanted}"
        )

    def change(key: str, teeth: Teeth) -> Teeth:
        return corrections.apply(entry_of[key], key, teeth) if key in entry_of else teeth

    conversion = convert(
        source,
        target,
        to,
        format_name=name,
        read_options=read_options,
        skip_bad=skip_bad,
        progress=progress,
        overwrite=overwrite,
        change=change,
    )
    changed = {
        key: count
        for key, entry in entry_of.items()
        if (count := len(corrections.radiographs[entry])) and key not in conversion.failed
    }
    unused = sorted(set(corrections.radiographs) - set(entry_of.values()))
    return Outcome(conversion, changed, tuple(unused))


def load(source: str | Path) -> Corrections:
    """Corrections by the name of a public data set (see `PUBLIC`) or from a JSON file.

    Raises `UnknownNameError` for a name that is neither, `AnnotationError` for a damaged file.
    """
    if str(source) in PUBLIC:
        folder = resources.files("panodent.datasets") / "corrections"
        text, where = (folder / f"{source}.json").read_text(encoding="utf-8"), str(source)
    else:
        file, where = Path(source), str(source)
        if not file.is_file():
            raise UnknownNameError("corrections", source, [*PUBLIC, "a JSON file"])
        try:
            text = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise AnnotationError(f"{file}: cannot be read ({error})") from None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise AnnotationError(f"{where}: not JSON ({error}); expected {FORMAT}") from None
    return _parsed(data, where)


def _parsed(data: Any, where: str) -> Corrections:
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        found = data.get("format") if isinstance(data, dict) else type(data).__name__
        raise AnnotationError(f"{where}: format is {found!r}; expected {FORMAT!r}")
    try:
        size = data.get("size")
        return Corrections(
            str(data.get("name", "")),
            str(data.get("licence", "")),
            str(data.get("attribution", "")),
            {
                str(key): _correction(entry, f"{where}: {key}")
                for key, entry in data["radiographs"].items()
            },
            (int(size[0]), int(size[1])) if size else None,
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AnnotationError(f"{where}: {error!r} where corrections were expected") from None


def _correction(entry: Mapping[str, Any], where: str) -> Correction:
    correction = Correction(
        {int(old): int(new) for old, new in entry.get("renumber", {}).items()},
        tuple(int(fdi) for fdi in entry.get("remove", ())),
        tuple(
            (int(item["fdi"]), tuple((float(x), float(y)) for x, y in item["polygon"]))
            for item in entry.get("add", ())
        ),
        tuple(str(text) for text in entry.get("unsure", ())),
        str(entry.get("note", "")),
        str(entry.get("dentition", "")),
    )
    numbers = [*correction.renumber.values(), *(fdi for fdi, _ in correction.add)]
    if unknown := [fdi for fdi in numbers if fdi not in TEETH and fdi != UNNUMBERED]:
        raise AnnotationError(f"{where}: {unknown[0]} is not an FDI number (or 0: unnumbered)")
    if short := [fdi for fdi, polygon in correction.add if len(polygon) < 3]:
        raise AnnotationError(f"{where}: the polygon of {short[0]} has fewer than 3 points")
    return correction


def to_json(corrections: Corrections) -> str:
    """Correction file: one line a radiograph, so that changes are easy to review."""
    head: dict[str, Any] = {
        "format": FORMAT,
        "name": corrections.name,
        "licence": corrections.licence,
        "attribution": corrections.attribution,
    }
    if corrections.size is not None:
        head["size"] = list(corrections.size)
    lines = [f" {json.dumps(name)}: {json.dumps(value)}," for name, value in head.items()]
    entries = [
        f"  {json.dumps(key)}: {json.dumps(_plain(item), ensure_ascii=False)}"
        for key, item in sorted(corrections.radiographs.items())
    ]
    body = ",\n".join(entries)
    return "{\n" + "\n".join(lines) + '\n "radiographs": {\n' + body + "\n }\n}\n"


def _plain(correction: Correction) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "dentition": correction.dentition,
        "renumber": {str(old): new for old, new in sorted(correction.renumber.items())},
        "remove": list(correction.remove),
        "add": [
            {"fdi": fdi, "polygon": [[round(x, 1), round(y, 1)] for x, y in polygon]}
            for fdi, polygon in correction.add
        ],
        "unsure": list(correction.unsure),
        "note": correction.note,
    }
    return {name: value for name, value in entry.items() if value}
