"""Tasks of Label Studio: which annotation counts, and what was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.label_studio_tasks import (
    NO_LABEL,
    chosen_annotation,
    declared_image_size,
    region_name,
    regions,
    task_name,
    teeth_of_regions,
)

DRAWN = {"points": [[0, 0], [9, 0], [9, 9]]}


def drawn(kind: str = "polygonlabels", key: str = "x", **value: Any) -> dict[str, Any]:
    return {"id": key, "type": kind, "value": {**DRAWN, **value}}


def found(*results: Any) -> tuple[list[Any], list[str]]:
    """The labels of regions, and what was reported."""
    faults = FaultList()
    report = FaultReport.of({"faults": faults}, "a.json", "task 5")
    listed = [label for _, label, _ in regions({"result": list(results)}, report)]
    return listed, [f"{fault.item}: {fault.cost}" for fault in faults]


@pytest.mark.parametrize(
    ("results", "labels", "reported"),
    [
        ([drawn(polygonlabels=["36"])], ["36"], []),
        ([drawn(polygonlabels=[])], [NO_LABEL], ["region 'x': nothing"]),
        ([drawn("polygon")], [NO_LABEL], ["region 'x': nothing"]),
        ([drawn("polygon"), drawn("labels", labels=["36"])], ["36"], []),
        ([drawn(polygonlabels=["36", "37"])], [], ["region 'x': annotation"]),
        ([{"id": "x", "type": "choices", "value": {"choices": ["36"]}}], [], []),
        ([{"type": "relation", "from_id": "x", "to_id": "y"}], [], []),
        ([{"a": 1}], [], ["region None: annotation"]),
    ],
)
def test_regions(results: list[Any], labels: list[Any], reported: list[str]) -> None:
    assert found(*results) == (labels, reported)


def test_the_annotation_that_counts() -> None:
    old, new = {"id": 1, "updated_at": "2025-01-01"}, {"id": 2, "updated_at": "2026-01-01"}
    dropped = {"id": 3, "updated_at": "2027-01-01", "was_cancelled": True}
    assert chosen_annotation({"annotations": [new, old, dropped]}, False, "") == new
    assert chosen_annotation({"annotations": [], "predictions": [old]}, False, "") is None
    assert chosen_annotation({"annotations": [], "predictions": [old]}, True, "") == old


def test_names_in_errors() -> None:
    assert task_name({"id": 5, "data": {}}, Path("a.json")) == "task 5"
    assert region_name({"id": "x"}, "36") == "region 'x': 36"
    assert region_name({}, NO_LABEL) == "region None"
    with pytest.raises(AnnotationError, match=r"a\.json: 3 is not a task"):
        task_name(3, Path("a.json"))


def test_the_tooth_of_a_finding_is_a_choice_for_its_region() -> None:
    choice = {"id": "x", "from_name": "tooth", "value": {"choices": ["36"]}}
    assert teeth_of_regions({"result": [choice, drawn()]}) == {"x": "36"}


def test_the_size_is_that_of_regions_or_of_the_task() -> None:
    report = FaultReport.of(None, "a.json", "task 5")
    sized = {**drawn(polygonlabels=["36"]), "original_width": 10, "original_height": 8}
    task = {"data": {"height": 4, "width": 5}}
    assert declared_image_size(task, {"result": [sized]}, report) == (8, 10)
    assert declared_image_size(task, {"result": []}, report) == (4, 5)
    assert declared_image_size({"data": {}}, {"result": []}, report) is None
    with pytest.raises(AnnotationError, match=r"task 5: regions are of images of sizes"):
        declared_image_size(task, {"result": [sized, {**sized, "original_width": 11}]}, report)
