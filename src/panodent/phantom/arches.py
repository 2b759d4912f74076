"""Positions of a phantom's teeth: averages over adults, and random differences of patients.

Lengths are in units: a phantom is 1024 units wide and 512 high, whatever its size in pixels. x
points to the right, y downwards.

>>> len(tooth_placements(np.random.default_rng(0), missing=[18, 28, 38, 48]))
28
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

WIDTH, HEIGHT = 1024, 512


@dataclass(frozen=True)
class Placement:
    """Position of one tooth.

    Attributes
    ----------
    fdi : number of the tooth.
    x, y : its middle, in units.
    length, width : of the whole tooth and of its crown, in units.
    root_angle : degrees by which the root points away from the midline; 0 is vertical.
    formed : share of the length that is there, from the crown's tip; below 1 for growing and for
        resorbed roots.
    buried : whether it lies in a follicle, not yet erupted.
    """

    fdi: int
    x: float
    y: float
    length: float
    width: float
    root_angle: float
    formed: float = 1.0
    buried: bool = False

    @property
    def upper(self) -> bool:
        """Whether it is in the upper jaw."""
        return self.fdi // 10 in (1, 2, 5, 6)

    @property
    def outwards(self) -> int:
        """Sign of x away from the midline: -1 on the patient's right, 1 on the left."""
        return -1 if self.fdi // 10 in (1, 4, 5, 8) else 1

    @property
    def deciduous(self) -> bool:
        """Whether it is a deciduous tooth."""
        return self.fdi > 50

    @property
    def position(self) -> int:
        """Position from the midline, 1 (central incisor) to 8 (third molar).

        That of the first molar for deciduous molars, which are shaped like it.
        """
        return 6 if self.deciduous and self.fdi % 10 > 3 else self.fdi % 10

    @property
    def root(self) -> tuple[float, float]:
        """Unit vector (x, y) from the crown to the tip of the root."""
        angle = np.deg2rad(self.root_angle)
        along = -1.0 if self.upper else 1.0
        return float(np.sin(angle)) * self.outwards, float(np.cos(angle)) * along


# By position: distance from the midline, y, length, crown width (units), root angle (degrees).
UPPER = (
    (22.0, 235.0, 117.0, 45.0, 0.0),
    (59.0, 231.0, 110.0, 38.0, -4.0),
    (99.0, 217.0, 123.0, 44.0, 3.0),
    (135.0, 227.0, 102.0, 44.0, -2.0),
    (171.0, 224.0, 100.0, 42.0, -7.0),
    (216.0, 226.0, 97.0, 60.0, -6.0),
    (267.0, 212.0, 95.0, 57.0, -15.0),
    (303.0, 178.0, 76.0, 52.0, -25.0),
)
LOWER = (
    (14.0, 338.0, 88.0, 30.0, 0.0),
    (43.0, 339.0, 93.0, 33.0, -1.0),
    (80.0, 353.0, 114.0, 40.0, 7.0),
    (117.0, 343.0, 106.0, 41.0, 9.0),
    (161.0, 338.0, 110.0, 43.0, 19.0),
    (212.0, 330.0, 117.0, 67.0, 30.0),
    (275.0, 314.0, 112.0, 65.0, 35.0),
    (334.0, 295.0, 84.0, 60.0, 48.0),
)
LOSS_POSITIONS = (6, 5, 7, 4, 2, 1)
"""Positions of teeth that adults lose, the most frequent first."""
LOSS_PROBABILITIES = (0.4, 0.2, 0.18, 0.16, 0.04, 0.02)
"""Probability that a lost tooth has each of `LOSS_POSITIONS`."""


@dataclass(frozen=True)
class Variation:
    """How one patient and exposure differ from the average.

    Attributes
    ----------
    stretch : factor of horizontal distances.
    middle : x of the midline, in units.
    tilt : rise of y per unit of x, of a tilted head.
    shift : of y, in units.
    bite : distance of each arch from its average place, away from the other, in units.
    bow : rise of y per squared unit from the midline, of a bowed head.
    """

    stretch: float
    middle: float
    tilt: float
    shift: float
    bite: float
    bow: float


