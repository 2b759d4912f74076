"""CONTRIBUTING.md is true: its paths exist, its table of layers is checked, its examples run."""

from __future__ import annotations

import doctest
import inspect
import os
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import pytest
import typer.main

from panodent.cli import app
from panodent.errors import AnnotationError
from panodent.formats import NAMES, base

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WRITTEN_BY_THE_READER = ("src/panodent/formats/boxes.py", "tests/formats/test_boxes.py")
FORMAT_ROW, METRIC_ROW, TERM = (
    textwrap.dedent(block) for block in re.findall(r"```python\n(.*?)```", TEXT, re.S)
)


@pytest.mark.parametrize(
    "path",
    sorted(
        set(re.findall(r"\b(?:src|tests|docs|benchmarks)/[\w./-]*\w", TEXT))
        - set(WRITTEN_BY_THE_READER)
    ),
)
def test_paths_exist(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_lead_somewhere(name: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


@pytest.mark.parametrize("line", sorted(set(re.findall(r"`(panodent \w[^`]*)`", TEXT))))
def test_commands_and_options_exist(line: str) -> None:
    words = shlex.split(line)
    command = COMMANDS[words[1]]
    known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    assert {word for word in words[2:] if word.startswith("-")} <= known


def test_the_table_of_layers_is_what_import_linter_checks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = project["tool"]["importlinter"]["contracts"][0]
    assert contract["containers"] == ["panodent"]
    table = TEXT.partition("## Layers")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    layers = [layer.split(" | ") for layer in contract["layers"] if layer != "__main__"]
    assert [re.findall(r"`(\w+)`", row) for row in rows] == layers


# --- the examples ------------------------------------------------------------------------------


def added(text: str, row: str, before: str) -> str:
    """The text of a module with the row added to its table, before the text `before`."""
    assert text.count(before) == 1
    return text.replace(before, textwrap.indent(row, "    ") + before)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the steps change, after a reader has followed them."""
    root = tmp_path_factory.mktemp("followed")
    source, package = ROOT / "src/panodent", root / "src/panodent"
    shutil.copytree(source, package, ignore=shutil.ignore_patterns("default", "__pycache__"))
    for folder in ("tests/formats", "tests/evaluation"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "docs/reference").mkdir(parents=True)

    examples = doctest.DocTestParser().get_examples(inspect.getdoc(base) or "")
    end = next(i for i, item in enumerate(examples) if item.source.startswith("FORMAT ="))
    module = "\n".join(item.source for item in examples[: end + 1])
    (package / "formats/boxes.py").write_text(module, encoding="utf-8")

    registry = package / "formats/registry.py"
    text = added(registry.read_text(encoding="utf-8"), FORMAT_ROW, ')\n"""All formats')
    registry.write_text(text, encoding="utf-8")

    page = (ROOT / "docs/reference/formats.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"``(\| `boxes` .*\|)``", TEXT)
    last = rf"(\| `{NAMES[-1]}` .*\n)"  # the order of the page is that of the registry
    page = re.sub(last, lambda found: f"{found[1]}{row}\n", page, count=1)
    (root / "docs/reference/formats.md").write_text(page, encoding="utf-8")

    metrics = package / "evaluation/metrics.py"
    text = metrics.read_text(encoding="utf-8")
    text = added(text, METRIC_ROW, '    Metric("dice_obb"')
    (loop,) = re.findall(r"    for tooth in case.teeth:\n        for scope in .*\n", text)
    text = text.replace(loop, loop + textwrap.indent(TERM, " " * 12))
    metrics.write_text(text, encoding="utf-8")
    return root


def run(root: Path, *arguments: str) -> str:
    """The output of Python with the changed package; fails with the output."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_examples_pass_the_tests_of_every_format_and_metric(followed: Path) -> None:
    """Only the list of shares, which the last step of a metric names, has to be extended."""
    metrics = followed / "tests/evaluation/test_metrics.py"
    text = metrics.read_text(encoding="utf-8")
    old, new = '"dice", "numbering",', '"dice", "numbering", "detected",'
    assert text.count(old) == 1
    metrics.write_text(text.replace(old, new), encoding="utf-8")
    files = ("tests/formats/test_base.py", "tests/formats/test_registry.py", str(metrics))
    options = ("-p", "no:cacheprovider", "--import-mode=importlib", "--rootdir=.")
    chosen = "boxes or unique or documentation or test_metrics"
    passed = run(followed, "-m", "pytest", *options, "-k", chosen, *files)
    assert int(re.findall(r"(\d+) passed", passed)[0]) > 20


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "expected HEIGHT WIDTH"),
        ("8 x", "whole numbers"),
        ("8 9 10", "expected HEIGHT WIDTH"),
        ("8 9\n36 0 0 2", "expected HEIGHT WIDTH"),
        ("8 9\n36 0 0 2 30", "outside the image"),
        ("8 9\n36 0 3 2 3", "outside the image"),
        ("8 9\ncaries 0 0 2 3", "not tooth numbers"),
    ],
)
def test_the_format_names_a_damaged_file(
    followed: Path, tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "opg.boxes").write_text(content)
    example = runpy.run_path(str(followed / "src/panodent/formats/boxes.py"))["FORMAT"]
    with pytest.raises(AnnotationError, match=reason) as caught:
        example.read(tmp_path)
    assert str(caught.value).startswith(str(tmp_path))


def test_the_metric_is_counted_and_shown(followed: Path) -> None:
    code = """
import json
import numpy as np
from panodent.evaluation.evaluate import score_pair, summarise
from panodent.reports.evaluation import to_csv, to_html
from panodent.teeth.teeth import Teeth

mask = np.ones((4, 4), bool)
truth = Teeth.from_masks((20, 20), [(36, mask, (0, 0)), (11, mask, (0, 10))])
found = Teeth.from_masks((20, 20), [(37, mask, (0, 0))])
scores = summarise([score_pair(truth, found, key="a")])
assert "detected" in to_csv(scores).splitlines()[0]
assert "Detected" in to_html(scores, "Evaluation")
found = json.loads(scores.to_json())
tables = found["figures"], found["by_type"]["molar"], found["by_tooth"]["11"]
print(*(table["detected"]["value"] for table in tables), found["cases"][0]["detected"])
"""
    # 36 is found as 37, 11 is missed.
    assert run(followed, "-c", code) == "0.5 1.0 0.0 0.5\n"
