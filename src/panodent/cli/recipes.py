"""`panodent recipes`: lists the recipes of training and explains their settings."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_line, print_lines
from panodent.errors import ConfigError

if TYPE_CHECKING:
    from panodent.training.train_config import TrainConfig

WIDTH = 80
OF_THE_START = ("network", "classes")
"""Settings that fine-tuning takes from the network that it starts from."""

Name = Annotated[
    str | None,
    typer.Argument(metavar="RECIPE", help="Explain the settings of this recipe."),
]
Toml = Annotated[
    bool,
    typer.Option("--toml", help="Print them as a TOML file for `panodent train --config`."),
]


def recipes(recipe: Name = None, toml: Toml = False) -> None:
    """List and explain the recipes and settings of training.

    Without RECIPE: what each recipe is for and what it changes, and the meaning, range and default
    of every setting. With RECIPE: the values of its settings, those that it changes marked with *.
    """
    from panodent.training.recipes import recipe as named
    from panodent.training.settings_text import toml as as_toml

    if recipe is None:
        if toml:
            raise ConfigError("--toml prints the settings of one recipe; name it, such as finetune")
        _print_recipes()
        return
    config = named(recipe)
    if toml:
        open_ = OF_THE_START if recipe == "finetune" else ()
        print_lines(as_toml(config, f"panodent recipes {recipe} --toml", open_).rstrip())
        return
    print_line(f"Settings of the recipe {recipe}, those that it changes marked with *:")
    _print_settings(config)


def _print_recipes() -> None:
    from panodent.training.recipes import DESCRIPTIONS, RECIPES
    from panodent.training.settings_text import changes, value_text
    from panodent.training.train_config import TrainConfig

    print_line("Recipes, for panodent train --recipe NAME:")
    for name, config in RECIPES.items():
        changed = ", ".join(f"{label} {value_text(value)}" for label, value, _ in changes(config))
        print_lines(f"\n  {name}")
        _print_wrapped(DESCRIPTIONS[name])
        _print_wrapped(f"Changes: {changed}.")
    print_lines("\nSettings, for a TOML file (panodent train --config FILE), with their defaults:")
    _print_settings(TrainConfig())
    print_lines("\nA file to start from: panodent recipes finetune --toml > my.toml")


def _print_settings(config: TrainConfig) -> None:
    from panodent.training.recipes import settings_table
    from panodent.training.settings_text import allowed, changes, value_of, value_text

    changed = {name for name, _, _ in changes(config)}
    for item in settings_table():
        value = value_text(value_of(config, item.name)) or "none"
        print_lines(f"\n{'*' if item.name in changed else ' '} {item.name} = {value}")
        _print_wrapped(f"{item.help.rstrip('.')}. {allowed(item).capitalize()}.")


def _print_wrapped(text: str) -> None:
    print_lines(textwrap.fill(text, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6))
