"""Phantoms with findings, and runs of a small findings network on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from panodent import phantom


@pytest.fixture(scope="session")
def findings_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four phantoms of (128, 256) and findings.json. Tests must not change it."""
    folder = tmp_path_factory.mktemp("findings-data")
    phantom.write(folder, count=4, seed=40, size=(128, 256), findings=True)
    return folder


@pytest.fixture(scope="session")
def started_findings(findings_data: Path) -> Callable[..., Any]:
    """Prepares a run of two epochs in a folder; half of `findings_data` is held out."""
    pytest.importorskip("keras", reason="needs the train extra")
    from panodent.training.findings_config import FindingsConfig
    from panodent.training.findings_run import prepare
    from panodent.training.run_data import DataSource

    config = FindingsConfig(filters=(4, 8), height=64, width=128, epochs=2, batch_size=2, repeat=1)

    def start(folder: Path, **changes: Any) -> Any:
        sources, annotations = [DataSource(findings_data)], findings_data / "findings.json"
        given = {"validation": 0.5, **changes}
        named = (folder, sources, annotations, [], "default", config)
        return prepare(*named, lambda *_: None, **given)

    return start


@pytest.fixture(scope="session")
def refiner_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two phantoms of (256, 512). Tests must not change it."""
    folder = tmp_path_factory.mktemp("refiner-data")
    phantom.write(folder, count=2, seed=31, size=(256, 512))
    return folder
