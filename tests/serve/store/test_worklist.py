from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
import sqlalchemy as sql

from panodent.errors import UnknownStudyError
from panodent.serve.store.store import Store
from panodent.serve.store.study_query import Shown, Sort, StudyQuery
from panodent.serve.store.tables import insert_study, open_database, studies
from panodent.serve.store.worklist import Worklist
from panodent.serve.study import Study

DOUBTFUL = {"id": "t1", "fdi": 11, "flags": ["doubtful"], "box": [0, 0, 1, 1]}
SURE = {"id": "t2", "fdi": 12, "flags": [], "box": [0, 0, 1, 1]}
# Name, teeth, warning and whether a user has saved it; the later the newer.
CASES = [
    ("Anna_50%.png", 2, "", True),
    ("berta.png", 0, "upside down", False),
    ("carla.png", 1, "", False),
    ("dora.dcm", 0, "", True),
    ("emma.png", 0, "", False),
]


@pytest.fixture
def engine(tmp_path: Path, database: str) -> Iterator[sql.Engine]:
    (tmp_path / "files").mkdir()
    made = open_database(database, tmp_path)
    with made.begin() as connection:
        for day, (name, doubtful, warning, saved) in enumerate(CASES, start=1):
            moment = f"2026-01-0{day}"
            about = {"quality": 1.0, "warning": warning, "doubtful": doubtful}
            study = Study(
                f"{day:032x}", name, "image", moment, moment, 9, 9, [], [], about, saved=saved
            )
            insert_study(connection, study, ".png")
    yield made
    made.dispose()


def listed(engine: sql.Engine, **query: Any) -> str:
    """First letters of the names."""
    total, found = Worklist(engine).page(9, 0, StudyQuery(**query))
    assert total == len(found)
    return "".join(entry["name"][0] for entry in found)


def test_studies_are_searched_sorted_and_filtered(engine: sql.Engine) -> None:
    assert listed(engine) == "edcbA"
    assert listed(engine, sort="name", descending=False) == "Abcde"
    assert listed(engine, sort="doubtful") == "Acedb"
    assert listed(engine, sort="warning") == "bedcA"
    assert listed(engine, sort="reviewed", descending=False) == "ecbdA"
    assert listed(engine, sort="updated") == "edcbA"
    assert listed(engine, search="A.P") == "ecb"
    assert listed(engine, search="50%") == "A"
    assert listed(engine, search="_") == "A"
    for shown, expected in {
        "all": "edcbA", "unreviewed": "ecb", "reviewed": "dA", "doubtful": "cA", "warning": "b",
    }.items():  # fmt: skip
        assert listed(engine, shown=shown) == expected
    assert len(get_args(Sort)) == 6
    assert len(get_args(Shown)) == 5
    assert Worklist(engine).progress() == {"all": 5, "reviewed": 2}


def test_neighbours_are_those_of_the_list_as_it_is_shown(engine: sql.Engine) -> None:
    def beside(study: int, **query: Any) -> list[Any]:
        found = Worklist(engine).beside(f"{study:032x}", StudyQuery(**query))
        return [key and int(key, 16) for key in found.values()]

    # Previous, next, next unreviewed; the newest is the first.
    assert beside(5) == [None, 4, 3]
    assert beside(3) == [4, 2, 2]
    assert beside(2) == [3, 1, 5]  # around the end
    assert beside(1, sort="name", descending=False) == [None, 2, 2]
    # One that does not match has its place in the list all the same.
    assert beside(4, shown="unreviewed") == [5, 3, 3]
    assert beside(2, search="berta") == [None, None, None]
    assert beside(3, created_from="2026-01-02", created_before="2026-01-04") == [None, 2, 2]
    with pytest.raises(UnknownStudyError):
        Worklist(engine).beside("f" * 32, StudyQuery())


def test_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    engine = open_database("", tmp_path)
    assert Worklist(engine).progress() == {"all": 0, "reviewed": 0}
    assert Worklist(engine).page(5, 0) == (0, [])
    engine.dispose()


def test_studies_of_an_earlier_version_are_counted_at_the_start(tmp_path: Path) -> None:
    store = Store(tmp_path / "store")
    old = Study("0" * 32, "a.png", "image", "", "", 9, 9, [DOUBTFUL, SURE], [], {"quality": 1.0})
    store.add(old, ".png")
    assert store.worklist.page(1, 0)[1][0]["doubtful"] is None
    store.recover()
    assert store.worklist.page(1, 0)[1][0]["doubtful"] == 1
    assert store.get(old.id).about == {"quality": 1.0, "doubtful": 1}
    with store._engine.connect() as connection:
        text = connection.execute(sql.select(studies.c.about)).scalar()
    assert json.loads(text) == {"quality": 1.0, "doubtful": 1}
    store.close()
