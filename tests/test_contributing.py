"""CONTRIBUTING.md is true: its paths exist, its table of layers is checked, its examples run."""

from __future__ import annotations

import importlib.util
import re
import shlex
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main

from panodent.cli import app
from panodent.cli.options import FORMATS
from panodent.errors import AnnotationError
from panodent.evaluation import metrics
from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.metrics import FigureKind, case_terms
from panodent.formats.base import Format, losses
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WRITTEN_BY_THE_READER = ("src/panodent/formats/box_table.py", "tests/formats/test_box_table.py")
FORMAT, KIND, TERM = (
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


# --- the example of a format -------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Format:
    """The format that the document has a reader write."""
    file = tmp_path_factory.mktemp("example") / "box_table.py"
    file.write_text(FORMAT, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("box_table", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Format = module.FORMAT
    return found


def test_the_format_reads_what_it_writes(
    example: Format, tmp_path: Path, drawn: tuple[Radiograph, Teeth]
) -> None:
    _, truth = drawn
    empty = Teeth.empty((8, 9))
    example.write(tmp_path, [("b/2.png", truth), ("a.png", empty)], {})
    assert example.recognises(tmp_path)
    first, second = example.read(tmp_path)
    assert (first.key, first.size, first.read()) == ("a", (8, 9), empty)
    assert (second.key, second.size) == ("b/2", truth.size)
    found = second.read()
    assert found.fdi.tolist() == truth.fdi.tolist()
    assert found.boxes.tolist() == truth.boxes.tolist()
    assert "outlines (boxes only)" in losses(truth, example.limits)


@pytest.mark.parametrize(
    ("old", "new"),
    [(",36,", ",caries,"), ("0,0,2,3", "0,0,2,30"), ("8,9", "8,x"), ("a.png", "../a")],
)
def test_the_format_names_a_damaged_file(
    example: Format, tmp_path: Path, old: str, new: str
) -> None:
    teeth = Teeth.from_masks((8, 9), [(36, np.ones((2, 3), bool), (0, 0))])
    example.write(tmp_path, [("a.png", teeth)], {})
    file = tmp_path / "boxes.csv"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(AnnotationError, match=r"boxes\.csv"):
        example.read(tmp_path)


def test_the_steps_of_a_format_name_what_is_there(example: Format) -> None:
    from panodent import formats
    from panodent.datasets import convert, dataset

    assert set(formats._MODULES) == set(formats.NAMES)
    assert re.split(", | or ", FORMATS) == list(formats.NAMES)
    assert dataset.LABEL_FOLDERS
    assert set(convert._WITH_GEOMETRY + convert._WITHOUT_NAMES) <= set(formats.NAMES)
    limits = example.limits
    held = (limits.overlap, limits.holes, limits.parts, limits.scores)
    held = (*held, limits.unnumbered, limits.repeated)
    row = " | ".join([limits.shape, *("yes" if yes else "no" for yes in held)])
    assert f"`box-table` | `boxes.csv`, one row for each tooth | {row} |" in TEXT


# --- the example of a metric -------------------------------------------------------------------


def test_the_metric_is_described_and_counted() -> None:
    kind: dict[str, Any] = eval(f"{{{KIND}}}", {"FigureKind": FigureKind})  # noqa: S307
    assert set(kind["detected"].__slots__) == set(FigureKind.__slots__)
    both = [(36, np.ones((4, 4), bool), (0, 0)), (11, np.ones((4, 4), bool), (0, 10))]
    truth = Teeth.from_masks((20, 20), both)
    case = score_pair(truth, Teeth.from_masks((20, 20), [(37, *both[0][1:])]))
    assert ("all", "dice") in case_terms(case)
    terms: dict[tuple[str, str], tuple[float, float]] = {}
    for tooth in case.teeth:
        exec(TERM, {**vars(metrics), "terms": terms, "scope": "all", "tooth": tooth})  # noqa: S102
    assert terms["all", "detected"] == (1, 2)
