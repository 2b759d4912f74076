"""The command that makes the weights that ship: its steps, and a tiny run of it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from unittest import mock

import pytest
import typer.main

import weights
from panodent import phantom
from panodent.bundle import bundle
from panodent.cli import app, main
from panodent.dentition import TEETH
from panodent.training.recipes import from_toml

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("start", weights.PLANS)
def test_every_step_is_a_command_and_takes_what_was_made_before(start: str, tmp_path: Path) -> None:
    made: list[list[str]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(weights, "make", lambda output, name, command: made.append(command))
        patch.setattr(weights.os, "nice", lambda by: 19)
        data = ["--ufba", str(tmp_path), "--hitl", str(tmp_path)]
        weights.main([*data, "--output", str(tmp_path / "out"), "--from", start])
    group = typer.main.get_command(app)
    known: set[str] = set()
    for command in made:
        parsed = group.commands[command[0]].make_context(command[0], list(command[1:]))  # type: ignore[attr-defined]
        used = {part for part in command if part.startswith(str(tmp_path / "out"))}
        output = str(parsed.params["output"])
        settings = {str(tmp_path / "out" / f"{name}.toml") for name in weights.SETTINGS}
        assert used - {output} - settings <= known
        known.add(output)
    findings = 3 if start == "teacher" else 2
    assert made[-2 - findings][:1] == ["average" if start == "teacher" else "train"]
    assert [command[0] for command in made[-1 - findings : -1]] == findings * ["findings"]
    assert (made[-1][0], made[-1][-3]) == ("quantise", "--beside")
    assert "children" in [command for command in made if command[0] == "train"][-1]


@pytest.mark.parametrize("folder", ["", "nowhere"])
def test_both_data_sets_must_be_there(folder: str, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="is not a folder; give --ufba and --hitl"):
        weights.main(["--ufba", folder, "--hitl", str(tmp_path)])


def test_a_step_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    data = ["--ufba", str(tmp_path), "--hitl", str(tmp_path)]
    with pytest.raises(SystemExit, match="no step 'childen'; --until takes ufba, hitl"):
        weights.main([*data, "--until", "childen"])


@pytest.mark.parametrize("name", weights.SETTINGS)
def test_settings_are_those_of_a_recipe(name: str, tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(weights.SETTINGS[name], encoding="utf-8")
    assert from_toml(tmp_path / "a.toml").precision == "mixed_bfloat16"


def test_make_passes_its_variables_on() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipe = re.search(r"^weights:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert recipe is not None
    for part in ("tools/weights.py", '--ufba "$(UFBA)"', '--hitl "$(HITL)"'):
        assert part in recipe[1]


def in_this_process(command: list[str]) -> int:
    """The exit code of a training; to import Keras in another process takes longer than it."""
    assert command[1:4] == ["-m", "panodent", "train"]
    with mock.patch.object(sys, "argv", command[2:]), pytest.raises(SystemExit) as end:
        main()
    return int(end.value.code or 0)


def test_a_tiny_run_makes_a_bundle_and_finished_steps_are_skipped(
    untraced, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights.os, "nice", lambda by: 19)
    start = weights._run

    def run(command: list[str]) -> int:
        if command[3] != "train":
            return start(command)
        with untraced():
            return in_this_process(command)

    monkeypatch.setattr(weights, "_run", run)
    for seed, name in enumerate(("ufba", "hi tl")):
        phantom.write(tmp_path / name, 2, seed=90 + 2 * seed, size=(64, 128), ages=(8, 12))
    output = tmp_path / "made"
    options = ["--ufba", str(tmp_path / "ufba"), "--hitl", str(tmp_path / "hi tl")]
    options += ["--output", str(output), "--corrected", "--phantoms", "1", "--until", "children"]
    options += ["--train", "--epochs 1 --size 64x128 --batch-size 8 --val 0.3"]
    weights.main(options)
    said = capfd.readouterr().out
    assert "[1/2] phantoms-of-children: panodent phantom --ages 5,14" in said
    assert "[2/2] children: panodent train" in said
    assert "has seen all radiographs" in said
    made = bundle.load(output / "children")
    assert made.classes == tuple(TEETH)
    assert made.provenance["config"]["augment"]["transplant"] > 0
    assert json.loads((output / "steps.json").read_text())["children"]["finished"]

    monkeypatch.setattr(weights, "_run", lambda command: pytest.fail("ran again"))
    weights.main(options)
    assert capfd.readouterr().out.count("finished before") == 2
    with pytest.raises(SystemExit, match="was made by another command"):
        weights.main([*options, "--phantoms", "3"])


def test_an_interrupted_training_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []

    def run(command: list[str]) -> int:
        ran.append(command)
        folder = Path(command[-1])
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text("{}")
        return 130 if len(ran) == 1 else 0

    monkeypatch.setattr(weights, "_run", run)
    command = ["train", "data", "--output", str(tmp_path / "a")]
    with pytest.raises(SystemExit) as end:
        weights.make(tmp_path, "a", command)
    assert end.value.code == 130
    weights.make(tmp_path, "a", command)
    python = [sys.executable, "-m", "panodent"]
    assert ran == [
        [*python, *command],
        [*python, "train", "--resume", "--output", str(tmp_path / "a")],
    ]
    weights.make(tmp_path, "a", command)
    assert len(ran) == 2
