"""A data folder looked over: what is there, what is missing, what looks wrong; and its page."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from panodent import formats, phantom
from panodent.cli import app
from panodent.datasets.convert import convert
from panodent.datasets.dataset import find
from panodent.datasets.inspection import inspect
from panodent.drawing.overlay import to_png_bytes
from panodent.formats.finding_annotations import write_findings
from panodent.reports import inspection
from panodent.teeth.findings import Findings


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Phantoms: one twice under two names, one mirrored, one without labels, one without image."""
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 4, size=(128, 256))
    images = root / "images"
    cases = {case.key: case for case in find(root).cases}
    items = [(case.image.name, case.teeth()) for case in cases.values()]
    again = cv2.imread(str(images / "phantom-00001.png"), cv2.IMREAD_UNCHANGED)
    (images / "again.png").write_bytes(to_png_bytes(again))
    items.append(("again.png", cases["phantom-00001"].teeth()))
    mirrored = cv2.imread(str(images / "phantom-00002.png"), cv2.IMREAD_UNCHANGED)[:, ::-1]
    (images / "<b>mirrored.png").write_bytes(to_png_bytes(np.ascontiguousarray(mirrored)))
    turned = cases["phantom-00002"].teeth().mirrored()
    wrong = [
        ({1: 2, 2: 1, 3: 4, 4: 3}[n // 10] * 10 + n % 10, mask, (box[0], box[1]))
        for n, box, mask in turned
    ]
    items.append(("<b>mirrored.png", type(turned).from_masks(turned.size, wrong)))
    (images / "unlabelled.png").write_bytes(to_png_bytes(again))
    items.append(("gone.png", turned))
    (images / "broken.png").write_bytes(b"not a picture")
    items.append(("broken.png", turned))
    formats.get("coco").write(root / "truth.json", items, {})
    return root


def test_it_finds_what_there_is(data: Path) -> None:
    told: list[tuple[int, int]] = []
    found = inspect(data, progress=lambda done, total: told.append((done, total)))
    assert found.dataset.format == "coco"
    assert found.dataset.images_without_labels == ("unlabelled",)
    assert found.dataset.labels_without_images == ("gone",)
    assert found.duplicates == (("again", "phantom-00001"),)
    assert found.sizes == {(128, 256): 6}
    assert [f.key for f in found.suspicious] == ["<b>mirrored"]
    assert [f.key for f in found.problems] == ["broken"]
    assert "not a picture" in found.problems[0].problem
    truth = [set(case.teeth().fdi.tolist()) for case in found.dataset.cases if case.key != "broken"]
    assert found.per_number[11] == sum(11 in numbers for numbers in truth)
    assert told[-1] == (7, 7)


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_it_covers_every_format(tmp_path: Path, name: str) -> None:
    phantom.write(tmp_path / "p", 1, size=(128, 256))
    numbers = find(tmp_path / "p").cases[0].teeth().fdi.tolist()
    convert(tmp_path / "p", tmp_path / "as", name)
    found = inspect(tmp_path / "as", options={"values": "fdi"} if name == "labels" else None)
    assert found.dataset.format == name
    assert found.problems == []
    assert sorted(found.findings[0].numbers) == sorted(numbers)


def test_a_size_that_differs_is_a_problem(tmp_path: Path) -> None:
    phantom.write(tmp_path, 1, size=(128, 256))
    image = tmp_path / "images" / "phantom-00000.png"
    image.write_bytes(to_png_bytes(cv2.resize(cv2.imread(str(image), 0), (300, 150))))
    found = inspect(tmp_path)
    assert "300 x 150" in found.problems[0].problem
    assert "256 x 128" in found.problems[0].problem


def test_the_page_stands_alone(data: Path, tmp_path: Path) -> None:
    index = inspection.write(inspect(data), tmp_path / "page")
    text = index.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "http" not in text
    assert "<b>mirrored" not in text
    assert "&lt;b&gt;mirrored" in text
    assert "left and right swapped" in text
    for name in re.findall(r'src="([^"]+)"', text):
        assert cv2.imread(str(index.parent / name)) is not None
    assert (index.parent / "pictures" / "suspicious-1.jpg").exists()
    told = json.loads((index.parent / "inspection.json").read_text())
    assert told["radiographs"] == 7
    assert list(told["suspicious"]) == ["<b>mirrored"]


def test_the_command_reports_and_its_code_tells(data: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "panodent", "inspect", str(data), "-o", str(tmp_path / "p")]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    assert found.returncode == 1, found.stderr
    assert "7 radiographs in format coco" in found.stdout
    assert "look at <b>mirrored" in found.stdout
    assert "broken cannot be used" in found.stderr
    assert (tmp_path / "p" / "index.html").exists()


@pytest.fixture
def with_findings(tmp_path: Path) -> Path:
    """A phantom with a filling on 36, one without a tooth, and one of another class."""
    phantom.write(tmp_path, 1, size=(128, 256))
    dot = np.ones((4, 4), bool)
    found = Findings.from_masks(
        (128, 256), [("filling", 36, dot, (9, 9)), ("filling", 0, dot, (20, 20))]
    )
    write_findings(tmp_path / "findings.json", [("phantom-00000.png", found)])
    data = json.loads((tmp_path / "findings.json").read_text())
    data["categories"].append({"id": 99, "name": "caries", "supercategory": "finding"})
    data["annotations"].append({**data["annotations"][0], "id": 99, "category_id": 99})
    (tmp_path / "findings.json").write_text(json.dumps(data))
    return tmp_path


def test_findings_are_counted(with_findings: Path) -> None:
    found = inspect(with_findings)
    assert found.has_findings
    assert found.per_kind == {"filling": 2}
    assert (found.loose, found.other_findings) == (1, {"caries": 1})
    (case,) = found.suspicious
    assert [s.message for s in case.suspicions] == ["1 filling without the number of a tooth"]
    assert json.loads(found.to_json())["findings"] == {
        "radiographs": 1,
        "per_kind": {"filling": 2},
        "without_tooth": 1,
        "other_classes": {"caries": 1},
    }
    page = inspection.to_html(found)
    assert "class caries, which is not a kind of finding" in page
    assert "1 finding without a tooth." in page


def test_the_command_tells_of_findings(with_findings: Path) -> None:
    done = CliRunner().invoke(app, ["inspect", str(with_findings)])
    assert "findings in 1 radiograph: 2 fillings; 1 without a tooth" in done.output
    assert "1 finding of class 'caries', which is not a kind" in " ".join(done.output.split())


def test_a_map_names_such_a_class(with_findings: Path) -> None:
    found = inspect(with_findings, options={"map": {"caries": "finding:filling"}})
    assert (found.per_kind, found.other_findings) == ({"filling": 3}, {})


def test_without_findings_nothing_is_said_of_them(data: Path) -> None:
    found = inspect(data)
    assert not found.has_findings
    assert "findings" not in json.loads(found.to_json())
    assert "Findings by kind" not in inspection.to_html(found)
