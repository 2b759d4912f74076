"""Settings of augmentation."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from panodent.training.settings import check_ranges, setting

PROBABILITY = (0.0, 1.0)
RANGE_UNIT = "of the normalised range, in which black to white is 2"


def _strength(default: float, help: str, high: float, unit: str = "") -> Any:
    """How far an effect goes; 0 turns the effect off."""
    return setting(default, help, (0.0, high), unit, turns_off=True)


def _probability(default: float, help: str) -> Any:
    """How often an effect is applied; 0 turns the effect off."""
    return setting(default, help, PROBABILITY, "probability", turns_off=True)


@dataclass(frozen=True)
class AugmentConfig:
    """How an annotated radiograph is varied during training.

    Each field's metadata holds its help, range and unit; `panodent.training.recipes.settings_table`
    lists them. A value outside its range raises `ConfigError`. `only` gives a configuration in
    which every effect is off but the named ones.
    """

    rotation: float = _strength(8.0, "Largest rotation, to either side.", 45, "degrees")
    zoom: float = _strength(
        0.2, "Size, a factor drawn log-uniformly from 1/(1+x) to 1+x.", 5, "factor"
    )
    aspect: float = _strength(
        0.15, "Width to height, a factor drawn log-uniformly from 1/(1+x) to 1+x.", 5, "factor"
    )
    shift: float = _strength(0.06, "Largest shift, in both directions.", 5, "share of the side")
    shear: float = _strength(0.05, "Largest horizontal shear.", 5, "width per height")
    flip: float = _probability(0.5, "Left-right flip; the numbers of both sides are exchanged.")
    gamma: float = _strength(
        0.6, "Exponent of the grey values, drawn log-uniformly from 1/(1+x) to 1+x.", 5, "factor"
    )
    contrast: float = _strength(
        0.3, "Contrast, a factor drawn log-uniformly from 1/(1+x) to 1+x.", 5, "factor"
    )
    brightness: float = _strength(0.2, "Largest offset of the grey values.", 5, RANGE_UNIT)
    blur: float = _strength(
        1.2, "Largest standard deviation of a Gaussian blur.", 5, "frame pixels"
    )
    noise: float = _strength(0.12, "Largest standard deviation of Gaussian noise.", 5, RANGE_UNIT)
    erase: float = _probability(0.3, "Flat boxes are drawn, as burnt-in text and markers.")
    extract: float = _probability(0.0, "Runs of neighbouring teeth are removed.")
    restore: float = _probability(
        0.0, "A run of neighbouring teeth is crowned, or replaced by implants."
    )
    transplant: float = _probability(
        0.0,
        "Runs of deciduous teeth with the germs below them are moved from one young patient's "
        "radiograph to another's.",
    )
    bend: float = _strength(
        0.0, "Standard deviation of a smooth deformation.", 5, "share of the height"
    )
    trough: float = _strength(
        0.0,
        "Largest change of the width of front teeth, as of a patient outside the focal trough; "
        "half as much between left and right. Above 0.33 the order of columns would change.",
        0.33,
        "share of a tooth's width",
    )
    shade: float = _strength(
        0.0, "Standard deviation of a smooth change of exposure.", 5, RANGE_UNIT
    )
    detail: float = _strength(
        0.0, "Largest enhancement of local detail; it is reduced by at most half as much.", 5,
        "factor",
    )  # fmt: skip
    equalise: float = _probability(
        0.0, "Contrast-limited adaptive histogram equalisation (CLAHE), as viewers apply it."
    )
    blur_probability: float = setting(
        0.3, "A blur is applied, where `blur` is above 0.", PROBABILITY, "probability"
    )
    noise_probability: float = setting(
        0.5, "Noise is added, where `noise` is above 0.", PROBABILITY, "probability"
    )
    detail_probability: float = setting(
        0.5, "Local detail is changed, where `detail` is above 0.", PROBABILITY, "probability"
    )
    extract_runs_p: float = setting(
        0.5,
        "Parameter p of the geometric distribution of the number of runs removed; the mean is 1/p.",
        (0.01, 1.0),
        "probability",
    )
    extract_max_runs: int = setting(8, "Most runs removed from one radiograph.", (1, 52), "runs")
    extract_length_p: float = setting(
        0.45,
        "Parameter p of the geometric distribution of the length of a run (also of restorations).",
        (0.01, 1.0),
        "probability",
    )
    extract_max_length: int = setting(
        6, "Most teeth in one run (also of restorations).", (1, 16), "teeth"
    )
    extract_close: float = setting(
        0.5, "The teeth behind a new gap move into it.", PROBABILITY, "probability"
    )
    extract_reach: float = setting(
        0.04,
        "Standard deviation of the blur that fills a gap with the background around it.",
        (0.0, 1.0),
        "share of the height",
    )
    restore_implants: float = setting(
        0.5,
        "The run becomes implants; otherwise its teeth keep their roots and are crowned.",
        PROBABILITY,
        "probability",
    )
    restore_bridges: float = setting(
        0.35,
        "Instead of implants the run becomes a bridge: its end teeth are crowned, pontics between.",
        PROBABILITY,
        "probability",
    )
    restore_implant_crowns: float = setting(
        0.75, "The implants of a run carry crowns.", PROBABILITY, "probability"
    )
    restore_posts: float = setting(
        0.4, "A crowned root has a post or a filled canal.", PROBABILITY, "probability"
    )

    transplant_permanent: float = setting(
        0.25,
        "Instead of deciduous teeth, erupted permanent ones are moved.",
        PROBABILITY,
        "probability",
    )

    def __post_init__(self) -> None:
        check_ranges(self, "augment")


def only(**settings: float) -> AugmentConfig:
    """A configuration in which every effect is off but the named ones.

    >>> only(flip=1.0).flip, only(flip=1.0).rotation, only(flip=1.0).extract_max_runs
    (1.0, 0.0, 8)
    """
    off = {item.name: 0.0 for item in fields(AugmentConfig) if item.metadata.get("turns_off")}
    return AugmentConfig(**{**off, **settings})  # type: ignore[arg-type]


SEED_AUGMENT = only(rotation=10.0, zoom=0.1, flip=0.5)
"""What the seed project did: rotation, slight zoom and flips; flips exchange the numbers."""
