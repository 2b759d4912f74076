"""Python programs run as new processes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from panodent.benchmark.processes import child_environment, run_python
from panodent.errors import BenchmarkError


def test_the_output_of_a_program_is_returned() -> None:
    found = run_python(["-c", "print(6 * 7)"], dict(os.environ))
    assert found.output == "42\n"
    assert found.seconds > 0


def test_a_program_that_fails_is_quoted() -> None:
    with pytest.raises(BenchmarkError, match=r"ended with 1: .*no such thing"):
        run_python(["-c", "raise ValueError('no such thing')"], dict(os.environ))


def test_byte_code_is_kept_where_python_writes_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    with child_environment() as environment:
        assert "PYTHONDONTWRITEBYTECODE" not in environment
        folder = Path(environment["PYTHONPYCACHEPREFIX"])
        run_python(["-c", "import panodent.version"], environment)
        assert list(folder.rglob("version*.pyc"))
    assert not folder.exists()


def test_the_environment_is_passed_on_unchanged_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    with child_environment() as environment:
        assert environment == {**os.environ, "PYTHONPATH": environment["PYTHONPATH"]}
