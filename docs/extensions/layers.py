"""The layers of packages, from the import contract in pyproject.toml."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from extensions.tables import sentence, table

ROOT = Path(__file__).parents[2]


def markdown() -> str:
    """A row for each package, from the highest layer to the lowest."""
    return table(("layer", "package", "what it holds"), _rows())


def _rows() -> Iterator[tuple[str, str, str]]:
    for depth, layer in enumerate(layers(), start=1):
        for name in layer:
            yield str(depth), f"`{name}`", _first_sentence(name)


def layers() -> list[list[str]]:
    """Names of packages and modules, layer by layer, the highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    found = next(
        item
        for item in contracts
        if item["type"] == "layers" and item["containers"] == ["panodent"]
    )
    return [[name.strip() for name in layer.split("|")] for layer in found["layers"]]


def _first_sentence(name: str) -> str:
    if name == "__main__":
        return "`python -m panodent`."
    text = importlib.import_module(f"panodent.{name}").__doc__ or ""
    return sentence(text.strip().split("\n\n")[0])
