"""Keras, imported in this one place: `from panodent.training.backend import keras`.

TensorFlow announces at its start that it uses oneDNN, and at the first whole numbers that oneDNN
does not work on them, whatever TF_CPP_MIN_LOG_LEVEL says. While it is imported, these announcements
are left out of the standard error stream; all other lines pass.
"""

from __future__ import annotations

import importlib
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from panodent.training.backend_name import backend_name

LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
ERRORS = "2"
"""Hides information and warnings."""
ANNOUNCEMENTS = (
    b"All log messages before absl::InitializeLog() is called",
    b"oneDNN custom operations are on.",
    b"oneDNN supports DT_INT32 only on platforms with AVX-512.",
)

_FORWARD = f"""
import sys
for line in sys.stdin.buffer:
    if not any(text in line for text in {ANNOUNCEMENTS!r}):
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
"""


@contextmanager
def without_announcements() -> Iterator[None]:
    """Leaves lines with one of `ANNOUNCEMENTS` out of file descriptor 2.

    Another process forwards the other lines, so that they are seen even if this one crashes.
    """
    before = os.dup(2)
    try:
        # Ctrl-C must end this process first, so the other is not in its group.
        with subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _FORWARD],
            stdin=subprocess.PIPE,
            start_new_session=True,
        ) as forward:
            assert forward.stdin is not None  # noqa: S101
            os.dup2(forward.stdin.fileno(), 2)
            forward.stdin.close()
            try:
                yield
            finally:
                os.dup2(before, 2)
    finally:
        os.close(before)


def _import_keras() -> Any:
    if os.environ.setdefault(LOG_LEVEL, ERRORS) == ERRORS:
        # The part of TensorFlow in Python does not obey the variable: it would advise against
        # compiling functions again, which the runs of several folds in one process must do.
        logging.getLogger("tensorflow").setLevel(logging.ERROR)
    if "keras" in sys.modules or "tensorflow" in sys.modules:
        return importlib.import_module("keras")
    if not _has_stderr():
        _import_tensorflow()
        return importlib.import_module("keras")
    with without_announcements():
        _import_tensorflow()
        imported = importlib.import_module("keras")
        if imported.backend.backend() == "tensorflow":
            # The second announcement comes once in a process: now, and not in the first epoch.
            imported.ops.transpose(imported.ops.zeros((1, 1, 1), "int32"), (1, 0, 2))
        return imported


def _import_tensorflow() -> None:
    """Imports TensorFlow, if Keras will use it, without JAX.

    TensorFlow Lite, which nothing uses here, imports JAX wherever it is installed: one second more.
    """
    if backend_name() != "tensorflow" or "jax" in sys.modules:
        return
    sys.modules["jax"] = None  # type: ignore[assignment] # as if it were not installed
    try:
        importlib.import_module("tensorflow")
    finally:
        del sys.modules["jax"]


def _has_stderr() -> bool:
    """Whether file descriptor 2 is open; programs without a console may lack it."""
    try:
        os.fstat(2)
    except OSError:
        return False
    return True


keras = _import_keras()
layers, ops = keras.layers, keras.ops
