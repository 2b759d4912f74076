"""Augmentation changes a radiograph and its labels together."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.bundle.frame import Frame
from panodent.dentition import PERMANENT, TEETH, mirror
from panodent.errors import ConfigError
from panodent.training.augmentation.augment import MIRRORED_CLASS, augment, mirrored_classes
from panodent.training.augmentation.config import SEED_AUGMENT, AugmentConfig, only
from panodent.training.batches import class_image

SIZE = (128, 256)
GEOMETRY = {
    "rotation": {"rotation": 10.0},
    "zoom": {"zoom": 0.3},
    "aspect": {"aspect": 0.25},
    "shift": {"shift": 0.08},
    "shear": {"shear": 0.08},
    "flip": {"flip": 1.0},
    "bend": {"bend": 0.012},
    "trough": {"trough": 0.3},
    "all": {"rotation": 10.0, "zoom": 0.3, "aspect": 0.25, "shear": 0.05, "flip": 0.5},
}


@pytest.fixture(scope="module")
def labelled(drawn) -> tuple[np.ndarray, np.ndarray]:
    radiograph, teeth = drawn
    return radiograph.pixels, class_image(teeth, PERMANENT)


def middles(labels: np.ndarray) -> dict[int, tuple[float, float]]:
    """FDI -> (x, y) of its pixels' mean."""
    found = {}
    for value in np.unique(labels).tolist():
        if 1 <= value <= len(PERMANENT):
            rows, cols = np.nonzero(labels == value)
            found[PERMANENT[value - 1]] = (cols.mean(), rows.mean())
    return found


def test_without_any_change_it_is_the_frame(labelled) -> None:
    pixels, labels = labelled
    image, classes = augment(pixels, labels, SIZE, only(), np.random.default_rng(0))
    # Near the frame's size by area, then linear: hardly different from area at once.
    assert np.abs(image - Frame(*SIZE).forward(pixels)).mean() < 0.02
    assert set(np.unique(classes)) == set(np.unique(labels))


def test_the_mirror_of_each_class_is_the_tooth_of_the_other_side() -> None:
    assert MIRRORED_CLASS[0] == 0
    for value, fdi in enumerate(PERMANENT, start=1):
        assert PERMANENT[MIRRORED_CLASS[value] - 1] == mirror(fdi)
        assert TEETH[fdi].side != TEETH[mirror(fdi)].side
    with pytest.raises(ConfigError, match="mirror partner 21"):
        mirrored_classes((11, 12, 22))


def test_a_flip_moves_pixels_and_swaps_numbers() -> None:
    pixels = np.zeros((128, 256), np.float32)
    labels = np.zeros((128, 256), np.uint8)
    pixels[80:110, 40:60] = 1.0
    labels[80:110, 40:60] = PERMANENT.index(46) + 1
    image, classes = augment(pixels, labels, SIZE, only(flip=1.0), np.random.default_rng(0))
    assert set(np.unique(classes)) == {0, PERMANENT.index(36) + 1}
    rows, cols = np.nonzero(classes)
    assert (rows.min(), rows.max(), cols.min(), cols.max()) == (80, 109, 196, 215)
    assert (image[85:105, 200:212] > 0.9).all()
    assert (image[85:105, 40:60] < -0.9).all()


def test_a_flip_of_a_whole_mouth_keeps_every_tooth_on_its_own_side(labelled) -> None:
    pixels, labels = labelled
    _, classes = augment(pixels, labels, SIZE, only(flip=1.0), np.random.default_rng(0))
    before, after = middles(labels), middles(classes)
    assert set(after) == {mirror(fdi) for fdi in before}
    for fdi, (x, y) in after.items():
        old_x, old_y = before[mirror(fdi)]
        assert x == pytest.approx(SIZE[1] - 1 - old_x * SIZE[1] / labels.shape[1], abs=1.5)
        assert y == pytest.approx(old_y * SIZE[0] / labels.shape[0], abs=1.5)


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_ever_upside_down(labelled, seed: int) -> None:
    _, classes = augment(*labelled, SIZE, AugmentConfig(extract=0.5), np.random.default_rng(seed))
    found = middles(classes)
    upper = [y for fdi, (_, y) in found.items() if TEETH[fdi].jaw == "upper"]
    lower = [y for fdi, (_, y) in found.items() if TEETH[fdi].jaw == "lower"]
    right = [x for fdi, (x, _) in found.items() if TEETH[fdi].side == "right"]
    left = [x for fdi, (x, _) in found.items() if TEETH[fdi].side == "left"]
    assert np.mean(upper) < np.mean(lower)
    assert np.mean(right) < np.mean(left)


@pytest.mark.parametrize("name", GEOMETRY)
def test_pixels_and_labels_move_together(labelled, name: str) -> None:
    labels = labelled[1]
    picture = (labels > 0).astype(np.float32)
    for seed in range(4):
        rng = np.random.default_rng(seed)
        image, classes = augment(picture, labels, SIZE, only(**GEOMETRY[name]), rng)
        assert ((image > 0) == (classes > 0)).mean() > 0.96


@pytest.mark.parametrize("config", [AugmentConfig(), AugmentConfig(bend=0.02), SEED_AUGMENT])
def test_labels_are_never_mixed(labelled, config: AugmentConfig) -> None:
    pixels, labels = labelled
    allowed = set(np.unique(labels)) | set(np.unique(MIRRORED_CLASS[labels]))
    for seed in range(5):
        _, classes = augment(pixels, labels, SIZE, config, np.random.default_rng(seed))
        assert set(np.unique(classes)) <= allowed


def test_off_the_trough_front_teeth_change_their_width_against_the_others(labelled) -> None:
    def widths(config: AugmentConfig, seed: int) -> tuple[int, int]:
        _, classes = augment(*labelled, SIZE, config, np.random.default_rng(seed))
        columns = {fdi: np.nonzero(classes == PERMANENT.index(fdi) + 1)[1] for fdi in (11, 16)}
        return tuple(int(np.ptp(found)) for found in columns.values())

    front, side = widths(only(), 0)
    ratios = []
    for seed in range(12):
        incisor, molar = widths(only(trough=0.32), seed)
        ratios.append(incisor / front / (molar / side))
    assert min(ratios) < 0.85
    assert max(ratios) > 1.15


def test_equalised_exposure_is_seen_in_dark_places_too_and_moves_nothing(labelled) -> None:
    pixels, labels = labelled
    dim = pixels * np.linspace(1, 0.15, pixels.shape[1], dtype=np.float32)
    plain, classes = augment(dim, labels, SIZE, only(), np.random.default_rng(0))
    for seed in range(5):
        rng = np.random.default_rng(seed)
        image, same = augment(dim, labels, SIZE, only(equalise=1.0), rng)
        assert np.array_equal(same, classes)
        assert image[:, -60:].std() > 1.1 * plain[:, -60:].std()
        assert np.abs(image).max() <= 1.5


def test_the_same_seed_gives_the_same_variant(labelled) -> None:
    config = AugmentConfig(extract=0.5, restore=0.5, bend=0.01, shade=0.2)
    first, second = (augment(*labelled, SIZE, config, np.random.default_rng(7)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    other = augment(*labelled, SIZE, config, np.random.default_rng(8))
    assert not np.array_equal(first[0], other[0])
    assert first[0].dtype == np.float32
    assert np.abs(first[0]).max() <= 1.5
