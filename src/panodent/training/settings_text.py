"""Settings in words and as TOML, for the documentation and `panodent recipes`."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from panodent.dentition import PERMANENT, TEETH
from panodent.training.recipes import settings_table
from panodent.training.settings import Setting
from panodent.training.train_config import Stage, TrainConfig
from panodent.utils.wording import counted

KINDS = {
    "str": "text",
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "AugmentConfig": "section",
    "ChangeConfig": "section",
    "tuple[Stage, ...]": "list of stages",
    "tuple[int, ...]": "list of whole numbers",
    "tuple[int, int] | None": "two whole numbers",
}
"""What the annotated types are called."""


def value_text(value: Any) -> str:
    """A value in words or as TOML; empty for None and for sections.

    >>> value_text((Stage(20, 128, 256), Stage(1, 256, 512)))
    '20 epochs at 128 x 256, then 1 epoch at 256 x 512'
    """
    if value is None or is_dataclass(value):
        return ""
    if value == PERMANENT:
        return "the 32 permanent teeth"
    if value == tuple(TEETH):
        return "all 52 teeth"
    if _are_stages(value):
        return ", then ".join(
            f"{counted(stage.epochs, 'epoch', 'epochs')} at {stage.height} x {stage.width}"
            for stage in value
        )
    return toml_value(value)


def toml_value(value: Any) -> str:
    """A value as TOML writes it.

    >>> toml_value((11, 12)), toml_value(2e-3), toml_value(True)
    ('[11, 12]', '0.002', 'true')
    """
    if isinstance(value, float):
        return repr(value)
    return json.dumps(list(value) if isinstance(value, tuple) else value)


def allowed(item: Setting) -> str:
    """What a setting may be, such as "number 0 to 45 (degrees)"."""
    text = KINDS.get(item.type, item.type)
    if item.range is not None:
        low, high = item.range
        text += f" from {low:g}" if math.isinf(high) else f" {low:g} to {high:g}"
    return f"{text} ({item.unit})" if item.unit else text


def changes(recipe: TrainConfig) -> Iterator[tuple[str, Any, Any]]:
    """(name, value in the recipe, default) of each setting that a recipe changes."""
    usual = TrainConfig()
    for prefix, config, other in (("", recipe, usual), ("augment.", recipe.augment, usual.augment)):
        for item in fields(config):
            value, before = getattr(config, item.name), getattr(other, item.name)
            if value != before and not is_dataclass(value):
                yield prefix + item.name, value, before


def value_of(config: TrainConfig, name: str) -> Any:
    """The value of a setting by the name that `settings_table` gives it, such as `augment.flip`."""
    section, _, last = name.rpartition(".")
    return getattr(config.augment if section else config, last)


def toml(config: TrainConfig, title: str = "", open_: Sequence[str] = ()) -> str:
    """A TOML file of all settings, with their help as comments; `--config` reads it.

    Settings named in `open_` are comments, so that the file does not set them.

    >>> import tomllib
    >>> from panodent.training.recipes import from_dict
    >>> from_dict(tomllib.loads(toml(TrainConfig(batch_size=2)))) == TrainConfig(batch_size=2)
    True
    """
    rows = [item for item in settings_table() if item.name != "stages"]
    top = [item for item in rows if "." not in item.name]
    lines = [f"# {title}", ""] if title else []
    for item in top:
        value = value_of(config, item.name)
        lines += _toml_lines(item, item.name, value, item.name in open_)
    for stage in config.stages:
        sides = (f"{name} = {getattr(stage, name)}" for name in ("epochs", "height", "width"))
        lines += ["[[stages]]", *sides, ""]
    lines += ["[augment]"]
    for item in rows[len(top) :]:
        lines += _toml_lines(item, item.name.rpartition(".")[2], value_of(config, item.name))
    return "\n".join(lines).rstrip() + "\n"


def _toml_lines(item: Setting, name: str, value: Any, is_open: bool = False) -> list[str]:
    """A setting with its help above; one that is open or has no value is a comment."""
    comment = textwrap.wrap(f"{item.help} ({allowed(item)})", 98)
    line = f"{name} =" if value is None else f"{name} = {toml_value(value)}"
    line = f"# {line}" if is_open or value is None else line
    return [*(f"# {part}" for part in comment), line, ""]


def _are_stages(value: Any) -> bool:
    return isinstance(value, Sequence) and bool(value) and isinstance(value[0], Stage)
