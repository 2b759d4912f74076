"""`AnnotatedFindings`: the findings that a file annotates on one radiograph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from panodent.teeth.findings import Findings
from panodent.utils.arrays import BoolArray


@dataclass(frozen=True)
class AnnotatedFindings:
    """The findings of one radiograph, and where nothing is said.

    Parameters
    ----------
    findings : all findings of known kinds.
    unclear : (height, width) bool: pixels of other categories.
    others : how many annotations each of these categories has, by name.
    """

    findings: Findings
    unclear: BoolArray
    others: Mapping[str, int] = field(default_factory=dict)
