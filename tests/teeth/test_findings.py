"""`Findings` holds kinds and marks of one length, and keeps both together when it changes."""

from __future__ import annotations

import numpy as np
import pytest

from panodent.errors import TeethError, UnknownNameError
from panodent.teeth.finding_kinds import KINDS, RESTORATIONS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

BLOCK = np.ones((2, 3), bool)
SIZE = (20, 40)
FOUND = Findings.from_masks(
    SIZE,
    [
        ("implant", 46, BLOCK, (10, 2)),
        ("root_filling", 36, BLOCK, (12, 30)),
        ("crown", 36, BLOCK, (8, 30)),
        ("appliance", 0, BLOCK, (5, 5)),
    ],
    [0.9, 0.8, 0.7, 0.6],
    [{"doubtful"}, (), (), {"edited"}],
)


def test_reading() -> None:
    assert len(FOUND) == 4
    assert FOUND.size == SIZE
    assert [finding.kind for finding in FOUND] == ["implant", "root_filling", "crown", "appliance"]
    first = FOUND[0]
    assert (first.fdi, first.box, first.flags) == (46, (10, 2, 12, 5), {"doubtful"})
    assert first.score == pytest.approx(0.9)
    assert FOUND.of_tooth(36) == ("crown", "root_filling")
    assert FOUND.of_tooth(11) == ()
    assert FOUND.full_mask(3).sum() == 6
    assert FOUND.union(["crown", "implant"]).sum() == 12
    assert FOUND.union().sum() == 24


def test_order_is_by_number_then_kind_and_none_comes_last() -> None:
    assert FOUND.sorted().kinds == ("crown", "root_filling", "implant", "appliance")
    assert FOUND.of_kind("crown", "appliance").fdi.tolist() == [36, 0]


def test_mirrored_twice_is_the_same() -> None:
    assert FOUND.mirrored().fdi.tolist() == [36, 46, 46, 0]
    assert FOUND.mirrored().mirrored() == FOUND


def test_what_leaves_the_image_is_left_out_with_its_kind() -> None:
    moved = FOUND.placed(0, -10, SIZE)
    assert moved.kinds == ("root_filling", "crown")
    assert moved[0].box == (12, 20, 14, 23)
    assert moved.placed(0, 10, SIZE) == FOUND.select([1, 2])
    doubled = FOUND.resized((40, 80))
    assert doubled[0].box == (20, 4, 24, 10)
    assert doubled[0].flags == {"doubtful"}


def test_empty() -> None:
    nothing = Findings.empty(SIZE)
    assert len(nothing) == 0
    assert nothing == Findings.from_masks(SIZE, [("crown", 36, np.zeros((2, 2), bool), (0, 0))])
    assert not nothing.union().any()
    assert nothing.sorted() == nothing.mirrored() == nothing


def test_faults() -> None:
    with pytest.raises(UnknownNameError, match=r"unknown kind of finding 'crwn'.*'crown'"):
        Findings.from_masks(SIZE, [("crwn", 36, BLOCK, (0, 0))])
    with pytest.raises(TeethError, match="kinds has 0 entries for 1 masks"):
        Findings((), Teeth.from_masks(SIZE, [(36, BLOCK, (0, 0))]))
    with pytest.raises(TeethError, match=r"flags \['unnumbered'\] do not suit a finding"):
        Findings.from_masks(SIZE, [("crown", 36, BLOCK, (0, 0))], [1], [{"unnumbered"}])
    with pytest.raises(TeethError, match="99 is not an FDI number"):
        Findings.from_masks(SIZE, [("crown", 99, BLOCK, (0, 0))])
    with pytest.raises(TeethError, match="scores has 2 entries for 1 masks"):
        Findings.from_masks(SIZE, [("crown", 36, BLOCK, (0, 0))], [1, 1])


def test_the_table_of_kinds_is_consistent() -> None:
    assert all(name == kind.name for name, kind in KINDS.items())
    assert RESTORATIONS == ("filling", "crown", "pontic", "post")
    assert {kind.carrier for kind in KINDS.values()} == {"tooth", "position", "either"}
