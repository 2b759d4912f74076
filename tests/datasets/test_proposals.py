"""Likely mistakes become changes of an annotation, those that are sure enough."""

from __future__ import annotations

import numpy as np

from panodent.analysis.annotation_audit import audit
from panodent.datasets.correction import Correction
from panodent.datasets.proposals import proposed
from panodent.dentition import mirror
from panodent.teeth.teeth import Teeth


def squares(*numbers: int, score: float = 1.0) -> Teeth:
    """Squares of 4 x 4 pixels side by side."""
    items = [(fdi, np.ones((4, 4), bool), (1, 6 * n)) for n, fdi in enumerate(numbers)]
    return Teeth.from_masks((10, 60), items, [score] * len(numbers))


def change(annotation: Teeth, prediction: Teeth) -> Correction:
    return proposed(annotation, prediction, audit(annotation, prediction))


def test_proposals_restore_what_was_annotated() -> None:
    truth = squares(18, 17, 16, 15, 14, 13, score=0.9)
    wrong = Teeth(
        truth.size,
        np.array([18, 16, 17, 15, 14]),
        truth.boxes[:5],
        truth.masks[:5],
        np.ones(5),
    )
    correction = change(wrong, truth)
    assert correction.renumber == {16: 17, 17: 16}
    assert [fdi for fdi, _ in correction.add] == [13]
    assert "16 and 17 are exchanged (0.90)" in correction.note
    fixed = correction.apply(wrong)
    assert fixed.fdi.tolist() == [13, 14, 15, 16, 17, 18]
    assert sorted(fixed.boxes.tolist()) == sorted(truth.boxes.tolist())


def test_unsure_mistakes_change_nothing() -> None:
    correction = change(squares(16, 15), squares(16, 14, score=0.3))
    assert len(correction) == 0
    assert correction.unsure == ("15 looks like 14 (0.30)",)


def test_a_number_used_twice_cannot_be_changed_by_number() -> None:
    correction = change(squares(16, 16), squares(17, 16, score=0.9))
    assert len(correction) == 0
    assert correction.unsure == ("16 looks like 17 (0.90)",)


def test_no_proposal_uses_a_number_twice() -> None:
    """Both say 14, but one of them is annotated so already and nobody contradicts it."""
    annotation, prediction = squares(14, 15, 11), squares(0, 14, 11, score=0.9)
    correction = change(annotation, prediction)
    assert len(correction) == 0
    assert correction.unsure == ("15 looks like 14 (0.90)",)


def test_swapped_sides_include_teeth_that_were_not_found() -> None:
    truth = squares(14, 13, 12, 11, 21, 22, score=0.9)
    annotation = Teeth(
        truth.size, np.array([mirror(n) for n in truth.fdi]), truth.boxes, truth.masks, np.ones(6)
    )
    correction = change(annotation, truth.select([0, 1, 2, 3, 4]))
    assert correction.renumber[12] == 22
    assert correction.apply(annotation).fdi.tolist() == sorted(truth.fdi.tolist())
