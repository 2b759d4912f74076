"""Metrics of groups of radiographs, and the gap between the best and the worst group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from panodent.errors import DatasetError
from panodent.evaluation.bootstrap import Estimate, estimate, resamples
from panodent.evaluation.case_scores import CaseScores
from panodent.evaluation.figures import Figures, estimates, figures_by_scope
from panodent.evaluation.grouping import Grouping
from panodent.evaluation.metrics import METRICS
from panodent.utils.wording import counted

MIN_COMPARED = 5
"""Groups of fewer radiographs are shown, but are neither the best nor the worst group of a gap."""


@dataclass(frozen=True)
class Group:
    """The scores of one group.

    Attributes
    ----------
    name : of the group.
    cases : keys of its radiographs.
    tooth_count : numbered teeth of the ground truth.
    figures : metric -> estimate, as of an `Evaluation`.
    """

    name: str
    cases: tuple[str, ...]
    tooth_count: int
    figures: Mapping[str, Estimate]


@dataclass(frozen=True)
class GroupGap:
    """The difference between the best and the worst group in one metric.

    Attributes
    ----------
    best, worst : names of the groups, empty where there is no gap.
    estimate : the difference, 0 or more. Its interval comes from independent resamples of these two
        groups; where it goes below 0, the groups may as well be equal or in the other order.
    """

    best: str
    worst: str
    estimate: Estimate


@dataclass(frozen=True)
class Groups:
    """The groups of one grouping.

    Attributes
    ----------
    name, bands, table, unmatched : of the `Grouping`.
    groups : those with a radiograph, in order.
    gaps : metric -> gap, for all metrics with a best value.
    without_group : reason -> keys of the radiographs that are in no group for this reason.
    notes : of the `Grouping`.
    """

    name: str
    bands: str
    table: str
    groups: tuple[Group, ...]
    gaps: Mapping[str, GroupGap]
    without_group: Mapping[str, tuple[str, ...]]
    unmatched: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def left_out(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """(sentence, names) for radiographs in no group and for rows of no radiograph."""
        found = [
            (f"{counted(len(keys), 'radiograph is', 'radiographs are')} in no group: {why}", keys)
            for why, keys in self.without_group.items()
        ]
        if self.unmatched:
            one = f"row of {self.table} belongs to no radiograph"
            many = f"rows of {self.table} belong to no radiograph"
            found.append((counted(len(self.unmatched), one, many), self.unmatched))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in scores.json."""
        return {
            "bands": self.bands,
            "table": self.table,
            "groups": [
                {
                    "name": group.name,
                    "radiographs": len(group.cases),
                    "teeth": group.tooth_count,
                    "figures": {name: asdict(figure) for name, figure in group.figures.items()},
                    "cases": list(group.cases),
                }
                for group in self.groups
            ],
            "gaps": {
                name: {"best": gap.best, "worst": gap.worst, **asdict(gap.estimate)}
                for name, gap in self.gaps.items()
            },
            "without_group": {why: list(keys) for why, keys in self.without_group.items()},
            "rows_without_radiograph": list(self.unmatched),
            "notes": list(self.notes),
        }


def compared(
    cases: Sequence[CaseScores], grouping: Grouping, samples: int = 1000, seed: int = 0
) -> Groups:
    """Scores the groups of radiographs, each resampled by itself, and compares them.

    The same arguments give the same result. Raises `DatasetError` for a label that is not in the
    order of the grouping.

    >>> from panodent.evaluation.case_scores import score_pair
    >>> from panodent.evaluation.grouping import groupings
    >>> from panodent.teeth.teeth import Teeth
    >>> teeth = Teeth.from_label_image([[0, 36], [37, 36]])
    >>> [grouping] = groupings(["teeth"], None, [])
    >>> found = compared([score_pair(teeth, teeth)], grouping, samples=0)
    >>> [(group.name, group.tooth_count, group.figures["dice"].value) for group in found.groups]
    [('0-9', 2, 1.0)]
    """
    members: dict[str, list[CaseScores]] = {name: [] for name in grouping.order}
    without: dict[str, list[str]] = {}
    for case in cases:
        label = grouping.label(case)
        if label is None:
            without.setdefault(grouping.why_none(case), []).append(case.key)
        elif label not in members:
            raise DatasetError(f"{case.key}: group {label!r} is not among {', '.join(members)}")
        else:
            members[label].append(case)
    members = {name: listed for name, listed in members.items() if listed}
    figures = {
        # Another seed for each group: groups of one size must not draw the same positions.
        name: figures_by_scope(
            listed, resamples(len(listed), samples if len(listed) > 1 else 0, seed + place)
        )["all"]
        for place, (name, listed) in enumerate(members.items())
    }
    large = {name: figures[name] for name in members if len(members[name]) >= MIN_COMPARED}
    return Groups(
        name=grouping.name,
        bands=grouping.bands,
        table=grouping.table,
        groups=tuple(
            Group(
                name,
                tuple(case.key for case in listed),
                sum(len(case.teeth) for case in listed),
                estimates(figures[name]),
            )
            for name, listed in members.items()
        ),
        gaps={name: _gap(name, large) for name in METRICS if METRICS[name].better != "near 0"},
        without_group={why: tuple(keys) for why, keys in without.items()},
        unmatched=grouping.unmatched,
        notes=grouping.notes,
    )


def _gap(metric: str, groups: Mapping[str, Figures]) -> GroupGap:
    """The gap of one metric between groups that are large enough."""
    values = {
        name: figures[metric].value
        for name, figures in groups.items()
        if figures[metric].value is not None
    }
    if len(values) < 2:
        reason = f"fewer than two groups of {MIN_COMPARED} radiographs or more have a value"
        return GroupGap("", "", Estimate(None, reason=reason))
    sign = 1 if METRICS[metric].better == "higher" else -1
    ranked = sorted(values, key=lambda name: sign * (values[name] or 0.0))
    best, worst = groups[ranked[-1]][metric], groups[ranked[0]][metric]
    assert best.value is not None  # noqa: S101 - `values` has no others
    assert worst.value is not None  # noqa: S101
    differences = sign * (np.asarray(best.resampled) - worst.resampled)
    count = best.count + worst.count
    value = sign * (best.value - worst.value)
    return GroupGap(ranked[-1], ranked[0], estimate(value, differences, count))
