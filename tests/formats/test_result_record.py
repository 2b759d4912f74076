"""Records of `panodent predict` as annotations: all that a label image loses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.result_record import is_record, read_record_teeth
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SIZE = (20, 30)
BLOCK = np.ones((5, 6), bool)
TEETH = Teeth.from_masks(
    SIZE,
    [(36, BLOCK, (2, 3)), (37, BLOCK, (2, 5)), (0, BLOCK, (10, 20))],
    [0.5, 0.25, 0.75],
    [{"doubtful"}, set(), {"unnumbered"}],
    [35, 0, 0],
)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """The record of one radiograph in a results folder."""
    write_case(tmp_path / "opg", Radiograph(np.zeros(SIZE, np.float32)), TEETH, pictures=False)
    return tmp_path / "opg" / "teeth.json"


def test_nothing_is_lost(record: Path) -> None:
    assert is_record(record)
    (item,) = formats.get("labels").read(record.parent.parent)
    assert item.key == "opg"
    assert item.read() == TEETH
    assert item.read().alternatives.tolist() == [35, 0, 0]


def test_the_label_image_is_read_if_values_are_named_or_the_record_is_of_another(
    record: Path,
) -> None:
    drawn = Teeth.from_label_image(TEETH.label_image())
    (item,) = formats.get("labels").read(record.parent.parent, {"values": "fdi"})
    assert item.read() == drawn
    record.write_text("{}")
    assert not is_record(record)
    (item,) = formats.get("labels").read(record.parent.parent)
    assert item.read() == drawn


@pytest.mark.parametrize(
    "change", [{"fdi": 99}, {"rle": "!"}, {"score": "high"}, {"flags": ["odd"]}]
)
def test_damaged_teeth_are_refused(record: Path, change: dict[str, Any]) -> None:
    data = json.loads(record.read_text())
    data["teeth"][0] |= change
    record.write_text(json.dumps(data))
    with pytest.raises(AnnotationError, match=r"teeth\.json: not the teeth of a result"):
        read_record_teeth(record)


def test_a_size_that_fills_the_memory_is_refused(record: Path) -> None:
    data = json.loads(record.read_text()) | {"width": 10**6, "height": 10**6}
    record.write_text(json.dumps(data))
    with pytest.raises(AnnotationError, match="whole numbers from 1 to"):
        read_record_teeth(record)
