"""Entries of the journal keep teeth and findings as they are."""

from __future__ import annotations

import json

import numpy as np
import pytest

from panodent.datasets.journal import (
    findings_entry,
    findings_of_entry,
    teeth_entry,
    teeth_of_entry,
)
from panodent.errors import DatasetError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (8, 9)
BLOCK = np.ones((2, 3), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (1, 1)), (0, BLOCK, (4, 5))], [0.5, 1.0], [{"box"}, ()])


def annotated(size: tuple[int, int] = SIZE) -> Annotated:
    unclear = np.zeros(size, bool)
    unclear[0, 0] = True
    found = Findings.from_masks(size, [("crown", 36, BLOCK, (1, 1))])
    return Annotated("a", lambda: TEETH, SIZE, None, lambda: AnnotatedFindings(found, unclear))


def test_teeth_come_back() -> None:
    assert teeth_of_entry(SIZE, json.loads(json.dumps(teeth_entry(TEETH)))) == TEETH
    assert teeth_of_entry(SIZE, teeth_entry(Teeth.empty(SIZE))) == Teeth.empty(SIZE)


def test_findings_come_back() -> None:
    item = annotated()
    assert item.findings is not None
    entry = json.loads(json.dumps(findings_entry(item, TEETH)))
    assert entry["unclear"] is True
    assert findings_of_entry(SIZE, entry) == item.findings().findings


def test_without_findings_there_is_no_entry() -> None:
    assert findings_entry(Annotated("a", lambda: TEETH), TEETH) == {}


def test_findings_of_another_size_are_refused() -> None:
    with pytest.raises(DatasetError, match="a: its findings are on 7 x 8 pixels, its teeth on 9"):
        findings_entry(annotated((8, 7)), TEETH)
