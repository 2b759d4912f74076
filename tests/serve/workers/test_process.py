"""Answers of a worker process to tasks that fail."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from panodent.errors import OutputError, RadiographError
from panodent.serve.workers.process import _answer, resident_bytes

TASK = {"task": "predict", "name": "scan.png", "file": "/store/files/abc/original.png"}


def answer(error: Exception) -> dict[str, Any]:
    def run(task: Any) -> Any:
        raise error

    header, blobs = _answer(SimpleNamespace(run=run), TASK)
    assert blobs == {}
    return header


@pytest.mark.parametrize(("error", "kind"), [(RadiographError, ""), (OutputError, "output")])
def test_errors_name_the_file_as_the_user_knows_it(error: type[Exception], kind: str) -> None:
    found = answer(error(f"{TASK['file']}: the file is empty"))
    assert found == {"error": "scan.png: the file is empty", "kind": kind}


def test_too_little_memory_is_an_error_of_the_file() -> None:
    assert answer(MemoryError()) == {
        "error": "scan.png: needs more memory than the service allows for a file"
    }


def test_other_errors_are_for_the_log_without_their_message() -> None:
    found = answer(ZeroDivisionError("Waltraud"))
    assert found["error"].startswith("scan.png: cannot be processed")
    assert found["internal_error"].startswith("ZeroDivisionError at run (test_process.py:")
    assert "Waltraud" not in str(found)


def test_the_memory_in_use_is_known_on_linux() -> None:
    assert resident_bytes() > 1 << 20
