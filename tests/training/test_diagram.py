"""Pictures of network architectures."""

from __future__ import annotations

import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent.training.diagram import _blocks, draw
from panodent.training.unet import NETWORKS, UNetConfig, build, named


@pytest.mark.parametrize("name", NETWORKS)
def test_the_picture_of_an_architecture(name: str) -> None:
    filters = (4,) * len(NETWORKS[name].filters)  # how many does not matter for the boxes
    assert draw(build(named(name, filters=filters), (256, 512)), name).startswith(b"\x89PNG")


def test_blocks_follow_the_computation_with_sizes_and_kernels() -> None:
    model = build(UNetConfig(filters=(4, 8), classes=3), (32, 64))
    assert _blocks(model) == [
        ("encoder", 0, "16x32\n4 channels\nconv 4x4+3x3"),
        ("encoder", 1, "8x16\n8 channels\nconv 3x3+3x3"),
        ("decoder", 0, "16x32\n4 channels\nconv 1x1+3x3"),
        ("head", 0, "16x32\n3 channels\nconv 1x1"),
    ]
