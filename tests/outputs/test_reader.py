"""Tests of `panodent.outputs.reader`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from panodent.errors import AnnotationError, DatasetError
from panodent.outputs.case import write_case
from panodent.outputs.reader import failures, is_results, read_results
from panodent.outputs.summary_files import SummaryFiles
from panodent.radiograph.radiograph import from_array
from panodent.teeth.teeth import Teeth

SIZE = (64, 80)
SQUARE = np.ones((10, 10), bool)
TEETH = Teeth.from_masks(SIZE, [(36, SQUARE, (10, 10)), (37, SQUARE, (10, 15))], [0.5, 0.25])
ENTRY = {
    "file_name": "a/1.png",
    "category_id": 36,
    "segmentation": {"size": list(SIZE), "counts": TEETH.rle(0)},
    "score": 1,
}


def write(folder: Path, cases: dict[str, Teeth]) -> Path:
    """What `panodent predict` leaves; returns predictions.json."""
    radiograph = from_array(np.zeros(SIZE, np.uint8))
    with SummaryFiles(folder) as summary:
        for number, (key, teeth) in enumerate(cases.items(), start=1):
            record = write_case(folder / key, radiograph, teeth, pictures=False)
            summary.add(number, f"{key}.png", record)
        summary.finish()
    return folder / "predictions.json"


def entries(file: Path, *items: object) -> Path:
    file.write_text(json.dumps(items))
    return file


def test_teeth_come_back_with_overlaps_and_scores(tmp_path: Path) -> None:
    readers = read_results(write(tmp_path, {"a/1": TEETH, "b": Teeth.empty(SIZE)}))
    assert sorted(readers) == ["a/1", "b"]
    assert readers["a/1"]() == TEETH
    assert readers["b"]() == Teeth.empty(SIZE)


def test_a_tooth_without_a_number(tmp_path: Path) -> None:
    file = entries(tmp_path / "x.json", {**ENTRY, "category_id": 0})
    assert read_results(file)["a/1"]().fdi.tolist() == [0]


def test_a_backslash_is_a_separator(tmp_path: Path) -> None:
    file = entries(tmp_path / "x.json", {**ENTRY, "file_name": "a\\1.png"})
    assert list(read_results(file)) == ["a/1"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"category_id": 3}, "category_id 3 is not an FDI number"),
        ({"segmentation": {"size": list(SIZE), "counts": "~~"}}, "run-length"),
        ({"segmentation": [1]}, "not a COCO result"),
        ({"score": 7}, "not all from 0 to 1"),
    ],
)
def test_damaged_results(tmp_path: Path, change: dict, expected: str) -> None:
    readers = read_results(entries(tmp_path / "x.json", ENTRY | change))
    with pytest.raises(AnnotationError, match=rf"x\.json: a/1\.png: .*{expected}"):
        readers["a/1"]()


@pytest.mark.parametrize(
    ("entry", "lacking"),
    [({"file_name": "a/1.png"}, "category_id, segmentation, score"), ("text", "file_name")],
)
def test_entries_that_are_no_results(tmp_path: Path, entry: object, lacking: str) -> None:
    with pytest.raises(AnnotationError, match=f"result 0 lacks {lacking}"):
        read_results(entries(tmp_path / "x.json", entry))


def test_a_file_that_is_not_json(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("[")
    with pytest.raises(AnnotationError, match="not a COCO results file"):
        read_results(tmp_path / "x.json")


def test_two_radiographs_with_one_key(tmp_path: Path) -> None:
    file = entries(tmp_path / "x.json", ENTRY, {**ENTRY, "file_name": "a/1.jpg"})
    with pytest.raises(DatasetError, match=r"'a/1\.png' and 'a/1\.jpg'"):
        read_results(file)


def test_a_label_image_left_from_another_call(tmp_path: Path) -> None:
    write(tmp_path, {"a/1": TEETH})
    readers = read_results(write(tmp_path, {"a/2": TEETH}))
    with pytest.raises(AnnotationError, match=r"a/1/labels\.png.*left from another call"):
        readers["a/1"]()


@pytest.mark.parametrize(("text", "expected"), [(" [1]", True), ("{}", False), ("", False)])
def test_results_are_a_list(tmp_path: Path, text: str, expected: bool) -> None:
    (tmp_path / "x.json").write_text(text)
    assert is_results(tmp_path / "x.json") is expected
    assert not is_results(tmp_path / "none.json")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (
            {"files": [{"status": "done"}, {"status": "failed", "error": "a.png: damaged"}]},
            ["predict failed: a.png: damaged"],
        ),
        ({"files": [{"status": "failed"}]}, []),
        ([], []),
    ],
)
def test_failures_of_the_run(tmp_path: Path, run: object, expected: list[str]) -> None:
    (tmp_path / "run.json").write_text(json.dumps(run))
    assert failures(tmp_path) == expected


def test_no_run_file(tmp_path: Path) -> None:
    assert failures(tmp_path) == []
