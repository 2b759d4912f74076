from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from panodent.serve.store.filters import StudyFilter, in_utc
from panodent.serve.store.store import Store
from panodent.serve.study import Study

EARLY, LATE = "2026-03-01T08:00:00.000000+00:00", "2026-03-02T08:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (StudyFilter(), "ba"),
        (StudyFilter(name="SCAN"), "ba"),
        (StudyFilter(name="7_"), "a"),  # not "any character"
        (StudyFilter(name="%"), ""),
        (StudyFilter(saved=True), "a"),
        (StudyFilter(saved=False), "b"),
        (StudyFilter(created_from=LATE), "b"),
        (StudyFilter(created_before=LATE), "a"),
        (StudyFilter("scan", True, EARLY, LATE), "a"),
    ],
)
def test_studies_are_chosen(tmp_path: Path, database: str, chosen: StudyFilter, expected: str):
    store = Store(tmp_path / "store", database)
    for letter, name, created in (("a", "scan-7_.png", EARLY), ("b", "Scan-77.png", LATE)):
        store.add(Study(letter * 32, name, "image", created, created, 3, 2, [], []), ".png")
    store.save("a" * 32, 0, [])
    total, found = store.page(10, 0, chosen)
    assert "".join(study["id"][0] for study in found) == expected
    assert total == len(expected)
    store.close()


def test_times_are_compared_in_utc() -> None:
    assert in_utc(None) == ""
    assert in_utc(datetime(2026, 3, 1, 8)) == EARLY
    assert in_utc(datetime.fromisoformat("2026-03-01T10:00:00+02:00")) == EARLY
