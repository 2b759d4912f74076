"""Errors as log lines without their messages: messages quote values, which can be a patient's."""

from __future__ import annotations

import traceback
from pathlib import Path

FRAMES = 4
"""Innermost stack frames that a log line names."""


def redacted(error: BaseException) -> str:
    """Type and innermost stack frames of an error, without its message.

    >>> try:
    ...     int("Doe^Jane")
    ... except ValueError as error:
    ...     print(redacted(error))
    ValueError at <module> (<doctest panodent.serve.redaction.redacted[0]>:2)
    """
    steps = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    where = [f"{step.name} ({Path(step.filename).name}:{step.lineno})" for step in reversed(steps)]
    return f"{type(error).__name__} at {', '.join(where) or 'an unknown place'}"
