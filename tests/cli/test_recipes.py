"""`panodent recipes`."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.training.recipes import DESCRIPTIONS, RECIPES, from_toml, recipe, settings_table


def test_every_recipe_and_every_setting_is_explained(panodent) -> None:
    found = panodent("recipes")
    assert (found.code, found.err) == (0, "")
    words = " ".join(found.out.split())
    assert tuple(DESCRIPTIONS) == tuple(RECIPES)
    for name, text in DESCRIPTIONS.items():
        assert f"{name} {text} Changes: " in words
    for item in settings_table():
        assert f" {item.name} = " in words
        assert item.help.rstrip(".") in words


def test_the_settings_of_one_recipe(panodent) -> None:
    found = panodent("recipes", "refine")
    assert "\n* learning_rate = 0.002\n" in found.out
    assert "\n  batch_size = 4\n" in found.out


@pytest.mark.parametrize("name", RECIPES)
def test_a_file_to_start_from(panodent, name: str, tmp_path: Path) -> None:
    file = tmp_path / "my.toml"
    file.write_text(panodent("recipes", name, "--toml").out)
    assert from_toml(file, recipe(name)) == recipe(name)


def test_faults(panodent) -> None:
    assert "Did you mean 'seed'" in panodent("recipes", "sead").err
    found = panodent("recipes", "--toml")
    assert found.code == 2
    assert "name it, such as finetune" in found.err
