"""Tests of `panodent.utils.wording`."""

from __future__ import annotations

import pytest

from panodent.utils.wording import counted


@pytest.mark.parametrize(("count", "text"), [(0, "0 teeth"), (1, "1 tooth"), (2, "2 teeth")])
def test_counted(count: int, text: str) -> None:
    assert counted(count, "tooth", "teeth") == text
