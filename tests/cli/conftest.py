"""Calls of the command in this process, and data that several commands read."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from panodent import bundle, phantom
from panodent.bundle.bundle import load
from panodent.cli import console, main
from panodent.inference.folder import predict_files
from panodent.training.recipes import recipe
from panodent.training.run import prepare
from panodent.training.run_data import DataSource


@dataclass(frozen=True)
class Result:
    """Exit code and what was printed on standard output and standard error."""

    code: int
    out: str
    err: str


Panodent = Callable[..., Result]


@pytest.fixture
def panodent(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Panodent:
    """Runs `panodent ARGUMENTS` as the command does, at 80 columns.

    No lines tell of progress, however long a busy machine takes.
    """
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(console, "LINE_SECONDS", float("inf"))

    def run(*arguments: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["panodent", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        code = end.value.code
        assert code is None or isinstance(code, int)
        return Result(code or 0, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three annotated phantoms (COCO) of 512 x 256 pixels."""
    folder = tmp_path_factory.mktemp("data")
    phantom.write(folder, 3, size=(256, 512))
    return folder


@pytest.fixture(scope="session")
def predicted(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The predictions of `data`."""
    folder = tmp_path_factory.mktemp("predicted")
    predict_files([data / "images"], folder)
    return folder


@pytest.fixture(scope="session")
def finished_run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of fold 1 of 3 that holds one radiograph out; its bundle is a copy of the default."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    config = replace(recipe("default"), classes=load().classes, fold=(1, 3))
    prepare(folder, [DataSource(data)], config, lambda *_: None)
    shutil.copytree(Path(bundle.__file__).parent / "default", folder / "bundle")
    return folder
