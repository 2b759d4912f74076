"""Which backend Keras will use, without an import of Keras."""

from __future__ import annotations

import json
import os
from pathlib import Path


def backend_name() -> str:
    """The backend that Keras will use: of the environment, else of its settings file.

    The name is not checked; "tensorflow" where neither says one.
    """
    if name := os.environ.get("KERAS_BACKEND"):
        return name
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    try:
        settings = json.loads((Path(home) / "keras.json").read_text(encoding="utf-8"))
        return str(settings.get("backend", "tensorflow"))
    except (OSError, ValueError, AttributeError):
        return "tensorflow"
