"""Batches: what is in them, and that they can be drawn again."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import PERMANENT
from panodent.teeth.teeth import Teeth
from panodent.training.augmentation.augment import IGNORED
from panodent.training.augmentation.config import AugmentConfig, only
from panodent.training.batches import Augmenter, Example, class_image


def examples(count: int) -> list[Example]:
    """Pictures of one grey value each, so that they can be told apart."""
    found = []
    for place in range(count):
        pixels = np.full((64, 128), 10, np.uint8)
        pixels[:8] = 250
        pixels[30:40, 10 * place : 10 * place + 10] = 200
        labels = np.zeros((64, 128), np.uint8)
        labels[30:40, 10 * place : 10 * place + 10] = place + 1
        found.append(Example(str(place), pixels, labels))
    return found


def augmenter(count: int = 5, repeats: list[int] | None = None, **settings) -> Augmenter:
    return Augmenter(
        examples(count),
        repeats or [1] * count,
        PERMANENT,
        settings.get("config", only()),
        settings.get("batch_size", 2),
        settings.get("seed", 0),
    )


def seen(made: Augmenter, epoch: int) -> list[int]:
    """Which example stands in each place of an epoch."""
    return [
        int(labels[slot].max()) - 1
        for step in range(made.steps)
        for labels in [made.batch(epoch, step, (64, 128))[1]]
        for slot in range(made.batch_size)
    ]


def test_class_images_ignore_teeth_outside_the_classes() -> None:
    masks = np.zeros((3, 20, 40), bool)
    for place in range(3):
        masks[place, 5:15, 10 * place : 10 * place + 8] = True
    teeth = Teeth.from_masks((20, 40), zip((11, 36, 0), masks, strict=True))
    image = class_image(teeth, (36, 46))
    assert set(np.unique(image)) == {0, 1, IGNORED}
    assert (image[masks[1]] == 1).all()
    assert (image[masks[0] | masks[2]] == IGNORED).all()


def test_teeth_without_a_number_are_ignored_but_for_numbered_ones_on_them() -> None:
    whole = np.ones((10, 20), bool)
    teeth = Teeth.from_masks((20, 40), [(0, whole, (5, 5)), (36, whole[:, :8], (5, 5))])
    image = class_image(teeth, (36, 46))
    assert (image[5:15, 5:13] == 1).all()
    assert (image[5:15, 13:25] == IGNORED).all()
    assert (image == 0).sum() == 20 * 40 - 200


def test_every_example_is_seen_and_the_last_batch_is_filled() -> None:
    made = augmenter(5)
    order = seen(made, 0)
    assert made.steps == 3
    assert len(order) == 6
    assert set(order) == set(range(5))


def test_repeats_show_an_example_more_often() -> None:
    order = seen(augmenter(3, [1, 4, 1], batch_size=3), 0)
    assert sorted(order) == [0, 1, 1, 1, 1, 2]


def test_batches_depend_on_seed_epoch_and_step_alone() -> None:
    config = AugmentConfig()
    first, second = augmenter(config=config), augmenter(config=config)
    second.batch(3, 1, (64, 128))  # drawing others in between changes nothing
    for one, other in zip(first.batch(1, 2, (64, 128)), second.batch(1, 2, (64, 128)), strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(first.batch(1, 2, (64, 128))[0], first.batch(2, 2, (64, 128))[0])
    other_seed = augmenter(config=config, seed=1)
    assert not np.array_equal(first.batch(1, 2, (64, 128))[0], other_seed.batch(1, 2, (64, 128))[0])


def test_rows_are_those_of_the_whole_batch() -> None:
    made = augmenter(config=AugmentConfig(), batch_size=3)
    whole, part = made.batch(1, 1, (64, 128)), made.batch(1, 1, (64, 128), (1, 3))
    for one, other in zip(whole, part, strict=True):
        assert np.array_equal(one[1:], other)


@pytest.mark.parametrize("size", [(64, 128), (32, 64)])
def test_shapes_and_types(size: tuple[int, int]) -> None:
    images, labels = augmenter().batch(0, 0, size)
    assert images.shape == (2, *size, 1)
    assert images.dtype == np.float32
    assert labels.shape == (2, *size)
    assert labels.dtype == np.uint8
