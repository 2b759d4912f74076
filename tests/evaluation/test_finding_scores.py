"""Found findings are compared with annotated ones; all values are computed by hand."""

from __future__ import annotations

import numpy as np

from panodent.evaluation.finding_scores import FindingCase, matched, score_findings
from panodent.formats.finding_annotations import AnnotatedFindings
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (40, 60)
CLEAR = np.zeros(SIZE, bool)
TEN = np.ones((10, 10), bool)
TEETH = Teeth.from_masks(SIZE, [(36, TEN, (20, 0)), (37, TEN, (20, 12)), (46, TEN, (20, 40))])
Item = tuple[str, int, tuple[int, int]]


def findings(*items: Item, scores: list[float] | None = None) -> Findings:
    """Squares of 10 x 10 pixels at (row, column)."""
    return Findings.from_masks(SIZE, [(k, fdi, TEN, at) for k, fdi, at in items], scores)


def case(
    truth: Findings, found: Findings, found_teeth: Teeth = TEETH, unclear: np.ndarray = CLEAR
) -> FindingCase:
    return score_findings(AnnotatedFindings(truth, unclear), found, TEETH, found_teeth, "a")


def test_a_shifted_filling() -> None:
    # 10 x 5 of 150 pixels in common: IoU 1 / 3.
    scored = case(findings(("filling", 36, (0, 0))), findings(("filling", 37, (0, 5))))
    filling = scored.kinds["filling"]
    assert filling.annotated == 1
    assert filling.right[0.3].tolist() == [True]
    assert filling.right[0.5].tolist() == [False]
    assert filling.assigned == (1, 0)
    # 36 has one and it is not said; 37 has none and it is said; 46 rightly not.
    assert filling.teeth == (0, 1, 1, 1)
    assert scored.covered == scored.confirmed == (1, 1)
    assert scored.pixels == (100, 100, 50)
    assert not scored.plain


def test_kinds_that_are_exchanged_count_together_but_not_alone() -> None:
    scored = case(findings(("crown", 36, (0, 0))), findings(("pontic", 36, (0, 0))))
    assert scored.kinds["crown"].annotated == 1
    assert len(scored.kinds["crown"].scores) == 0
    assert scored.kinds["pontic"].right[0.3].tolist() == [False]
    assert scored.covered == scored.confirmed == (1, 1)
    # Positions count beside teeth: 32 places.
    assert scored.kinds["crown"].teeth == (0, 0, 1, 31)
    assert scored.kinds["pontic"].teeth == (0, 1, 0, 31)
    assert scored.confusion[1, 2] == 1
    assert scored.confusion.sum() == 1


def test_what_is_unclear_does_not_count() -> None:
    unclear = CLEAR.copy()
    unclear[0:10, 0:6] = True
    scored = case(Findings.empty(SIZE), findings(("post", 36, (0, 0))), unclear=unclear)
    assert scored.found == 0
    assert scored.confirmed == (0, 0)
    assert scored.plain
    other = case(Findings.empty(SIZE), findings(("post", 36, (0, 5))), unclear=unclear)
    assert other.found == 1
    assert other.pixels == (0, 90, 0)


def test_teeth_on_implants() -> None:
    truth = findings(("implant", 36, (20, 0)), ("implant", 46, (0, 40)))
    assert case(truth, Findings.empty(SIZE)).implants == (2, 1)
    assert case(truth, Findings.empty(SIZE), Teeth.empty(SIZE)).implants == (2, 2)


def test_one_to_one_by_score() -> None:
    iou = np.array([[0.9, 0.8], [0.0, 0.4]])
    assert matched(iou, 0.3) == {0: 0, 1: 1}
    assert matched(iou, 0.5) == {0: 0}
    assert matched(np.zeros((0, 2)), 0.3) == {}
