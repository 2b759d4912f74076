"""Boxes and segmentations in the form of COCO."""

from panodent.formats.coco_geometry import bbox, run_lengths


def test_a_box_has_the_width_and_height_of_its_pixels() -> None:
    assert bbox(3, 4, 4, 4) == [3, 4, 1, 0]


def test_run_lengths_name_height_before_width() -> None:
    assert run_lengths("13", (2, 5)) == {"size": [2, 5], "counts": "13"}
