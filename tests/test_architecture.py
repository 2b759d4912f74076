"""The diagrams of docs/explanation/architecture.md name modules that exist, and today's network."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from panodent.bundle.bundle import load

DIAGRAMS = Path(__file__).parent.parent / "docs" / "explanation" / "diagrams"


@pytest.mark.parametrize("name", ["radiograph", "annotations", "upload"])
def test_the_modules_of_a_diagram_exist(name: str) -> None:
    modules = re.findall(r">(panodent[.\w]+)", (DIAGRAMS / f"{name}.svg").read_text("utf-8"))
    assert len(modules) > 4
    assert all(map(find_spec, modules))


def test_the_diagram_has_the_planes_of_the_default_network() -> None:
    text = (DIAGRAMS / "radiograph.svg").read_text("utf-8")
    bundle = load()
    height, width = bundle.frame.size
    classes = len(bundle.classes) + 1
    assert f">{classes} class planes and 2 offset planes<" in text
    assert f">float32 ({height}, {width})<" in text
    assert f">float32 ({classes + 2}, {height // 2}, {width // 2})<" in text
