"""Errors as RFC 9457 problem details."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from starlette.responses import Response

from panodent.errors import (
    BusyError,
    MissingExtraError,
    OutputError,
    PanodentError,
    StaleError,
    UnknownJobError,
    UnknownStudyError,
)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 1
UNPROCESSABLE = 422
_STATUS: Mapping[type[PanodentError], int] = {
    UnknownStudyError: 404,
    UnknownJobError: 404,
    StaleError: 409,
    BusyError: 503,
    MissingExtraError: 501,
    OutputError: 507,
    PanodentError: UNPROCESSABLE,
}


def problem(status: int, detail: str, **more: Any) -> Response:
    """A response with this status and further members `more`.

    `detail` is one sentence: what was given, what was expected and what to do.
    """
    title = HTTPStatus(status).phrase if status != UNPROCESSABLE else "Unprocessable Content"
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else {}
    return Response(json.dumps(body), status, headers, MEDIA_TYPE)


def problem_from_error(error: PanodentError) -> Response:
    """The response for one of panodent's errors; its message becomes the detail."""
    status = next(code for kind, code in _STATUS.items() if isinstance(error, kind))
    return problem(status, str(error))
