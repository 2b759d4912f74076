"""The rules of the code: short functions and modules, unique names, a test for each module."""

from __future__ import annotations

import ast
from collections import defaultdict
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "panodent"
LONGEST_FUNCTION = 60
"""Lines from `def` to the last one, with the docstring."""
LONGEST_MODULE = 350
MOST_ENTRIES = 26
"""Packages and modules at the top: what a newcomer can take in at a glance."""
UNTESTED = {"__init__.py", "__main__.py", "version.py"}
MODULES = sorted(SOURCE.rglob("*.py"))
SCRIPTS = [file for name in ("tools", "benchmarks") for file in sorted((ROOT / name).glob("*.py"))]


@pytest.fixture(scope="module")
def trees() -> dict[Path, ast.Module]:
    """The syntax tree of each module by its path below `SOURCE`."""
    return {
        file.relative_to(SOURCE): ast.parse(file.read_text(encoding="utf-8")) for file in MODULES
    }


def lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def test_the_top_has_few_entries() -> None:
    entries = sorted(one.name for one in SOURCE.iterdir() if one.name != "__pycache__")
    assert len(entries) <= MOST_ENTRIES, entries


def test_no_function_is_too_long(trees: dict[Path, ast.Module]) -> None:
    long = [
        f"{module}: {node.name} has {lines(node)} lines; at most {LONGEST_FUNCTION}"
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if lines(node) > LONGEST_FUNCTION
    ]
    assert not long


def test_no_module_is_too_long() -> None:
    files = [*MODULES, *SCRIPTS]
    counts = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    assert SCRIPTS
    assert not {
        str(file.relative_to(ROOT)): count
        for file, count in counts.items()
        if count > LONGEST_MODULE
    }


def test_public_classes_have_names_of_their_own(trees: dict[Path, ast.Module]) -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(module))
    assert not {name: found for name, found in places.items() if len(found) > 1}


def name_of(module: Path) -> str:
    return ".".join(("panodent", *module.with_suffix("").parts)).removesuffix(".__init__")


def test_no_modules_import_each_other(trees: dict[Path, ast.Module]) -> None:
    """Neither when they are loaded, nor in a function, nor for types alone."""
    names = {name_of(module) for module in trees}
    imported: dict[str, set[str]] = {name: set() for name in names}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module in names:
                found = {f"{node.module}.{alias.name}" for alias in node.names}
                imported[name_of(module)] |= (found & names) or {node.module}
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_each_module_has_a_test_file() -> None:
    tested = [file.relative_to(SOURCE) for file in MODULES if file.name not in UNTESTED]
    expected = [Path("tests", module.parent, f"test_{module.name}") for module in tested]
    assert not [str(file) for file in expected if not (ROOT / file).exists()]
