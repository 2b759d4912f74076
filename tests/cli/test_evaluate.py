"""`panodent evaluate`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from panodent import phantom


def test_predictions_are_scored(panodent, predicted: Path, data: Path, tmp_path: Path) -> None:
    found = panodent("evaluate", predicted, data, "--samples", 20, "-o", tmp_path)
    assert (found.code, found.err) == (0, "")
    assert re.search(r"^dice +0\.\d{4}  \(0\.\d{4} to 0\.\d{4}\)$", found.out, re.M)
    assert re.search(r"^canine +dice 0\.\d{4}  dice_obb 0\.\d{4}  numbering \d", found.out, re.M)
    assert found.out.endswith(f"page: {tmp_path / 'index.html'}\n")
    assert json.loads((tmp_path / "scores.json").read_text())["case_count"] == 3


def test_without_bootstrap_samples_there_are_no_intervals(
    panodent, predicted: Path, data: Path
) -> None:
    found = panodent("evaluate", predicted, data, "--samples", 0)
    assert re.search(r"^dice +0\.\d{4}$", found.out, re.M)


def test_a_case_without_prediction_is_an_error(panodent, predicted: Path, tmp_path: Path) -> None:
    phantom.write(tmp_path, 4, size=(256, 512))
    found = panodent("evaluate", predicted, tmp_path, "--samples", 0)
    assert found.code == 1
    assert "1 cases have no prediction and count as 0; the first is phantom-00003" in found.err


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--samples", -1), 2, "--samples"),
        (("--format", "cocoo"), 2, "Did you mean 'coco'"),
        (("--format", "yolo"), 1, "error:"),
    ],
)
def test_faults(panodent, predicted: Path, data: Path, options: tuple, code: int, message: str):
    found = panodent("evaluate", predicted, data, *options)
    assert (found.code, found.out) == (code, "")
    assert message in found.err
