"""The reference of settings, from the configuration dataclasses and the named recipes."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import Any

from extensions.tables import sentence, table
from panodent.dentition import PERMANENT
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.recipes import RECIPES, Stage, TrainConfig
from panodent.training.unet import NETWORKS, UNetConfig

HEAD = ("setting", "type", "default", "range", "unit", "meaning", "example")


def markdown() -> str:
    """Tables of all settings, what the recipes change, and the named networks."""
    return "\n\n".join(
        [
            "## Training",
            _table(_rows(TrainConfig)),
            "### Stages",
            "A stage is a table in the list `stages`: `[[stages]]` in TOML.",
            sentence(Stage.__doc__ or ""),
            _table(_rows(Stage)),
            "## Augmentation",
            "These settings belong into the TOML section `[augment]`.",
            _table(_rows(AugmentConfig)),
            "## Recipes",
            "Each recipe starts from the defaults above and changes these settings.",
            *_recipes(),
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
    described = _described(kind)
    for item in fields(kind):
        default = _default(item)
        about = item.metadata.get("help") or described.get(item.name, "")
        yield (
            f"`{item.name}`",
            _kind(item),
            _value(default),
            _range(item.metadata.get("range")),
            item.metadata.get("unit", ""),
            sentence(about),
            _example(item, default),
        )


def _described(kind: type) -> dict[str, str]:
    """What the docstring says of each field that it names in backticks, up to the next one."""
    text = " ".join((kind.__doc__ or "").split())
    names = "|".join(item.name for item in fields(kind))
    parts = re.split(rf"`({names})`", text)
    return {name: about.strip(" ;,.") for name, about in zip(parts[1::2], parts[2::2], strict=True)}


def _kind(item: Field[Any]) -> str:
    name = item.type if isinstance(item.type, str) else item.type.__name__
    return {
        "str": "text",
        "int": "whole number",
        "float": "number",
        "bool": "true or false",
        "AugmentConfig": "section",
        "tuple[Stage, ...]": "list of stages",
        "tuple[int, ...]": "list of whole numbers",
        "tuple[int, int] | None": "two whole numbers",
    }.get(name, name)


def _default(item: Field[Any]) -> Any:
    if item.default is not MISSING:
        return item.default
    return None if item.default_factory is MISSING else item.default_factory()


def _value(value: Any) -> str:
    """A value as the tables show it."""
    if value is None or is_dataclass(value):
        return ""
    if value == PERMANENT:
        return "the 32 permanent teeth"
    if isinstance(value, tuple) and value and isinstance(value[0], Stage):
        return ", then ".join(
            f"{stage.epochs} epochs at {stage.height} x {stage.width}" for stage in value
        )
    return f"`{_toml(value)}`"


def _toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, float):
        return repr(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def _range(limits: Any) -> str:
    if not isinstance(limits, tuple):
        return str(limits or "")
    low, high = limits
    return f"from {low:g}" if math.isinf(high) else f"{low:g} to {high:g}"


EXAMPLES: dict[str, Any] = {
    "classes": [11, 12, 13],
    "fold": [1, 3],
    "repeat": [1, 5],
    "freeze": "encoder",
    "precision": "mixed_bfloat16",
    "network": "seed",
    "optimiser": "adam",
    "schedule": "constant",
    "epochs": 20,
    "height": 256,
    "width": 512,
}


def _example(item: Field[Any], default: Any) -> str:
    """A line of TOML: a recipe's value, where one differs from the default."""
    if item.name == "augment":
        return "`[augment]`"
    if item.name == "stages":
        return "see [stages](#stages)"
    if item.name in EXAMPLES:
        return f"`{item.name} = {_toml(EXAMPLES[item.name])}`"
    for recipe in RECIPES.values():
        for config in (recipe, recipe.augment):
            value = getattr(config, item.name, default)
            if value not in (default, 0, ""):
                return f"`{item.name} = {_toml(value)}`"
    return f"`{item.name} = {_toml(default)}`"


def _recipes() -> Iterator[str]:
    for name, recipe in RECIPES.items():
        rows = [
            (f"`{label}`", _value(value) or "", _value(usual))
            for label, value, usual in _changes(recipe)
        ]
        yield f"### Recipe {name}"
        yield (
            table(("setting", "in this recipe", "otherwise"), rows)
            if rows
            else "All settings at default."
        )


def _changes(recipe: TrainConfig) -> Iterator[tuple[str, Any, Any]]:
    usual = TrainConfig()
    for prefix, config, other in (("", recipe, usual), ("augment.", recipe.augment, usual.augment)):
        for item in fields(config):
            value, before = getattr(config, item.name), getattr(other, item.name)
            if value != before and not is_dataclass(value):
                yield prefix + item.name, value, before


def _networks() -> Iterator[tuple[str, ...]]:
    described = _described(UNetConfig)
    for item in fields(UNetConfig):
        about = item.metadata.get("help") or described.get(item.name, "")
        values = [_value(getattr(network, item.name)) for network in NETWORKS.values()]
        yield (f"`{item.name}`", sentence(about), *values)
