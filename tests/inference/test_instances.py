"""Teeth gathered by their centres and numbered as wholes, on planes made by hand."""

import numpy as np
import pytest

from panodent.bundle.frame import OFFSET_UNIT
from panodent.dentition import PERMANENT
from panodent.inference import instances
from panodent.inference.decode import decode
from panodent.inference.instances import find_centres, number_teeth

SHAPE = (48, 96)
Box = tuple[int, int, int, int]


class Planes:
    """Logits at 4 for 'none', and teeth painted over them with offsets to their centres."""

    def __init__(self) -> None:
        self.array = np.zeros((35, *SHAPE), np.float32)
        self.array[0] = 4.0

    def paint(self, fdi: int, box: Box, height: float = 9.0) -> None:
        top, left, bottom, right = box
        self.array[PERMANENT.index(fdi) + 1, top:bottom, left:right] = height

    def centre(self, box: Box) -> None:
        top, left, bottom, right = box
        rows, cols = np.mgrid[top:bottom, left:right]
        self.array[33, top:bottom, left:right] = ((left + right - 1) / 2 - cols) / OFFSET_UNIT
        self.array[34, top:bottom, left:right] = ((top + bottom - 1) / 2 - rows) / OFFSET_UNIT

    def tooth(self, fdi: int, box: Box, height: float = 9.0) -> None:
        self.paint(fdi, box, height)
        self.centre(box)


def test_nothing_is_nothing() -> None:
    assert len(decode(Planes().array, PERMANENT, SHAPE)) == 0


def test_pixels_that_agree_on_nothing_are_nothing() -> None:
    planes = Planes()
    planes.array[1, 10:40:9, 10:80:9] = 9.0
    assert len(decode(planes.array, PERMANENT, SHAPE)) == 0


def test_teeth_have_their_numbers_and_places() -> None:
    planes = Planes()
    planes.tooth(46, (10, 10, 30, 22))
    planes.tooth(45, (10, 22, 30, 32))
    teeth = decode(planes.array, PERMANENT, (96, 192))
    assert teeth.fdi.tolist() == [45, 46]
    assert np.abs(teeth.boxes - [[20, 44, 60, 64], [20, 20, 60, 44]]).max() <= 1
    assert not any(teeth.flags)
    assert (teeth.scores > 0.9).all()


def test_a_tooth_painted_with_two_numbers_is_one_tooth() -> None:
    planes = Planes()
    box = (10, 40, 34, 54)
    planes.paint(47, (10, 40, 26, 54))
    planes.paint(46, (26, 40, 34, 54))
    planes.centre(box)
    planes.tooth(45, (10, 70, 34, 82))
    teeth = decode(planes.array, PERMANENT, SHAPE)
    assert teeth.fdi.tolist() == [45, 47]
    assert teeth.boxes[1].tolist() == list(box)
    assert "doubtful" in teeth.flags[1]
    assert teeth.alternatives.tolist() == [0, 46]


def test_two_teeth_painted_with_one_number_stay_two() -> None:
    planes = Planes()
    planes.tooth(14, (10, 20, 30, 30))
    planes.tooth(14, (10, 30, 30, 40))
    planes.array[PERMANENT.index(15) + 1, 10:30, 20:30] = 8.0
    teeth = decode(planes.array, PERMANENT, SHAPE)
    assert teeth.fdi.tolist() == [14, 15]
    assert teeth.boxes[0, 1] == 30
    assert teeth.boxes[1, 3] == 30


def test_a_tooth_that_fits_no_free_number_is_left_without() -> None:
    planes = Planes()
    planes.tooth(36, (10, 20, 30, 36))
    planes.tooth(36, (10, 50, 30, 64))
    teeth = decode(planes.array, PERMANENT, SHAPE)
    assert sorted(teeth.fdi.tolist()) == [0, 36]
    assert teeth.boxes[teeth.fdi.tolist().index(36), 1] == 20  # the larger one bears it
    assert teeth.flags[teeth.fdi.tolist().index(0)] >= {"unnumbered"}


