"""Attributes of predicted teeth, counted against what a person saw."""

from __future__ import annotations

import json

import numpy as np

from panodent.evaluation.attribute_scores import (
    AttributeCount,
    annotated,
    counted_attributes,
    differing,
    evaluate_attributes,
    predicted_states,
    to_json,
)
from panodent.evaluation.pairing import Pair, Pairing
from panodent.teeth.teeth import Teeth

SEEN = {
    "a": {38: "impacted mesial", 48: "growing", 36: "erupted"},
    "b": {38: "impacted", 48: "impacted", 36: "remnant", 46: "ordinary"},
}
TOLD = {
    "a": {38: "impacted horizontal", 48: "impacted mesial", 36: "growing"},
    "b": {38: "growing", 36: "remnant", 46: "remnant"},
}


def test_each_kind_is_counted_by_hand() -> None:
    assert counted_attributes(SEEN, TOLD) == [
        AttributeCount("third molars", "impacted", 1, 3, 1, 1, 1),
        AttributeCount("third molars", "unerupted", 0, 1, 0, 0, 0),
        AttributeCount("other teeth", "remnant", 1, 1, 0, 1, 2),
    ]


def test_what_differs_is_named() -> None:
    assert differing(SEEN, TOLD) == [
        ("a", 48, "growing", "impacted mesial"),
        ("b", 38, "impacted", "growing"),
        ("b", 48, "impacted", "not found"),
        ("b", 46, "ordinary", "remnant"),
    ]


def test_nothing_seen_gives_no_counts() -> None:
    assert counted_attributes({}, TOLD) == []


def test_paired_folders_are_counted_where_the_truth_says_something() -> None:
    block = np.ones((20, 10), bool)
    items = [(36, block, (10, 10)), (0, block, (10, 30)), (35, block, (10, 50))]
    truth = Teeth.from_masks((60, 80), items, flags=[{"impacted"}, {"remnant"}, ()])
    plain = Teeth.from_masks((60, 80), items)
    assert annotated(truth) == {36: "impacted"}
    assert predicted_states(plain) == {36: "erupted", 35: "erupted"}

    def never() -> Teeth:
        raise AssertionError("nothing was said of these teeth")

    pairs = (Pair("a", lambda: truth, lambda: plain), Pair("b", lambda: plain, never))
    counts = evaluate_attributes(Pairing(pairs))
    assert counts == [AttributeCount("other teeth", "impacted", 0, 1, 0, 0, 0)]
    assert evaluate_attributes(Pairing((Pair("a", lambda: truth),)))[0].absent == 1
    assert json.loads(to_json(counts))["counts"][0]["of"] == 1
