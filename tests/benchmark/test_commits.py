"""The script that compares two commits runs both, and pairs what it measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from panodent.benchmark.inputs import draw_phantoms
from panodent.benchmark.processes import FinishedProcess

ROOT = Path(__file__).parents[2]


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    import commits

    return commits


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not in a clone of git")
def test_a_commit_is_unpacked(commits: ModuleType, tmp_path: Path) -> None:
    there = commits.unpack("HEAD", tmp_path)
    assert (there / "panodent/cli/predict.py").is_file()
    with pytest.raises(SystemExit, match="commit nowhere: "):
        commits.unpack("nowhere", tmp_path)


def test_the_package_of_the_commit_runs(commits: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "panodent").mkdir()
    (tmp_path / "panodent/__init__.py").touch()
    (tmp_path / "panodent/__main__.py").write_text("import sys; print(sys.argv[1:])")
    with commits.child_environment() as environment:
        process = commits.run(tmp_path, Path("a.png"), ("--no-overlay",), environment)
    assert process.output.startswith("['predict', 'a.png', '--output', ")
    assert process.output.endswith(", '--no-overlay']\n")


def test_turns_are_paired(
    commits: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[tuple[str, str, Sequence[str]]] = []
    seconds = iter((9, 9, 2, 4, 3, 4, 4, 4))

    def run(source: Path, inputs: Path, options: Sequence[str], _: Any) -> FinishedProcess:
        asked.append((source.name, inputs.name, options))
        return FinishedProcess(next(seconds), None, 100.0 + len(asked), "")

    monkeypatch.setattr(commits, "run", run)
    (radiograph,) = draw_phantoms(tmp_path, 1, (64, 128))
    comparison = commits.Comparison("cold", ("--fast",), (), single=True)
    row = commits.compare(comparison, tmp_path / "other", tmp_path, 3)
    assert asked[:2] == [("src", radiograph.name, ("--fast",)), ("other", radiograph.name, ())]
    assert row == "cold | 0.75 (0.50 to 1.00) | - | 0.99 (0.99 to 0.99) | 3.00 s | 107 MiB"
    beside = commits.Comparison("fast", ("--fast",), (), other_commit=False)
    seconds = iter((1, 1, 1, 1))
    commits.compare(beside, tmp_path / "other", tmp_path, 1)
    assert asked[-1] == ("src", tmp_path.name, ())


def test_git_is_needed(
    commits: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(commits.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="git is needed"):
        commits.unpack("HEAD", tmp_path)
