"""Recipes as data: the named ones, and settings over them."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, TrainingError, UnknownNameError
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.recipes import (
    RECIPES,
    from_dict,
    from_toml,
    load_config,
    recipe,
    settings_table,
)
from panodent.training.train_config import TrainConfig
from panodent.training.unet import UNetConfig


def test_the_seed_recipe_is_the_seeds() -> None:
    seed = recipe("seed")
    assert (seed.batch_size, seed.epochs, seed.optimiser, seed.learning_rate) == (
        4,
        10,
        "adam",
        0.001,
    )
    assert seed.frame.size == (512, 512)
    assert len(seed.classes) + 1 == 33
    assert seed.augment.rotation > 0
    assert seed.augment.zoom > 0


def test_the_children_recipe_teaches_all_teeth() -> None:
    children = recipe("children")
    assert children.classes == tuple(TEETH)
    assert (children.epochs, children.learning_rate, children.dice_weight) == (30, 1.5e-3, 1.5)
    assert (children.precision, children.repeat_mixed) == ("mixed_bfloat16", (4,))
    assert children.augment.transplant > 0
    assert children.ignore_unlabelled > 0


def test_an_unknown_recipe_is_corrected() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'seed'"):
        recipe("sead")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0}, "learning_rate is 0; expected above 0"),
        ({"batch_size": 0}, "batch_size is 0; expected at least 1"),
        ({"validation": 1.0}, "validation"),
        ({"freeze": "head"}, "freeze"),
        ({"classes": [11, 11]}, "each once"),
        ({"classes": [99]}, "99 is not an FDI number"),
        ({"stages": [{"epochs": 1, "height": 100, "width": 128}]}, "multiple of 32"),
        ({"batch_size": "four"}, "expected int"),
        ({"batch_size": True}, "expected int"),
        ({"keep_epochs": 1}, "expected bool"),
        ({"augment": {"flip": 2.0}}, "at most 1"),
    ],
)
def test_nonsense_is_refused(settings: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dict(settings)


@pytest.mark.parametrize(
    ("settings", "suggestion"),
    [
        ({"learning_rat": 0.1}, "learning_rate"),
        ({"rotation": 3.0}, r"mean 'rotation'; it stands below \[augment\]"),
        ({"rotatoin": 3.0}, r"Did you mean augment\.rotation"),
        ({"epochs": 3}, r"Did you mean stages: a table \[\[stages\]\]"),
        ({"lr": 3}, "Did you mean learning_rate"),
        ({"augment": {"batch_size": 3}}, "mean 'batch_size'; it stands above all sections"),
        ({"augment": {"rotatoin": 3.0}}, "rotation"),
        ({"optimiser": "adamv"}, "adamw"),
    ],
)
def test_misspelt_names_are_corrected(settings: dict, suggestion: str) -> None:
    with pytest.raises(UnknownNameError, match=suggestion):
        from_dict(settings)


def test_a_toml_file_changes_only_what_it_names(tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text("learning_rate = 0.01\n[augment]\nbend = 0.02\n", encoding="utf-8")
    config = from_toml(file, recipe("refine"))
    assert config.learning_rate == 0.01
    assert config.augment.bend == 0.02
    assert config.augment.extract == recipe("refine").augment.extract
    file.write_text("learning_rate = ", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"my\.toml: not a TOML file"):
        from_toml(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        from_toml(tmp_path / "none.toml")


@pytest.mark.parametrize("name", RECIPES)
def test_plain_data_and_back(name: str) -> None:
    assert from_dict(recipe(name).to_dict()) == recipe(name)


def test_a_folder_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="holds no training run"):
        load_config(tmp_path)
    (tmp_path / "config.json").write_text("[1]", encoding="utf-8")
    with pytest.raises(TrainingError, match="not of a training run"):
        load_config(tmp_path)


def test_the_table_lists_every_setting_with_its_help() -> None:
    rows = {row.name: row for row in settings_table()}
    assert len(rows) == len(fields(TrainConfig)) - 1 + len(fields(AugmentConfig))
    assert all(row.help for row in rows.values())
    row = rows["batch_size"]
    assert (row.type, row.default, row.range) == ("int", 4, (1, float("inf")))
    assert rows["augment.extract_runs_p"].default == 0.5
    assert rows["classes"].default == PERMANENT
    assert [row.name for row in settings_table(UNetConfig)][:2] == ["filters", "classes"]


@pytest.mark.parametrize("kind", [TrainConfig, UNetConfig])
def test_defaults_lie_in_their_ranges(kind: type) -> None:
    for row in settings_table(kind):
        if row.range is not None:
            assert row.range[0] <= row.default <= row.range[1], row.name
