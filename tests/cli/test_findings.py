"""`panodent findings` trains, and `predict` and `evaluate` use what it made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    phantom.write(folder, count=4, seed=40, size=(128, 256), findings=True)
    return folder


def test_train(panodent, untraced, data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    given = ("findings", data, "--findings", data / "findings.json", "-o", run)
    given += ("--size", "64x128", "--epochs", 1, "--batch-size", 2, "--val", 0.5)
    with untraced():
        found = panodent(*given)
    assert found.code == 0, found.err
    assert "2 radiographs to train on, 2 of them with annotated findings; 2 held out" in found.out
    assert f"bundle {run / 'bundle'}: findings network of" in found.out
    assert bundle.load(run).findings is not None
    again = panodent("findings", "--resume", "-o", run)
    assert again.code == 0, again.err
    assert "epoch 1" not in again.out


def test_predict_and_evaluate(panodent, data: Path, finding_bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(finding_bundle, tmp_path / "bundle")
    given = ("predict", data / "images", "--no-overlay", "--bundle", tmp_path / "bundle")
    assert panodent(*given, "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "findings.csv").exists()
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert "filling" in run["bundle"]["findings"]
    scored = panodent(
        "evaluate", tmp_path / "out", data, "--findings", data / "findings.json",
        "--samples", 10, "-o", tmp_path / "scores",
    )  # fmt: skip
    assert scored.code == 0, scored.err
    assert "findings in 4 radiographs" in scored.out
    scores = json.loads((tmp_path / "scores" / "findings-scores.json").read_text())
    assert scores["by_kind"]["filling"]["recall"]["value"] > 0

    plain = panodent(*given, "-o", tmp_path / "plain", "--no-findings")
    assert plain.code == 0
    assert not list((tmp_path / "plain").rglob("findings*"))
    refused = panodent("evaluate", tmp_path / "plain", data, "--findings", data / "findings.json")
    assert refused.code == 1
    assert "predict with a bundle that has a findings network" in refused.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "at least one DATA folder"),
        (("{data}",), "--findings"),
        (("{data}", "--resume"), "--resume takes data and settings"),
        (("--resume",), "no training of `panodent findings` there"),
        (("{data}", "--findings", "{data}/truth.json"), "no category is a kind of finding"),
    ],
)
def test_faults(panodent, data: Path, tmp_path: Path, arguments: tuple, message: str) -> None:
    given = [part.replace("{data}", str(data)) for part in arguments]
    found = panodent("findings", *given, "-o", tmp_path / "run")
    assert found.code != 0
    assert message in found.err
