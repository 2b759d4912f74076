"""Tests of `panodent.outputs.record`."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from panodent.errors import OutputError
from panodent.outputs.record import from_record, to_record, tooth_record
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

RING = np.ones((10, 8), bool)
RING[4:6, 3:5] = False
TEETH = Teeth.from_masks(
    (64, 96),
    [(36, RING, (20, 30)), (0, np.ones((6, 6), bool), (25, 35))],
    [0.9, 0.5],
    [set(), {"unnumbered", "doubtful"}],
)


def test_a_tooth_is_in_pixels_of_the_input() -> None:
    tooth = tooth_record(TEETH, 0)
    assert (tooth["fdi"], tooth["name"], tooth["score"]) == (36, "lower left first molar", 0.9)
    assert tooth["box"] == [30, 20, 38, 30]  # left, top, right, bottom
    assert tooth["area"] == 76
    (part,) = tooth["polygons"]
    assert len(part) == 2  # an outline and a hole
    assert min(x for x, _ in part[0]) == 30
    assert max(y for _, y in part[0]) == 30


def test_a_tooth_without_a_number() -> None:
    tooth = tooth_record(TEETH, 1)
    assert (tooth["fdi"], tooth["name"]) == (0, "unnumbered tooth")
    assert tooth["flags"] == ["doubtful", "unnumbered"]


def test_a_record_has_size_notice_and_quality() -> None:
    record = to_record(TEETH, extra={"bundle": "abc"})
    assert (record["width"], record["height"], record["notice"]) == (96, 64, DISCLAIMER)
    assert record["quality"] == round(0.9 / 1.25, 4)
    assert record["bundle"] == "abc"
    assert "spacing_mm" not in record


def test_the_dentition_and_what_is_to_be_checked() -> None:
    tall = np.ones((10, 4), bool)
    # A germ of 15 above 55, whose crown ends ten pixels further down, beside 16.
    items = [(16, tall, (20, 20)), (55, tall, (20, 24)), (15, tall, (10, 24))]
    teeth = Teeth.from_masks((64, 96), items, [0.9, 0.8, 0.5], [set(), set(), {"doubtful"}])
    record = to_record(teeth)
    assert (record["dentition"], record["dentition_certainty"]) == ("mixed", 0.8)
    assert [tooth["erupted"] for tooth in record["teeth"]] == [True, True, False]
    reasons = [tooth["reason"] for tooth in record["teeth"]]
    assert reasons == ["", "", "its score is low (0.50)"]
    nothing = to_record(Teeth.empty((64, 96)))
    assert (nothing["dentition"], nothing["dentition_certainty"]) == (None, 0.0)


def test_a_radiograph_adds_spacing_and_notes() -> None:
    radiograph = Radiograph(np.zeros((64, 96), np.float32), spacing=(0.1, 0.2), notes=("note",))
    record = to_record(TEETH, radiograph)
    assert record["spacing_mm"] == (0.1, 0.2)
    assert record["notes"] == ["note"]


def test_teeth_come_back_from_json() -> None:
    assert from_record(json.loads(json.dumps(to_record(TEETH)))) == TEETH


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"height": 4, "width": 4},
        {"teeth": 3},
        {"height": "x"},
        {**to_record(TEETH), "teeth": 1},
    ],
)
def test_other_data_is_refused(record: dict) -> None:
    with pytest.raises(OutputError, match=r"not a teeth\.json"):
        from_record(record)


def test_the_second_number_is_kept() -> None:
    block = np.ones((4, 2), bool)
    items = [(45, block, (0, 0)), (46, block, (0, 3))]
    teeth = Teeth.from_masks((9, 9), items, [0.9, 0.9], [{"doubtful"}] * 2, [46, 47])
    record = to_record(teeth)
    assert [tooth["alternative"] for tooth in record["teeth"]] == [46, 47]
    assert record["teeth"][0]["reason"] == "it could also be 46; then 46 would be 47"
    assert from_record(record) == teeth
    for tooth in record["teeth"]:  # files of earlier versions have no such key
        del tooth["alternative"]
    assert from_record(record).alternatives.tolist() == [0, 0]


def test_attributes_of_teeth(jaw: Callable[..., Teeth]) -> None:
    teeth = jaw(lean={48: 60.0}, crownless=(35,))
    record = json.loads(json.dumps(to_record(teeth)))
    told = {tooth["fdi"]: tooth for tooth in record["teeth"]}
    assert record["attributes_version"] == 1
    assert told[35]["remnant"] is True
    assert told[35]["impaction"] is None
    assert set(told[48]["impaction"]) == {"angulation", "angle", "depth", "below"}
    assert told[48]["impaction"]["angulation"] == "mesial"
    assert from_record(record) == teeth
