"""Findings of a radiograph, and where an annotation says nothing."""

from __future__ import annotations

import numpy as np

from panodent.formats import finding_annotations
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.teeth.findings import Findings


def test_without_other_categories_there_are_none() -> None:
    one = AnnotatedFindings(Findings.empty((4, 6)), np.zeros((4, 6), bool))
    other = AnnotatedFindings(Findings.empty((4, 6)), np.zeros((4, 6), bool), {"caries": 2})
    assert dict(one.others) == {}
    assert dict(other.others) == {"caries": 2}
    assert one.others is not AnnotatedFindings(one.findings, one.unclear).others


def test_all_formats_read_the_same_class() -> None:
    assert finding_annotations.AnnotatedFindings is AnnotatedFindings
