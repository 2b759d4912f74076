from __future__ import annotations

import json

import pytest

from panodent.errors import MissingExtraError, OutputError, PanodentError, RadiographError
from panodent.serve.routes.problems import of_error, problem
from panodent.serve.store.job_queue import UnknownJobError
from panodent.serve.store.store import StaleError, UnknownStudyError
from panodent.serve.workers.pool import BusyError, TaskError


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
    answer = of_error(error)
    body = json.loads(answer.body)
    assert (answer.status_code, body["status"], body["type"]) == (status, status, "about:blank")
    assert body["detail"] == str(error)
    assert body["title"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert ("retry-after" in answer.headers) == (status == 503)


def test_more_members_may_be_told():
    assert json.loads(problem(422, "x", errors=[1]).body)["errors"] == [1]
