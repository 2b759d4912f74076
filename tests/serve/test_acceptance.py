from __future__ import annotations

import numpy as np

from panodent.outputs.record import to_record
from panodent.serve.acceptance import add_acceptance, with_acceptance
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

STAMP = {"by": "reader 1", "at": "2026-01-02T03:04:05+00:00"}


def test_a_finding_that_follows_its_tooth_stays_accepted():
    finding = {"kind": "crown", "fdi": 36, "rle": "x", "flags": ["doubtful"]}
    accepted = with_acceptance(finding, finding, True, STAMP)
    moved = {**accepted, "fdi": 37}
    assert with_acceptance(moved, moved, None, {})["accepted"] == STAMP
    assert "accepted" not in with_acceptance({**moved, "kind": "filling"}, moved, None, {})
    assert with_acceptance(finding, None, None, STAMP) == finding


def test_a_record_says_of_all_whether_they_were_accepted():
    block = np.ones((4, 3), bool)
    teeth = Teeth.from_masks((9, 20), [(36, block, (1, 1)), (35, block, (1, 9))])
    crown = Findings.from_masks((9, 20), [("crown", 36, block, (1, 1))])
    record = to_record(teeth, findings=crown)
    study = {
        "teeth": [record["teeth"][1] | {"accepted": STAMP}, record["teeth"][0] | {"note": "crack"}],
        "findings": [record["findings"][0] | {"accepted": STAMP}],
    }
    made = add_acceptance(record, study)
    assert [tooth["accepted"] for tooth in made["teeth"]] == [None, STAMP]
    assert [tooth["note"] for tooth in made["teeth"]] == ["crack", ""]
    assert [one["accepted"] for one in made["findings"]] == [STAMP]
    assert "note" not in made["findings"][0]
    assert add_acceptance({"teeth": []}, {}) == {"teeth": []}
