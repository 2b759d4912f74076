"""Tests of `panodent.outputs.case`: the files of one radiograph."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.errors import OutputError
from panodent.outputs.case import write_case
from panodent.outputs.record import from_record
from panodent.radiograph.radiograph import from_array
from panodent.teeth.teeth import Teeth


@pytest.fixture
def teeth() -> Teeth:
    ring = np.ones((10, 8), bool)
    ring[4:6, 3:5] = False
    return Teeth.from_masks(
        (64, 96),
        [(36, ring, (20, 30)), (37, np.ones((6, 6), bool), (25, 35))],
        [0.9, 0.5],
        [set(), {"doubtful"}],
    )


@pytest.fixture
def radiograph():
    return from_array(np.random.default_rng(0).random((64, 96), dtype=np.float32))


def test_everything_lands_and_agrees(tmp_path: Path, teeth: Teeth, radiograph) -> None:
    write_case(tmp_path / "x", radiograph, teeth, chart=True, extra={"bundle": "abc"})
    assert sorted(f.name for f in (tmp_path / "x").iterdir()) == [
        "labels.png",
        "odontogram.png",
        "odontogram.svg",
        "overlay.png",
        "teeth.json",
    ]
    labels = cv2.imread(str(tmp_path / "x" / "labels.png"), cv2.IMREAD_UNCHANGED)
    assert labels.dtype == np.uint8
    assert labels.shape == (64, 96)
    assert np.array_equal(labels, teeth.label_image())
    record = json.loads((tmp_path / "x" / "teeth.json").read_text())
    assert from_record(record) == Teeth(
        teeth.size, teeth.fdi, teeth.boxes, teeth.masks, teeth.scores, teeth.flags
    )
    assert record["bundle"] == "abc"
    assert "not a medical device" in record["notice"]


def test_other_threads_make_the_same_files_and_raises_its_errors(
    tmp_path: Path, teeth: Teeth, radiograph, monkeypatch
) -> None:
    for name, aside in (("aside", True), ("before", False)):
        write_case(tmp_path / name, radiograph, teeth, chart=True, aside=aside)
    for file in (tmp_path / "aside").iterdir():
        assert file.read_bytes() == (tmp_path / "before" / file.name).read_bytes()

    def full(file: Path, data: bytes | str) -> None:
        if file.name == "overlay.png":
            raise OutputError("no space left")
        file.write_bytes(b"")

    monkeypatch.setattr("panodent.outputs.case.write_whole", full)
    for name, aside in (("aside", True), ("before", False)):
        with pytest.raises(OutputError, match="no space"):
            write_case(tmp_path / name, radiograph, teeth, aside=aside)
        assert not (tmp_path / name / "teeth.json").exists()


def test_pictures_can_be_left_out(tmp_path: Path, teeth: Teeth, radiograph) -> None:
    write_case(tmp_path, radiograph, teeth, pictures=False)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["labels.png", "teeth.json"]


def test_teeth_json_is_written_last(tmp_path: Path, teeth: Teeth, radiograph, monkeypatch) -> None:
    write_case(tmp_path, radiograph, teeth)

    def fail(*_: object) -> None:
        raise OutputError("disk full")

    monkeypatch.setattr("panodent.outputs.case.to_png_bytes", fail)
    with pytest.raises(OutputError, match="disk full"):
        write_case(tmp_path, radiograph, teeth)
    assert not (tmp_path / "teeth.json").exists()  # of the earlier call: the case is incomplete


def test_a_place_that_cannot_be_written(tmp_path: Path, teeth: Teeth, radiograph) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_case(tmp_path / "file" / "a", radiograph, teeth)
