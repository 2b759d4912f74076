"""Phantoms with findings, runs of a small findings network on them, and a small tooth network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest

from panodent import phantom
from panodent.bundle.bundle import load, save

SMALL = {"filters": (8, 16), "encoder_convolutions": 1, "offsets": True}
"""What the network of `small_network` has of its own."""


@pytest.fixture(scope="session")
def findings_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four phantoms of (128, 256) and findings.json. Tests must not change it."""
    folder = tmp_path_factory.mktemp("findings-data")
    phantom.write(folder, count=4, seed=40, size=(128, 256), findings=True)
    return folder


@pytest.fixture(scope="session")
def started_findings(findings_data: Path) -> Callable[..., Any]:
    """Prepares a run of two epochs in a folder; half of `findings_data` is held out."""
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    from panodent.training.findings import EarlierRuns
    from panodent.training.findings_config import FindingsConfig
    from panodent.training.findings_run import prepare
    from panodent.training.run_data import DataSource

    config = FindingsConfig(filters=(4, 8), height=64, width=128, epochs=2, batch_size=2, repeat=1)

    def start(folder: Path, **changes: Any) -> Any:
        sources, annotations = [DataSource(findings_data)], findings_data / "findings.json"

        def taken(kind: type) -> dict[str, Any]:
            return {
                item.name: changes.pop(item.name) for item in fields(kind) if item.name in changes
            }

        changed, earlier = (
            replace(config, **taken(FindingsConfig)),
            EarlierRuns(**taken(EarlierRuns)),
        )
        given = {"validation": 0.5, "earlier": earlier, **changes}
        named = (folder, sources, annotations, [], "default", changed)
        return prepare(*named, lambda *_: None, **given)

    return start


@pytest.fixture(scope="session")
def refiner_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two phantoms of (256, 512). Tests must not change it."""
    folder = tmp_path_factory.mktemp("refiner-data")
    phantom.write(folder, count=2, seed=31, size=(256, 512))
    return folder


@pytest.fixture
def small_network(monkeypatch: pytest.MonkeyPatch, _small_bundle: Path) -> Path:
    """The network named `default` has two levels in this test, which take a tenth of the time.

    A bundle of such a network: the default bundle, but untrained, and no tooth is found with it.
    """
    from panodent.training.unet import NETWORKS, UNetConfig

    monkeypatch.setitem(NETWORKS, "default", UNetConfig(**SMALL))
    return _small_bundle


@pytest.fixture(scope="session")
def _small_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    pytest.importorskip("onnx", reason="needs the train extra")
    from panodent.training import transfer
    from panodent.training.onnx_export import to_onnx
    from panodent.training.unet import UNetConfig, build

    made = load().without_refiner().without_findings()
    config = UNetConfig(classes=len(made.classes) + 1, **SMALL)
    model = build(config)
    head = model.get_layer("head")
    kernel, bias = head.get_weights()
    bias[0] = 100.0  # no tooth anywhere
    head.set_weights([kernel, bias])
    network = to_onnx(model, made.frame.size)
    folder = tmp_path_factory.mktemp("small") / "start"
    norms = transfer.norms(model)
    save(
        replace(made, network=network, architecture=asdict(config), norms=norms, fast=None), folder
    )
    return folder
