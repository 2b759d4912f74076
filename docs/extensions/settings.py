"""The reference of settings, from the configuration dataclasses and the named recipes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import is_dataclass
from typing import Any

from extensions.tables import sentence, table
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.findings_config import FindingsConfig, PaintConfig
from panodent.training.recipes import RECIPES
from panodent.training.refiner_config import ChangeConfig, RefinerConfig
from panodent.training.settings import Setting, settings_table
from panodent.training.settings_text import allowed, changes, toml_value, value_text
from panodent.training.train_config import Stage, TrainConfig
from panodent.training.unet import NETWORKS, UNetConfig

HEAD = ("setting", "meaning", "default", "type, range and unit", "example")
EXAMPLES: dict[str, str] = {
    "stages": "see [stages](#stages)",
    "augment": "`[augment]`",
    "change": "`[change]`",
    "network": '`network = "seed"`',
    "classes": "`classes = [11, 12, 13]`",
    "fold": "`fold = [1, 3]`",
    "repeat": "`repeat = [1, 5]`",
    "freeze": '`freeze = "encoder"`',
    "precision": '`precision = "mixed_bfloat16"`',
    "epochs": "`epochs = 20`",
    "height": "`height = 256`",
    "width": "`width = 512`",
}
"""Examples of settings that no recipe changes, or whose value is not one line."""


def markdown() -> str:
    """Tables of all settings, what the recipes change, and the named networks."""
    return "\n\n".join(
        [
            "## Training",
            _table(_rows(TrainConfig)),
            "### Stages",
            "Each table `[[stages]]` in TOML is a stage.",
            _table(_rows(Stage)),
            "## Augmentation",
            "These settings belong to the TOML section `[augment]`.",
            _table(_rows(AugmentConfig)),
            "## Recipes",
            "Each recipe starts from the defaults above and changes these settings.",
            *_recipes(),
            "## Refiner",
            "Settings of `panodent refiner`. Those with an option can be changed; "
            "all are recorded in `refiner.json`.",
            _table(_without_examples(RefinerConfig)),
            "Before the bundle answers, a radiograph is changed by at most:",
            _table(_without_examples(ChangeConfig)),
            "## Findings",
            "Settings of `panodent findings`. Those with an option can be changed; "
            "all are recorded in `findings.json` of the run.",
            _table(_without_examples(FindingsConfig)),
            "How often what is painted on a radiograph:",
            _table(_without_examples(PaintConfig)),
            "Its augmentation differs from the defaults above in: "
            + ", ".join(
                f"`{item.name}` {_value(getattr(FindingsConfig().augment, item.name))}"
                for item in settings_table(AugmentConfig)
                if getattr(FindingsConfig().augment, item.name) != item.default
            )
            + ".",
            "## Networks",
            "The setting `network` names one of these; their sizes cannot be set in TOML.",
            table(("size", "meaning", *NETWORKS), _networks()),
        ]
    )


def _table(rows: Iterable[Sequence[str]]) -> str:
    """The table without columns that are empty in every row."""
    listed = list(rows)
    used = [index for index in range(len(HEAD)) if any(row[index] for row in listed)]
    return table([HEAD[i] for i in used], [[row[i] for i in used] for row in listed])


def _rows(kind: type) -> Iterator[tuple[str, ...]]:
    for item in settings_table(kind):
        yield (
            f"`{item.name}`",
            sentence(item.help),
            _value(item.default),
            allowed(item),
            EXAMPLES.get(item.name) or _example(item),
        )


def _without_examples(kind: type) -> Iterator[tuple[str, ...]]:
    """Rows of settings that TOML files do not hold; sections have tables of their own."""
    for item in settings_table(kind):
        if not is_dataclass(item.default):
            row = f"`{item.name}`", sentence(item.help), _value(item.default), allowed(item)
            yield (*row, "")


def _value(value: Any) -> str:
    """A value as the tables show it."""
    text = value_text(value)
    return text if not text or " " in text.partition("[")[0] else f"`{text}`"


def _example(item: Setting) -> str:
    """A line of TOML: a recipe's value, where one differs from the default."""
    for recipe in RECIPES.values():
        for config in (recipe, recipe.augment):
            value = getattr(config, item.name, item.default)
            if value not in (item.default, 0, ""):
                return f"`{item.name} = {toml_value(value)}`"
    return f"`{item.name} = {toml_value(item.default)}`"


def _recipes() -> Iterator[str]:
    for name, recipe in RECIPES.items():
        rows = [
            (f"`{label}`", _value(value), _value(usual)) for label, value, usual in changes(recipe)
        ]
        yield f"### Recipe {name}"
        yield table(("setting", "in this recipe", "otherwise"), rows)


def _networks() -> Iterator[tuple[str, ...]]:
    for item in settings_table(UNetConfig):
        values = [_value(getattr(network, item.name)) for network in NETWORKS.values()]
        yield (f"`{item.name}`", sentence(item.help), *values)
