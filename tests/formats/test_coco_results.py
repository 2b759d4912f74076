"""COCO results as annotations: from `panodent predict`, from other programs, and damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import formats
from panodent.errors import AnnotationError, DatasetError
from panodent.formats.coco_results import annotated_results, begins_with_tooth, is_results
from panodent.formats.faults import FaultList
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (20, 30)
BLOCK = np.ones((5, 6), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (2, 3)), (37, BLOCK, (2, 5))], [0.5, 0.25])
FOUND = Findings.from_masks(SIZE, [("crown", 36, BLOCK, (2, 3))], [0.75])


def entry(index: int = 0, **change: Any) -> dict[str, Any]:
    segmentation = {"size": list(SIZE), "counts": TEETH.rle(index)}
    known = {"category_id": int(TEETH.fdi[index]), "score": float(TEETH.scores[index])}
    return {"file_name": "sub/a.png", "segmentation": segmentation, **known} | change


def written(folder: Path, *entries: object, name: str = "predictions.json") -> Path:
    (folder / name).write_text(json.dumps(entries))
    return folder / name


def finding(**change: Any) -> dict[str, Any]:
    segmentation = {"size": list(SIZE), "counts": FOUND.rle(0)}
    known = {"category": "crown", "fdi": 36, "score": 0.75, "file_name": "sub/a.png"}
    return {**known, "segmentation": segmentation} | change


def test_overlaps_and_scores_are_kept(tmp_path: Path) -> None:
    file = written(tmp_path, entry(), entry(1), entry(file_name="b.png", category_id=0))
    assert formats.recognise(file) == "coco"
    first, second = formats.get("coco").read(file)
    assert (first.key, first.findings) == ("b", None)
    assert first.read().fdi.tolist() == [0]
    assert second.key == "sub/a"
    assert second.read() == TEETH


def test_findings_beside_come_along(tmp_path: Path) -> None:
    file = written(tmp_path, entry(), entry(file_name="b.png"))
    written(tmp_path, finding(), name="findings.json")
    b, a = annotated_results(file)
    assert a.findings is not None
    assert a.findings().findings == FOUND
    assert b.findings is not None
    assert b.findings().findings == Findings.empty(SIZE)


@pytest.mark.parametrize(
    ("text", "results", "of_teeth"),
    [
        ("[]", True, False),
        ('[{"data": {"image": "a.png"}}]', True, False),  # an export of Label Studio
        ("[1, 2]", True, False),
        ('{"images": []}', False, False),
        ("[{", True, False),
    ],
)
def test_other_lists_are_no_results(
    tmp_path: Path, text: str, results: bool, of_teeth: bool
) -> None:
    (tmp_path / "x.json").write_text(text)
    assert is_results(tmp_path / "x.json") == results
    assert begins_with_tooth(tmp_path / "x.json") == of_teeth
    assert not formats.get("coco").recognises(tmp_path / "x.json")


@pytest.mark.parametrize("name", ["../a.png", "/etc/a.png", ""])
def test_names_stay_in_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match="expected a file below the data folder"):
        annotated_results(written(tmp_path, entry(file_name=name)))


def test_a_name_that_no_file_has_costs_its_radiograph(tmp_path: Path) -> None:
    file = written(tmp_path, entry(file_name="a\x1b[31m.png"), entry(file_name="b.png"))
    with pytest.raises(AnnotationError, match="without control characters"):
        annotated_results(file)
    found = FaultList()
    assert [item.key for item in formats.get("coco").read(file, {"faults": found})] == ["b"]
    assert [fault.cost for fault in found.serious] == ["radiograph"]
    assert "\x1b" not in str(found.serious[0])


def test_two_radiographs_of_one_key(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="are both 'a' without their suffix"):
        annotated_results(written(tmp_path, entry(file_name="a.png"), entry(file_name="a.jpg")))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"category_id": 19}, "category_id 19 is not an FDI number"),
        ({"score": "high"}, "not a COCO result"),
        ({"segmentation": {"size": [10**6, 10**6], "counts": "1"}}, "whole numbers from 1 to"),
        ({"segmentation": {"size": [5], "counts": "1"}}, "not a COCO result"),
        ({"segmentation": [[0, 0, 1, 1, 2, 2]]}, "not a COCO result"),
    ],
)
def test_damaged_entries(tmp_path: Path, change: dict[str, Any], reason: str) -> None:
    (item,) = annotated_results(written(tmp_path, entry(**change)))
    with pytest.raises(AnnotationError, match=rf"predictions\.json: sub/a\.png: .*{reason}"):
        item.read()


def test_entries_that_lack_something(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="result 1 lacks file_name"):
        annotated_results(written(tmp_path, entry(), {}))
    file = written(tmp_path, entry())
    written(tmp_path, {"file_name": "a"}, name="findings.json")
    with pytest.raises(AnnotationError, match=r"findings\.json: result 0 lacks category, fdi"):
        annotated_results(file)
