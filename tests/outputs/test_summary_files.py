"""Tests of `panodent.outputs.summary_files`."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from panodent.dentition import TEETH as TEETH_BY_FDI
from panodent.dentition import to_fdi
from panodent.errors import OutputError
from panodent.outputs.record import to_record
from panodent.outputs.summary_files import COLUMNS, SummaryFiles
from panodent.teeth.teeth import Teeth

SQUARE = np.ones((4, 6), bool)
TEETH = Teeth.from_masks(
    (20, 40), [(36, SQUARE, (2, 10)), (0, SQUARE, (10, 20))], [0.75, 0.5], [["doubtful"], []]
)


def test_results_and_table(tmp_path: Path) -> None:
    with SummaryFiles(tmp_path) as summary:
        summary.add(1, "a.png", to_record(TEETH))
        summary.add(2, "b.png", to_record(TEETH.select([0])))
        assert not (tmp_path / "teeth.csv").exists()
        summary.finish()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["predictions.json", "teeth.csv"]
    results = json.loads((tmp_path / "predictions.json").read_text())
    assert [(r["image_id"], r["file_name"], r["category_id"]) for r in results] == [
        (1, "a.png", 36),
        (2, "b.png", 36),
    ]  # the tooth without a number is in the table only
    assert results[0]["bbox"] == [10, 2, 6, 4]  # left, top, width, height
    assert results[0]["segmentation"] == {"size": [20, 40], "counts": TEETH.rle(0)}
    rows = list(csv.reader((tmp_path / "teeth.csv").read_text().splitlines()))
    assert rows[0] == list(COLUMNS)
    assert rows[1] == [
        "a.png", "36", "lower left first molar", "0.75", "10", "2", "16", "6", "24", "doubtful",
        "true", "false", "", "",
    ]  # fmt: skip
    assert [row[1] for row in rows[1:]] == ["36", "0", "36"]


@pytest.mark.parametrize("numbering", ["universal", "palmer"])
def test_all_teeth_in_another_numbering_and_back(
    tmp_path: Path, numbering: Literal["universal", "palmer"]
) -> None:
    mask = np.ones((2, 2), bool)
    teeth = Teeth.from_masks((20, 40), [(fdi, mask, (2, 2)) for fdi in (*TEETH_BY_FDI, 0)])
    with SummaryFiles(tmp_path, numbering) as summary:
        summary.add(1, "a.png", to_record(teeth))
        summary.finish()
    rows = list(csv.DictReader((tmp_path / "teeth.csv").read_text().splitlines()))
    assert len(rows) == 53
    for row in rows[:-1]:
        assert to_fdi(row[numbering], numbering) == int(row["fdi"])
        assert row["name"] == TEETH_BY_FDI[int(row["fdi"])].name
    assert rows[-1][numbering] == ""
    results = json.loads((tmp_path / "predictions.json").read_text())
    assert [result["category_id"] for result in results] == list(TEETH_BY_FDI)


def test_no_teeth(tmp_path: Path) -> None:
    with SummaryFiles(tmp_path) as summary:
        summary.add(1, "a.png", to_record(Teeth.empty((20, 40))))
        summary.finish()
    assert json.loads((tmp_path / "predictions.json").read_text()) == []


def test_without_finish_nothing_is_left(tmp_path: Path) -> None:
    with SummaryFiles(tmp_path) as summary:
        summary.add(1, "a.png", to_record(TEETH))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(
            OutputError, match=r"predictions\.json: cannot be written .*check the folder"
        ),
        SummaryFiles(tmp_path / "file"),
    ):
        pass


def test_attributes_have_columns(tmp_path: Path, jaw: Callable[..., Teeth]) -> None:
    teeth = jaw(lean={48: 60.0}, crownless=(35,))
    with SummaryFiles(tmp_path) as summary:
        summary.add(1, "a.png", to_record(teeth))
        summary.finish()
    rows = list(csv.DictReader((tmp_path / "teeth.csv").read_text().splitlines()))
    told = {row["fdi"]: [row[n] for n in ("remnant", "impaction", "depth")] for row in rows}
    assert told["48"] == ["false", "mesial", "A"]
    assert told["35"] == ["true", "", ""]
    assert told["36"] == ["false", "", ""]


def test_a_record_of_an_earlier_version_has_empty_columns(tmp_path: Path) -> None:
    record = to_record(TEETH)
    for tooth in record["teeth"]:
        del tooth["remnant"], tooth["impaction"]
    with SummaryFiles(tmp_path) as summary:
        summary.add(1, "a.png", record)
        summary.finish()
    row = next(csv.DictReader((tmp_path / "teeth.csv").read_text().splitlines()))
    assert (row["remnant"], row["impaction"], row["depth"]) == ("", "", "")
