"""The tasks of a worker, run in this process."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent.dicom.source import Model
from panodent.errors import TeethError
from panodent.inference.predictor import PERMANENT_ONLY
from panodent.outputs.record import findings_from_record, to_record
from panodent.phantom import draw
from panodent.serve.study import with_ids
from panodent.serve.workers.task_runner import TaskRunner, WorkerSettings, kind_of
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

STAMP = {"by": "", "at": ""}


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> TaskRunner:
    """A runner that needs no network."""
    made = TaskRunner(WorkerSettings("default", 4_000_000))
    made.__dict__["model"] = Model("test", "0" * 64)
    return made


@pytest.fixture(scope="module")
def record() -> dict[str, Any]:
    found = to_record(draw(1, (128, 256))[1])
    return {**found, "height": 128, "width": 256, "teeth": with_ids(found["teeth"])}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    place = tmp_path / "original.png"
    pixels = np.rint(draw(1, (128, 256))[0].pixels * 255).astype(np.uint8)
    Image.fromarray(pixels).save(place)
    return place


def test_phantoms_are_the_same_for_the_same_seed(runner: TaskRunner) -> None:
    _, first = runner.run({"task": "phantom", "seed": 3})
    _, again = runner.run({"task": "phantom", "seed": 3})
    assert first == again
    assert Image.open(io.BytesIO(first["image"])).mode == "L"


def test_edits_keep_the_teeth_that_they_name(runner: TaskRunner, record: dict[str, Any]) -> None:
    task = {
        "task": "edit",
        "record": record,
        "predicted": record["teeth"],
        "revision": 0,
        "stamp": STAMP,
    }
    kept = [{"id": "t2", "fdi": record["teeth"][1]["fdi"]}]
    _, blobs = runner.run({**task, "entries": kept})
    assert json.loads(blobs["teeth"]) == [record["teeth"][1]]
    with pytest.raises(TeethError, match="unknown id"):
        runner.run({**task, "entries": [{"id": "t999", "fdi": 11}]})


def test_an_edit_judges_anew_what_has_erupted(runner: TaskRunner) -> None:
    items = [(47, np.ones((40, 20), bool), (10, 40)), (48, np.ones((16, 16), bool), (10, 18))]
    found = to_record(Teeth.from_masks((60, 80), items))
    teeth = with_ids(found["teeth"])
    task = {"task": "edit", "record": {**found, "teeth": teeth}, "predicted": teeth, "revision": 0}
    task["stamp"] = STAMP
    for kept, expected in ((teeth, [True, False]), (teeth[1:], [True])):
        entries = [{"id": tooth["id"], "fdi": tooth["fdi"]} for tooth in kept]
        _, blobs = runner.run({**task, "entries": entries})
        assert [tooth["erupted"] for tooth in json.loads(blobs["teeth"])] == expected
    _, blobs = runner.run({**task, "entries": []})
    assert json.loads(blobs["teeth"]) == []


def test_edits_of_teeth_take_findings_along(runner: TaskRunner, record: dict[str, Any]) -> None:
    first, second = record["teeth"][:2]
    shape = {key: first[key] for key in ("score", "box", "area", "flags", "polygons", "rle")}
    found = [{"id": "f1", "kind": "filling", "fdi": first["fdi"], **shape}]
    swapped = [{"id": "t1", "fdi": second["fdi"]}, {"id": "t2", "fdi": first["fdi"]}]
    task = {
        "task": "edit", "record": {**record, "findings": found}, "predicted": record["teeth"],
        "revision": 0, "stamp": STAMP, "entries": swapped, "predicted_findings": found,
        "findings_saved": False,
    }  # fmt: skip
    _, blobs = runner.run(task)
    assert set(blobs) == {"teeth"}  # they follow from the predicted ones
    for more in ({"findings_saved": True}, {"finding_entries": [
        {"id": "f1", "kind": "filling", "fdi": second["fdi"]}
    ]}):  # fmt: skip
        _, blobs = runner.run({**task, **more})
        assert json.loads(blobs["findings"]) == [{**found[0], "fdi": second["fdi"]}]
    # Left behind by its tooth on purpose: that is a change of the finding.
    stays = {"id": "f1", "kind": "filling", "fdi": first["fdi"]}
    _, blobs = runner.run({**task, "finding_entries": [stays]})
    (one,) = json.loads(blobs["findings"])
    assert (one["fdi"], one["flags"], one["score"]) == (first["fdi"], ["edited"], 1.0)


def test_results_have_the_findings(
    runner: TaskRunner, record: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    marked = Findings.from_masks((128, 256), [("crown", 36, np.ones((4, 4), bool), (9, 9))])
    known = {**record, **_findings_part(marked)}
    task = {"name": "scan.png", "file": str(file), "record": known}
    runner.run({**task, "task": "write", "folder": str(tmp_path / "out")})
    written = json.loads((tmp_path / "out" / "teeth.json").read_text())
    assert findings_from_record(written) == marked
    task |= {"task": "export", "export": "findings.csv", "numbering": "fdi"}
    _, blobs = runner.run(task)
    assert b"36,crown" in blobs["file"]


def _findings_part(marked: Findings) -> dict[str, Any]:
    made = to_record(Teeth.empty(marked.size), findings=marked)
    return {key: made[key] for key in ("findings_version", "findings")}


@pytest.mark.parametrize("spacing", [None, [0.1, 0.1]])
def test_measurements_are_in_millimetres_if_there_is_a_spacing(
    runner: TaskRunner, record: dict[str, Any], spacing: list[float] | None
) -> None:
    _, blobs = runner.run({"task": "measure", "record": record, "spacing": spacing})
    tooth = json.loads(blobs["measures"])["teeth"][0]
    assert ("length_mm_uncalibrated" in tooth) == (spacing is not None)


def test_results_are_the_files_of_the_command_line(
    runner: TaskRunner, record: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    task = {"name": "scan.png", "file": str(file), "record": record}
    runner.run({**task, "task": "write", "folder": str(tmp_path / "out")})
    written = json.loads((tmp_path / "out" / "teeth.json").read_text())
    assert written["file_name"] == "scan.png"
    assert len(written["teeth"]) == len(record["teeth"])
    _, blobs = runner.run({**task, "task": "export", "export": "labels.png", "numbering": "fdi"})
    assert blobs["file"] == (tmp_path / "out" / "labels.png").read_bytes()
    assert kind_of(str(file)) == "image"


def test_exports_keep_the_notes_of_the_prediction(
    runner: TaskRunner, record: dict[str, Any], file: Path, tmp_path: Path
) -> None:
    """What the model cannot do is not written in the file."""
    task = {"name": "scan.png", "file": str(file), "record": record, "notes": [PERMANENT_ONLY]}
    _, blobs = runner.run({**task, "task": "export", "export": "teeth.json", "numbering": "fdi"})
    assert json.loads(blobs["file"])["notes"] == [PERMANENT_ONLY]
    runner.run({**task, "task": "write", "folder": str(tmp_path / "out")})
    written = json.loads((tmp_path / "out" / "teeth.json").read_text())
    assert written["notes"] == [PERMANENT_ONLY]
