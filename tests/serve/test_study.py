from __future__ import annotations

import numpy as np
import pytest

from panodent.errors import TeethError
from panodent.outputs.record import from_record, to_record
from panodent.phantom import draw
from panodent.serve.study import (
    MAX_POINTS,
    Study,
    apply_edit,
    new_study,
    with_attributes,
    with_ids,
)
from panodent.teeth.teeth import Teeth

SIZE = (128, 256)
STAMP = {"by": "reader 1", "at": "2026-01-02T03:04:05+00:00"}
SQUARE = [[[[10, 20], [14, 20], [14, 23], [10, 23]]]]


@pytest.fixture(scope="module")
def found():
    return with_ids(to_record(draw(1, SIZE)[1])["teeth"])


def edit(found, entries, present=None, revision=0):
    return apply_edit(SIZE, found, present or found, revision, entries, STAMP)


def test_a_new_study_has_what_the_record_says():
    finding = {"kind": "crown", "fdi": 11, "flags": ["doubtful"]}
    record = {
        "width": 4,
        "height": 2,
        "quality": 0.5,
        "warning": "dark",
        "teeth": [{"fdi": 11, "flags": []}],
        "findings": [finding],
    }
    made = new_study("a" * 32, "x.png", "image", "2026-01-02", record)
    assert (made.width, made.height, made.created, made.updated) == (4, 2, *["2026-01-02"] * 2)
    assert made.predicted == made.teeth == [{"id": "t1", "fdi": 11, "flags": []}]
    assert made.predicted_findings == made.findings == [{"id": "f1", **finding}]
    known = {"quality": 0.5, "warning": "dark", "notes": None, "spacing_mm": None, "bundle": None}
    assert made.about == {**known, "doubtful": 1}
    del record["findings"]
    assert new_study("a" * 32, "x.png", "image", "", record).findings is None


def test_what_is_not_touched_stays_as_it_was(found):
    assert edit(found, [{"id": t["id"], "fdi": t["fdi"]} for t in found]) == found


def test_a_renumbered_tooth_keeps_its_mask_and_is_marked(found):
    (tooth,) = edit(found, [{"id": "t1", "fdi": 0}])
    assert tooth["rle"] == found[0]["rle"]
    assert (tooth["id"], tooth["name"], tooth["score"]) == ("t1", "unnumbered tooth", 1.0)
    assert tooth["flags"] == ["edited", "unnumbered"]
    # Back to what it was: the mark goes.
    assert edit(found, [{"id": "t1", "fdi": found[0]["fdi"]}], [tooth]) == found[:1]


def test_an_edit_answers_the_doubt(found):
    doubtful = {**found[0], "flags": ["doubtful"], "reason": "its score is low (0.40)"}
    (tooth,) = apply_edit(SIZE, [doubtful], [doubtful], 0, [{"id": "t1", "fdi": 0}], STAMP)
    assert (tooth["flags"], tooth["reason"]) == (["edited", "unnumbered"], "")


def test_what_is_accepted_is_doubtful_no_more_until_it_changes(found):
    doubtful = [{**found[0], "flags": ["doubtful"], "reason": "its score is low (0.40)"}]
    fdi = found[0]["fdi"]
    other = {"by": "Ben", "at": "later"}

    def saved(present, stamp=STAMP, **entry):
        entries = [{"id": "t1", "fdi": fdi, **entry}]
        return apply_edit(SIZE, doubtful, present, 0, entries, stamp)

    accepted = saved(doubtful, accepted=True)
    assert accepted == [{**doubtful[0], "flags": ["accepted"], "accepted": STAMP}]
    assert saved(accepted, other) == accepted  # a client that does not know of it
    assert saved(accepted, other, accepted=True) == accepted  # the first who accepted it
    assert saved(accepted, accepted=False) == doubtful
    (renumbered,) = saved(accepted, fdi=0)
    assert (renumbered["flags"], "accepted" in renumbered) == (["edited", "unnumbered"], False)
    (kept,) = saved([renumbered], fdi=0, accepted=True)
    assert kept["flags"] == ["accepted", "edited", "unnumbered"]


def test_a_note_stays_with_its_tooth(found):
    (noted,) = edit(found, [{"id": "t1", "fdi": found[0]["fdi"], "note": " cracked\n"}])
    assert noted == {**found[0], "note": "cracked"}
    (moved,) = edit(found, [{"id": "t1", "fdi": 0}], [noted])
    assert moved["note"] == "cracked"
    assert edit(found, [{"id": "t1", "fdi": found[0]["fdi"], "note": ""}], [noted]) == found[:1]


def test_a_study_keeps_the_attributes_and_judges_them_again(found):
    assert all({"reason", "erupted", "remnant", "impaction"} <= set(tooth) for tooth in found)
    wrong = [{**tooth, "remnant": True} for tooth in found]
    assert with_attributes(SIZE, wrong) == found


