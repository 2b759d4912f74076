"""Tests of `panodent.phantom`: reproducible, anatomically in order, found by the default bundle."""

from __future__ import annotations

import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle.bundle import load
from panodent.datasets import dataset
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, UnknownToothError
from panodent.evaluation.case_scores import score_pair
from panodent.inference.predictor import Predictor
from panodent.phantom import draw
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SIZE = (256, 512)
SEEDS = range(12)


@pytest.fixture(scope="module")
def complete() -> list[Teeth]:
    """All 32 teeth, of several patients."""
    return [draw(seed, SIZE, missing=())[1] for seed in SEEDS]


def test_a_seed_is_one_phantom() -> None:
    (first, truth), (again, same) = draw(5, SIZE), draw(5, SIZE)
    assert np.array_equal(first.pixels, again.pixels)
    assert truth == same


def test_other_seeds_are_other_phantoms() -> None:
    drawings = [draw(seed, SIZE) for seed in range(4)]
    for (one, teeth), (other, others) in pairwise(drawings):
        assert np.abs(one.pixels - other.pixels).mean() > 0.01
        assert teeth != others


@pytest.mark.parametrize("size", [(64, 64), (64, 128), (700, 1100), (101, 333), (512, 1024)])
def test_radiograph_and_truth_fit_in_any_size(size: tuple[int, int]) -> None:
    radiograph, truth = draw(1, size, missing=())
    assert radiograph.size == truth.size == size
    assert radiograph.pixels.dtype == np.float32
    assert np.isfinite(radiograph.pixels).all()
    assert 0 <= radiograph.pixels.min() < 0.2
    assert 0.7 < radiograph.pixels.max() <= 1
    assert truth.fdi.tolist() == sorted(PERMANENT)
    assert truth == truth.sorted()
    assert 0.1 < (truth.label_image() > 0).mean() < 0.3


def test_teeth_are_brighter_than_what_lies_around_them(drawn: tuple[Radiograph, Teeth]) -> None:
    radiograph, truth = drawn
    inside = truth.label_image() > 0
    rows, cols = np.nonzero(inside)
    window = np.s_[rows.min() : rows.max(), cols.min() : cols.max()]
    pixels, inside = radiograph.pixels[window], inside[window]
    assert pixels[inside].mean() > pixels[~inside].mean() + 0.1


@pytest.mark.parametrize("missing", [(), (36,), (18, 28, 38, 48), (11, 21, 31, 41), PERMANENT])
def test_exactly_these_are_missing(missing: tuple[int, ...]) -> None:
    for seed in range(3):
        _, truth = draw(seed, SIZE, missing=missing)
        assert truth.fdi.tolist() == sorted(set(PERMANENT) - set(missing))


def test_patients_lose_teeth_as_life_has_it() -> None:
    counts = [len(draw(seed, (64, 128))[1]) for seed in range(60)]
    assert 26 < np.mean(counts) < 31
    assert min(counts) >= 20
    assert max(counts) == 32


def test_upper_teeth_stand_above_lower_ones(complete: list[Teeth]) -> None:
    for truth in complete:
        rows = dict(zip(truth.fdi.tolist(), truth.centroids()[:, 0], strict=True))
        upper = [rows[fdi] for fdi in PERMANENT if TEETH[fdi].jaw == "upper"]
        lower = [rows[fdi] for fdi in PERMANENT if TEETH[fdi].jaw == "lower"]
        assert np.mean(upper) + 0.1 * SIZE[0] < np.mean(lower)
        for fdi in PERMANENT[:16]:  # 11 stands above 41, 28 above 38
            assert rows[fdi] < rows[fdi + (30 if fdi < 20 else 10)]


def test_the_patients_right_is_the_images_left(complete: list[Teeth]) -> None:
    for truth in complete:
        cols = dict(zip(truth.fdi.tolist(), truth.centroids()[:, 1], strict=True))
        for fdi in (fdi for fdi in PERMANENT if TEETH[fdi].side == "right"):
            assert cols[fdi] < cols[TEETH[fdi].mirror]


@pytest.mark.parametrize("quadrant", [1, 2, 3, 4])
def test_numbers_rise_from_the_midline_outwards(complete: list[Teeth], quadrant: int) -> None:
    outwards = -1 if quadrant in (1, 4) else 1
    for truth in complete:
        cols = dict(zip(truth.fdi.tolist(), truth.centroids()[:, 1], strict=True))
        along = [outwards * cols[10 * quadrant + position] for position in range(1, 9)]
        assert all(inner < outer for inner, outer in pairwise(along))


def test_some_neighbours_overlap(complete: list[Teeth]) -> None:
    for truth in complete:
        assert truth.areas.sum() > (truth.label_image() > 0).sum()


@pytest.mark.parametrize(
    ("arguments", "error", "reason"),
    [
        ({"seed": -1}, ConfigError, "seed is -1"),
        ({"size": (63, 128)}, ConfigError, "63 x 128; expected at least 64"),
        ({"size": (0, 0)}, ConfigError, "at least 64"),
        ({"missing": (19,)}, UnknownToothError, "19 is not an FDI number"),
        ({"missing": (11, 56)}, UnknownToothError, "56 is not an FDI number"),
    ],
)
def test_bad_wishes_are_refused(
    arguments: dict[str, object], error: type[Exception], reason: str
) -> None:
    with pytest.raises(error, match=reason):
        draw(**{"seed": 0, "size": SIZE, **arguments})  # type: ignore[arg-type]


def test_drawing_is_quick() -> None:
    start = time.process_time()  # of this process: other programs may keep the computer busy
    draw(0)
    assert time.process_time() - start < 3


def test_a_written_folder_is_a_data_folder(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    phantom.write(tmp_path / "data", 3, seed=6, size=SIZE, progress=lambda *step: told.append(step))
    found = dataset.find(tmp_path / "data")
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert found.format == "coco"
    assert [case.key for case in found.cases] == [f"phantom-{n:05d}" for n in (6, 7, 8)]
    assert found.images_without_labels == found.labels_without_images == ()
    for seed, case in enumerate(found.cases, start=6):
        radiograph, truth = draw(seed, SIZE)
        assert case.teeth() == truth
        assert np.abs(case.radiograph().pixels - radiograph.pixels).max() < 0.003


def test_a_folder_of_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="count is 0"):
        phantom.write(tmp_path / "data", 0)
    assert not (tmp_path / "data").exists()


def test_the_default_bundle_finds_phantoms() -> None:
    predictor = Predictor(load().without_findings())  # which are not scored
    scores = []
    for seed in range(20):
        radiograph, truth = draw(seed, (256, 512))
        dice = score_pair(truth, predictor(radiograph)).dice
        assert dice is not None
        scores.append(dice)
    assert np.mean(scores) >= 0.80
