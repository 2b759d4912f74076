"""Transplanted teeth: which come where, what stays, and that anatomy is kept."""

from __future__ import annotations

import numpy as np
import pytest

from panodent import phantom
from panodent.dentition import PERMANENT, TEETH
from panodent.training.augmentation.augment import IGNORED, mirrored_classes
from panodent.training.augmentation.config import AugmentConfig, only
from panodent.training.augmentation.transplant import Donor, Jaws, Transplants, annotated_jaws
from panodent.training.batches import Augmenter, Example, class_image

CLASSES = tuple(TEETH)
VALUE = {fdi: value for value, fdi in enumerate(CLASSES, start=1)}
ALWAYS = only(transplant=1.0, transplant_permanent=0.0)
AGES = (8.0, 9.5, 11.0, 12.5)
SIZE = (256, 512)


@pytest.fixture(scope="module")
def children() -> list[Example]:
    """Four children and, last, an adult without third molars."""
    drawn = [phantom.draw(seed, SIZE, age=age, missing=[]) for seed, age in enumerate(AGES)]
    drawn.append(phantom.draw(9, SIZE, missing=[18, 28, 38, 48]))
    return [
        Example(
            str(place),
            np.round(radiograph.pixels * 255).astype(np.uint8),
            class_image(teeth, CLASSES),
        )
        for place, (radiograph, teeth) in enumerate(drawn)
    ]


@pytest.fixture(scope="module")
def transplants(children: list[Example]) -> Transplants:
    return Transplants([e.pixels for e in children], [e.labels for e in children], CLASSES)


def applied(
    made: Transplants, index: int, seed: int, config: AugmentConfig = ALWAYS
) -> tuple[np.ndarray, np.ndarray]:
    pixels = made.pixels[index].astype(np.float32) / np.float32(255)
    return made.apply(index, pixels, config, np.random.default_rng(seed))


def numbers(labels: np.ndarray) -> set[int]:
    return {CLASSES[value - 1] for value in np.unique(labels).tolist() if 0 < value < IGNORED}


def test_donors_are_deciduous_teeth_above_germs(transplants: Transplants) -> None:
    found = 0
    for (upper, deciduous), runs in transplants.donors.items():
        for donor in (donor for listed in runs.values() for donor in listed):
            jaws = transplants.jaws[donor.example]
            assert jaws.young
            assert (donor.quadrant < 3) == upper
            for position in donor.positions:
                successor = donor.quadrant * 10 + position
                assert (successor + 40 in jaws.boxes) == deciduous
                assert (successor in jaws.erupted) != deciduous
                found += deciduous
    assert found > 20


@pytest.mark.parametrize("seed", range(12))
def test_no_deciduous_tooth_ends_beside_its_erupted_successor(
    transplants: Transplants, children: list[Example], seed: int
) -> None:
    index = seed % len(AGES)
    config = only(transplant=1.0, transplant_permanent=0.5)
    _, labels = applied(transplants, index, seed, config)
    after = annotated_jaws(labels, CLASSES)
    moved = {
        fdi
        for fdi in numbers(labels)
        if not np.array_equal(labels == VALUE[fdi], children[index].labels == VALUE[fdi])
    }
    for fdi in (fdi for fdi in moved if TEETH[fdi].deciduous and fdi in after.boxes):
        assert fdi - 40 not in after.erupted


def test_most_children_change_and_other_teeth_stay(
    transplants: Transplants, children: list[Example]
) -> None:
    changed = 0
    for seed in range(12):
        index = seed % len(AGES)
        pixels, labels = applied(transplants, index, seed)
        old = children[index].labels
        assert (pixels.dtype, labels.dtype) == (np.float32, np.uint8)
        assert 0 <= pixels.min() <= pixels.max() <= 1
        # Molars are neither donors nor replaced.
        molars = np.isin(old, [VALUE[fdi] for fdi in PERMANENT if fdi % 10 > 5])
        assert np.array_equal(labels[molars], old[molars])
        was = children[index].pixels.astype(np.float32) / np.float32(255)
        far = np.abs(pixels - was) == 0
        assert np.array_equal(labels[far & (old == 0)], old[far & (old == 0)])
        changed += not np.array_equal(labels, old)
    assert changed >= 8


def test_the_same_state_gives_the_same_result_and_the_examples_stay(
    transplants: Transplants, children: list[Example]
) -> None:
    before = [(e.pixels.copy(), e.labels.copy()) for e in children]
    first, second = applied(transplants, 0, 3), applied(transplants, 0, 3)
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])
    for example, (pixels, labels) in zip(children, before, strict=True):
        assert np.array_equal(example.pixels, pixels)
        assert np.array_equal(example.labels, labels)


def test_adults_stay_as_they_are(transplants: Transplants, children: list[Example]) -> None:
    assert not transplants.jaws[4].young
    for seed in range(5):
        assert np.array_equal(applied(transplants, 4, seed)[1], children[4].labels)


def test_nothing_changes_with_probability_0(
    transplants: Transplants, children: list[Example]
) -> None:
    pixels, labels = applied(transplants, 0, 0, only())
    assert np.array_equal(labels, children[0].labels)
    assert np.array_equal(pixels, children[0].pixels.astype(np.float32) / np.float32(255))


def test_a_run_keeps_its_place_on_the_other_side() -> None:
    donor = Donor(0, 1, (4, 5), deciduous=True)
    assert donor.numbers(1) == [14, 15, 54, 55]
    assert donor.numbers(2) == [24, 25, 64, 65]
    assert donor.crowns(2) == [64, 65]
    assert Donor(0, 3, (1,), deciduous=False).crowns(4) == [41]


@pytest.mark.parametrize(
    ("areas", "erupted", "young"),
    [
        ({75: 50}, {75}, True),
        ({37: 100, 38: 60}, {37}, True),
        ({37: 100, 38: 60}, {37, 38}, False),
        ({37: 100, 38: 90}, {37}, False),
        ({38: 60}, set(), False),
        ({}, set(), False),
    ],
)
def test_who_is_young(areas: dict[int, int], erupted: set[int], young: bool) -> None:
    boxes = dict.fromkeys(areas, (0, 0, 10, 10))
    assert Jaws((20, 20), boxes, areas, frozenset(erupted)).young == young


def test_batches_with_transplants_depend_on_seed_epoch_and_step_alone(
    children: list[Example],
) -> None:
    def made() -> Augmenter:
        return Augmenter(children, [1] * len(children), CLASSES, ALWAYS, 2, seed=0)

    first, second = made(), made()
    second.batch(0, 0, SIZE)
    plain = Augmenter(children, [1] * len(children), CLASSES, only(), 2, seed=0)
    differs = 0
    for step in range(first.steps):
        one, other = first.batch(1, step, SIZE), second.batch(1, step, SIZE)
        assert np.array_equal(one[0], other[0])
        assert np.array_equal(one[1], other[1])
        differs += not np.array_equal(one[1], plain.batch(1, step, SIZE)[1])
    assert differs


def test_without_the_other_side_among_the_classes_teeth_stay_on_their_side(
    children: list[Example],
) -> None:
    right = tuple(fdi for fdi in CLASSES if fdi // 10 in (1, 4, 5, 8))
    values = np.zeros(256, np.uint8)
    values[[VALUE[fdi] for fdi in right]] = range(1, len(right) + 1)
    made = Transplants([e.pixels for e in children], [values[e.labels] for e in children], right)
    with pytest.raises(Exception, match="mirror partner"):
        mirrored_classes(right)
    for seed in range(8):
        _, labels = applied(made, seed % len(AGES), seed)
        assert labels.max() <= len(right)