def test_a_growing_third_molar_has_not_erupted_as_in_teeth_json():
    # Its crown is as high as the second molar's: boxes alone do not tell.
    items = [(47, np.ones((40, 20), bool), (10, 40)), (48, np.ones((16, 16), bool), (10, 18))]
    predicted = with_ids(to_record(Teeth.from_masks((60, 80), items))["teeth"])
    # Without a second molar there is nothing to compare it with.
    left = with_attributes((60, 80), predicted[1:])
    shown = Study("0" * 32, "a.png", "image", "", "", 80, 60, predicted, left).public()
    assert [(tooth["fdi"], tooth["erupted"]) for tooth in shown["predicted"]] == [
        (47, True),
        (48, False),
    ]
    assert [tooth["erupted"] for tooth in shown["teeth"]] == [True]
    assert with_attributes((60, 80), []) == []
    # A store of an earlier version does not say it.
    old = [{key: tooth[key] for key in tooth if key != "erupted"} for tooth in predicted]
    shown = Study("0" * 32, "a.png", "image", "", "", 80, 60, old, old).public()
    assert [tooth["erupted"] for tooth in shown["teeth"]] == [True, True]
    assert with_attributes((60, 80), old) == predicted


def test_the_api_says_which_teeth_have_erupted():
    _, teeth = draw(4, (256, 512), age=8.0)
    record = to_record(teeth)
    own = with_ids(record["teeth"])
    left = with_attributes((256, 512), own[:-1])
    study = Study("0" * 32, "a.png", "image", "", "", 512, 256, own, left)
    shown = study.public()
    expected = [tooth["erupted"] for tooth in record["teeth"]]
    assert [tooth["erupted"] for tooth in shown["predicted"]] == expected
    assert {True, False} == set(expected)
    assert len(shown["teeth"]) == len(own) - 1
    assert not any("rle" in tooth for tooth in shown["teeth"])
    assert Study("0" * 32, "a.png", "image", "", "", 512, 256, [], []).public()["teeth"] == []


def test_the_api_shows_findings_as_predicted_and_as_they_are():
    finding = {"id": "f1", "kind": "crown", "fdi": 36, "box": [1, 1, 3, 3], "rle": "x"}
    study = Study(
        "0" * 32, "a.png", "image", "", "", 9, 9, [], [],
        predicted_findings=[finding], findings=[{**finding, "kind": "filling"}],
    )  # fmt: skip
    shown = {key: value for key, value in finding.items() if key != "rle"}
    assert study.public()["predicted_findings"] == [shown]
    assert study.public()["findings"] == [{**shown, "kind": "filling"}]
    assert study.record()["findings"] == [{**finding, "kind": "filling"}]
    assert "findings" not in study.summary()
    nothing = Study("0" * 32, "a.png", "image", "", "", 9, 9, [], [])
    assert nothing.public()["findings"] is nothing.public()["predicted_findings"] is None
    assert "findings" not in nothing.record()


def test_a_drawn_tooth_holds_the_pixels_of_its_outline(found):
    (tooth,) = edit(found, [{"fdi": 85, "polygons": SQUARE}], revision=4)
    assert (tooth["id"], tooth["box"], tooth["area"]) == ("e5.1", [10, 20, 14, 23], 12)
    mask = from_record({"height": 128, "width": 256, "teeth": [tooth]}).full_mask(0)
    assert mask[20:23, 10:14].all()
    assert mask.sum() == 12


def test_a_deleted_tooth_can_be_restored(found):
    left = edit(found, [{"id": "t2", "fdi": found[1]["fdi"]}])
    back = edit(found, [{"id": t["id"], "fdi": t["fdi"]} for t in found], left, 1)
    assert back == found


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ([{"id": "t999", "fdi": 11}], "unknown id"),
        ([{"fdi": 11}], "neither an id nor polygons"),
        ([{"id": "t1", "fdi": 19}], "19 is not an FDI number"),
        ([{"id": "t1", "fdi": 11}, {"id": "t2", "fdi": 11}], "number 11 is used twice"),
        ([{"id": "t1", "fdi": 0}, {"id": "t1", "fdi": 0}], "is used twice"),
        ([{"fdi": 11, "polygons": [[[[-9, -9], [-5, -9], [-5, -5]]]]}], "contains no pixel"),
        ([{"fdi": 0, "polygons": SQUARE}] * 101, "at most 100"),
        ([{"fdi": 0, "polygons": [[[[0, 0]] * (MAX_POINTS + 1)]]}], "simplify them"),
        ([{"fdi": 11, "polygons": [[[[0, 0], [1, 1]]]]}], "at least three"),
    ],
)
def test_what_is_no_dentition_is_refused(found, entries, said):
    with pytest.raises(TeethError, match=said):
        edit(found, entries)
