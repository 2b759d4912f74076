"""Where the teeth of a phantom stand: averages over adults, and how patients differ.

Lengths are in units of which a panoramic is 1024 wide and 512 high, whatever its pixels.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np

from panodent.phantom.eruption import stages

WIDTH, HEIGHT = 1024, 512


@dataclass(frozen=True)
class Place:
    """One tooth: middle (x, y), length and crown width, and the direction of its root.

    `lean` is the angle in degrees by which the root points away from the midline, 0 straight up
    (upper jaw) or down (lower jaw). `formed` is the share of the length that is there, from the
    crown's tip; `buried` teeth lie in a follicle.
    """

    fdi: int
    x: float
    y: float
    length: float
    width: float
    lean: float
    formed: float = 1.0
    buried: bool = False

    @property
    def upper(self) -> bool:
        """Whether it stands in the upper jaw."""
        return self.fdi // 10 in (1, 2, 5, 6)

    @property
    def outwards(self) -> int:
        """Direction along x that leads away from the midline: -1 on the patient's right."""
        return -1 if self.fdi // 10 in (1, 4, 5, 8) else 1

    @property
    def deciduous(self) -> bool:
        """Whether it is a deciduous tooth."""
        return self.fdi > 50

    @property
    def position(self) -> int:
        """1 (central incisor) to 8 (third molar); the permanent tooth that it is shaped like."""
        return 6 if self.deciduous and self.fdi % 10 > 3 else self.fdi % 10

    @property
    def root(self) -> tuple[float, float]:
        """Unit vector from the crown to the root's tip."""
        angle = np.deg2rad(self.lean)
        along = -1.0 if self.upper else 1.0
        return float(np.sin(angle)) * self.outwards, float(np.cos(angle)) * along


# Distance from the midline, height, length, crown width, lean of the root; by position.
_UPPER = (
    (22.0, 235.0, 117.0, 45.0, 0.0),
    (59.0, 231.0, 110.0, 38.0, -4.0),
    (99.0, 217.0, 123.0, 44.0, 3.0),
    (135.0, 227.0, 102.0, 44.0, -2.0),
    (171.0, 224.0, 100.0, 42.0, -7.0),
    (216.0, 226.0, 97.0, 60.0, -6.0),
    (267.0, 212.0, 95.0, 57.0, -15.0),
    (303.0, 178.0, 76.0, 52.0, -25.0),
)
_LOWER = (
    (14.0, 338.0, 88.0, 30.0, 0.0),
    (43.0, 339.0, 93.0, 33.0, -1.0),
    (80.0, 353.0, 114.0, 40.0, 7.0),
    (117.0, 343.0, 106.0, 41.0, 9.0),
    (161.0, 338.0, 110.0, 43.0, 19.0),
    (212.0, 330.0, 117.0, 67.0, 30.0),
    (275.0, 314.0, 112.0, 65.0, 35.0),
    (334.0, 295.0, 84.0, 60.0, 48.0),
)
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
"""As above, but with the height of the crown's tip instead of the tooth's middle."""
_CRYPT_UPPER = (60.0, 62.0, 88.0, 62.0, 62.0, 40.0, 52.0, 40.0)
_CRYPT_LOWER = (52.0, 54.0, 84.0, 68.0, 72.0, 40.0, 46.0, 40.0)
"""How far below its place in the bite a tooth begins, by position."""
FIRST_TO_GO = (6, 5, 7, 4, 2, 1)
"""Positions in the order in which adults lose them."""


def places(rng: np.random.Generator, missing: Collection[int] | None) -> list[Place]:
    """The teeth of one phantom patient, from the midline outwards in each quadrant."""
    gone = set(_lost(rng) if missing is None else missing)
    stretch = float(np.clip(rng.normal(1.0, 0.045), 0.9, 1.1))
    middle = WIDTH * 0.506 + rng.normal(0, 8)
    tilt = rng.normal(0, 0.008)
    shift_y, bite = rng.normal(0, 12), float(np.clip(rng.normal(1, 5), -6, 12))
    bow = rng.normal(0, 0.00008)
    found = []
    for quadrant in (1, 2, 3, 4):
        table, along = (_UPPER, -1) if quadrant < 3 else (_LOWER, 1)
        size = float(np.clip(rng.normal(1.0, 0.04), 0.92, 1.1))
        outwards = -1 if quadrant in (1, 4) else 1
        for position, (distance, y, length, width, lean) in enumerate(table, start=1):
            x = middle + outwards * distance * stretch + rng.normal(0, 1.5)
            place = Place(
                quadrant * 10 + position,
                x,
                y
                + shift_y
                + along * bite
                + (x - middle) * tilt
                + distance**2 * bow
                + rng.normal(0, 3),
                length * size * rng.normal(1, 0.05),
                width * stretch * rng.normal(1, 0.03),
                lean + rng.normal(0, 4),
            )
            if position == 8:
                place = _third_molar(place, rng)
            found.append(place)
    return _drifted([p for p in found if p.fdi not in gone], gone, rng)


