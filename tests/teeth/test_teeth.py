"""`Teeth`: made from every kind of annotation, transformed pixel by pixel, always valid."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.dentition import PERMANENT, TEETH, mirror
from panodent.errors import TeethError
from panodent.teeth.run_lengths import to_rle
from panodent.teeth.teeth import FLAGS, UNNUMBERED, Teeth


def drawn(*rows: str) -> np.ndarray:
    """A mask from text: '#' is true."""
    return np.array([[char == "#" for char in row] for row in rows], bool)


L_SHAPE = drawn("#..", "#..", "###")
RING = drawn("####", "#..#", "####")
TWO_PARTS = drawn("##..", "....", "...#")


def some_teeth(size: tuple[int, int] = (8, 12)) -> Teeth:
    """A tooth with a corner cut out, one with a hole, one in two parts; they do not overlap."""
    return Teeth.from_masks(
        size,
        [(36, L_SHAPE, (1, 0)), (11, RING, (0, 4)), (75, TWO_PARTS, (5, 7))],
        scores=[0.5, 1.0, 0.25],
        flags=[(), ("edited",), ("doubtful", "edited")],
    )


def random_teeth(seed: int, size: tuple[int, int] = (40, 60), count: int = 6) -> Teeth:
    """Ragged teeth, overlapping, anywhere."""
    rng = np.random.default_rng(seed)
    items = []
    for fdi in rng.choice(PERMANENT, count, replace=False).tolist():
        shape = rng.integers(3, 15, 2)
        corner = [
            int(rng.integers(0, side - part + 1)) for side, part in zip(size, shape, strict=True)
        ]
        items.append((fdi, rng.random(tuple(shape)) < 0.7, tuple(corner)))
    return Teeth.from_masks(size, items, rng.random(count).astype(np.float32).tolist())


def full(teeth: Teeth) -> list[tuple[int, np.ndarray]]:
    return [(int(fdi), teeth.full_mask(i)) for i, fdi in enumerate(teeth.fdi)]


# --- making -------------------------------------------------------------------------------------


def test_masks_are_trimmed_to_their_boxes():
    mask = np.zeros((6, 8), bool)
    mask[2:4, 3:7] = True
    teeth = Teeth.from_masks((6, 8), [(21, mask), (22, np.zeros((6, 8), bool))])
    assert teeth.fdi.tolist() == [21]
    assert teeth.boxes.tolist() == [[2, 3, 4, 7]]
    assert teeth.masks[0].shape == (2, 4)
    assert teeth.scores.tolist() == [1.0]
    assert teeth.flags == (frozenset(),)
    assert np.array_equal(teeth.full_mask(0), mask)


def test_scores_and_flags_stay_with_their_teeth_when_an_empty_one_is_left_out():
    empty, one = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    teeth = Teeth.from_masks(
        (2, 2), [(11, empty), (12, one)], scores=[0.1, 0.9], flags=[("edited",), ("doubtful",)]
    )
    assert teeth.scores.tolist() == [pytest.approx(0.9)]
    assert teeth.flags == (frozenset({"doubtful"}),)


def test_types_are_fixed_whatever_came():
    teeth = Teeth((4, 4), [11], [[0, 0, 1, 1]], [[[1]]], [1])  # type: ignore[arg-type, list-item]
    assert teeth.fdi.dtype == np.int16
    assert teeth.boxes.dtype == np.int32
    assert teeth.scores.dtype == np.float32
    assert teeth.masks[0].dtype == bool


def test_an_empty_record():
    teeth = Teeth.empty((3, 4))
    assert len(teeth) == 0
    assert list(teeth) == []
    assert teeth.boxes.shape == (0, 4)
    assert teeth.areas.shape == (0,)
    assert teeth.centroids().shape == (0, 2)
    assert not teeth.label_image().any()
    assert teeth == teeth.mirrored() == teeth.sorted() == teeth.select([])
    assert teeth.resized((6, 8)) == Teeth.empty((6, 8))
    assert teeth.cropped(0, 0, 2, 2) == Teeth.empty((2, 2))


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int64])
def test_label_images_there_and_back(dtype):
    labels = np.zeros((5, 7), dtype)
    labels[0, 0] = labels[4, 6] = 48
    labels[1:3, 2:4] = 11
    labels[1, 2] = 85
    teeth = Teeth.from_label_image(labels)
    assert teeth.fdi.tolist() == [11, 48, 85]
    assert teeth.boxes.tolist() == [[1, 2, 3, 4], [0, 0, 5, 7], [1, 2, 2, 3]]
    assert teeth.areas.tolist() == [3, 2, 1]
    assert teeth.label_image().dtype == np.uint8
    assert np.array_equal(teeth.label_image(), labels)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.full((2, 2), 19, np.uint8), "label value 19 is not an FDI number"),
        (np.full((2, 2), -11, np.int16), "label value -11"),
        (np.full((2, 2), True), "label value 1 "),
        (np.zeros((2, 2, 3), np.uint8), r"shape \(2, 2, 3\).*expected two axes"),
        (np.zeros((2, 2), np.float32), "dtype float32; expected two axes of integers"),
        (np.zeros(4, np.uint8), r"shape \(4,\)"),
    ],
)
def test_what_is_no_label_image_is_refused(labels, message):
    with pytest.raises(TeethError, match=message):
        Teeth.from_label_image(labels)


def test_in_a_label_image_the_smaller_tooth_is_on_top():
    big, small = np.ones((4, 4), bool), np.ones((2, 2), bool)
    for items in ([(11, big), (12, small, (1, 1))], [(12, small, (1, 1)), (11, big)]):
        labels = Teeth.from_masks((4, 4), items).label_image()
        assert (labels == 12).sum() == 4
        assert (labels == 11).sum() == 12


def test_an_unnumbered_tooth_leaves_the_label_image_alone():
    big, small = np.ones((4, 4), bool), np.ones((2, 2), bool)
    teeth = Teeth.from_masks((4, 4), [(11, big), (UNNUMBERED, small, (1, 1))])
    assert (teeth.label_image() == 11).all()


@pytest.mark.parametrize("seed", range(5))
def test_run_lengths_there_and_back(seed):
    teeth = random_teeth(seed)
    texts = [(int(fdi), teeth.rle(i)) for i, fdi in enumerate(teeth.fdi)]
    assert [text for _, text in texts] == [to_rle(mask) for _, mask in full(teeth)]
    again = Teeth.from_rles(teeth.size, texts)
    assert again == Teeth.from_masks(teeth.size, full(teeth))


@pytest.mark.parametrize("seed", range(5))
def test_polygons_there_and_back_with_holes_and_parts(seed):
    teeth = random_teeth(seed)
    outlines = [(int(fdi), teeth.polygons(i)) for i, fdi in enumerate(teeth.fdi)]
    assert any(len(part) > 1 for _, parts in outlines for part in parts)
    assert any(len(parts) > 1 for _, parts in outlines)
    assert Teeth.from_polygons(teeth.size, outlines) == Teeth.from_masks(teeth.size, full(teeth))


def test_polygons_are_in_image_pixels_as_x_and_y():
    teeth = some_teeth()
    ((outer, hole),) = teeth.polygons(1)
    assert outer.min(axis=0).tolist() == [4, 0]
    assert outer.max(axis=0).tolist() == [8, 3]
    assert hole.min(axis=0).tolist() == [5, 1]
    assert hole.max(axis=0).tolist() == [7, 2]
    assert len(teeth.polygons(2)) == 2


# --- looking ------------------------------------------------------------------------------------


def test_areas_centroids_and_iteration_by_hand():
    teeth = some_teeth()
    assert teeth.areas.tolist() == [5, 10, 3]
    assert teeth.centroids().tolist() == [
        [pytest.approx((1 + 2 + 3 * 3) / 5), pytest.approx((0 + 0 + 0 + 1 + 2) / 5)],
        [1.0, 5.5],
        [pytest.approx((5 + 5 + 7) / 3), pytest.approx((7 + 8 + 10) / 3)],
    ]
    numbers, boxes, masks = zip(*teeth, strict=True)
    assert numbers == (36, 11, 75)
    assert [box.tolist() for box in boxes] == [[1, 0, 4, 3], [0, 4, 3, 8], [5, 7, 8, 11]]
    assert all(map(np.array_equal, masks, (L_SHAPE, RING, TWO_PARTS)))


def test_texts_for_people():
    assert repr(some_teeth()) == "Teeth(3 teeth, 8 x 12 pixels: 11, 36, 75)"
    row = "<td>36</td><td>lower left first molar</td>"
    assert row in some_teeth()._repr_html_()


def changed(**what: object) -> Teeth:
    teeth = some_teeth()
    fields = {
        name: getattr(teeth, name) for name in ("size", "fdi", "boxes", "masks", "scores", "flags")
    }
    return Teeth(**{**fields, **what})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "other",
    [
        changed(size=(9, 12)),
        changed(fdi=[37, 11, 75]),
        changed(boxes=np.add(some_teeth().boxes, [0, 1, 0, 1])),
        changed(masks=(L_SHAPE[::-1], RING, TWO_PARTS)),
        changed(scores=[0.5, 1.0, 0.75]),
        changed(flags=((), (), ())),
        some_teeth().select([1, 0, 2]),
        some_teeth().select([0, 1]),
        Teeth.empty((8, 12)),
        "Teeth",
        None,
    ],
)
def test_records_that_differ_in_anything_are_not_equal(other):
    assert some_teeth() == some_teeth() == changed()
    assert some_teeth() != other


def test_records_are_neither_hashed_nor_assigned_to():
    with pytest.raises(TypeError, match="unhashable"):
        hash(some_teeth())
    with pytest.raises(AttributeError):
        some_teeth().size = (1, 1)  # type: ignore[misc]


# --- refusing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"size": (0, 12)}, r"size is \(0, 12\); expected .* at least 1 x 1"),
        ({"size": (8, 12, 3)}, r"size is \(8, 12, 3\); expected \(height, width\)"),
        ({"fdi": [36, 11]}, "fdi has 2 entries for 3 masks"),
        ({"boxes": [[1, 0, 4, 3]]}, "boxes has 1 entries for 3 masks"),
        ({"scores": [1.0]}, "scores has 1 entries for 3 masks"),
        ({"flags": (frozenset(),)}, "flags has 1 entries for 3 masks"),
        ({"fdi": [36, 11, 19]}, "19 is not an FDI number"),
        ({"fdi": [36, 11, -1]}, "-1 is not an FDI number"),
        ({"fdi": [36.0, 11.5, 75.0]}, "not all whole numbers"),
        ({"fdi": [36, 11, 70000]}, "not all whole numbers that fit int16"),
        ({"fdi": np.array([36, 65536 + 11, 75])}, "that fit int16"),  # 11 in 16 bits
        ({"fdi": [[36, 11, 75]]}, r"fdi has shape \(1, 3\); expected \(n\)"),
        ({"boxes": np.zeros((3, 3), int)}, r"boxes has shape \(3, 3\); expected \(n, 4\)"),
        ({"boxes": some_teeth().boxes + 0.5}, "not all whole numbers"),
        ({"boxes": some_teeth().boxes - 1}, r"outside the image of height 8 and width 12"),
        (
            {"boxes": np.add(some_teeth().boxes, [1, 0, 1, 0])},
            r"\(6, 7, 9, 11\) is empty or outside",
        ),
        ({"boxes": some_teeth().boxes * [0, 1, 0, 1]}, "is empty or outside"),
        (
            {"masks": (L_SHAPE[:2], RING, TWO_PARTS)},
            r"mask of shape \(2, 3\) does not fill its box \(1, 0, 4, 3\); expected \(3, 3\)",
        ),
        ({"masks": (L_SHAPE[..., None], RING, TWO_PARTS)}, r"mask of shape \(3, 3, 1\)"),
        ({"masks": (L_SHAPE & False, RING, TWO_PARTS)}, r"mask in box \(1, 0, 4, 3\) is empty"),
        ({"scores": [0.5, 1.01, 0.5]}, "are not all from 0 to 1"),
        ({"scores": [-0.1, 1, 0.5]}, "are not all from 0 to 1"),
        ({"scores": [np.nan, 1, 0.5]}, "are not all from 0 to 1"),
        ({"flags": ((), ("sure",), ())}, f"unknown flags .'sure'.; known: {', '.join(FLAGS)}"),
    ],
)
def test_contradictions_are_refused_with_what_was_expected(what, message):
    with pytest.raises(TeethError, match=message):
        changed(**what)


@pytest.mark.parametrize(
    ("items", "more", "message"),
    [
        ([(11, np.ones((2, 3)))], {}, r"mask of shape \(2, 3\) for an image of size \(4, 4\)"),
        ([(11, np.ones((2, 2)), (3, 0))], {}, r"box .*\(3, 0, 5, 2\) is empty or outside"),
        ([(11, np.ones((2, 2)), (-1, 0))], {}, "outside"),
        ([(11.5, np.ones((4, 4)))], {}, "not all whole numbers"),
        ([(11, np.ones((4, 4)))], {"scores": []}, "scores has 0 entries for 1 masks"),
        ([(11, np.ones((4, 4)))], {"scores": [1, 1]}, "scores has 2 entries for 1 masks"),
        ([(11, np.ones((4, 4)))], {"flags": [(), ()]}, "flags has 2 entries for 1 masks"),
    ],
)
def test_masks_that_do_not_suit_the_image_are_refused(items, more, message):
    with pytest.raises(TeethError, match=message):
        Teeth.from_masks((4, 4), items, **more)


# --- changing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([2, 0], [75, 36]),
        ([-1], [75]),
        (1, [11]),
        ([True, False, True], [36, 75]),
        (np.array([], int), []),
        ([], []),
        ([0, 0], [36, 36]),
    ],
)
def test_select(indices, expected):
    chosen = some_teeth().select(indices)
    assert chosen.fdi.tolist() == expected
    assert chosen.size == (8, 12)
    assert len(chosen.flags) == len(chosen.scores) == len(expected)


def test_select_takes_everything_of_a_tooth():
    chosen = some_teeth().select([2])
    assert chosen.boxes.tolist() == [[5, 7, 8, 11]]
    assert np.array_equal(chosen.masks[0], TWO_PARTS)
    assert chosen.scores.tolist() == [0.25]
    assert chosen.flags == (frozenset({"doubtful", "edited"}),)


def test_records_that_do_not_change_are_not_made_again() -> None:
    teeth = Teeth.from_label_image([[0, 36], [37, 36]])
    assert teeth.select([0, 1]) is teeth.select([True, True]) is teeth.placed(0, 0, (2, 2)) is teeth
    assert teeth.select([1, 0]).fdi.tolist() == [37, 36]
    assert teeth.placed(0, 0, (2, 3)).size == (2, 3)


def test_select_refuses_a_selection_of_another_length():
    with pytest.raises(TeethError, match=r"selection of shape \(2,\) for 3 teeth"):
        some_teeth().select([True, False])
    with pytest.raises(IndexError):
        some_teeth().select([3])


def test_numbered_leaves_out_what_has_no_number():
    dot = np.ones((1, 1), bool)
    teeth = Teeth.from_masks((4, 4), [(0, dot, (0, 0)), (48, dot, (2, 2)), (0, dot, (3, 1))])
    assert teeth.numbered() == teeth.select([1])
    assert len(Teeth.empty((4, 4)).numbered()) == 0


def test_sorted_puts_unnumbered_teeth_last_and_equal_numbers_by_place():
    dot = np.ones((1, 1), bool)
    items = [
        (0, dot, (0, 0)),
        (48, dot, (2, 2)),
        (11, dot, (3, 1)),
        (11, dot, (1, 3)),
        (0, dot, (0, 1)),
    ]
    teeth = Teeth.from_masks((4, 4), items).sorted()
    assert teeth.fdi.tolist() == [11, 11, 48, 0, 0]
    assert teeth.boxes[:, :2].tolist() == [[1, 3], [3, 1], [2, 2], [0, 0], [0, 1]]


def test_alternatives_go_with_their_teeth() -> None:
    items = [(fdi, RING, (0, 3 * place)) for place, fdi in enumerate((46, 45, 44))]
    teeth = Teeth.from_masks((4, 12), items, alternatives=[47, 0, 43])
    assert teeth.alternatives.dtype == np.int16
    assert teeth.sorted().alternatives.tolist() == [43, 0, 47]
    assert teeth.mirrored().alternatives.tolist() == [37, 0, 33]
    assert teeth.placed(0, -4, (4, 12)).alternatives.tolist() == [0, 43]
    assert teeth.resized((8, 24)).alternatives.tolist() == [47, 0, 43]
    assert teeth != Teeth.from_masks((4, 12), items)
    assert Teeth.from_masks((4, 12), items).alternatives.tolist() == [0, 0, 0]


def test_mirroring_swaps_the_sides_numbers():
    teeth = Teeth.from_masks((4, 10), [(36, L_SHAPE, (1, 0)), (0, RING, (0, 5))])
    turned = teeth.mirrored()
    assert turned.fdi.tolist() == [46, 0]
    assert turned.boxes.tolist() == [[1, 7, 4, 10], [0, 1, 3, 5]]
    assert np.array_equal(turned.masks[0], drawn("..#", "..#", "###"))
    assert turned.mirrored() == teeth


@pytest.mark.parametrize("fdi", list(TEETH))
def test_mirroring_for_each_tooth(fdi):
    teeth = Teeth.from_masks((2, 2), [(fdi, np.ones((2, 1)), (0, 0))])
    assert teeth.mirrored().fdi.tolist() == [mirror(fdi)]
    tens = {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}
    assert mirror(fdi) == tens[fdi // 10] * 10 + fdi % 10


@pytest.mark.parametrize("seed", range(4))
def test_mirroring_moves_every_pixel(seed):
    teeth = random_teeth(seed)
    assert all(
        np.array_equal(before[:, ::-1], after)
        for (_, before), (_, after) in zip(full(teeth), full(teeth.mirrored()), strict=True)
    )


@pytest.mark.parametrize("seed", range(4))
def test_cropping_is_slicing(seed):
    teeth = random_teeth(seed)
    rng = np.random.default_rng(seed)
    top, left = int(rng.integers(0, 20)), int(rng.integers(0, 30))
    bottom, right = int(rng.integers(top + 1, 41)), int(rng.integers(left + 1, 61))
    part = teeth.cropped(top, left, bottom, right)
    expected = [
        (fdi, mask[top:bottom, left:right], score)
        for (fdi, mask), score in zip(full(teeth), teeth.scores.tolist(), strict=True)
    ]
    assert part == Teeth.from_masks(
        (bottom - top, right - left),
        [item[:2] for item in expected],
        [item[2] for item in expected],
    )
    assert teeth.cropped(0, 0, *teeth.size) == teeth


def test_cropping_keeps_flags_with_their_teeth():
    part = some_teeth().cropped(4, 0, 8, 12)
    assert part.fdi.tolist() == [75]
    assert part.flags == (frozenset({"doubtful", "edited"}),)
    assert part.boxes.tolist() == [[1, 7, 4, 11]]


@pytest.mark.parametrize("box", [(0, 0, 9, 12), (-1, 0, 4, 4), (4, 4, 4, 8), (0, 5, 4, 3)])
def test_a_crop_beyond_the_image_is_refused(box):
    with pytest.raises(TeethError, match=r"is empty or leaves the image \(8, 12\)"):
        some_teeth().cropped(*box)


def test_placed_moves_teeth_into_another_image_and_cuts_what_leaves_it() -> None:
    placed = some_teeth().placed(-2, 3, (8, 12))
    # 36 loses its first row; 11 (rows 0 to 2) keeps its last one; 75 moves up and right, and
    # loses the part in column 13.
    assert placed.fdi.tolist() == [36, 11, 75]
    assert placed.boxes.tolist() == [[0, 3, 2, 6], [0, 7, 1, 11], [3, 10, 4, 12]]
    assert placed.scores.tolist() == [0.5, 1.0, 0.25]
    assert some_teeth().placed(0, 20, (8, 12)) == Teeth.empty((8, 12))


@pytest.mark.parametrize("size", [(40, 60), (80, 120), (20, 30), (37, 91), (41, 13), (1, 1)])
def test_resizing_takes_the_pixel_under_each_centre(size):
    teeth = random_teeth(7)
    rows = np.minimum(((np.arange(size[0]) + 0.5) * 40 / size[0]).astype(int), 39)
    cols = np.minimum(((np.arange(size[1]) + 0.5) * 60 / size[1]).astype(int), 59)
    expected = [(fdi, mask[np.ix_(rows, cols)]) for fdi, mask in full(teeth)]
    assert teeth.resized(size) == Teeth.from_masks(size, expected, teeth.scores.tolist())


def test_resizing_by_a_whole_factor_and_back_changes_nothing():
    teeth = some_teeth()
    assert teeth.resized((24, 36)).resized(teeth.size) == teeth
    assert (teeth.resized((24, 36)).areas == 9 * teeth.areas).all()


def test_resizing_makes_no_number_that_was_not_there():
    labels = np.zeros((30, 40), np.uint8)
    labels[:, 10:20], labels[:, 20:30] = 18, 48
    assert set(np.unique(Teeth.from_label_image(labels).resized((17, 23)).label_image())) == {
        0,
        18,
        48,
    }


def test_a_tooth_that_vanishes_in_resizing_is_left_out():
    teeth = Teeth.from_masks((8, 8), [(11, np.ones((1, 1)), (1, 1)), (12, np.ones((4, 4)), (4, 4))])
    assert teeth.resized((2, 2)).fdi.tolist() == [12]


@pytest.mark.parametrize("size", [(0, 5), (5, -1)])
def test_resizing_to_nothing_is_refused(size):
    with pytest.raises(TeethError, match="expected at least 1 x 1"):
        some_teeth().resized(size)
