"""Radiographs and their findings as class images, and the file that keeps them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.datasets.dataset import Case, find
from panodent.errors import ConfigError
from panodent.formats.finding_annotations import AnnotatedFindings, read_findings
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.training.augmentation.augment import IGNORED
from panodent.training.findings_examples import collect, example, kinds_image

BLOCK = np.ones((4, 4), bool)


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


def test_annotations_of_another_size_are_refused(findings_data: Path) -> None:
    case = find(findings_data).cases[0]
    other = AnnotatedFindings(Findings.empty((10, 10)), np.zeros((10, 10), bool))
    with pytest.raises(ConfigError, match=r"have the sizes \[\(10, 10\), \(128, 256\)\]"):
        example(bundle.load(), case, other, tuple(KINDS))


def test_examples_are_made_once_and_then_read(findings_data: Path, tmp_path: Path) -> None:
    annotated = read_findings(findings_data / "findings.json")
    cases: list[Case] = list(find(findings_data).cases[:2])
    file, seen = tmp_path / "examples" / "training.npz", []
    given = (bundle.load(), cases, annotated, tuple(KINDS), file)
    made = collect(*given, lambda *at: seen.append(at))
    again = collect(*given, lambda *at: seen.append(at))
    assert seen == [(1, 2), (2, 2)]
    for one, other in zip(made, again, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
        assert np.array_equal(one.kinds, other.kinds)
        assert np.array_equal(one.teeth, other.teeth)
        assert np.array_equal(one.tooth, other.tooth)
