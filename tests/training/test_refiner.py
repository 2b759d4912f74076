"""A refiner is trained on crops, can be resumed, and ends in a bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.errors import TrainingError
from panodent.inference.refinement import CROP
from panodent.training import refiner
from panodent.training.refiner_config import RefinerConfig
from panodent.training.refiner_run import prepare, reopen
from panodent.training.run_data import DataSource

SMALL = RefinerConfig(filters=(4, 8), epochs=2, batch_size=8, variants=1)


def ignore(*_: object) -> None: ...


def test_a_run_is_trained_resumed_and_becomes_a_bundle(
    refiner_data: Path, untraced, tmp_path: Path
) -> None:
    sources = [DataSource(refiner_data)]
    whole = prepare(tmp_path / "whole", sources, "default", SMALL, ignore, validation=0.5)
    assert (len(whole.training), len(whole.validation)) == (1, 1)
    with untraced():
        made, rows = refiner.train(whole)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]
    again = bundle.load(tmp_path / "whole")
    assert again.refiner == made.refiner
    assert again.network == bundle.load().network
    assert again.digest == made.digest != bundle.load().without_refiner().digest
    note = again.provenance["refiner"]
    assert (note["training_cases"], note["validation_cases"]) == (1, 1)
    scores = json.loads((tmp_path / "whole" / "scores.json").read_text())
    assert scores["without"]["numbering"][0] > 0.9
    assert set(scores) == {"with", "without"}

    # A bundle that has a refiner gets a new one; the old one does not matter.
    replaced = prepare(tmp_path / "new", sources, str(tmp_path / "whole"), SMALL, ignore)
    assert replaced.bundle.digest == whole.bundle.digest

    # A pupil answers beside its teacher, which may have other filters and convolutions.
    pupil = replace(SMALL, filters=(2, 4), encoder_convolutions=1)
    teacher = str(tmp_path / "whole")
    prepare(tmp_path / "pupil", sources, "default", pupil, ignore, teacher=teacher)
    taught = reopen(tmp_path / "pupil", ignore)
    assert taught.teacher == teacher
    model, shown = refiner._model(pupil), np.ones((1, *CROP, 4), np.float32)
    model.compile("adam", "mse")
    both = np.asarray(refiner._with_teacher(model, "mse", taught)(shown))
    expected = [model(shown), refiner._trained(tmp_path / "whole")(shown)]
    assert np.allclose(both, np.concatenate(expected, axis=-1), atol=1e-5)
    with pytest.raises(TrainingError, match="no training of `panodent refiner` there"):
        prepare(tmp_path / "none", sources, "default", pupil, ignore, teacher=str(tmp_path))

    # Interrupted after the first epoch and continued, it is the same.
    half = prepare(tmp_path / "half", sources, "default", SMALL, ignore, validation=0.5)

    def stop(kind: str, row: dict[str, float]) -> None:
        if kind == "epoch" and row["epoch"] == 1:
            raise KeyboardInterrupt

    with untraced():
        with pytest.raises(KeyboardInterrupt):
            refiner.train(replace(half, report=stop))
        continued, rows_again = refiner.train(reopen(tmp_path / "half", ignore))
    assert [row["loss"] for row in rows_again] == pytest.approx([row["loss"] for row in rows])
    assert len(continued.refiner) == len(made.refiner)
