"""The folder of a findings training: which radiographs are used, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent.bundle import bundle
from panodent.errors import ConfigError, DatasetError, TrainingError
from panodent.training.findings_config import FindingsConfig
from panodent.training.findings_run import _used, prepare, reopen
from panodent.training.run_data import DataSource


def ignore(*_: object) -> None: ...


def test_plain_radiographs_are_named_by_patterns() -> None:
    plain = ["healthy-*", "!healthy-7"]
    used = [_used(key, {}, plain) for key in ("healthy-1", "healthy-7", "other-1")]
    assert used == [True, False, False]


def test_faults(findings_data: Path, started_findings, tmp_path: Path) -> None:
    started_findings(tmp_path / "run")
    with pytest.raises(TrainingError, match=r"already holds a training run \(findings.json\)"):
        started_findings(tmp_path / "run")
    with pytest.raises(TrainingError, match="no training of `panodent findings` there"):
        reopen(tmp_path / "none", ignore)
    other = tmp_path / "other.json"
    document = json.loads((findings_data / "findings.json").read_text())
    for entry in document["images"]:
        entry["file_name"] = "x-" + entry["file_name"]
    other.write_text(json.dumps(document))
    with pytest.raises(DatasetError, match="names no radiograph of the training side"):
        prepare(
            tmp_path / "b",
            [DataSource(findings_data)],
            other,
            [],
            "default",
            FindingsConfig(),
            ignore,
        )


def test_limits_come_from_a_bundle_with_a_findings_network(
    started_findings, tmp_path: Path
) -> None:
    bundle.save(bundle.load().without_findings(), tmp_path / "teeth")
    with pytest.raises(ConfigError, match="its bundle has no findings network"):
        started_findings(tmp_path / "run", limits=str(tmp_path / "teeth"))
