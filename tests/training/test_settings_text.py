"""Settings in words and as TOML."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from panodent.dentition import PERMANENT, TEETH
from panodent.training.recipes import RECIPES, from_dict, recipe, settings_table
from panodent.training.settings_text import KINDS, allowed, changes, toml, value_of, value_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (PERMANENT, "the 32 permanent teeth"),
        (tuple(TEETH), "all 52 teeth"),
        ((1, 5), "[1, 5]"),
        ("adam", '"adam"'),
        (False, "false"),
        ((), "[]"),
    ],
)
def test_values(value: Any, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_as_toml_is_the_recipe(name: str) -> None:
    assert from_dict(tomllib.loads(toml(recipe(name), "a title"))) == recipe(name)


def test_open_settings_are_left_to_the_network_that_training_starts_from() -> None:
    text = toml(recipe("finetune"), open_=("network", "classes"))
    assert not {"network", "classes"} & tomllib.loads(text).keys()
    assert "# classes = [11, " in text


def test_what_a_recipe_changes() -> None:
    found = {name: (value, usual) for name, value, usual in changes(recipe("finetune"))}
    assert found["learning_rate"] == (5e-4, 3e-3)
    assert set(found) == {"learning_rate", "stages"}
    assert value_of(recipe("children"), "augment.transplant") == 0.3


def test_every_type_has_a_name() -> None:
    rows = {item.name: item for item in settings_table()}
    assert {item.type for item in rows.values()} <= KINDS.keys()
    assert allowed(rows["augment.rotation"]) == "number 0 to 45 (degrees)"
    assert allowed(rows["batch_size"]) == "whole number from 1 (radiographs)"