def child_places(rng: np.random.Generator, age: float) -> list[Place]:
    """The teeth of a child of this age in years, germs in their crypts among them."""
    stretch = float(np.clip(rng.normal(1.0, 0.045), 0.9, 1.1))
    middle = WIDTH * 0.506 + rng.normal(0, 8)
    tilt, shift_y = rng.normal(0, 0.008), rng.normal(0, 12)
    bite, bow = float(np.clip(rng.normal(1, 5), -6, 12)), rng.normal(0, 0.00008)
    size = float(np.clip(rng.normal(1.0, 0.04), 0.92, 1.1))
    found = []
    for fdi, stage in stages(age, rng).items():
        upper, along = fdi // 10 in (1, 2, 5, 6), 1 if fdi // 10 in (3, 4, 7, 8) else -1
        outwards = -1 if fdi // 10 in (1, 4, 5, 8) else 1
        position = fdi % 10
        if fdi > 50:
            table = _DECIDUOUS_UPPER if upper else _DECIDUOUS_LOWER
            distance, tip, length, width, lean = table[position - 1]
            depth = 0.0
        else:
            distance, y, length, width, lean = (_UPPER if upper else _LOWER)[position - 1]
            tip = y - along * length / 2
            depth = (_CRYPT_UPPER if upper else _CRYPT_LOWER)[position - 1] * (1 - stage.erupted)
        place = Place(
            fdi,
            middle + outwards * distance * stretch + rng.normal(0, 1.5),
            tip + shift_y + along * bite + distance**2 * bow + rng.normal(0, 3),
            length * size * rng.normal(1, 0.05),
            width * stretch * rng.normal(1, 0.03),
            lean + rng.normal(0, 4 if stage.erupted > 0.9 else 8),
            stage.formed,
            stage.erupted < 0.6,
        )
        root = np.array(place.root)
        x, y = np.array([place.x, place.y]) + root * (place.length / 2) + (0, along * depth)
        found.append(replace(place, x=float(x), y=float(y + (x - middle) * tilt)))
    return found


def _lost(rng: np.random.Generator) -> list[int]:
    """Teeth that a patient lacks: third molars often, others seldom and often the first molars."""
    gone = [fdi for fdi in (18, 28, 38, 48) if rng.random() < 0.35]
    weights = np.array([0.4, 0.2, 0.18, 0.16, 0.04, 0.02])
    for _ in range(int(min(rng.poisson(1.3), 6))):
        position = int(rng.choice(FIRST_TO_GO, p=weights))
        gone.append(int(rng.integers(1, 5)) * 10 + position)
    return gone


def _third_molar(place: Place, rng: np.random.Generator) -> Place:
    """Erupted, or lying against its neighbour."""
    if place.upper:
        return replace(place, lean=float(np.clip(rng.normal(place.lean, 12), -50, 0)))
    lying = rng.random() < 0.3
    lean = rng.normal(70, 8) if lying else rng.normal(place.lean, 8)
    return replace(place, lean=float(lean), y=place.y + (14 if lying else 0))


def _drifted(found: list[Place], gone: set[int], rng: np.random.Generator) -> list[Place]:
    """Teeth beside a gap lean and move into it."""
    result = []
    for place in found:
        inner, outer = place.fdi - 1, place.fdi + 1
        pull = (outer in gone and place.position < 7) - (inner in gone and place.position > 1)
        if pull:
            move, lean = abs(rng.normal(3, 2)), abs(rng.normal(3, 2))
            result.append(
                replace(
                    place, x=place.x + pull * place.outwards * move, lean=place.lean - pull * lean
                )
            )
        else:
            result.append(place)
    return result
