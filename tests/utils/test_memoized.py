"""Results that are computed once for each record."""

from __future__ import annotations

from dataclasses import dataclass, replace

from panodent.utils.memoized import memoized


@dataclass(frozen=True)
class Box:
    side: int


def counting():
    computed = []

    @memoized
    def doubled(box: Box) -> int:
        """Twice the side."""
        computed.append(box.side)
        return 2 * box.side

    return doubled, computed


def test_each_record_is_computed_once():
    doubled, computed = counting()
    first, second = Box(1), Box(2)
    assert [doubled(box) for box in (first, second, first, second)] == [2, 4, 2, 4]
    assert computed == [1, 2]


def test_a_changed_copy_is_computed_anew_and_equal_records_stay_equal():
    doubled, computed = counting()
    first = Box(1)
    doubled(first)
    assert first == Box(1)
    assert doubled(replace(first, side=5)) == 10
    assert computed == [1, 5]


def test_functions_do_not_share_results_and_keep_their_names():
    doubled, _ = counting()

    @memoized
    def halved(box: Box) -> int:
        return box.side // 2

    box = Box(8)
    assert (doubled(box), halved(box)) == (16, 4)
    assert (doubled.__name__, doubled.__doc__) == ("doubled", "Twice the side.")


def test_no_result_is_a_result():
    calls = []

    @memoized
    def nothing(box: Box) -> None:
        calls.append(box)

    box = Box(1)
    nothing(box), nothing(box)
    assert len(calls) == 1
