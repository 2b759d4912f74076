"""`panodent.evaluation.case_scores`: one radiograph, answers worked out by hand on rectangles."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import PERMANENT
from panodent.errors import TeethError, UnknownToothError
from panodent.evaluation.case_scores import NSD_TOLERANCE, REFERENCE_WIDTH, CaseScores, score_pair
from panodent.teeth.teeth import Teeth

SIZE = (40, 200)
# Places for teeth of 10 x 10 pixels, well apart.
A, B, C, D = 10, 30, 50, 70


def tooth(fdi: int, left: int, top: int = 10, height: int = 10, width: int = 10):
    return fdi, np.ones((height, width), bool), (top, left)


def teeth(*items, size: tuple[int, int] = SIZE, scores=None) -> Teeth:
    return Teeth.from_masks(size, items, scores)


def dices(case: CaseScores) -> dict[int, float]:
    return {item.fdi: item.dice for item in case.teeth}


def test_perfect_prediction():
    truth = teeth(tooth(36, A), tooth(37, B))
    case = score_pair(truth, truth, surfaces=True)
    assert (case.dice, case.numbering, case.foreground) == (1.0, 1.0, 1.0)
    assert (case.extras, case.unmatched, case.detections) == ((), (), (2, 0, 0))
    assert case.dice_obb == (1.0,) * 32
    assert [item.surface for item in case.teeth] == [(0.0, 1.0)] * 2


def test_half_overlap():
    # 100 pixels each, 50 shared: Dice 100 / 200, IoU 50 / 150, so the tooth counts as missed.
    case = score_pair(teeth(tooth(36, A)), teeth(tooth(36, A + 5)))
    assert case.dice == 0.5
    assert case.numbering == 0.0
    assert case.teeth[0].found_as is None
    assert case.detections == (0, 1, 1)
    assert case.extras == ()
    assert case.unmatched == (36,)  # by place it lies on nothing


def test_swapped_neighbours():
    case = score_pair(teeth(tooth(36, A), tooth(37, B)), teeth(tooth(37, A), tooth(36, B)))
    # Both numbers are in the truth, so neither is an extra; both are in the wrong place.
    assert dices(case) == {36: 0.0, 37: 0.0}
    assert case.extras == ()
    assert case.numbering == 0.0
    assert {item.fdi: item.found_as for item in case.teeth} == {36: 37, 37: 36}
    assert case.foreground == 1.0
    assert case.detections == (0, 2, 2)


def test_missing_tooth_that_shifts_its_neighbours():
    # The truth has a gap at 35; the prediction numbers 36 as 35 and 37 as 36.
    case = score_pair(
        teeth(tooth(34, A), tooth(36, B), tooth(37, C)),
        teeth(tooth(34, A), tooth(35, B), tooth(36, C)),
    )
    assert dices(case) == {34: 1.0, 36: 0.0, 37: 0.0}
    assert case.extras == (35,)
    assert case.dice == 1 / 4  # three teeth and an extra
    assert case.numbering == 1 / 3
    # 35 absent but predicted, 36 elsewhere, 37 missed: 3 of 32 are 0.
    assert sum(case.dice_obb) == 29
    assert case.dice_obb[PERMANENT.index(35)] == 0.0
    assert case.dice_obb[PERMANENT.index(48)] == 1.0


def test_extra_tooth_adds_a_0():
    case = score_pair(teeth(tooth(36, A)), teeth(tooth(36, A), tooth(38, C)))
    assert case.dice == 0.5
    assert case.numbering == 1.0
    assert (case.extras, case.unmatched) == ((38,), (38,))
    assert case.detections == (1, 1, 0)
    assert case.counts == (1, 2)


def test_missing_prediction_is_0_throughout():
    case = score_pair(teeth(tooth(36, A)), None, surfaces=True)
    assert not case.predicted
    assert (case.dice, case.numbering, case.foreground) == (0.0, 0.0, 0.0)
    assert case.dice_obb == (0.0,) * 32
    assert case.teeth[0].surface is None


def test_prediction_without_teeth_is_a_prediction():
    case = score_pair(teeth(tooth(36, A)), Teeth.empty(SIZE))
    assert case.predicted
    assert (case.dice, case.foreground) == (0.0, 0.0)
    assert sum(case.dice_obb) == 31  # the absent 31 are rightly absent


def test_no_tooth_in_truth_and_none_predicted():
    case = score_pair(Teeth.empty(SIZE), Teeth.empty(SIZE))
    assert case.dice is None
    assert case.numbering is None
    assert case.foreground == 1.0
    assert case.dice_obb == (1.0,) * 32
    assert case.detections == (0, 0, 0)


def test_no_tooth_in_truth_but_some_predicted():
    case = score_pair(Teeth.empty(SIZE), teeth(tooth(36, A), tooth(37, B)))
    assert case.dice == 0.0
    assert case.numbering is None
    assert case.extras == (36, 37)
    assert case.foreground == 0.0
    assert sum(case.dice_obb) == 30


def test_no_tooth_in_truth_and_no_prediction():
    case = score_pair(Teeth.empty(SIZE), None)
    assert (case.dice, case.foreground) == (None, 0.0)
    assert case.dice_obb == (0.0,) * 32


@pytest.mark.parametrize(
    ("predicted", "extras", "dice", "detections"),
    [
        # On a tooth that nothing else finds: the tooth is missed, the instance is not an extra.
        ((tooth(0, A),), (), 0.0, (0, 0, 1)),
        # On nothing: an extra.
        ((tooth(36, A), tooth(0, C)), (0,), 0.5, (1, 1, 0)),
        # On a tooth that its number already finds: an extra.
        ((tooth(36, A), tooth(0, A)), (0,), 0.5, (1, 1, 0)),
        # The number stands elsewhere: the instance is excused, the number's own place is wrong.
        ((tooth(36, C), tooth(0, A)), (), 0.0, (0, 1, 1)),
        # Two on one missed tooth: one is excused.
        ((tooth(0, A), tooth(0, A)), (0,), 0.0, (0, 1, 1)),
    ],
)
def test_instance_without_a_number(predicted, extras, dice, detections):
    case = score_pair(teeth(tooth(36, A)), teeth(*predicted))
    assert (case.extras, case.dice, case.detections) == (extras, dice, detections)


def test_unnumbered_instance_on_a_tooth_is_in_the_confusion():
    case = score_pair(teeth(tooth(36, A)), teeth(tooth(0, A)))
    assert case.teeth[0].found_as == 0
    assert case.unmatched == ()


def test_tooth_of_the_truth_without_a_number_is_not_scored():
    case = score_pair(teeth(tooth(36, A), tooth(0, B)), teeth(tooth(36, A), tooth(37, B)))
    assert [item.fdi for item in case.teeth] == [36]
    assert (case.dice, case.extras, case.detections) == (1.0, (), (1, 0, 0))
    assert (case.counts, case.regions, case.ignored) == ((1, 1), 1, (37,))
    assert [item.fdi for item in case.prediction] == [36]
    assert case.foreground == 1.0


def test_an_ignore_region_that_nothing_finds_costs_nothing():
    case = score_pair(teeth(tooth(36, A), tooth(0, B)), teeth(tooth(36, A)))
    assert (case.dice, case.foreground, case.detections) == (1.0, 1.0, (1, 0, 0))
    assert (case.counts, case.regions, case.ignored) == ((1, 1), 1, ())


def test_the_number_of_a_tooth_on_an_ignore_region_leaves_the_tooth_missed():
    # 38 stands elsewhere; it is missed, but the region makes no invented tooth.
    case = score_pair(teeth(tooth(38, A), tooth(0, B)), teeth(tooth(38, B)))
    assert (case.dice, case.extras, case.detections) == (0.0, (), (0, 0, 1))
    assert case.dice_obb[PERMANENT.index(38)] == 0.0
    assert case.ignored == (38,)


def test_a_number_on_an_ignore_region_is_absent_in_dice_obb():
    case = score_pair(teeth(tooth(0, B)), teeth(tooth(37, B)))
    assert case.dice_obb == (1.0,) * 32


def test_foreground_leaves_out_ignored_pixels_outside_teeth():
    # The region covers the right half of 36 and 5 columns beside it. The instance of 36 is 5
    # columns too wide, all of them in the region: Dice of 36 falls, the foreground stays.
    truth = teeth(tooth(36, A), tooth(0, A + 5))
    case = score_pair(truth, teeth(tooth(36, A, width=15)))
    assert case.dice == 2 * 100 / 250
    assert (case.foreground, case.ignored) == (1.0, ())


def test_the_dentition_is_that_of_the_ground_truth():
    mixed = teeth(tooth(55, A), tooth(16, B), tooth(0, C))
    assert score_pair(mixed, None).dentition == "mixed"
    assert score_pair(teeth(tooth(16, B)), mixed).dentition == "permanent"
    assert score_pair(teeth(tooth(55, B)), None).dentition == "primary"
    assert score_pair(teeth(tooth(0, C)), None).dentition is None


def test_a_number_that_stands_twice_is_paired_one_to_one():
    truth = teeth(tooth(36, A))
    case = score_pair(truth, teeth(tooth(36, A + 4), tooth(36, A)))
    assert (case.dice, case.extras) == (0.5, (36,))  # the better one counts, the other is too many
    back = score_pair(teeth(tooth(36, A + 4), tooth(36, A)), truth)
    assert [item.dice for item in back.teeth] == [0.0, 1.0]
    joined = score_pair(truth, teeth(tooth(36, A), tooth(36, A)))
    assert joined.dice_obb[PERMANENT.index(36)] == 1.0  # teeth of one number count as one mask


def test_deciduous_teeth_count_like_others():
    truth = teeth(tooth(55, A), tooth(16, B))
    assert score_pair(truth, truth).dice == 1.0
    assert score_pair(truth, teeth(tooth(16, B))).dice == 0.5
    # A permanent number on a deciduous tooth: the tooth is wrong and the number an extra.
    case = score_pair(truth, teeth(tooth(15, A), tooth(16, B)))
    assert (case.dice, case.extras, case.numbering) == (1 / 3, (15,), 0.5)


def test_classes_restrict_both_sides():
    truth = teeth(tooth(55, A), tooth(16, B))
    found = teeth(tooth(55, A), tooth(16, B), tooth(85, C))
    case = score_pair(truth, found, classes=PERMANENT)
    assert (dices(case), case.extras) == ({16: 1.0}, ())
    with pytest.raises(UnknownToothError, match=r"\[99\]"):
        score_pair(truth, found, classes=[16, 99])


def test_dice_obb_is_counted_at_512():
    # One row of 1024 becomes none or one of 512: nearest neighbour takes every second, the odd.
    truth = teeth(tooth(36, 10, top=11, height=1), size=(1024, 512))
    found = teeth(tooth(36, 10, top=10, height=2), size=(1024, 512))
    case = score_pair(truth, found)
    assert case.dice == pytest.approx(2 * 10 / 30)
    assert case.dice_obb[PERMANENT.index(36)] == 1.0


def test_distances_are_scaled_to_the_reference_width():
    # Ten pixels aside on a radiograph 200 wide are 50 thousandths of its width.
    case = score_pair(teeth(tooth(36, A)), teeth(tooth(36, A + 10)), surfaces=True)
    assert case.teeth[0].surface.hd95 == pytest.approx(10 * REFERENCE_WIDTH / 200)
    wide = score_pair(
        teeth(tooth(36, A), size=(40, 1000)),
        teeth(tooth(36, A + 2), size=(40, 1000)),
        surfaces=True,
    )
    assert NSD_TOLERANCE == 2.0
    assert wide.teeth[0].surface.nsd == 1.0


def test_sizes_must_agree():
    with pytest.raises(TeethError, match=r"x: .*\(20, 20\).*\(40, 200\)"):
        score_pair(Teeth.empty(SIZE), Teeth.empty((20, 20)), key="x")
