"""`panodent quantise`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from panodent.bundle import bundle
from panodent.bundle.fast import fast_bundle
from panodent.drawing.canvas import to_png_bytes

pytest.importorskip("onnx")


def test_a_bundle_is_quantised(panodent, data: Path, tmp_path: Path) -> None:
    found = panodent("quantise", data / "images", "-o", tmp_path, "--count", 2)
    assert found.code == 0, found.err
    assert re.fullmatch(
        rf"bundle {re.escape(str(tmp_path))}: 4\.\d MB, ranges from 2 radiographs, "
        r"the same tooth in \d+\.\d% of tooth pixels\n",
        found.out,
    )
    assert "quantised" in bundle.load(tmp_path).provenance


def test_eight_bit_networks_are_put_beside_and_used(panodent, data: Path, tmp_path: Path) -> None:
    made, images = tmp_path / "made", data / "images"
    labels = tmp_path / "labels.png"
    labels.write_bytes(to_png_bytes(np.eye(64, dtype=np.uint8)))
    found = panodent("quantise", next(images.iterdir()), labels, "-o", made, "--beside")
    assert found.code == 0, found.err
    assert "looks like a mask" in found.err
    assert re.fullmatch(
        rf"bundle {re.escape(str(made))}: eight-bit networks of 5\.\d MB beside its own, ranges "
        r"from 1 radiograph; the same in network \d+\.\d%, refiner \d+\.\d%, "
        r"findings \d+\.\d% of the pixels in objects\n",
        found.out,
    )
    both = bundle.load(made)
    assert both.digest == bundle.load().digest
    predict = ("predict", next(images.iterdir()), "--bundle", made, "--no-overlay", "--no-findings")
    found = panodent(*predict, "--fast", "-o", tmp_path / "fast")
    assert found.code == 0, found.err
    run = json.loads((tmp_path / "fast" / "run.json").read_text())
    assert run["bundle"]["sha256"] == fast_bundle(both).without_findings().digest


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("{tmp}",), 2, "--output"),
        (("{tmp}", "-o", "{tmp}/b", "--count", "0"), 2, "--count"),
        (("{tmp}/none.png", "-o", "{tmp}/b"), 1, "needs radiographs"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("quantise", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err
