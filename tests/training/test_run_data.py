"""The data folders of a training: the split, and its record, which a run keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import pytest

from panodent import formats, phantom
from panodent.bundle.bundle import load
from panodent.datasets.convert import convert
from panodent.datasets.dataset import find
from panodent.errors import DatasetError
from panodent.inference.folder import predict_files
from panodent.training.recipes import recipe
from panodent.training.run_data import DataSource, data_notes, recorded_cases, split_data

CONFIG = replace(recipe("default"), validation=0.3)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    phantom.write(tmp_path / "data", 6, size=(64, 128))
    return tmp_path / "data"


def test_the_same_radiograph_in_two_folders_is_on_one_side(tmp_path: Path, data: Path) -> None:
    other = tmp_path / "other"
    (other / "images").mkdir(parents=True)
    items = []
    for case in find(data).cases:  # the same pictures under other names, larger and as JPEG
        name = f"z{case.key[-1]}.jpg"
        picture = cv2.resize(cv2.imread(str(case.image), 0), (200, 100))
        cv2.imwrite(str(other / "images" / name), picture)
        items.append((name, case.teeth().resized((100, 200))))
    formats.get("coco").write(other / "truth.json", items, {})
    records = split_data([DataSource(data), DataSource(other)], CONFIG)
    training = [key for item in records for key in item["training"]]
    validation = [key for item in records for key in item["validation"]]
    side = {key[-1]: "training" for key in training}
    for key in validation:
        assert key[-1] not in side
    assert len(training) + len(validation) == 12


def test_a_record_survives_as_json_and_gives_the_same_sides(data: Path) -> None:
    (record,) = split_data([DataSource(data)], CONFIG)
    training, validation = recorded_cases(json.loads(json.dumps(record)))
    assert [case.key for case in training] == record["training"]
    assert [case.key for case in validation] == record["validation"]
    assert (len(training), len(validation)) == (4, 2)
    (data / "images" / f"{record['training'][0]}.png").unlink()
    with pytest.raises(DatasetError, match="was there when the run began"):
        recorded_cases(record)


def test_what_may_be_a_radiograph_but_is_not_read_is_reported(data: Path) -> None:
    (data / "images" / "other.gif").write_bytes(b"GIF89a")
    rows: list[tuple[str, dict]] = []
    split_data([DataSource(data)], CONFIG, lambda *row: rows.append(row))
    assert rows == [("unread", {"entries": 1})]


def test_annotations_that_panodent_predicted_are_named(data: Path, teeth_bundle: Path) -> None:
    predict_files([data / "images"], data, bundle=load(teeth_bundle))
    (data / "truth.json").unlink()
    (record,) = split_data([DataSource(data)], CONFIG)
    assert "results of `panodent predict`" in "".join(data_notes([record]))


def test_an_option_is_named_if_no_folder_uses_it(tmp_path: Path, data: Path) -> None:
    maps = tmp_path / "maps"
    convert(data, maps, "labels")
    options = {"values": "fdi", "predictions": True}
    records = split_data([DataSource(data, None, options), DataSource(maps, None, options)], CONFIG)
    (first,), (second,) = (record["warnings"] for record in records)
    assert first.startswith(f"{data}: --predictions: is ignored: coco has no use for it")
    assert second.startswith(f"{maps}: --predictions: is ignored: labels has no use for it")
    (alone,) = split_data([DataSource(data, None, {"values": "fdi"})], CONFIG)
    assert ["--values: is ignored" in note for note in alone["warnings"]] == [True]


def test_notes_name_what_was_left_out() -> None:
    left = [f"opg-{n}" for n in range(7)]
    notes = data_notes([{"root": "a", "left_out": left, "warnings": ["a box"]}, {"root": "b"}])
    assert notes == [
        "a: --skip-bad left out 7 radiographs: opg-0, opg-1, opg-2, opg-3, opg-4, ...",
        "a box",
    ]
