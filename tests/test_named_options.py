"""Every option that a message names exists: in the command that can print it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

import panodent
from panodent.cli import app

ROOT = Path(panodent.__file__).parent
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OPTIONS = {
    name: {option for param in command.params for option in (*param.opts, *param.secondary_opts)}
    for name, command in COMMANDS.items()
}
EVERYWHERE = {"--help", "--version"}
READING = tuple(name for name in OPTIONS if "--format" in OPTIONS[name])
"""The commands that read annotations."""
LIBRARY = ("formats", "datasets", "analysis", "radiograph")
"""Packages whose messages any of these commands may print."""
FEWER = {
    "datasets/checking.py": ("train", "findings", "refiner", "convert"),
    "datasets/convert.py": ("convert",),
    "datasets/conversion_folder.py": ("convert",),
}
"""Modules whose messages only some commands print."""
NO_OPTIONS = {"--accent", "--wrong", "--line", "--quiet"}
"""Colours of a style sheet, which look like options."""
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
_CALLED = re.compile(r"\boption (?!than\b)[a-z]+")


def named() -> Iterator[tuple[str, int, str, set[str]]]:
    """(module, line, text, options in it) of every text in the package that names an option."""
    for file in sorted(ROOT.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        if not _OPTION.search(text):
            continue  # parsing takes a hundred times longer than this
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = set(_OPTION.findall(node.value)) - NO_OPTIONS - EVERYWHERE
                if found:
                    yield file.relative_to(ROOT).as_posix(), node.lineno, node.value, found


@pytest.fixture(scope="module")
def texts() -> list[tuple[str, int, str, set[str]]]:
    return list(named())


def commands_of(module: str, text: str) -> tuple[str, ...] | None:
    """The commands that must have the options of a text; None: any one of all."""
    mentioned = tuple(name for name in OPTIONS if re.search(rf"\b{name}\b", text))
    package, _, rest = module.partition("/")
    own = rest.removesuffix(".py").replace("_", "-")
    if package == "cli" and own in OPTIONS:
        return (own,)
    if module in FEWER:
        return FEWER[module]
    if package in LIBRARY and not text.strip().count("\n"):
        return mentioned or READING
    return None


def test_there_are_messages_to_test(texts: list[tuple[str, int, str, set[str]]]) -> None:
    assert len(texts) > 50
    assert {"train", "convert", "inspect", "evaluate"} <= set(READING)
    assert any(module == "formats/naming.py" for module, *_ in texts)


def test_each_option_that_is_named_exists(texts: list[tuple[str, int, str, set[str]]]) -> None:
    """One test for all texts: to collect three hundred takes longer than to check them."""
    faults = [fault for text in texts for fault in lacking(*text)]
    assert faults == []


def lacking(module: str, line: int, text: str, options: set[str]) -> Iterator[str]:
    """The options that a text names and no command has that can print it."""
    commands = commands_of(module, text)
    if commands is None:
        if unknown := options - set().union(*OPTIONS.values()):
            yield f"{module}:{line} names {unknown}, which no command has"
        return
    for option in options:
        having = [name for name in commands if option in OPTIONS[name]]
        others = [name for name in OPTIONS if option in OPTIONS[name] and name in text]
        if having != list(commands) and not others:
            fewer = sorted(set(commands) - set(having))
            yield f"{module}:{line} names {option}, which {fewer} lack"


def test_messages_name_options_as_they_are_typed() -> None:
    """'the option attribute' is how a programmer calls it; a user types --attribute."""
    found = []
    for package in ("formats", "datasets", "cli", "training", "evaluation"):
        for file in sorted((ROOT / package).rglob("*.py")):
            text = file.read_text(encoding="utf-8")
            if "option " not in text:
                continue
            tree = ast.parse(text)
            for raised in (node for node in ast.walk(tree) if isinstance(node, ast.Raise)):
                for node in ast.walk(raised):
                    if isinstance(node, ast.Constant) and isinstance(node.value, str):
                        found += [f"{file.name}: {node.value}" for _ in _CALLED.findall(node.value)]
    assert found == []
