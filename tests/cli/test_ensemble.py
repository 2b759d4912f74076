"""`panodent ensemble`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panodent.bundle import bundle


def test_bundles_are_joined(panodent, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    default = bundle.load()
    model = onnx.load_from_string(default.network)
    model.doc_string = "another file of the same network"
    bundle.save(replace(default, network=model.SerializeToString()), tmp_path / "other")
    found = panodent("ensemble", "default", tmp_path / "other", "-o", tmp_path / "joined")
    assert found.code == 0, found.err
    assert found.out.startswith(f"bundle {tmp_path / 'joined'}: 2 networks, ")
    assert bundle.load(tmp_path / "joined").architecture["members"] == 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("default",), 2, "--output"),
        (("default", "-o", "{tmp}/b"), 1, "at least two bundles"),
        (("default", "{tmp}/none", "-o", "{tmp}/b"), 1, "no bundle there"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("ensemble", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err
