"""Options of `panodent train`: their ranges."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("option", "value"), [("--folds", "1"), ("--patience", "-1"), ("--epochs", "many")]
)
def test_a_value_out_of_range_is_refused(panodent, option: str, value: str) -> None:
    found = panodent("train", "data", option, value)
    assert (found.code, found.out) == (2, "")
    assert f"Invalid value for '{option}'" in found.err
