"""Findings follow their teeth, and edits of findings are checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from panodent.errors import TeethError, UnknownNameError
from panodent.outputs.record import findings_from_record, to_record
from panodent.serve.finding_edits import MAX_FINDINGS, apply_finding_edit, following
from panodent.serve.study import MAX_POINTS, with_ids
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (20, 30)
SQUARE = [[[[10, 2], [14, 2], [14, 5], [10, 5]]]]
OUTSIDE = [[[[-9, -9], [-5, -9], [-5, -5]]]]
BLOCK = np.ones((3, 4), bool)


@pytest.fixture(scope="module")
def found() -> list[dict[str, Any]]:
    items = [
        ("crown", 36, BLOCK, (1, 1)),
        ("filling", 37, BLOCK, (5, 9)),
        ("implant", 46, BLOCK, (9, 9)),
    ]
    flags = [["doubtful"], [], []]
    findings = Findings.from_masks(SIZE, items, [0.6, 0.9, 0.9], flags)
    return with_ids(to_record(Teeth.empty(SIZE), findings=findings)["findings"], "f")


def edit(found, entries, current=None, revision=0):
    return apply_finding_edit(
        SIZE, found, found if current is None else current, revision, entries, {"by": "", "at": ""}
    )


def kept(found):
    return [{"id": one["id"], "kind": one["kind"], "fdi": one["fdi"]} for one in found]


def test_what_is_not_touched_stays_as_it_was(found):
    assert edit(found, kept(found)) == found
    assert edit(found, kept(found)[1:]) == found[1:]


def test_another_kind_or_tooth_is_marked_and_can_be_taken_back(found):
    for change in ({"kind": "filling"}, {"fdi": 35}, {"fdi": 0}):
        (one,) = edit(found, [{**kept(found)[0], **change}])
        assert one == {**found[0], **change, "score": 1.0, "flags": ["edited"]}
        assert edit(found, kept(found)[:1], [one]) == found[:1]


def test_a_drawn_finding_has_the_pixels_of_its_outline(found):
    entries = [{"kind": "post", "fdi": 11, "polygons": SQUARE}, kept(found)[2]]
    made = edit(found, entries, revision=4)
    assert (made[0]["id"], made[0]["box"], made[0]["area"]) == ("e5.1", [10, 2, 14, 5], 12)
    assert made[1] == found[2]
    record = {"height": 20, "width": 30, "findings_version": 1, "findings": made}
    drawn = findings_from_record(record)
    assert drawn.full_mask(0)[2:5, 10:14].all()
    assert (drawn.kinds[0], drawn.fdi[0]) == ("post", 11)
    # A second edit keeps it by its id.
    again = edit(found, kept(made), made, revision=5)
    assert again == made


def test_a_redrawn_finding_keeps_its_id(found):
    (one,) = edit(found, [{**kept(found)[1], "polygons": SQUARE}])
    assert (one["id"], one["flags"], one["area"]) == ("f2", ["edited"], 12)
    assert one["rle"] != found[1]["rle"]


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"id": "f999", "kind": "crown", "fdi": 11}], "unknown id"),
        ([{"kind": "crown", "fdi": 11}], "neither an id nor polygons"),
        ([{"id": "f1", "kind": "crown", "fdi": 19}], "19 is not an FDI number"),
        ([{"id": "f1", "kind": "crown", "fdi": 0}] * 2, "is used twice"),
        (
            [{"kind": "crown", "fdi": 11, "polygons": [[[[-9, -9], [-5, -9], [-5, -5]]]]}],
            "no pixel",
        ),
        ([{"kind": "crown", "fdi": 0, "polygons": SQUARE}] * (MAX_FINDINGS + 1), "at most 400"),
        ([{"kind": "crown", "fdi": 0, "polygons": [[[[0, 0]] * (MAX_POINTS + 1)]]}], "simplify"),
        ([{"kind": "crown", "fdi": 11, "polygons": [[[[0, 0], [1, 1]]]]}], "at least three"),
    ],
)
def test_what_is_no_finding_is_refused(found, entries, said):
    with pytest.raises(TeethError, match=said):
        edit(found, entries)


def test_an_unknown_kind_is_told_the_known_ones(found):
    with pytest.raises(UnknownNameError, match="implant"):
        edit(found, [{"id": "f1", "kind": "caries", "fdi": 36}])


BEFORE = [{"id": "t1", "fdi": 36}, {"id": "t2", "fdi": 37}]


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BEFORE, [36, 37, 46]),
        # Each follows its tooth, also when two teeth swap their numbers.
        ([{"id": "t1", "fdi": 37}, {"id": "t2", "fdi": 36}], [37, 36, 46]),
        ([{"id": "t1", "fdi": 0}, {"id": "t2", "fdi": 38}], [0, 38, 46]),
        # Without its tooth a crown may stand on an implant, and a filling is on no tooth.
        ([], [36, 0, 46]),
        # An implant stays where it is.
        ([*BEFORE, {"id": "t3", "fdi": 46}], [36, 37, 46]),
    ],
)
def test_findings_follow_their_teeth(found, after, expected):
    moved = following(found, BEFORE, after)
    assert [one["fdi"] for one in moved] == expected
    same = [{**one, "fdi": other["fdi"]} for one, other in zip(moved, found, strict=True)]
    assert same == found  # score and doubt are kept: nobody has looked at the finding itself
