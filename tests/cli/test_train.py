"""`panodent train`; runs of several epochs, resumed and stopped, are tested with the loop."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import typer.main

from panodent.cli import app
from panodent.dentition import PERMANENT, TEETH
from panodent.training.recipes import RECIPES
from panodent.training.train_config import TrainConfig

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

COMMAND = typer.main.get_command(app).commands["train"]  # type: ignore[attr-defined]


def test_the_seed_recipe_says_where_it_departs() -> None:
    text = " ".join(COMMAND.help.split())
    assert "flips swap left and right tooth numbers" in text
    assert "upside down" in text
    assert "bilinearly" in text


def test_the_help_names_the_recipes_and_their_common_settings() -> None:
    shown = {item.opts[0]: item for item in COMMAND.params}
    assert shown["--recipe"].help.startswith(
        " or ".join([", ".join([*RECIPES][:-1]), [*RECIPES][-1]])
    )
    for config in RECIPES.values():
        assert str(config.validation) == shown["--val"].show_default
        assert str(config.seed) == shown["--seed"].show_default
        assert str(config.split_seed) == shown["--split-seed"].show_default
        assert not config.repeat
        assert str(config.batch_size) == shown["--batch-size"].show_default
    for name, config in RECIPES.items():
        assert f"{name} {config.epochs}" in shown["--epochs"].show_default
        assert f"{name} {config.learning_rate}" in shown["--learning-rate"].show_default
        frame = f"{config.frame.height}x{config.frame.width}"
        assert (f"seed {frame}" if name == "seed" else frame) in shown["--size"].show_default


def test_a_network_is_trained_with_the_settings_given(
    panodent, untraced, data: Path, tmp_path: Path
) -> None:
    run, settings = tmp_path / "run", tmp_path / "settings.toml"
    settings.write_text("warmup_epochs = 0.5\nseed = 1\n")
    options = ("--recipe", "refine", "--config", settings, "--size", "64x128", "--epochs", 1)
    options += ("--batch-size", 4, "--fold", "1/3", "--seed", 5, "--repeat", 2)
    with untraced():
        found = panodent("train", data, "-o", run, *options)
    assert found.code == 0, found.err
    assert "2 radiographs to train on, 1 held out\n" in found.out
    line = r"^epoch 1/1  64x128  loss \d\.\d{4}  validation loss \d\.\d{4}  dice "
    assert re.search(line, found.out, re.M)
    assert "epoch from the included bundle (default)" in found.out
    assert f"\nbundle {run / 'bundle'}: weights of epoch 1; " in found.out
    assert (run / "bundle" / "bundle.json").exists()
    record = json.loads((run / "config.json").read_text())
    config = record["config"]
    assert (config["seed"], config["warmup_epochs"], config["fold"]) == (5, 0.5, [1, 3])
    assert config["stages"] == [{"epochs": 1, "height": 64, "width": 128}]
    assert record["data"][0]["repeat"] == 2

    again = panodent("train", data, "-o", run, *options)
    assert again.code == 1
    assert "already holds a training run" in again.err
    fewer = panodent("train", "-o", run, "--resume", "--epochs", 1)
    assert fewer.code == 2
    assert "has done 1 of 1 epoch; expected at least 2" in fewer.err
    with_settings = panodent("train", "-o", run, "--resume", "--seed", 3)
    assert with_settings.code == 2
    assert "give no other option than --output, --epochs and --patience" in with_settings.err


@pytest.mark.parametrize(
    ("options", "start", "epochs", "classes"),
    [
        ((), "default", 20, tuple(TEETH)),
        (("--recipe", "finetune"), "default", 20, tuple(TEETH)),
        (("--recipe", "refine"), "default", 100, PERMANENT),
        (("--from", "scratch"), "", 61, PERMANENT),
        (("--recipe", "default"), "", 61, PERMANENT),
        (("--recipe", "seed"), "", 10, PERMANENT),
    ],
)
def test_training_starts_from_the_default_bundle_unless_told(
    panodent,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple,
    start: str,
    epochs: int,
    classes: tuple,
) -> None:
    asked: list[tuple[object, ...]] = []

    def prepare(
        folder: Path, sources: list, config: TrainConfig, report: object, start: str, *_: object
    ) -> None:
        asked.append((start, config.epochs, set(config.classes)))
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.training.run.prepare", prepare)
    assert panodent("train", data, "-o", tmp_path / "run", *options).code == 130
    assert asked == [(start, epochs, set(classes))]


def test_what_is_not_trained_on_is_said_first(
    panodent, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.training.loop.fit", interrupted)
    shutil.copytree(data, tmp_path / "data")
    images = tmp_path / "data" / "images"
    (images / "phantom-00002.png").write_bytes(b"")
    options = ("-o", tmp_path / "run", "--size", "64x128", "--epochs", 1, "--batch-size", 1)
    found = panodent("train", tmp_path / "data", *options)
    assert found.code == 1
    assert "phantom-00002.png: " in found.err
    assert "error: 1 item cannot be used, and nothing was done yet; " in found.err
    assert not (tmp_path / "run").exists()
    (images / "phantom-00001.png").unlink()
    found = panodent("train", tmp_path / "data", *options, "--skip-bad", "--val", 0)
    assert found.code == 130
    assert "1 annotation has no radiograph and is not used (phantom-00001); " in found.err
    assert "--skip-bad left out 1 radiograph: phantom-00002\n" in found.err
    assert found.out.startswith("1 radiograph to train on, 0 held out\n")


@pytest.mark.parametrize(
    ("text", "classes"),
    [("11,21", (11, 21)), ("all", tuple(TEETH)), ("permanent", PERMANENT)],
)
def test_classes(
    panodent, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, classes: tuple
) -> None:
    asked: list[TrainConfig] = []

    def prepare(folder: Path, sources: list, config: TrainConfig, *_: object) -> None:
        asked.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.training.run.prepare", prepare)
    assert panodent("train", data, "-o", tmp_path / "run", "--classes", text).code == 130
    assert asked[0].classes == classes


def test_one_number_of_repeats_holds_for_all_folders(
    panodent, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[TrainConfig] = []

    def prepare(folder: Path, sources: list, config: TrainConfig, *_: object) -> None:
        asked.append(config)
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.training.run.prepare", prepare)
    options = ("--from", "default", "--recipe", "children")
    panodent("train", data, "-o", tmp_path / "run", *options)
    panodent("train", data, "-o", tmp_path / "run", *options, "--repeat-mixed", "4,1")
    assert [config.repeat_mixed for config in asked] == [(4,), (4, 1)]
    assert [config.classes for config in asked] == [tuple(TEETH)] * 2


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--output", "{tmp}/r"), 2, "at least one DATA"),
        (("{tmp}", "-o", "{tmp}/r", "--recipe", "sed"), 2, "Did you mean 'seed'"),
        (("{tmp}", "-o", "{tmp}/r", "--size", "big"), 2, "HEIGHTxWIDTH"),
        (("{tmp}", "-o", "{tmp}/r", "--size", "100x100"), 2, "multiple of 32"),
        (("{tmp}", "-o", "{tmp}/r", "--fold", "1"), 2, "expected K/N"),
        (("{tmp}", "-o", "{tmp}/r", "--classes", "11,19"), 2, "19, not an FDI number"),
        (("{tmp}", "-o", "{tmp}/r", "--repeat", "1,2"), 2, "a number for each folder"),
        (("{tmp}", "-o", "{tmp}/r", "--repeat", "0"), 2, "at least 1"),
        (("{tmp}", "-o", "{tmp}/r", "--repeat-mixed", "0"), 2, "at least 1"),
        (("{tmp}", "-o", "{tmp}/r", "--repeat-mixed", "a"), 2, "one for each folder"),
        (("{tmp}", "-o", "{tmp}/r", "--config", "{tmp}/none.toml"), 2, "cannot be read"),
        (("{tmp}", "-o", "{tmp}/r", "--from", "{tmp}/none"), 1, "no bundle there"),
        (("{tmp}/none", "-o", "{tmp}/r"), 1, "no such folder"),
        (("-o", "{tmp}/r", "--resume"), 1, "no training run"),
        (("-o", "{tmp}/r", "--resume", "--format", "coco"), 2, "to which --format belong"),
        (("-o", "{tmp}/r", "--resume", "--values", "fdi"), 2, "to which --values belong"),
        (("-o", "{tmp}/r", "--resume", "--numbering", "fdi"), 2, "to which --numbering belong"),
        (("-o", "{tmp}/r", "--resume", "--map", "{tmp}/m"), 2, "to which --map belong"),
        (("-o", "{tmp}/r", "--resume", "--repeat", "2"), 2, "to which --repeat belong"),
        (("-o", "{tmp}/r", "--resume", "--folds", "2"), 2, "no other option"),
        (("{tmp}", "-o", "{tmp}/r", "--folds", "2", "--fold", "1/2"), 2, "give one of the two"),
        (("{tmp}", "-o", "{tmp}/r", "--from", "scratch", "--freeze", "10"), 2, "--from default"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("train", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err
    assert found.err.startswith("error: ")
    assert found.err.count("\n") == 1


def test_runs_are_prepared_to_be_trained_later(panodent, data: Path, tmp_path: Path) -> None:
    cv = tmp_path / "cv"
    found = panodent("train", data, "-o", cv, "--folds", 3, "--prepare")
    assert (found.code, found.err) == (0, "")
    assert f"3 folds prepared; train them with panodent folds {cv} --train" in found.out
    assert sorted(path.name for path in cv.glob("*/*")) == ["config.json"] * 3
    single = panodent("train", data, "-o", tmp_path / "run", "--prepare")
    assert single.code == 0
    assert f"train it with panodent train --resume --output {tmp_path / 'run'}" in single.out
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["config.json"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("--devices", "2"), "several devices need the backend JAX"),
        (("--processes", "2", "--folds", "3"), "--folds trains in one process"),
        (("--processes", "2", "--prepare"), "--prepare takes one process"),
    ],
)
def test_options_of_devices_that_do_not_fit(
    panodent, data: Path, tmp_path: Path, options: tuple[str, ...], expected: str
) -> None:
    found = panodent("train", data, "-o", tmp_path / "run", *options)
    assert (found.code, found.out) == (2, "")
    assert expected in found.err
    assert not (tmp_path / "run").exists()
