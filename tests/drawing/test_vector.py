"""Tests of `panodent.drawing.vector`: the same parts as SVG and as pixels."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from panodent.drawing.vector import (
    Shape,
    Text,
    hatched,
    placed,
    rounded,
    to_pixels,
    to_points,
    to_svg_path,
)

SQUARE = (("M", (2.0, 2.0)), ("L", (8.0, 2.0)), ("L", (8.0, 8.0)), ("L", (2.0, 8.0)), ("Z", ()))
RED, BLUE = (255, 0, 0), (0, 0, 255)


def test_paths_are_placed_and_written() -> None:
    line = (("M", (1.0, 2.0)), ("L", (3.0, 4.0)))
    assert to_svg_path(placed(line, 10, 20, 2.0, up=True)) == "M12 16L16 12"
    assert to_points(placed(line, 10, 20, 2.0, up=False)).tolist() == [[12, 24], [16, 28]]


def test_curves_become_points() -> None:
    # All four control points on a line: so are the points, and the last is the curve's end.
    points = to_points((("M", (0, 0)), ("C", (1, 1, 2, 2, 3, 3))))
    assert points[-1].tolist() == pytest.approx([3, 3])
    assert points[:, 0] == pytest.approx(points[:, 1])


def test_remembered_points_cannot_be_changed() -> None:
    points = to_points((("M", (0, 0)), ("L", (4, 4))))
    with pytest.raises(ValueError, match="read-only"):
        points += 1


def test_shapes_as_svg() -> None:
    path = ElementTree.fromstring(Shape(SQUARE, RED, BLUE, 1.5, (4.0, 3.0)).to_svg())  # noqa: S314
    assert path.attrib["fill"] == "#ff0000"
    assert path.attrib["stroke"] == "#0000ff"
    assert (path.attrib["stroke-width"], path.attrib["stroke-dasharray"]) == ("1.5", "4 3")
    assert 'fill="none"' in Shape(SQUARE, None, BLUE).to_svg()


@pytest.mark.parametrize("text", ["<script>&", 'a"b'])
def test_text_is_escaped(text: str) -> None:
    element = ElementTree.fromstring(Text(text, 1, 2, 3, RED).to_svg())  # noqa: S314
    assert element.text == text
    assert element.attrib["text-anchor"] == "middle"


def test_shapes_as_pixels() -> None:
    picture = to_pixels([(Shape(SQUARE, RED, RED),)], (10, 12), 2.0)
    assert picture.shape == (24, 20, 3)
    assert tuple(picture[10, 10]) == RED
    assert tuple(picture[0, 0]) == (255, 255, 255)
    empty = to_pixels([(Shape(SQUARE, None, BLUE),)], (10, 10), 2.0)
    assert tuple(empty[10, 10]) == (255, 255, 255)
    assert empty[10, 4, 2] > empty[10, 4, 0]


def test_text_is_above_shapes() -> None:
    piece = (Text("8", 5, 8, 8, BLUE), Shape(SQUARE, RED, RED))
    picture = to_pixels([piece], (10, 10), 4.0)
    assert (picture == np.array(BLUE)).all(axis=2).any()


def test_pieces_side_by_side_look_like_one_piece() -> None:
    square = rounded(33.3, 2.4, 42.2, 33.1, 4.0)
    parts = (
        Shape(SQUARE, RED, BLUE, 1.7, (1.0, 0.7)),
        Shape(square, BLUE, RED, 2.3),
        Text("4?", 14.7, 21.1, 11.3, BLUE, "left", bold=True),
    )
    whole = to_pixels([parts], (45, 40), 2.04)
    for _ in range(2):  # the second time they are remembered
        assert np.array_equal(to_pixels([(part,) for part in parts], (45, 40), 2.04), whole)
    assert np.array_equal(to_pixels([parts[:2]], (45, 40), 2.04, rare=[parts[2:]]), whole)


def test_hatching_stays_inside_at_the_given_distance() -> None:
    square = (("M", (0, 0)), ("L", (10, 0)), ("L", (10, 10)), ("L", (0, 10)), ("Z", ()))
    for rising, way in ((True, 1), (False, -1)):
        lines = [to_points(line) for line in hatched(square, 2.0, rising)]
        ends = np.concatenate(lines)
        assert ends.min() > -1e-9
        assert ends.max() < 10 + 1e-9
        levels = sorted(float((way * x + y) * np.sqrt(0.5)) for (x, y), _ in lines)
        assert np.allclose(np.diff(levels), 2.0)
        assert all(np.isclose(way * (b - a)[0], -(b - a)[1]) for a, b in lines)
        assert len(lines) == 7  # the diagonal is 14.1 long


def test_hatching_leaves_out_what_is_between_two_arms() -> None:
    corners = ((0, 0), (10, 0), (10, 10), (7, 10), (7, 3), (3, 3), (3, 10), (0, 10))
    shape = (("M", corners[0]), *(("L", corner) for corner in corners[1:]), ("Z", ()))
    assert len(hatched(shape, 2.0)) > 7
    for line in hatched(shape, 2.0):
        x, y = to_points(line).mean(axis=0)
        assert not (3 < x < 7 and y > 3)
