"""Placement of the teeth of a child: deciduous teeth, and permanent germs in their crypts.

Lengths are in the units of `panodent.phantom.arches`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from panodent.phantom.arches import LOWER, UPPER, Placement, random_size, random_variation
from panodent.phantom.eruption import ToothStage, tooth_stages

# By position: distance from the midline, y of the crown's tip, length, crown width (units), root
# angle (degrees).
_DECIDUOUS_UPPER = (
    (18.0, 274.0, 80.0, 34.0, 0.0),
    (50.0, 274.0, 76.0, 28.0, -2.0),
    (85.0, 274.0, 94.0, 36.0, 2.0),
    (123.0, 274.0, 76.0, 43.0, -1.0),
    (167.0, 272.0, 86.0, 51.0, -4.0),
)
_DECIDUOUS_LOWER = (
    (12.0, 296.0, 70.0, 23.0, 0.0),
    (35.0, 296.0, 74.0, 26.0, 0.0),
    (66.0, 297.0, 88.0, 31.0, 5.0),
    (103.0, 295.0, 80.0, 46.0, 4.0),
    (152.0, 291.0, 92.0, 55.0, 10.0),
)
_CRYPT_DEPTH_UPPER = (60.0, 62.0, 88.0, 62.0, 62.0, 44.0, 62.0, 44.0)
_CRYPT_DEPTH_LOWER = (52.0, 54.0, 84.0, 68.0, 72.0, 84.0, 96.0, 60.0)
"""Distance of a germ from its place in the bite before it erupts, in units, by position."""
_BURIED_BELOW = 0.6
"""A tooth that is erupted less is still surrounded by its follicle."""


def child_placements(rng: np.random.Generator, age: float) -> list[Placement]:
    """The teeth that the radiograph of a child shows; `age` in years.

    Which teeth there are, and how far they are formed, resorbed and erupted, is decided by
    `panodent.phantom.eruption.tooth_stages`.
    """
    patient, size = random_variation(rng), random_size(rng)
    placements = []
    for fdi, stage in tooth_stages(age, rng).items():
        distance, tip, length, width, root_angle = _table_row(fdi, stage)
        placement = Placement(
            fdi,
            0.0,
            0.0,
            length * size * rng.normal(1, 0.05),
            width * patient.stretch * rng.normal(1, 0.03),
            root_angle + rng.normal(0, 4 if stage.erupted > 0.9 else 8),
            stage.formed,
            stage.erupted < _BURIED_BELOW,
        )
        along = -1 if placement.upper else 1
        x = patient.middle + placement.outwards * distance * patient.stretch + rng.normal(0, 1.5)
        y = tip + patient.shift + along * patient.bite + distance**2 * patient.bow
        y += rng.normal(0, 3)
        x += placement.root[0] * placement.length / 2
        y += placement.root[1] * placement.length / 2 + (x - patient.middle) * patient.tilt
        placements.append(replace(placement, x=float(x), y=float(y)))
    return placements


def _table_row(fdi: int, stage: ToothStage) -> tuple[float, float, float, float, float]:
    """Distance from the midline, y of the crown's tip, length, width and root angle."""
    quadrant, position = divmod(fdi, 10)
    upper = quadrant in (1, 2, 5, 6)
    if quadrant > 4:
        return (_DECIDUOUS_UPPER if upper else _DECIDUOUS_LOWER)[position - 1]
    distance, y, length, width, root_angle = (UPPER if upper else LOWER)[position - 1]
    depth = (_CRYPT_DEPTH_UPPER if upper else _CRYPT_DEPTH_LOWER)[position - 1]
    along = -1 if upper else 1
    tip = y - along * length / 2 + along * depth * (1 - stage.erupted)
    return distance, tip, length, width, root_angle
