"""Annotated findings: a COCO file whose categories are kinds of findings.

Each annotation has `category_id`, `segmentation`, and perhaps `fdi`: the tooth that carries the
finding or stood in its place, 0 for none. Categories that are not a kind of
`panodent.teeth.finding_kinds.KINDS`, such as `other` or `root_remnant`, mark places about which
nothing is said. Categories of teeth are left out. `panodent.formats.coco` reads teeth and findings.

>>> from tempfile import TemporaryDirectory
>>> found = Findings.from_masks((4, 6), [("crown", 36, [[1, 1], [1, 0]], (1, 2))])
>>> with TemporaryDirectory() as folder:
...     write_findings(Path(folder, "findings.json"), [("opg.png", found)])
...     read_findings(Path(folder, "findings.json"))["opg"].findings == found
True
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.errors import AnnotationError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.coco_document import image, segmentation_mask
from panodent.formats.coco_geometry import bbox, run_lengths
from panodent.formats.naming import means_no_number
from panodent.radiograph.radiograph import key_of
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.masks import trimmed
from panodent.utils.atomic_files import write_whole

__all__ = ["AnnotatedFindings", "read_findings", "write_findings"]


def read_findings(file: Path) -> dict[str, AnnotatedFindings]:
    """Findings by key, which is the image's path without suffix.

    An image without annotations has no findings. Raises `AnnotationError` for a file that is not
    of this form.
    """
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        names = {e["id"]: str(e["name"]) for e in data["categories"]}
        teeth = {key for key, name in names.items() if _is_tooth(name)}
        by_image: dict[Any, list[dict[str, Any]]] = {entry["id"]: [] for entry in data["images"]}
        for entry in data["annotations"]:
            if entry["category_id"] not in teeth:
                by_image[entry["image_id"]].append(entry)
        if not set(names.values()) & set(KINDS):
            raise AnnotationError(
                f"no category is a kind of finding; expected some of {', '.join(KINDS)}"
            )
        return {
            key_of(str(entry["file_name"])): _annotated(entry, by_image[entry["id"]], names)
            for entry in data["images"]
        }
    except AnnotationError as error:
        raise AnnotationError(f"{file}: {error}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise AnnotationError(
            f"{file}: not annotated findings ({error!r}); expected a COCO file with images, "
            "categories and annotations"
        ) from None


def _is_tooth(name: str) -> bool:
    return means_no_number(name) or name.strip() in {str(fdi) for fdi in TEETH}


def _annotated(
    entry: dict[str, Any], annotations: list[dict[str, Any]], names: dict[Any, str]
) -> AnnotatedFindings:
    size = (int(entry["height"]), int(entry["width"]))
    unclear = np.zeros(size, bool)
    items, others = [], Counter[str]()
    for item in annotations:
        kind, mask = names[item["category_id"]], segmentation_mask(item["segmentation"], size)
        fdi = int(item.get("fdi", NOWHERE))
        if fdi != NOWHERE and fdi not in TEETH:
            raise AnnotationError(f"fdi {fdi} is not an FDI number; expected one, or 0 for none")
        if kind in KINDS:
            items.append((kind, fdi, *trimmed(mask)))
        else:
            unclear |= mask
            others[kind] += 1
    return AnnotatedFindings(Findings.from_masks(size, items), unclear, dict(others))


def write_findings(file: Path, items: Iterable[tuple[str, Findings]]) -> None:
    """Writes findings by file name; raises `OutputError` when the file cannot be written."""
    ids = {kind: number for number, kind in enumerate(KINDS, start=1)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for name, findings in items:
        images.append(image(len(images) + 1, name, findings.size))
        for index, finding in enumerate(findings):
            top, left, bottom, right = finding.box
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": ids[finding.kind],
                    "fdi": finding.fdi,
                    "segmentation": run_lengths(findings.rle(index), findings.size),
                    "area": int(np.count_nonzero(finding.mask)),
                    "bbox": bbox(left, top, right, bottom),
                    "iscrowd": 0,
                }
            )
    kinds = [{"id": n, "name": kind, "supercategory": "finding"} for kind, n in ids.items()]
    made = {"images": images, "annotations": annotations, "categories": kinds}
    write_whole(file, json.dumps(made) + "\n")