def random_variation(rng: np.random.Generator) -> Variation:
    """A random patient and exposure."""
    return Variation(
        stretch=float(np.clip(rng.normal(1.0, 0.045), 0.9, 1.1)),
        middle=WIDTH * 0.506 + rng.normal(0, 8),
        tilt=rng.normal(0, 0.008),
        shift=rng.normal(0, 12),
        bite=float(np.clip(rng.normal(1, 5), -6, 12)),
        bow=rng.normal(0, 0.00008),
    )


def random_size(rng: np.random.Generator) -> float:
    """Factor of tooth length."""
    return float(np.clip(rng.normal(1.0, 0.04), 0.92, 1.1))


def tooth_placements(rng: np.random.Generator, missing: Collection[int] | None) -> list[Placement]:
    """The teeth of one phantom, from the midline outwards in each quadrant.

    `missing` are FDI numbers to leave out, None for a random choice.
    """
    lost = set(_random_missing(rng) if missing is None else missing)
    patient = random_variation(rng)
    found = []
    for quadrant in (1, 2, 3, 4):
        table, along = (UPPER, -1) if quadrant < 3 else (LOWER, 1)
        size = random_size(rng)
        outwards = -1 if quadrant in (1, 4) else 1
        for position, (distance, y, length, width, root_angle) in enumerate(table, start=1):
            x = patient.middle + outwards * distance * patient.stretch + rng.normal(0, 1.5)
            placement = Placement(
                quadrant * 10 + position,
                x,
                y
                + patient.shift
                + along * patient.bite
                + (x - patient.middle) * patient.tilt
                + distance**2 * patient.bow
                + rng.normal(0, 3),
                length * size * rng.normal(1, 0.05),
                width * patient.stretch * rng.normal(1, 0.03),
                root_angle + rng.normal(0, 4),
            )
            if position == 8:
                placement = _third_molar(placement, rng)
            found.append(placement)
    return _drifted([p for p in found if p.fdi not in lost], lost, rng)


def _random_missing(rng: np.random.Generator) -> list[int]:
    """FDI numbers of missing teeth: often third molars, rarely others, then often first molars."""
    lost = [fdi for fdi in (18, 28, 38, 48) if rng.random() < 0.35]
    weights = np.array(LOSS_PROBABILITIES)
    for _ in range(int(min(rng.poisson(1.3), 6))):
        position = int(rng.choice(LOSS_POSITIONS, p=weights))
        lost.append(int(rng.integers(1, 5)) * 10 + position)
    return lost


def _third_molar(placement: Placement, rng: np.random.Generator) -> Placement:
    """A third molar at a random angle; some lower ones are horizontal, against the second molar."""
    usual = placement.root_angle
    if placement.upper:
        return replace(placement, root_angle=float(np.clip(rng.normal(usual, 12), -50, 0)))
    horizontal = rng.random() < 0.3
    angle = rng.normal(70, 8) if horizontal else rng.normal(usual, 8)
    return replace(placement, root_angle=float(angle), y=placement.y + (14 if horizontal else 0))


def _drifted(found: list[Placement], lost: set[int], rng: np.random.Generator) -> list[Placement]:
    """The teeth, of which those beside a gap are moved and tilted into it."""
    result = []
    for placement in found:
        gap_outside = placement.fdi + 1 in lost and placement.position < 7
        gap_inside = placement.fdi - 1 in lost and placement.position > 1
        direction = gap_outside - gap_inside
        if direction:
            move, tilt = abs(rng.normal(3, 2)), abs(rng.normal(3, 2))
            placement = replace(
                placement,
                x=placement.x + direction * placement.outwards * move,
                root_angle=placement.root_angle - direction * tilt,
            )
        result.append(placement)
    return result
