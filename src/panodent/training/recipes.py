"""The named recipes, and reading recipes from plain data, TOML files and training runs."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.errors import ConfigError, TrainingError, UnknownNameError
from panodent.training.augmentation.config import SEED_AUGMENT, AugmentConfig
from panodent.training.settings import Setting
from panodent.training.settings import settings_table as table_of
from panodent.training.train_config import Stage, TrainConfig
from panodent.utils.wording import near_name

CONFIG_FILE = "config.json"

WIDE = AugmentConfig(
    zoom=0.4,
    aspect=0.3,
    noise=0.2,
    extract=0.5,
    restore=0.3,
    bend=0.012,
    trough=0.3,
    shade=0.2,
    detail=0.8,
    equalise=0.15,
)
"""Shows gaps, scales, shapes and exposures that are rare in training data."""

RECIPES: Mapping[str, TrainConfig] = {
    "finetune": TrainConfig(
        stages=(Stage(20, 256, 512),),
        learning_rate=5e-4,
    ),
    "default": TrainConfig(augment=WIDE),
    # A second, longer run that starts from a default run.
    "refine": TrainConfig(stages=(Stage(100, 256, 512),), learning_rate=2e-3, augment=WIDE),
    # Teaches a trained network deciduous teeth, from radiographs of patients of all ages.
    "children": TrainConfig(
        classes=tuple(TEETH),
        stages=(Stage(30, 256, 512),),
        learning_rate=1.5e-3,
        dice_weight=1.5,
        precision="mixed_bfloat16",
        repeat_mixed=(4,),
        ignore_unlabelled=0.9,
        augment=replace(WIDE, transplant=0.3),
    ),
    "seed": TrainConfig(
        network="seed",
        stages=(Stage(10, 512, 512),),
        learning_rate=1e-3,
        optimiser="adam",
        weight_decay=0.0,
        schedule="constant",
        warmup_epochs=0.0,
        dice_weight=0.0,
        precision="float32",
        augment=SEED_AUGMENT,
    ),
}

DESCRIPTIONS: Mapping[str, str] = {
    "finetune": "A short pass that adapts a trained network to other data. Network, classes and "
    "frame are those of the trained one. Taken if no recipe is named; twelve radiographs are "
    "enough.",
    "default": "Training from random weights, first on small frames. Needs about 300 radiographs.",
    "refine": "A second, longer pass over a trained network.",
    "children": "Teaches a trained network deciduous teeth, from radiographs of all ages.",
    "seed": "The U-Net and the settings of the student project that panodent grew from, from "
    "random weights.",
}
"""What each recipe is for."""

_PLACES: Mapping[str, str] = {
    **dict.fromkeys(
        ("epochs", "size", "height", "width", "image_size", "imgsz", "stage"),
        "stages: a table [[stages]] with epochs, height and width, or the options --epochs and "
        "--size",
    ),
    **dict.fromkeys(("lr", "lr0", "rate"), "learning_rate"),
    **dict.fromkeys(("batch", "batchsize"), "batch_size"),
    **dict.fromkeys(("val", "val_split", "validation_split"), "validation"),
    "optimizer": "optimiser",
    "early_stopping": "patience",
    **dict.fromkeys(("model", "architecture", "arch"), "network"),
    **dict.fromkeys(("from", "start", "weights", "pretrained"), "the option --from"),
    **dict.fromkeys(("data", "output"), "an argument of the command"),
}
"""What is meant by names of other programs and of the options of the command."""


def recipe(name: str) -> TrainConfig:
    """The recipe of this name; raises `UnknownNameError` listing the known ones.

    >>> recipe("finetune").epochs
    20
    """
    if name not in RECIPES:
        raise UnknownNameError("recipe", name, RECIPES)
    return RECIPES[name]


def from_dict(data: Mapping[str, Any], base: TrainConfig | None = None) -> TrainConfig:
    """A recipe made of plain data; what the data does not name is taken from `base`.

    The same holds inside `augment`. A misspelt key raises `UnknownNameError` with a suggestion, a
    value of the wrong kind `ConfigError`.

    >>> from_dict({"batch_size": 8, "augment": {"flip": 0.0}}).augment.flip
    0.0
    """
    old = base or TrainConfig()
    _check_keys(data, TrainConfig, "setting")
    return replace(old, **{key: _converted(key, value, old) for key, value in data.items()})


def _check_keys(data: Mapping[str, Any], kind: type, what: str) -> None:
    names = [item.name for item in fields(kind)]
    for key in data:
        if key not in names:
            raise UnknownNameError(what, key, names, _suggestion(key, kind))


def _suggestion(key: str, kind: type) -> str:
    """What is meant by an unknown setting, where it has another place or name; else empty."""
    places = ((TrainConfig, ""), (AugmentConfig, "augment."), (Stage, "stages."))
    known = {prefix + item.name: owner for owner, prefix in places for item in fields(owner)}
    plain = key.lower().replace("-", "_").rpartition(".")[2]
    for name, owner in known.items():
        if owner is not kind and name.rpartition(".")[2] == plain and owner is not Stage:
            below = {AugmentConfig: "below [augment]", TrainConfig: "above all sections"}[owner]
            return f"{plain!r}; it stands {below}"
    if kind is TrainConfig and plain in _PLACES:
        return _PLACES[plain]
    close = get_close_matches(plain, [name.rpartition(".")[2] for name in known], n=1)
    if close and not any(name == close[0] for name, owner in known.items() if owner is kind):
        return next((name for name in known if name.rpartition(".")[2] == close[0]), "")
    return ""


def _converted(key: str, value: Any, base: TrainConfig) -> Any:
    try:
        if key == "stages":
            return tuple(_stage(stage) for stage in value)
        if key == "augment":
            _check_keys(value, AugmentConfig, "augment setting")
            return replace(base.augment, **value)
        if key in ("classes", "repeat", "repeat_mixed") or (key == "fold" and value is not None):
            return tuple(int(item) for item in value)
    except UnknownNameError:
        raise
    except (TypeError, ValueError) as error:
        raise ConfigError(f"setting {key!r}: {error}") from None
    expected = type(getattr(TrainConfig, key, None))
    fits = isinstance(value, (int, float) if expected is float else expected)
    if not fits or isinstance(value, bool) is not (expected is bool):
        raise ConfigError(f"setting {key!r} is {value!r}; expected {expected.__name__}")
    return value


def _stage(data: Mapping[str, Any]) -> Stage:
    _check_keys(data, Stage, "stage setting")
    if wrong := [key for key, value in data.items() if type(value) is not int]:
        raise ConfigError(f"stage {wrong[0]} is {data[wrong[0]]!r}; expected a whole number")
    return Stage(**data)


def from_toml(file: Path, base: TrainConfig | None = None) -> TrainConfig:
    """A recipe from a TOML file; what the file does not name is taken from `base`.

    Raises `ConfigError` naming the file.
    """
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{file}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not a TOML file ({error})") from None
    try:
        return from_dict(data, base)
    except ConfigError as error:
        raise ConfigError(f"{file}: {error}") from None
    except UnknownNameError as error:
        raise ConfigError(f"{file}: {error}") from None


def load_config(folder: Path) -> tuple[TrainConfig, dict[str, Any]]:
    """The settings of a training run, and the whole content of its config.json.

    Raises `TrainingError` when the folder holds no run.
    """
    try:
        data = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return from_dict(data["config"]), data
    except OSError as error:
        raise TrainingError(
            f"{folder}: holds no training run ({error.strerror}); name a folder that "
            f"`panodent train` wrote, such as runs/mine{near_name(folder)}"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{folder / CONFIG_FILE}: not of a training run ({error})") from None


def settings_table(kind: type = TrainConfig) -> Iterator[Setting]:
    """Every setting with its name, type, default, range, help and unit, for docs and `--help`.

    `TrainConfig`'s rows are followed by those of augmentation, named `augment.NAME` as in a TOML
    file. Other kinds are `AugmentConfig` and `panodent.training.unet.UNetConfig`.

    >>> [item.range for item in settings_table() if item.name == "augment.rotation"]
    [(0.0, 45)]
    """
    yield from (item for item in table_of(kind) if item.name != "augment")
    if kind is TrainConfig:
        yield from table_of(AugmentConfig, "augment.")
