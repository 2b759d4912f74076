"""`panodent convert`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from panodent import formats
from panodent.datasets.dataset import find
from panodent.teeth.teeth import Teeth


def test_a_folder_is_converted(panodent, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "new"
    found = panodent("convert", data, target, "--to", "cvat", "--write-numbering", "universal")
    count = sum(len(case.teeth()) for case in find(data).cases)
    assert (found.code, found.err) == (0, "")
    assert found.out == (
        f"3 radiographs with {count} teeth from coco to cvat; 0 failed; in {target}\n"
    )
    assert [case.teeth().fdi.tolist() for case in find(target).cases] == [
        case.teeth().fdi.tolist() for case in find(data).cases
    ]


def test_what_is_lost_is_counted(panodent, data: Path, tmp_path: Path) -> None:
    found = panodent("convert", data, tmp_path / "new", "--to", "voc", "--images", "none")
    assert found.code == 0
    assert "warning: voc cannot hold" in found.err
    assert not list((tmp_path / "new").rglob("*.png"))


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ((), 2, "--to"),
        (("--to", "cocoo"), 2, "Did you mean 'coco'"),
        (("--to", "voc", "--geometry", "polygon"), 2, "a geometry is for coco"),
        (("--to", "coco", "--format", "yolo"), 1, "error:"),
        (("--to", "coco", "--radiographs", "none"), 2, "none: no such folder; expected that of"),
    ],
)
def test_faults(panodent, data: Path, tmp_path: Path, options: tuple, code: int, message: str):
    found = panodent("convert", data, tmp_path / "new", *options)
    assert (found.code, found.out) == (code, "")
    assert message in found.err


def test_faults_are_listed_and_skipped_on_request(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    truth = json.loads((tmp_path / "data" / "truth.json").read_text())
    broken = next(item for item in truth["annotations"] if item["image_id"] == 2)
    broken["segmentation"]["counts"] = "?"
    (tmp_path / "data" / "truth.json").write_text(json.dumps(truth))
    command = ("convert", tmp_path / "data", tmp_path / "new", "--to", "yolo")
    found = panodent(*command)
    assert (found.code, found.out) == (1, "")
    assert f"truth.json: phantom-00001.png: annotation {broken['id']}: " in found.err
    assert (
        "error: 1 item cannot be used, and nothing was done yet; correct it, or leave it out"
        in found.err
    )
    assert not (tmp_path / "new").exists()
    found = panodent(*command, "--skip-bad")
    assert found.code == 0
    assert "; 0 failed; " in found.out
    assert "\nleft out: 1 annotation that could not be read\n" in found.out
    assert f"truth.json: phantom-00001.png: annotation {broken['id']}: " in found.err


def test_a_radiograph_that_fails_is_named(panodent, data: Path, tmp_path: Path) -> None:
    formats.get("voc").write(tmp_path / "data", [("a.png", Teeth.empty((8, 8)))])
    file = tmp_path / "data" / "Annotations" / "a.xml"
    file.write_text(file.read_text().replace("size>", "siz>"))
    command = ("convert", tmp_path / "data", tmp_path / "new", "--to", "coco")
    found = panodent(*command)
    assert found.code == 1
    assert "does not say the size of the image, and its radiograph was not found" in found.err
    found = panodent(*command, "--skip-bad")
    assert found.code == 1  # nothing is left
    assert "warning: a was not converted: " in found.err


def test_results_become_annotations_to_correct(
    panodent, data: Path, predicted: Path, tmp_path: Path
) -> None:
    record = json.loads((predicted / "phantom-00000" / "teeth.json").read_text())
    shutil.copytree(predicted, tmp_path / "out")
    record["teeth"][0] |= {"fdi": 0, "flags": ["unnumbered"], "alternative": 0}
    (tmp_path / "out" / "phantom-00000" / "teeth.json").write_text(json.dumps(record))
    alone = panodent("convert", tmp_path / "out", tmp_path / "alone", "--to", "labelme")
    assert alone.code == 0
    assert "(1 without a number)" in alone.out
    assert " from results to labelme; 0 failed" in alone.out
    assert "3 annotations have no radiograph beside them; name its folder with --radio" in alone.err
    options = ("--to", "labelme", "--radiographs", data / "images")
    found = panodent("convert", tmp_path / "out", tmp_path / "new", *options)
    assert found.code == 0
    assert "no radiograph" not in found.err
    cases = find(tmp_path / "new").cases
    assert [case.image.name for case in cases] == [f"phantom-0000{i}.png" for i in range(3)]
    assert len(cases[0].teeth()) == len(record["teeth"])
    assert cases[0].teeth().fdi.tolist().count(0) == 1
    assert cases[0].annotation.findings is not None
    assert len(cases[0].annotation.findings().findings) == len(record["findings"])


def test_predictions_become_annotations(
    panodent, data: Path, predicted: Path, tmp_path: Path
) -> None:
    options = ("--to", "labelme", "--radiographs", data)
    found = panodent("convert", predicted / "predictions.json", tmp_path / "new", *options)
    assert found.code == 0
    assert "predictions.json lists no tooth without a number" in found.err
    assert " from results to labelme" in found.out
    teeth = [case.teeth() for case in find(tmp_path / "new").cases]
    records = [json.loads(file.read_text()) for file in sorted(predicted.glob("*/teeth.json"))]
    assert [len(t) for t in teeth] == [
        sum(tooth["fdi"] != 0 for tooth in record["teeth"]) for record in records
    ]


def test_files_that_are_not_read_are_named_once(panodent, data: Path, tmp_path: Path) -> None:
    shutil.copytree(data, tmp_path / "data")
    for name in ("a.gif", "b.gif"):
        (tmp_path / "data" / "images" / name).write_bytes(b"GIF89a")
    found = panodent("convert", tmp_path / "data", tmp_path / "new", "--to", "yolo")
    assert found.code == 1
    assert found.err.count("warning: not read: ") == 2
    assert "have no radiograph" not in found.err
