"""What the models of requests accept, and the error responses of a route."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from panodent.outputs.record import finding_record
from panodent.serve.routes.schema import (
    Edit,
    EditedFinding,
    EditedTooth,
    FoundFinding,
    Kind,
    StudyFinding,
    problems,
    upload,
)
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings

RING = [[0, 0], [9, 0], [9, 9.5]]


@pytest.mark.parametrize(
    "tooth",
    [
        {"id": "t1", "fdi": 11},
        {"fdi": 0, "polygons": [[RING]]},
        {"id": "t1", "fdi": 85, "polygons": [[RING, RING], [RING]]},
    ],
)
def test_edits_of_known_and_drawn_teeth(tooth: dict[str, Any]) -> None:
    assert Edit(revision=0, teeth=[tooth]).teeth[0].model_dump(exclude_none=True) == tooth


@pytest.mark.parametrize(
    "tooth",
    [
        {},
        {"fdi": "11"},
        {"fdi": 11.0},
        {"fdi": 100},
        {"fdi": 11, "score": 1},
        {"fdi": 11, "id": "t" * 41},
        {"fdi": 11, "polygons": [[RING[:2]]]},
        {"fdi": 11, "polygons": [[[[0, 0, 0], *RING[1:]]]]},
        {"fdi": 11, "polygons": [[[[0, float("nan")], *RING[1:]]]]},
        {"fdi": 11, "polygons": [[[[0, 1e7], *RING[1:]]]]},
    ],
)
def test_other_teeth_are_refused(tooth: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EditedTooth.model_validate(tooth)


def test_every_route_has_the_errors_of_the_limits_and_its_own() -> None:
    assert {401, 413, 503, 507} <= set(problems(507))
    assert 507 not in problems()
    assert list(problems()) == sorted(problems())


def test_uploads_are_one_file_or_several() -> None:
    def shape(several: bool) -> Any:
        form = upload("file", several, "x")["requestBody"]["content"]["multipart/form-data"]
        return form["schema"]["properties"]["file"]

    assert shape(False)["format"] == "binary"
    assert shape(True) == {"type": "array", "items": shape(False), "minItems": 1}


def test_findings_have_every_kind_and_field() -> None:
    assert get_args(Kind) == tuple(KINDS)
    record = finding_record(Findings.from_masks((4, 4), [("post", 11, [[1]], (1, 1))]), 0)
    assert FoundFinding.model_validate(record).model_dump() == record
    assert set(FoundFinding.model_fields) == set(record)
    shown = {"id": "f1", **{key: value for key, value in record.items() if key != "rle"}}
    assert StudyFinding.model_validate(shown).model_dump() == {**shown, "accepted": None}
    assert set(StudyFinding.model_fields) == {*shown, "accepted"}
    entry = {"id": None, "kind": "post", "fdi": 11, "polygons": None, "accepted": None}
    assert EditedFinding.model_validate({"kind": "post", "fdi": 11}).model_dump() == entry
    assert Edit.model_validate({"revision": 0, "teeth": []}).findings is None
    for wrong in ({"kind": "caries", "fdi": 11}, {"kind": "post", "fdi": 100}, {"kind": "post"}):
        with pytest.raises(ValidationError):
            EditedFinding.model_validate(wrong)
