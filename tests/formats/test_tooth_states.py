"""What a person saw of teeth: read from attributes of COCO and CVAT, and written there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.base import losses
from panodent.formats.faults import FaultList
from panodent.formats.registry import Limits
from panodent.formats.tooth_states import state_of
from panodent.teeth.teeth import Teeth
from panodent.teeth.validation import STATES

SQUARE = np.ones((2, 2), bool)
TEETH = Teeth.from_masks(
    (8, 40),
    [(fdi, SQUARE, (2, 4 * place)) for place, fdi in enumerate((48, 47, 46, 45, 44, 43))],
    flags=[*({state} for state in STATES), ()],
)


@pytest.mark.parametrize(
    ("attributes", "state"),
    [
        ({"state": "Growing "}, "growing"),
        ({"state": "unknown", "impacted": True}, None),
        ({"state": "caries"}, None),  # an attribute of the user
        ({"Impacted": "mesial", "erupted": "no"}, "impacted"),
        ({"root-remnant": 1, "impacted": 1}, "remnant"),
        ({"erupted": "TRUE", "impacted": "false"}, "erupted"),
        ({"erupted": False}, "growing"),
        ({"remnant": "", "impacted": None}, None),
        ({"remnant": False}, "ordinary"),
        ({}, None),
    ],
)
def test_attributes_tell_a_state(attributes: dict[str, Any], state: str | None) -> None:
    assert state_of(attributes) == state


def test_an_odd_value_is_refused() -> None:
    with pytest.raises(AnnotationError, match="'impacted' is 'maybe'; expected yes or no"):
        state_of({"impacted": "maybe"})


@pytest.mark.parametrize("name", ["coco", "cvat"])
def test_states_are_read_as_they_were_written(tmp_path: Path, name: str) -> None:
    format_ = formats.get(name)
    format_.write(tmp_path, [("a.png", TEETH)])
    (item,) = format_.read(tmp_path)
    assert item.read() == TEETH
    assert losses(TEETH, format_.limits) == []


def test_other_formats_say_that_states_are_lost() -> None:
    assert losses(TEETH, Limits()) == ["what was seen of teeth (impacted, remnant, erupted)"]


def test_an_odd_value_costs_the_state_alone(tmp_path: Path) -> None:
    formats.get("coco").write(tmp_path, [("a.png", TEETH)])
    file = tmp_path / "annotations.json"
    data = json.loads(file.read_text())
    data["annotations"][0]["attributes"] = {"impacted": "maybe"}
    file.write_text(json.dumps(data))
    faults = FaultList()
    (item,) = formats.get("coco").read(tmp_path, {"faults": faults})
    assert item.read().flags[0] == frozenset()
    assert [fault.is_note for fault in faults] == [True]
