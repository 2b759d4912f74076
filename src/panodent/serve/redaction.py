"""What a log may say of an error: its kind and its place, never its message.

Messages carry values, and values can be a patient's.
"""

from __future__ import annotations

import traceback
from pathlib import Path


def place(error: BaseException) -> str:
    """Kind and innermost places of an error, as `ValueError at fill (masks.py:224), ...`."""
    steps = traceback.extract_tb(error.__traceback__)[-4:]
    where = [f"{step.name} ({Path(step.filename).name}:{step.lineno})" for step in reversed(steps)]
    return f"{type(error).__name__} at {', '.join(where) or 'an unknown place'}"
