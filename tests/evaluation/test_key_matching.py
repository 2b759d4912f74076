"""Tests of `panodent.evaluation.key_matching`."""

from __future__ import annotations

import pytest

from panodent.errors import DatasetError
from panodent.evaluation.key_matching import match


@pytest.mark.parametrize(
    ("truth_keys", "found_keys", "partners", "notes"),
    [
        (["1", "2"], ["2", "1"], {"1": "1", "2": "2"}, 0),
        (["a/1", "b/1"], ["i/a/1", "i/b/1"], {"a/1": "i/a/1", "b/1": "i/b/1"}, 0),
        (["images/1"], ["1"], {"images/1": "1"}, 0),
        (["a/1"], ["b/1"], {"a/1": "b/1"}, 1),
        (["1", "10"], ["10"], {"10": "10"}, 0),
        (["21"], ["1"], {}, 0),  # an end of the name is not an end of the path
        (["1", "b/1"], ["1"], {"1": "1"}, 0),
        ([], ["1"], {}, 0),
    ],
)  # fmt: skip
def test_match(truth_keys, found_keys, partners, notes):
    paired, said = match(truth_keys, found_keys)
    assert paired == partners
    assert len(said) == notes


@pytest.mark.parametrize(
    ("truth_keys", "found_keys", "named"),
    [
        (["a/1"], ["b/1", "c/1"], "'b/1' and 'c/1' could belong to 'a/1'"),
        (["a/1", "b/1"], ["c/1"], "'c/1' could belong to 'a/1' and 'b/1'"),
        (["a/1", "b/1"], ["1"], "'1' could belong to 'a/1' and 'b/1'"),
    ],
)
def test_match_leaves_no_choice_to_chance(truth_keys, found_keys, named):
    with pytest.raises(DatasetError, match=named):
        match(truth_keys, found_keys)


def test_messages_name_what_was_found():
    assert match(["a/1"], ["b/1"], ("row", "rows"))[1] == [
        "a/1 was paired with the row b/1 only by file name"
    ]
    with pytest.raises(DatasetError, match=r"^rows 'b/1' and 'c/1' could belong"):
        match(["a/1"], ["b/1", "c/1"], ("row", "rows"))
