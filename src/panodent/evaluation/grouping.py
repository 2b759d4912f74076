"""How radiographs are divided into groups: by dentition, number of teeth, or columns of a table.

The name of a group that needs no table is one of `BUILT_IN`; every other name is a column of a CSV
table, see `panodent.evaluation.case_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from panodent.errors import ConfigError, DatasetError
from panodent.evaluation.banding import grouped_values
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.case_table import CaseTable, read_table

TOOTH_BANDS = ((0, 9), (10, 19), (20, 23), (24, 27), (28, None))
"""Smallest and largest number of teeth of each group of `teeth`; None: no limit."""
STAGES = ("permanent", "mixed", "primary")
MAX_GROUPS = 24
"""A column with more groups is refused: it is a name or a date rather than a group."""


@dataclass(frozen=True)
class Grouping:
    """A division of radiographs into groups.

    Attributes
    ----------
    name : what the groups are made by: one of `BUILT_IN`, or a column of a table.
    order : names of the groups, in the order in which they are shown.
    label : the group of a radiograph, one of `order`; None for no group.
    why_none : why a radiograph has no group.
    bands : how values were put into groups, a sentence; empty where each value is a group.
    unmatched : rows of the table that belong to no radiograph, by their name in the table.
    table : name of the table's file, empty without one.
    notes : sentences that a reader should know.
    """

    name: str
    order: tuple[str, ...]
    label: Callable[[CaseScores], str | None]
    why_none: Callable[[CaseScores], str]
    bands: str = ""
    unmatched: tuple[str, ...] = field(default=())
    table: str = ""
    notes: tuple[str, ...] = field(default=())


def tooth_band(count: int) -> str:
    """The group of a radiograph with this many teeth.

    >>> [tooth_band(count) for count in (0, 19, 20, 32)]
    ['0-9', '10-19', '20-23', '28+']
    """
    low, high = next(band for band in reversed(TOOTH_BANDS) if count >= band[0])
    return f"{low}+" if high is None else f"{low}-{high}"


_NO_TOOTH = "the ground truth has no numbered tooth"

BUILT_IN: Mapping[str, Grouping] = MappingProxyType(
    {
        "dentition": Grouping(
            "dentition",
            STAGES,
            lambda case: case.dentition,
            lambda _: _NO_TOOTH,
            "stage of the dentition by the ground truth: permanent (no deciduous tooth), mixed, or "
            "primary (no permanent tooth has erupted)",
        ),
        "teeth": Grouping(
            "teeth",
            tuple(tooth_band(low) for low, _ in TOOTH_BANDS),
            lambda case: tooth_band(len(case.teeth)),
            lambda _: _NO_TOOTH,
            "numbered teeth of the ground truth, deciduous teeth and germs included",
        ),
    }
)
"""Groups that are made from the ground truth."""


def groupings(
    names: Sequence[str], table: Path | None, keys: Iterable[str]
) -> tuple[Grouping, ...]:
    """The groupings of these names for radiographs with these keys.

    `table` is a CSV file, needed for every name that is not `BUILT_IN`. Raises `ConfigError` for a
    name that is unknown, unclear or given twice and for a table without a name; `UnknownNameError`
    for a column that the table lacks; `DatasetError` for a faulty table.
    """
    if twice := [name for place, name in enumerate(names) if name in names[:place]]:
        raise ConfigError(f"--by {twice[0]} is given twice; give each name once")
    known = tuple(keys)
    rows = None if table is None else read_table(table, known)
    if rows is not None and all(name in BUILT_IN for name in names):
        raise ConfigError(
            f"--table {table} is not used; name a column with --by: {', '.join(rows.columns)}"
        )
    found = []
    for name in names:
        if rows is not None and name in BUILT_IN and name in rows.columns:
            raise ConfigError(
                f"--by {name} could be the column of {rows.file.name} or the group that panodent "
                "makes itself; rename the column"
            )
        if name in BUILT_IN:
            found.append(BUILT_IN[name])
        elif rows is None:
            raise ConfigError(
                f"--by {name}: expected {' or '.join(BUILT_IN)}; for the column of a table, also "
                "give --table FILE.csv"
            )
        else:
            found.append(_by_column(rows, name, known))
    return tuple(found)


def _by_column(table: CaseTable, name: str, keys: Sequence[str]) -> Grouping:
    texts = table.values(name)
    given = {key: text for key, text in texts.items() if text}
    if not given:
        raise DatasetError(
            f"{table.file}: no radiograph has a value in the column {name!r}; "
            f"the first of {len(keys)} radiographs is {min(keys, default=None)!r}, the first row "
            f"that belongs to none {next(iter(table.unmatched), None)!r}"
        )
    labels, order, bands = grouped_values(name, given)
    if len(order) > MAX_GROUPS:
        raise DatasetError(
            f"{table.file}: the column {name!r} has {len(order)} different values, such as "
            f"{', '.join(map(repr, order[:3]))}; expected numbers only, which are put into bands, "
            f"or at most {MAX_GROUPS} values. Leave unknown values empty"
        )

    def why_none(case: CaseScores) -> str:
        if case.key in texts:
            return f"{table.file.name} has no value for them in the column {name!r}"
        return f"{table.file.name} has no row for them"

    return Grouping(
        name,
        order,
        lambda case: labels.get(case.key),
        why_none,
        bands,
        table.unmatched,
        table.file.name,
        table.notes,
    )
