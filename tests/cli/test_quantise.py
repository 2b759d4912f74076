"""`panodent quantise`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panodent.bundle import bundle

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
