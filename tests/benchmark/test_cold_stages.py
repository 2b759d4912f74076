"""The stages of one radiograph as JSON, with the import of the measured program in "start"."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from panodent.benchmark.cold_stages import main

STAGES = ["start", "load", "read", "frame", "network", "refiner", "decode", "findings", "write"]


def test_every_stage_is_printed_as_milliseconds(
    files: list[Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(str(files[0]), str(tmp_path / "out"), "default", repr(time.time() - 5))
    stages = json.loads(capsys.readouterr().out)
    assert list(stages) == STAGES
    assert 5000 < stages["start"] < 60_000
    assert all(milliseconds > 0 for milliseconds in stages.values())
    assert (tmp_path / "out" / "labels.png").exists()


def test_the_module_given_is_imported_first(
    files: list[Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "slow_program.py").write_text("import time\ntime.sleep(0.2)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    main(str(files[0]), str(tmp_path / "out"), "default", repr(time.time()), "slow_program")
    assert sys.modules.pop("slow_program").__file__ == str(tmp_path / "slow_program.py")
    assert json.loads(capsys.readouterr().out)["start"] > 200
