"""`panodent refiner`."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent import phantom
from panodent.bundle import bundle

pytest.importorskip("panodent.training.backend", reason="needs the train extra")


def test_a_refiner_is_trained_and_used(panodent, untraced, tmp_path: Path) -> None:
    data, run = tmp_path / "data", tmp_path / "run"
    phantom.write(data, 2, size=(256, 512))
    arguments = ("--epochs", 1, "--batch-size", 16, "--variants", 1, "--val", 0.5)
    with untraced():
        found = panodent("refiner", data, "-o", run, *arguments)
    assert found.code == 0, found.err
    assert "1 radiograph to train on, 1 held out" in found.out
    assert f"bundle {run / 'bundle'}: refiner of 0.6 MB" in found.out
    assert bundle.load(run).refiner
    # Finished, it is not trained again.
    again = panodent("refiner", "--resume", "-o", run)
    assert again.code == 0, again.err
    assert "epoch 1" not in again.out
    image = next((data / "images").iterdir())
    refined = panodent("predict", image, "-o", tmp_path / "refined", "--bundle", run)
    plain = panodent("predict", image, "-o", tmp_path / "plain", "--bundle", run, "--no-refine")
    assert (refined.code, plain.code) == (0, 0)
    labels = [next((tmp_path / name).rglob("labels.png")) for name in ("refined", "plain")]
    assert labels[0].read_bytes() != labels[1].read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "at least one DATA folder"),
        (("{data}", "--resume"), "--resume takes data and settings"),
        (("--resume",), "no training of `panodent refiner` there"),
        (("{data}", "--batch-size", "0"), "batch_size is 0"),
        (("{data}", "--filters", "16;32"), "whole numbers such as 16,32,64,96"),
    ],
)
def test_faults(panodent, data: Path, tmp_path: Path, arguments: tuple, message: str) -> None:
    given = [part.replace("{data}", str(data)) for part in arguments]
    found = panodent("refiner", *given, "-o", tmp_path / "run")
    assert found.code != 0
    assert message in found.err
