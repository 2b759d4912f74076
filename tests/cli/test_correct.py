"""Tests of `panodent correct` and of corrections that `panodent inspect --audit` proposes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from panodent import phantom
from panodent.cli import app
from panodent.datasets.correction import FORMAT
from panodent.datasets.dataset import find
from panodent.errors import DatasetError, FaultyItemsError, UnknownNameError


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 2, seed=3, size=(128, 256))
    return root


def corrections(folder: Path, radiographs: dict[str, object]) -> Path:
    file = folder / "corrections.json"
    head = {"format": FORMAT, "name": "mine", "licence": "CC0", "attribution": "Corrected by hand"}
    file.write_text(json.dumps({**head, "radiographs": radiographs}))
    return file


def run(*arguments: object):
    return CliRunner().invoke(app, [str(item) for item in ("correct", *arguments)])


def numbers(root: Path) -> dict[str, list[int]]:
    return {case.key: case.teeth().sorted().fdi.tolist() for case in find(root).cases}


def test_counts_what_was_changed(data: Path, tmp_path: Path) -> None:
    first = numbers(data)["phantom-00003"][0]
    listed = {"phantom-00003": {"renumber": {str(first): 55}}, "gone": {"remove": [11]}}
    done = run(data, "--with", corrections(tmp_path, listed), "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "2 radiographs with" in done.output
    assert "from coco to coco: 1 tooth of 1 radiograph corrected; 0 failed" in done.output
    assert "1 correction has no radiograph here: gone" in done.output
    assert "attribution: Corrected by hand" in done.output
    assert 55 in numbers(tmp_path / "out")["phantom-00003"]
    assert len(list((tmp_path / "out" / "images").iterdir())) == 2


def test_files_that_are_not_read_are_named(data: Path, tmp_path: Path) -> None:
    source = shutil.copytree(data, tmp_path / "data")
    (source / "images" / "other.gif").write_bytes(b"GIF89a")
    file = corrections(tmp_path, {"phantom-00003": {}})
    done = run(source, "--with", file, "--output", tmp_path / "out")
    assert done.exit_code == 1
    assert "other.gif: GIF is not read; save it as PNG or TIFF" in " ".join(done.output.split())


def test_another_format(data: Path, tmp_path: Path) -> None:
    file = corrections(tmp_path, {"phantom-00004": {}})
    done = run(data, "--with", file, "--to", "labels", "--output", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert "labels cannot hold overlap" in " ".join(done.output.split())
    assert find(tmp_path / "out", "labels", {"values": "fdi"}).format == "labels"


def test_a_radiograph_that_fails_is_named_and_the_code_is_1(data: Path, tmp_path: Path) -> None:
    file = corrections(tmp_path, {"phantom-00003": {"remove": [81]}})
    done = run(data, "--with", file, "--output", tmp_path / "out")
    assert done.exit_code == 1
    said = " ".join(done.output.split())
    assert "phantom-00003 was not corrected: phantom-00003: the correction changes tooth 81" in said
    assert list(numbers(tmp_path / "out")) == ["phantom-00004"]


def test_faults_are_listed_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    source = shutil.copytree(data, tmp_path / "data")
    file = next(source.glob("*.json"))
    truth = json.loads(file.read_text())
    truth["annotations"][0]["image_id"] = 99
    truth["annotations"][-1]["segmentation"] = []
    file.write_text(json.dumps(truth))
    call = (source, "--with", corrections(tmp_path, {"phantom-00003": {}}), "-o", tmp_path / "out")
    stopped = run(*call)
    assert isinstance(stopped.exception, FaultyItemsError)
    assert len(stopped.exception.faults) == 2
    assert not (tmp_path / "out").exists()
    done = run(*call, "--skip-bad")
    assert done.exit_code == 0, done.output
    assert "left out: 2 annotations that could not be read" in done.output


def test_no_radiograph_of_the_corrections(data: Path, tmp_path: Path) -> None:
    done = run(data, "--with", "ufba425", "--output", tmp_path / "out")
    assert isinstance(done.exception, DatasetError)
    assert "expected paths or file names without suffix such as" in str(done.exception)


def test_unknown_corrections(data: Path, tmp_path: Path) -> None:
    done = run(data, "--with", "ufba42", "--output", tmp_path / "out")
    assert isinstance(done.exception, UnknownNameError)
    assert "Did you mean 'ufba425'" in str(done.exception)
