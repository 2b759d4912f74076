"""Findings go to Label Studio and come back, with the configuration of the documentation."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
from typer.testing import CliRunner

from panodent.cli import app
from panodent.datasets.dataset import find
from panodent.dentition import TEETH
from panodent.drawing.overlay import to_png_bytes
from panodent.formats.finding_annotations import read_findings
from panodent.outputs.record import to_record
from panodent.phantom import draw
from panodent.serve.routes.label_studio import _prediction, read_config
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings

SIZE = (64, 128)
GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "label-studio.md"


def configuration() -> str:
    """The configuration of the guide, put together as it says."""
    blocks = re.findall(r"```xml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    view, labels, choices, tools = blocks
    choices += tools
    assert view.count("</BrushLabels>") == view.count("</View>") == 1
    return (
        view.strip()
        .replace("</BrushLabels>", f"{labels}</BrushLabels>")
        .replace("</View>", f"{choices}</View>")
    )


def test_the_guide_has_every_kind_and_every_tooth() -> None:
    tag = read_config(configuration())
    assert set(tag.findings) == set(KINDS)
    assert set(tag.choices) == set(TEETH)
    assert set(tag.labels) == {0, *TEETH}


def test_predictions_come_back_as_training_data(tmp_path: Path) -> None:
    radiograph, teeth = draw(1, SIZE)
    block = np.ones((3, 4), bool)
    items = [
        (kind, fdi, block, (3 * place, 9 * place))
        for place, (kind, fdi) in enumerate(zip(KINDS, (36, 11, 24, 47, 55, 46, 0), strict=True))
    ]
    marked = Findings.from_masks(SIZE, items)
    record = json.dumps(to_record(teeth, findings=marked)).encode()
    made = _prediction(record, read_config(configuration()), "v")["result"]

    # A person accepts it, and exports the project beside its radiographs.
    labelled = tmp_path / "labelled"
    labelled.mkdir()
    (labelled / "a.png").write_bytes(
        to_png_bytes((radiograph.pixels * 255).round().astype("uint8"))
    )
    task = {"id": 1, "data": {"image": "/data/upload/1/a.png"}, "annotations": [{"result": made}]}
    (labelled / "export.json").write_text(json.dumps([task]))

    done = CliRunner().invoke(
        app, ["convert", str(labelled), str(tmp_path / "mine"), "--to", "coco"]
    )
    assert done.exit_code == 0, done.output
    found = read_findings(tmp_path / "mine" / "annotations.json")
    assert found["a"].findings == marked
    assert not found["a"].unclear.any()
    (case,) = find(tmp_path / "mine").cases
    assert sorted(case.teeth().fdi) == sorted(teeth.fdi)
