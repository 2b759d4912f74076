from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from panodent.serve.store.store import Store
from panodent.serve.store.study_query import StudyQuery, in_utc
from panodent.serve.study import Study

EARLY, LATE = "2026-03-01T08:00:00.000000+00:00", "2026-03-02T08:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (StudyQuery(), "ba"),
        (StudyQuery(search="SCAN"), "ba"),
        (StudyQuery(search="7_"), "a"),  # not "any character"
        (StudyQuery(search="%"), ""),
        (StudyQuery(search="Öz"), "b"),
        (StudyQuery(shown="reviewed"), "a"),
        (StudyQuery(shown="unreviewed"), "b"),
        (StudyQuery(created_from=LATE), "b"),
        (StudyQuery(created_before=LATE), "a"),
        (StudyQuery("scan", "name", False, "reviewed", EARLY, LATE), "a"),
        (StudyQuery(search="scan", shown="warning", created_from=EARLY), ""),
    ],
)
def test_studies_are_chosen(tmp_path: Path, database: str, chosen: StudyQuery, expected: str):
    store = Store(tmp_path / "store", database)
    for letter, name, created in (("a", "scan-7_.png", EARLY), ("b", "Scan-77-Özdemir.png", LATE)):
        store.add(Study(letter * 32, name, "image", created, created, 3, 2, [], []), ".png")
    store.save("a" * 32, 0, [])
    total, found = store.worklist.page(10, 0, chosen)
    assert "".join(study["id"][0] for study in found) == expected
    assert total == len(expected)
    store.close()


def test_times_are_compared_in_utc() -> None:
    assert in_utc(None) == ""
    assert in_utc(datetime(2026, 3, 1, 8)) == EARLY
    assert in_utc(datetime.fromisoformat("2026-03-01T10:00:00+02:00")) == EARLY
    for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        assert in_utc(datetime.fromisoformat(moment))[:10] == moment[:10]


def test_upper_and_lower_case_are_the_same_beyond_ascii_in_sqlite(tmp_path: Path) -> None:
    """In PostgreSQL this depends on the locale of the database."""
    store = Store(tmp_path / "store")
    for letter, name in (("a", "Özdemir"), ("b", "özcan"), ("c", "Yılmaz")):
        store.add(Study(letter * 32, name, "image", EARLY, EARLY, 3, 2, [], []), ".png")
    total, found = store.worklist.page(10, 0, StudyQuery("öZ", "name", False))
    assert (total, [study["name"] for study in found]) == (2, ["özcan", "Özdemir"])
    store.close()