def test_narrow_teeth_standing_close_are_told_apart() -> None:
    planes = Planes()
    for place, fdi in enumerate((42, 41, 31, 32)):
        planes.tooth(fdi, (10, 40 + 5 * place, 34, 45 + 5 * place))
    assert decode(planes.array, PERMANENT, SHAPE).fdi.tolist() == [31, 32, 41, 42]


def test_small_unsure_regions_go() -> None:
    planes = Planes()
    planes.tooth(46, (10, 10, 30, 26))
    planes.tooth(48, (10, 60, 16, 68), 4.3)
    assert decode(planes.array, PERMANENT, SHAPE).fdi.tolist() == [46]


def test_votes_meet_at_centres() -> None:
    rng = np.random.default_rng(0)
    places = np.array([[20.0, 30.0], [26.0, 30.0], [70.0, 12.0]])
    votes = np.concatenate([place + rng.normal(0, 0.7, (60, 2)) for place in places]).T
    found = find_centres(votes, SHAPE)
    for place in places:
        assert np.hypot(*(found - place).T).min() < 1.5


def test_margins_tell_close_calls() -> None:
    numbers = np.array([[0.55, 0.45, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    readings = number_teeth(numbers, np.ones(3))
    assert sorted(reading.number for reading in readings) == [0, 1, 2]
    assert max(reading.margin for reading in readings[:2]) < 0.3
    assert [reading.other for reading in readings[:2]] == [readings[1].number, readings[0].number]
    assert readings[2].margin > 3
    assert number_teeth(np.zeros((0, 3)), np.zeros(0)) == []


def test_a_run_beside_a_gap_is_shifted_together() -> None:
    """Molars behind a gap that are 46, 47 or 47, 48: two close readings of both teeth."""
    numbers = np.array([[0.6, 0.4, 0.0], [0.0, 0.6, 0.4]])
    first, second = number_teeth(numbers, np.ones(2))
    one = np.log(0.6 / 0.4)  # 48 alone costs this; for 47, the tooth behind must move as well
    assert (first.number, first.other, second.number, second.other) == (0, 1, 1, 2)
    assert [first.margin, second.margin] == pytest.approx([2 * one, one], abs=1e-4)


def test_a_small_tooth_is_not_less_sure_of_its_number() -> None:
    numbers = np.array([[0.95, 0.05], [0.0, 0.95]])
    margins = [[r.margin for r in number_teeth(numbers, np.full(2, size))] for size in (0.3, 1.5)]
    assert margins[0] == margins[1]


def test_neighbours_that_weights_exchange_are_in_doubt() -> None:
    """The larger tooth keeps the number, but the joint probability of the other way is greater."""
    numbers = np.array([[0.9, 0.12], [0.95, 0.11]])
    large, small = number_teeth(numbers, np.array([1.5, 0.4]))
    assert (large.number, small.number) == (0, 1)
    assert (large.margin, large.other, small.margin, small.other) == (0.0, 1, 0.0, 0)


def test_the_larger_of_two_claimants_is_numbered() -> None:
    """The smaller one, such as a supernumerary tooth, has no number."""
    numbers = np.array([[0.9, 0.1], [0.99, 0.01]])
    found = number_teeth(numbers[:, :1], np.array([1.2, 0.3]))
    assert [reading.number for reading in found] == [0, -1]
    assert [reading.other for reading in found] == [-1, 0]


@pytest.mark.parametrize(("rows", "teeth"), [(1000, 30), (3, 30), (0, 30), (5, 0)])
def test_a_product_in_pieces_is_the_product(rows: int, teeth: int) -> None:
    rng = np.random.default_rng(0)
    left = rng.random((rows, 33), np.float32)
    right = rng.random((33, teeth), np.float32)
    np.testing.assert_allclose(
        instances._matmul_single_thread(left, right), left @ right, rtol=1e-6
    )
