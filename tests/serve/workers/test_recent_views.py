from __future__ import annotations

from panodent.serve.workers.recent_views import RecentViews


def test_the_last_views_are_kept_and_no_more() -> None:
    made: list[str] = []
    views = RecentViews[str](most=2)

    def get(key: str) -> str:
        return views.get(key, lambda: made.append(key) or key.upper())

    assert [get(key) for key in "abacab"] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]
