from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from panodent.outputs.record import to_record
from panodent.serve.routes.label_studio import _prediction, read_config
from panodent.serve.routes.label_studio_prompts import RecentRecords, label_of, pointed_at
from panodent.teeth.teeth import Teeth

CONFIG = (
    "<View><Image name='img' value='$opg'/><BrushLabels name='tooth' toName='img'>"
    "<Label value='11'/><Label value='12'/><Label value='36'/></BrushLabels>"
    "<KeyPointLabels name='point' toName='img' smart='true'><Label value='36'/>"
    "</KeyPointLabels></View>"
)


@pytest.fixture
def teeth() -> Teeth:
    """Two squares on a radiograph of 100 x 200: 36 left, with a hole, and 37 right."""
    first, second = np.zeros((100, 200), bool), np.zeros((100, 200), bool)
    first[40:60, 20:40] = second[40:60, 60:80] = True
    first[45:55, 25:35] = False
    return Teeth.from_masks((100, 200), [(36, first), (37, second)])


def point(x: float, y: float, **value: Any) -> dict[str, Any]:
    return {"type": "keypointlabels", "value": {"x": x, "y": y, "width": 0.3, **value}}


def box(x: float, y: float, width: float, height: float) -> dict[str, Any]:
    value = {"x": x, "y": y, "width": width, "height": height}
    return {"type": "rectanglelabels", "value": value}


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (point(11, 41), 0),
        (point(31, 50), 1),
        (point(9, 50), 0),  # two pixels beside it
        (point(25, 50), None),  # between them
        (point(15, 50), None),  # in the hole, five pixels from its edge
        (point(90, 90), None),
        (box(10, 40, 10, 20), 0),
        (box(29, 38, 13, 24), 1),
        (box(0, 0, 100, 100), None),
        ({"type": "polygonlabels", "value": {"x": 1, "y": 1}}, None),
        ({"type": "keypointlabels", "value": {"x": "left", "y": 1}}, None),
        ({"type": "keypointlabels", "value": {"x": float("nan"), "y": 1}}, None),
        ({"type": "keypointlabels"}, None),
    ],
)
def test_a_point_or_a_box_points_at_a_tooth(teeth, prompt, expected) -> None:
    assert pointed_at(teeth, prompt) == expected
    assert pointed_at(Teeth.empty((100, 200)), prompt) is None


@pytest.mark.parametrize(
    ("prompts", "label"),
    [
        ([point(11, 41, keypointlabels=["12"])], "12"),  # the user knows better
        ([point(11, 41, keypointlabels=["something"])], "36"),
        ([point(31, 50), point(11, 41)], "36"),  # the last one
        ([point(11, 41), point(90, 90)], "36"),
        ([point(31, 50)], None),  # the project has no label for 37
        ([point(90, 90)], None),
        ([], None),
    ],
)
def test_the_prediction_is_that_tooth_with_the_chosen_label(teeth, prompts, label) -> None:
    record = json.dumps(to_record(teeth)).encode()
    found = _prediction(record, read_config(CONFIG), "panodent-1", prompts)
    assert found["model_version"] == "panodent-1"
    if label is None:
        assert found["result"] == []
        return
    (region,) = found["result"]
    assert region["value"]["brushlabels"] == [label]
    assert (region["type"], region["from_name"]) == ("brushlabels", "tooth")
    # The annotation may have the tooth already, under its id or that of an earlier click.
    again = _prediction(record, read_config(CONFIG), "panodent-1", prompts)["result"]
    assert region["id"] != again[0]["id"]


def test_labels_that_are_clear_in_one_numbering_only_if_it_is_named() -> None:
    config = CONFIG.replace("36", "13")
    assert set(read_config(config, "fdi").labels) == {11, 12, 13}
    assert set(read_config(config, "universal").labels) == {23, 24, 25}


def test_what_was_predicted_last_is_not_predicted_again() -> None:
    recent = RecentRecords(2)
    for key in ("a", "b"):
        recent.put(key, key.encode())
    assert recent.get("a") == b"a"
    recent.put("c", b"c")
    assert [recent.get(key) for key in ("a", "b", "c")] == [b"a", None, b"c"]
    assert label_of({}) == ""
