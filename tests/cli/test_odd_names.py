"""Names of files and folders are bytes: every command takes those that are not UTF-8."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from panodent.datasets.convert import convert

ODD = os.fsdecode(b"Mu\xf1oz\x1b[31m")
SHOWN = r"Mu\xf1oz\x1b[31m"


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    """Annotated phantoms (labels), one of them in a folder of an odd name."""
    convert(data, tmp_path / ODD, "labels")
    for kind in ("images", "labels"):
        place = tmp_path / ODD / kind / ODD
        place.mkdir()
        (place.parent / "phantom-00000.png").rename(place / f"{ODD}.png")
    return tmp_path / ODD


def test_predictions_are_written_and_resumed(
    panodent, folder: Path, tmp_path: Path, teeth_bundle: Path
) -> None:
    out = tmp_path / f"out-{ODD}"
    predict = ("predict", folder / "images", "-o", out, "--bundle", teeth_bundle)
    found = panodent(*predict)
    assert (found.code, found.err) == (0, "")
    assert SHOWN in found.out
    assert "\x1b" not in found.out
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert [Path(item["file"]).exists() for item in run["files"]] == [True] * 3
    results = json.loads((out / "predictions.json").read_text("utf-8"))
    assert f"{ODD}/{ODD}.png" in {item["file_name"] for item in results}
    again = panodent(*predict, "--resume")
    assert "3 of an earlier call" in again.out
    scored = panodent("evaluate", out, folder, "--values", "fdi", "-o", tmp_path / "scores")
    assert scored.code == 0
    measured = panodent("measure", out, "--report")
    assert (measured.code, measured.err) == (0, "")
    assert SHOWN in (out / ODD / ODD / "report.html").read_text("utf-8")


def test_a_faulty_file_is_named(panodent, folder: Path, tmp_path: Path, teeth_bundle: Path) -> None:
    (folder / "images" / ODD / f"{ODD}-2.png").write_bytes(b"")
    given = (folder / "images" / ODD, "--bundle", teeth_bundle)
    found = panodent("predict", *given, "-o", tmp_path / "out")
    assert found.code == 1
    assert f"{SHOWN}-2.png: the file is empty" in found.err


def test_data_folders_are_inspected(panodent, folder: Path, tmp_path: Path) -> None:
    shutil.copy(folder / "images" / ODD / f"{ODD}.png", folder / "images" / f"{ODD}.png")
    found = panodent("inspect", folder, "--values", "fdi", "-o", tmp_path / "page")
    assert found.code == 0
    assert f"1 image without labels: {SHOWN}" in found.err
    page = (tmp_path / "page" / "index.html").read_text("utf-8")
    assert SHOWN in page
    assert "\x1b" not in page
    record = json.loads((tmp_path / "page" / "inspection.json").read_text("utf-8"))
    assert record["images_without_labels"] == [ODD]


def test_dicom_objects_are_written(panodent, tmp_path: Path, teeth_bundle: Path) -> None:
    pytest.importorskip("highdicom", reason="needs the dicom extra")
    assert panodent("phantom", "--dicom", "--size", "128x256", "-o", tmp_path / "data").code == 0
    (file,) = (tmp_path / "data" / "images").iterdir()
    file.rename(file.with_name(ODD))
    options = ("--dicom-seg", "--dicom-pr", "--dicom-sr", "--bundle", teeth_bundle)
    found = panodent("predict", tmp_path / "data" / "images", "-o", tmp_path / "out", *options)
    assert (found.code, found.err) == (0, "")
    assert len(list((tmp_path / "out" / ODD).glob("teeth.*.dcm"))) == 3
