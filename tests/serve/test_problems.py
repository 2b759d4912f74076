from __future__ import annotations

import json

import pytest

from panodent.errors import (
    BusyError,
    MissingExtraError,
    OutputError,
    PanodentError,
    RadiographError,
    StaleError,
    TaskError,
    UnknownJobError,
    UnknownStudyError,
)
from panodent.serve.problems import problem, problem_from_error


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownStudyError("x"), 404),
        (UnknownJobError("x"), 404),
        (StaleError("x"), 409),
        (BusyError("x"), 503),
        (TaskError("x"), 422),
        (RadiographError("x"), 422),
        (OutputError("x"), 507),
        (MissingExtraError("dicom", "reading", "pydicom"), 501),
        (PanodentError("x"), 422),
    ],
)
def test_errors_are_problems(error, status):
    answer = problem_from_error(error)
    body = json.loads(answer.body)
    assert (answer.status_code, body["status"], body["type"]) == (status, status, "about:blank")
    assert body["detail"] == str(error)
    assert body["title"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("retry-after" in answer.headers) == (status == 503)


def test_more_members_may_be_told():
    assert json.loads(problem(422, "x", errors=[1]).body)["errors"] == [1]
