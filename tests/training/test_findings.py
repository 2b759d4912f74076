"""A findings network is trained on phantoms, can be resumed, and ends in a bundle."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("keras", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.calibration import Calibration
from panodent.bundle.findings_network import CHANNELS, KindLimits
from panodent.errors import ConfigError, DatasetError, TrainingError
from panodent.evaluation.finding_scores import score_findings
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.training import findings
from panodent.training.augmentation.augment import IGNORED
from panodent.training.findings_batches import FindingsAugmenter, augmented, plain_input
from panodent.training.findings_config import FindingsConfig, PaintConfig, config_from
from panodent.training.findings_examples import FindingsExample, example, kinds_image
from panodent.training.findings_finish import FindingsOutcome, chosen_limits, finish
from panodent.training.findings_run import _used, prepare, reopen
from panodent.training.run_data import DataSource

SMALL = FindingsConfig(filters=(4, 8), height=64, width=128, epochs=2, batch_size=2, repeat=1)
BLOCK = np.ones((4, 4), bool)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    phantom.write(folder, count=4, seed=40, size=(128, 256), findings=True)
    return folder


def ignore(*_: object) -> None: ...


def started(folder: Path, data: Path, **changes) -> findings.FindingsRun:
    given = {"validation": 0.5, **changes}
    annotations = data / "findings.json"
    return prepare(folder, [DataSource(data)], annotations, [], "default", SMALL, ignore, **given)


def test_small_findings_are_seen_on_large_ones_and_unclear_places_do_not_count() -> None:
    size = (10, 10)
    large = np.ones((6, 6), bool)
    items = [("filling", 36, BLOCK, (2, 2)), ("crown", 36, large, (0, 0))]
    found = Findings.from_masks(size, items)
    unclear = np.zeros(size, bool)
    unclear[:, 8:] = True
    image = kinds_image(AnnotatedFindings(found, unclear), tuple(KINDS), size)
    assert image[3, 3] == 1
    assert image[0, 0] == 2
    assert image[9, 0] == 0
    assert image[9, 9] == IGNORED


def test_batches_depend_on_seed_epoch_and_step_only(data: Path) -> None:
    case = DataSource(data).find().cases[0]
    one = example(bundle.load(), case, None, tuple(KINDS))
    assert not one.labelled
    assert one.pixels.shape == one.tooth.shape == (128, 256)
    assert one.tooth[one.teeth > 0].mean() > 200
    batches = FindingsAugmenter([one, one, one], tuple(KINDS), SMALL)
    assert batches.steps == 2
    inputs, labels = batches.batch(0, 1)
    assert inputs.shape == (2, 64, 128, CHANNELS)
    assert labels.shape == (2, 64, 128)
    again = FindingsAugmenter([one, one, one], tuple(KINDS), SMALL).batch(0, 1)
    assert np.array_equal(inputs, again[0])
    assert np.array_equal(labels, again[1])
    assert not np.array_equal(inputs, batches.batch(1, 1)[0])
    assert plain_input(one, SMALL).shape == (64, 128, CHANNELS)


def test_a_labelled_example_is_shown_more_often() -> None:
    empty = np.zeros((8, 16), np.uint8)
    labelled = FindingsExample(empty, empty + 1, empty, empty)
    config = replace(SMALL, repeat=3)
    assert (
        FindingsAugmenter([labelled, FindingsExample(*[empty] * 4)], ("crown",), config).steps == 2
    )
    _, labels = augmented(labelled, ("crown",), config, np.random.default_rng(0))
    assert set(np.unique(labels)) <= {0, 1}


def test_a_run_is_trained_resumed_and_becomes_a_bundle(
    data: Path, untraced, tmp_path: Path
) -> None:
    whole = started(tmp_path / "whole", data)
    assert (len(whole.training), len(whole.validation)) == (2, 2)
    model, rows = findings.train(whole)
    assert [row["epoch"] for row in rows] == [1, 2]
    assert rows[1]["loss"] < rows[0]["loss"]
    made = finish(whole, model, rows)
    again = bundle.load(tmp_path / "whole")
    assert again.findings == made.findings
    assert again.findings is not None
    assert again.findings.kinds == tuple(KINDS)
    assert again.network == bundle.load().network
    note = again.provenance["findings"]
    assert (note["training_cases"], note["validation_cases"], note["epochs"]) == (2, 2, 2)
    assert json.loads((tmp_path / "whole" / "scores.json").read_text())["case_count"] == 2
    # Exported as trained.
    shown = np.random.default_rng(0).normal(size=(1, 64, 128, 2)).astype(np.float32)
    kept = again.findings._session.run(np.moveaxis(shown, -1, 1))
    assert np.abs(np.moveaxis(model.predict_on_batch(shown), -1, 1) - kept).max() < 0.05

    # Interrupted after one epoch and resumed, it ends where the other one did.
    half = started(tmp_path / "half", data)
    first = json.loads(json.dumps(rows[0]))
    with untraced():
        findings.train(replace(half, config=replace(SMALL, epochs=1)))
        resumed, later = findings.train(reopen(tmp_path / "half", ignore))
    assert later[0]["loss"] == pytest.approx(first["loss"], rel=0.05)
    assert len(later) == 2
    assert [w.shape for w in resumed.get_weights()] == [w.shape for w in model.get_weights()]

    # A further run begins with its weights.
    further = started(tmp_path / "further", data, start=str(tmp_path / "whole"))
    with untraced():
        assert findings.train(further)[1][0]["loss"] < rows[0]["loss"]


def test_without_held_out_radiographs_limits_are_those_of_the_run_before(
    data: Path, untraced, tmp_path: Path
) -> None:
    first = started(tmp_path / "first", data)
    with untraced():
        model, rows = findings.train(first)
    made = finish(first, model, rows)
    assert made.findings is not None
    limits = {"crown": KindLimits(0.001, 0.7)}
    calibration = Calibration(2.0, -1.0)
    known = replace(made.findings, limits=limits, calibration=calibration)
    bundle.save(replace(made, findings=known), tmp_path / "first" / "bundle")
    second = started(tmp_path / "second", data, validation=0, start=str(tmp_path / "first"))
    again = finish(second, model, rows).findings
    assert again is not None
    assert (again.limits, again.calibration) == (limits, calibration)
    third = started(tmp_path / "third", data, validation=0)
    usual = finish(third, model, rows).findings
    assert usual is not None
    assert usual.limits["crown"].score == 0.6
    assert usual.calibration == Calibration()


def test_limits_keep_what_is_right() -> None:
    size = (40, 40)
    truth = AnnotatedFindings(
        Findings.from_masks(size, [("crown", 36, BLOCK, (8 * i, 0)) for i in range(5)]),
        np.zeros(size, bool),
    )
    found = Findings.from_masks(
        size,
        [("crown", 36, BLOCK, (8 * i, 0)) for i in range(5)]
        + [("crown", 36, BLOCK, (8 * i, 20)) for i in range(3)]
        + [("filling", 36, BLOCK, (0, 30))],
        [0.9] * 5 + [0.62] * 3 + [0.9],
    )
    from panodent.teeth.teeth import Teeth

    none = Teeth.empty(size)
    outcome = FindingsOutcome(truth, found, score_findings(truth, found, none, none))
    limits = chosen_limits([outcome], dict.fromkeys(KINDS, 0.01))
    assert limits["crown"] == KindLimits(0.005, 0.65)
    assert limits["filling"] == KindLimits(0.005, 0.6)  # too few to choose by


def test_plain_radiographs_are_named_by_patterns() -> None:
    plain = ["healthy-*", "!healthy-7"]
    used = [_used(key, {}, plain) for key in ("healthy-1", "healthy-7", "other-1")]
    assert used == [True, False, False]


def test_settings_survive_as_plain_data() -> None:
    from dataclasses import asdict

    config = replace(SMALL, paint=PaintConfig(filling=0.5))
    assert config_from(json.loads(json.dumps(asdict(config)))) == config
    with pytest.raises(ConfigError, match="height is 100"):
        FindingsConfig(height=100)
    with pytest.raises(ConfigError, match="paint filling is 2"):
        PaintConfig(filling=2)


def test_faults(data: Path, tmp_path: Path) -> None:
    started(tmp_path / "run", data)
    with pytest.raises(TrainingError, match=r"already holds a training run \(findings.json\)"):
        started(tmp_path / "run", data)
    with pytest.raises(TrainingError, match="no training of `panodent findings` there"):
        reopen(tmp_path / "none", ignore)
    other = tmp_path / "other.json"
    document = json.loads((data / "findings.json").read_text())
    for entry in document["images"]:
        entry["file_name"] = "x-" + entry["file_name"]
    other.write_text(json.dumps(document))
    with pytest.raises(DatasetError, match="names no radiograph of the training side"):
        prepare(tmp_path / "b", [DataSource(data)], other, [], "default", SMALL, ignore)
