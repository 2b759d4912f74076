"""Extras that commands demand before they begin."""

from __future__ import annotations

import importlib.util
import os

from panodent.errors import MissingExtraError


def need_keras() -> None:
    """Raises `MissingExtraError` where Keras is not installed; imports nothing yet."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if importlib.util.find_spec("keras") is None:
        raise MissingExtraError("train", "training", "keras")
