"""Findings of a results folder are compared with the annotations of the same radiographs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent.errors import DatasetError
from panodent.evaluation.findings_pairing import evaluate_findings
from panodent.evaluation.pairing import Pair, Pairing
from panodent.formats.finding_annotations import write_findings
from panodent.outputs.case import write_case
from panodent.outputs.summary_files import SummaryFiles
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (20, 40)
BLOCK = np.ones((6, 6), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (10, 30))])
CROWN = Findings.from_masks(SIZE, [("crown", 36, BLOCK, (10, 30))])
NONE = Findings.empty(SIZE)


def predicted(folder: Path, **findings: Findings) -> Path:
    """A folder as `panodent predict` leaves it."""
    radiograph = Radiograph(np.zeros(SIZE, np.float32))
    with SummaryFiles(folder, findings=True) as summary:
        for number, (key, found) in enumerate(findings.items(), start=1):
            record = write_case(folder / key, radiograph, TEETH, pictures=False, findings=found)
            summary.add(number, f"{key}.png", record)
        summary.finish()
    return folder


def annotated(file: Path, **findings: Findings) -> Path:
    write_findings(file, [(f"{key}.png", found) for key, found in findings.items()])
    return file


def pairing(*keys: str, teeth: Teeth = TEETH) -> Pairing:
    return Pairing(tuple(Pair(key, lambda: TEETH, lambda: teeth) for key in keys))


def test_only_radiographs_with_annotated_findings_are_scored(tmp_path: Path) -> None:
    folder = predicted(tmp_path / "out", a=CROWN, b=CROWN, c=NONE)
    truth = annotated(tmp_path / "truth.json", a=CROWN, c=CROWN)
    seen: list[tuple[int, int]] = []
    scores = evaluate_findings(
        pairing("a", "b", "c"), folder, truth, samples=0, progress=lambda *at: seen.append(at)
    )
    assert [case.key for case in scores.cases] == ["a", "c"]
    assert seen == [(1, 2), (2, 2)]
    crown = scores.by_kind["crown"]
    assert (crown["recall"].value, crown["precision"].value) == (0.5, 1)


def test_a_radiograph_without_predicted_teeth_is_left_out(tmp_path: Path) -> None:
    folder = predicted(tmp_path / "out", a=CROWN)
    truth = annotated(tmp_path / "truth.json", a=CROWN, b=CROWN)
    pairs = (*pairing("a").pairs, Pair("b", lambda: TEETH))
    scores = evaluate_findings(Pairing(pairs), folder, truth, samples=0)
    assert [case.key for case in scores.cases] == ["a"]


def test_annotations_of_other_radiographs_are_refused(tmp_path: Path) -> None:
    folder = predicted(tmp_path / "out", a=CROWN)
    truth = annotated(tmp_path / "truth.json", other=CROWN)
    with pytest.raises(DatasetError, match="the first are 'other' and 'a'"):
        evaluate_findings(pairing("a"), folder, truth)


def test_sizes_that_differ_are_refused(tmp_path: Path) -> None:
    folder = predicted(tmp_path / "out", a=CROWN)
    truth = annotated(tmp_path / "truth.json", a=CROWN)
    with pytest.raises(DatasetError, match=r"a: .* sizes \[\(10, 20\), \(20, 40\)\]"):
        evaluate_findings(pairing("a", teeth=TEETH.resized((10, 20))), folder, truth)


def test_a_folder_without_findings_is_refused(tmp_path: Path) -> None:
    folder = predicted(tmp_path / "out", a=CROWN)
    (folder / "findings.json").unlink()
    truth = annotated(tmp_path / "truth.json", a=CROWN)
    with pytest.raises(DatasetError, match="findings network"):
        evaluate_findings(pairing("a"), folder, truth)
