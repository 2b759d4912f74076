"""Batches of a findings network: reproducible, labelled radiographs more often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.bundle.findings_network import CHANNELS
from panodent.teeth.finding_kinds import KINDS
from panodent.training.findings_batches import FindingsAugmenter, augmented, plain_input
from panodent.training.findings_config import FindingsConfig
from panodent.training.findings_examples import FindingsExample, example
from panodent.training.run_data import DataSource

SMALL = FindingsConfig(filters=(4, 8), height=64, width=128, batch_size=2, repeat=1)


def test_batches_depend_on_seed_epoch_and_step_only(findings_data: Path) -> None:
    case = DataSource(findings_data).find().cases[0]
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
