"""One input: its outcome, and when an earlier result is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.bundle.bundle import load
from panodent.errors import OutputError
from panodent.inference.one_input import Options, finished, lost, predict_one
from panodent.inference.predictor import Predictor
from panodent.radiograph.discovery import Input, collect

OPTIONS = Options(pictures=False)


@pytest.fixture
def item(tmp_path: Path, drawn) -> Input:
    radiograph, _ = drawn
    cv2.imwrite(str(tmp_path / "a.png"), np.round(radiograph.pixels * 255).astype(np.uint8))
    return collect([tmp_path / "a.png"])[0]


@pytest.fixture(scope="module")
def predictor(teeth_bundle: Path) -> Predictor:
    return Predictor(load(teeth_bundle))


def test_a_result_is_kept_as_long_as_nothing_it_depends_on_changes(
    predictor: Predictor, item: Input, tmp_path: Path
) -> None:
    how = {"folder": tmp_path / "out", "options": OPTIONS}
    status, record = predict_one(predictor, item, resume=True, **how)
    assert (status.status, status.output) == ("done", "a")
    kept = finished(predictor.bundle, item, tmp_path / "out", OPTIONS)
    assert kept == (replace(status, status="skipped"), json.loads(json.dumps(record)))
    assert predict_one(predictor, item, resume=True, **how) == kept
    assert finished(predictor.bundle, item, tmp_path / "out", Options()) is None
    (tmp_path / "out" / "a" / "teeth.json").write_text("[]")
    assert finished(predictor.bundle, item, tmp_path / "out", OPTIONS) is None


def test_failures_are_outcomes_unless_nothing_can_be_written(
    predictor: Predictor, item: Input, tmp_path: Path
) -> None:
    how = {"options": OPTIONS, "resume": False}
    problem = replace(item, problem="is a link to itself")
    status, record = predict_one(predictor, problem, folder=tmp_path / "out", **how)
    assert (status.status, status.error, record) == (
        "failed",
        f"{item.path}: is a link to itself",
        None,
    )
    item.path.write_text("no picture")
    assert predict_one(predictor, item, folder=tmp_path / "out", **how)[0].status == "failed"
    (tmp_path / "file").write_text("")
    item.path.unlink()
    assert predict_one(predictor, item, folder=tmp_path / "file", **how)[0].status == "failed"


def test_a_folder_that_cannot_be_written_ends_the_run(
    predictor: Predictor, item: Input, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError):
        predict_one(predictor, item, folder=tmp_path / "file", options=OPTIONS, resume=False)


@pytest.mark.parametrize(("code", "why"), [(-9, "signal 9"), (3, "exit code 3")])
def test_a_lost_process_is_a_failure_of_its_input(item: Input, code: int, why: str) -> None:
    status, record = lost(item, code)
    assert (status.status, record) == ("failed", None)
    assert f"the process that predicted it ended ({why})" in status.error
