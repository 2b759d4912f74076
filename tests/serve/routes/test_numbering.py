from __future__ import annotations

import pytest
from pydantic import ValidationError

from panodent.errors import TeethError
from panodent.serve.routes.numbering import PlacedTeeth, check_numbering


def check(*teeth):
    placed = [{"fdi": fdi, "box": [left, 50, left + 10, 90], **more} for fdi, left, more in teeth]
    return check_numbering(PlacedTeeth(teeth=placed))["problems"]


def test_numbers_are_checked_by_their_places():
    swapped = [(45, 0, {}), (46, 12, {}), (0, 60, {})]
    (problem,) = check(*swapped)
    assert problem == {
        "kind": "order",
        "teeth": [0, 1],
        "message": "45 and 46 are in each other's place",
    }
    assert check(*[(fdi, left, {"accepted": True}) for fdi, left, _ in swapped]) == []
    assert check() == []


def test_what_is_no_number_or_box_is_refused():
    with pytest.raises(TeethError, match="19 is not an FDI number"):
        check((19, 0, {}))
    with pytest.raises(ValidationError):
        PlacedTeeth(teeth=[{"fdi": 36, "box": [1, 2, 3]}])
