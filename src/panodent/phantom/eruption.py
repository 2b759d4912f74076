"""Which teeth a child of a given age has, how far each is formed, resorbed and erupted.

Ages in years, means of both sexes: formation and eruption of permanent teeth after Logan and
Kronfeld 1933 (doi:10.14219/jada.archive.1933.0060) as tabulated since, shedding of deciduous teeth
after the American Dental Association's eruption charts; both agree with the London Atlas
(AlQahtani, Hector and Liversidge 2010, doi:10.1002/ajpa.21258) within about a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

YOUNGEST, OLDEST = 5.0, 14.0
CROWN = 0.42
"""Share of a tooth's length that is crown."""

# Crown begins, crown complete, eruption, root complete; by position.
_UPPER = (
    (0.3, 4.5, 7.5, 10.0),
    (0.9, 4.5, 8.5, 11.0),
    (0.4, 6.5, 11.5, 14.0),
    (1.6, 5.5, 10.5, 12.5),
    (2.2, 6.5, 11.0, 13.0),
    (0.0, 2.8, 6.5, 9.5),
    (2.8, 7.5, 12.5, 15.0),
    (8.0, 14.0, 19.0, 21.0),
)
_LOWER = (
    (0.3, 4.5, 6.5, 9.0),
    (0.3, 4.5, 7.5, 10.0),
    (0.4, 6.5, 9.5, 13.0),
    (1.9, 5.5, 11.0, 12.5),
    (2.3, 6.5, 11.5, 13.5),
    (0.0, 2.8, 6.3, 9.5),
    (2.8, 7.5, 12.0, 14.5),
    (9.0, 14.0, 19.0, 21.0),
)
_SHED_UPPER = (7.0, 8.0, 11.0, 10.0, 11.0)
_SHED_LOWER = (6.3, 7.3, 9.8, 10.3, 11.3)
SEEN = 0.1
"""A germ is seen when this share of its length is mineralised."""
RESORPTION_YEARS = 3.0
RESORBED = 0.55
"""Share of a deciduous tooth's length that is resorbed when it is shed."""
_SPREAD_YEARS = 0.6


@dataclass(frozen=True)
class ToothStage:
    """A tooth of a child.

    formed : share of its full length that is there, from the crown's tip, above 0 to 1.
    erupted : 0 in its crypt, 1 in the bite.
    """

    formed: float
    erupted: float


def tooth_stages(age: float, rng: np.random.Generator) -> dict[int, ToothStage]:
    """FDI number -> stage of every tooth that a radiograph at this age shows.

    Teeth of the two sides come within months of each other; some germs are missing and some
    deciduous teeth lost early, as in life.
    """
    found: dict[int, ToothStage] = {}
    for upper in (True, False):
        own = [age + rng.normal(0, _SPREAD_YEARS) for _ in range(8)]
        for quadrant in (1, 2) if upper else (4, 3):
            ages = [value + rng.normal(0, 0.15) for value in own]
            found |= _quadrant(quadrant, ages, rng)
    return found


def _quadrant(quadrant: int, ages: list[float], rng: np.random.Generator) -> dict[int, ToothStage]:
    upper = quadrant < 3
    found: dict[int, ToothStage] = {}
    for position, (table, age) in enumerate(
        zip(_UPPER if upper else _LOWER, ages, strict=True), start=1
    ):
        shed = (_SHED_UPPER if upper else _SHED_LOWER)[position - 1] if position < 6 else 0.0
        standing = position < 6 and age < shed and rng.random() > 0.04
        absent = position == 5 and rng.random() < 0.04
        if standing or absent:  # without a successor a deciduous tooth stays
            resorbed = float(np.clip((age - shed + RESORPTION_YEARS) / RESORPTION_YEARS, 0, 1))
            share = resorbed * (0.2 if absent else 1.0)
            found[(quadrant + 4) * 10 + position] = ToothStage(1 - RESORBED * share, 1.0)
        permanent = None if absent else _permanent(table, age, standing)
        if permanent is not None:
            found[quadrant * 10 + position] = permanent
    return found


def _permanent(
    table: tuple[float, float, float, float], age: float, below: bool
) -> ToothStage | None:
    """A permanent tooth, `below` a deciduous one that still stands; None before it is seen."""
    begins, crown, eruption, complete = table
    if age < crown:
        formed = CROWN * (age - begins) / (crown - begins)
    else:
        formed = CROWN + (1 - CROWN) * min((age - crown) / (complete - crown), 1.0)
    if formed < SEEN:
        return None
    # Germs rise from a year before they are seen in the mouth until a year after.
    erupted = float(np.clip((age - eruption + 1.2) / 2.0, 0, 1))
    return ToothStage(float(formed), min(erupted, 0.3) if below else erupted)
