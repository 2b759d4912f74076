"""The start of Keras: what is left out of standard error, and what passes."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent import training
from panodent.training.backend import (
    ANNOUNCEMENTS,
    LOG_LEVEL,
    keras,
    layers,
    without_announcements,
)


def test_it_is_keras() -> None:
    assert keras.__name__ == "keras"
    assert layers.Dense is keras.layers.Dense


def test_no_other_module_imports_keras_itself() -> None:
    root = Path(training.__file__).parent
    found = [
        file.name
        for file in root.rglob("*.py")
        if re.search(r"^\s*(import|from) keras\b", file.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert found == []


@pytest.fixture(scope="module")
def crashed() -> str:
    """The standard error of a process that imports Keras, logs two lines, and crashes."""
    code = (
        "import os; from panodent.training.backend import without_announcements\n"
        "import tensorflow as tf\n"
        "tf.get_logger().warning('advice'); tf.get_logger().error('a real error')\n"
        "with without_announcements():\n"
        "    os.write(2, b'fatal: no AVX\\n'); os.abort()"
    )
    env = {name: value for name, value in os.environ.items() if name != LOG_LEVEL}
    env["KERAS_BACKEND"] = "tensorflow"
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, check=False, env=env, text=True)
    assert found.returncode != 0
    return found.stderr


def test_warnings_of_tensorflow_in_python_are_hidden_too(crashed: str) -> None:
    assert "advice" not in crashed
    assert "a real error" in crashed


def test_announcements_are_left_out_and_other_lines_pass(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with without_announcements():
        for text in (b"before", *ANNOUNCEMENTS, b"E0000 a real error"):
            os.write(2, text + b"\n")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "before\nE0000 a real error\nafter\n"


def test_an_exception_passes_and_standard_error_is_restored(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="wrong"), without_announcements():
        raise ValueError("wrong")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_the_import_says_nothing_but_the_last_words_of_a_crash_pass(crashed: str) -> None:
    assert "fatal: no AVX" in crashed
    assert not any(text.decode() in crashed for text in ANNOUNCEMENTS)
