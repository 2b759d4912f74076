"""Real radiographs, where somebody has some: PANODENT_DATA names an annotated folder.

`PANODENT_VALUES` says what its pixel values mean if it holds label images.
"""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from panodent.analysis.annotation_checks import suspicions
from panodent.datasets import dataset
from panodent.datasets.dataset import Case
from panodent.dentition import PERMANENT, mirror
from panodent.inference.predictor import Predictor
from panodent.training.augmentation.augment import augment
from panodent.training.augmentation.config import only
from panodent.training.batches import class_image

DATA, VALUES = os.environ.get("PANODENT_DATA"), os.environ.get("PANODENT_VALUES")
pytestmark = pytest.mark.skipif(not DATA, reason="PANODENT_DATA names no annotated folder")
SHOWN = 8


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    options = {"values": VALUES} if VALUES else {}
    return list(islice(dataset.find(Path(DATA or ""), None, options).cases, SHOWN))


def test_a_flip_swaps_the_numbers_of_every_tooth(cases: list[Case]) -> None:
    for case in cases:
        radiograph, labels = case.radiograph(), class_image(case.teeth(), PERMANENT)
        config = only(flip=1.0)
        size = radiograph.size
        flipped, classes = augment(
            radiograph.pixels, labels, size, config, np.random.default_rng(0)
        )
        straight, _ = augment(radiograph.pixels, labels, size, only(), np.random.default_rng(0))
        assert np.abs(flipped[:, ::-1] - straight).mean() < 0.01
        for value in np.unique(labels[(labels > 0) & (labels <= 32)]).tolist():
            other = PERMANENT.index(mirror(PERMANENT[value - 1])) + 1
            overlap = (classes[:, ::-1] == other) & (labels == value)
            assert overlap.sum() > 0.9 * (labels == value).sum()


def test_a_mirrored_radiograph_has_its_teeth_on_the_other_side(cases: list[Case]) -> None:
    from panodent.bundle import bundle

    predictor = Predictor(bundle.load())
    for case in cases:
        radiograph = case.radiograph()
        found = predictor(radiograph)
        turned = predictor(np.ascontiguousarray(radiograph.pixels[:, ::-1]))
        same = set(found.fdi.tolist()) & {mirror(n) for n in turned.fdi.tolist() if n}
        assert len(same) >= 0.75 * (found.fdi > 0).sum()


def test_sound_annotations_raise_little_suspicion(cases: list[Case]) -> None:
    swapped = [case.key for case in cases for s in suspicions(case.teeth()) if s.kind == "sides"]
    assert not swapped
