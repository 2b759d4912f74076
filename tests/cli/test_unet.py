"""`panodent unet`."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")


def test_layers_are_printed_and_the_architecture_drawn(panodent, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    found = panodent("unet", "--network", "seed", "--size", "64x64", "--summary", "-o", file)
    assert found.code == 0
    assert found.out.endswith(f"seed: 1,941,361 parameters; picture in {file}\n")
    assert "Conv2D" in found.out
    assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--network", "sead"), 2, "Did you mean 'seed'"),
        (("--size", "64"), 2, "HEIGHTxWIDTH"),
        (("--network", "seed", "--size", "64x64", "-o", "{tmp}/file/a.png"), 1, "{tmp}/file"),
    ],
)
def test_faults(panodent, tmp_path: Path, options: tuple, code: int, message: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    found = panodent("unet", *(part.replace("{tmp}", str(tmp_path)) for part in options))
    assert (found.code, found.out) == (code, "")
    assert message.replace("{tmp}", str(tmp_path)) in found.err
