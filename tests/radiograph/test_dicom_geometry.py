"""Orientation and spacing of DICOM radiographs."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from panodent.radiograph.dicom_geometry import Turn, spacing_of, upright_turn

IMAGE = np.arange(6).reshape(2, 3)


@pytest.mark.parametrize("flags", list(itertools.product([False, True], repeat=3)))
def test_turns_can_be_undone(flags: tuple[bool, bool, bool]) -> None:
    turn = Turn(*flags)
    assert bool(turn) == any(flags)
    assert turn.apply(IMAGE).shape == ((3, 2) if turn.transposed else (2, 3))
    assert np.array_equal(turn.undo(turn.apply(IMAGE)), IMAGE)


@pytest.mark.parametrize(
    ("orientation", "turn", "note"),
    [
        (["L", "F"], Turn(), None),
        (["L", "FP"], Turn(), None),
        (["R", "F"], Turn(columns=True), "mirrored upright"),
        (["R", "H"], Turn(rows=True, columns=True), "turned upright"),
        (["F", "L"], Turn(transposed=True), "mirrored upright"),
        (["F", "R"], Turn(transposed=True, columns=True), "turned upright"),
        (["A", "F"], Turn(), None),  # a lateral image
        (["L"], Turn(), None),
        (None, Turn(), None),
    ],
)
def test_the_patients_left_is_on_the_right_and_the_feet_below(
    orientation: list[str] | None, turn: Turn, note: str | None
) -> None:
    found, notes = upright_turn({"PatientOrientation": orientation})
    assert found == turn
    assert [n.split(":")[0] for n in notes] == ([note] if note else [])


@pytest.mark.parametrize(
    ("header", "spacing", "name"),
    [
        ({"ImagerPixelSpacing": ["0.1", "0.2"], "PixelSpacing": [9, 9]}, (0.1, 0.2), "Imager"),
        ({"PixelSpacing": [0.1, 0.2]}, (0.1, 0.2), "PixelSpacing"),
        ({"NominalScannedPixelSpacing": [0.1, 0.2]}, (0.1, 0.2), "Nominal"),
        ({"ImagerPixelSpacing": ["wide", "high"], "PixelSpacing": [1, 1]}, (1, 1), "PixelSpacing"),
        ({"ImagerPixelSpacing": [0, 1]}, None, ""),
        ({"ImagerPixelSpacing": [float("nan"), 1]}, None, ""),
        ({"ImagerPixelSpacing": [1]}, None, ""),
        ({}, None, ""),
    ],
)
def test_the_first_valid_spacing_is_used(
    header: dict[str, Any], spacing: tuple[float, float] | None, name: str
) -> None:
    found, notes = spacing_of(header)
    assert found == spacing
    assert len(notes) == (spacing is not None)
    assert all(name in note and "uncalibrated" in note for note in notes)
