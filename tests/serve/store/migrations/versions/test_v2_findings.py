"""A database of version 1, whose predicted findings are in `about`."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sql

from panodent.serve.store.tables import (
    VERSION,
    about,
    insert_study,
    open_database,
    studies,
    study_of,
)
from panodent.serve.study import Study

STUDY = Study(
    id="a" * 32, name="x.png", kind="image", created="2026-01-01", updated="2026-01-02",
    width=3, height=2, predicted=[{"id": "t1", "fdi": 11}], teeth=[{"id": "t1", "fdi": 11}],
    about={"quality": 0.5, "notes": ["x"]},
)  # fmt: skip


def test_a_database_of_version_1_is_upgraded(tmp_path: Path, database: str) -> None:
    open_database(database, tmp_path).dispose()
    engine = sql.create_engine(
        database.replace("postgresql:", "postgresql+pg8000:")
        or f"sqlite:///{tmp_path / 'store.sqlite'}"
    )
    finding = {"kind": "crown", "fdi": 11, "score": 0.9}
    with engine.begin() as connection:
        insert_study(connection, STUDY, ".png")
        insert_study(connection, replace(STUDY, id="b" * 32), ".png")
        old = {**STUDY.about, "findings": [finding]}
        where = studies.c.id == STUDY.id
        saved = {"saved": True, "revision": 2, "written": 2}
        connection.execute(studies.update().values(saved))
        connection.execute(studies.update().where(where).values(about=json.dumps(old)))
        connection.execute(about.update().values(version=1))
        connection.execute(sql.text("DROP TABLE alembic_version"))
        for name in ("predicted_findings", "findings"):
            connection.execute(sql.text(f"ALTER TABLE study DROP COLUMN {name}"))
        # A crash after the first new column: the upgrade goes on where it stopped.
        connection.execute(sql.text("ALTER TABLE study ADD COLUMN predicted_findings TEXT"))
    engine.dispose()
    for _ in range(2):
        engine = open_database(database, tmp_path)
        with engine.connect() as connection:
            rows = connection.execute(studies.select().order_by(studies.c.id)).mappings().all()
            assert connection.execute(sql.select(about.c.version)).scalar_one() == VERSION
        assert [row["written"] for row in rows] == [0, 2]  # findings were not in the results
        first, second = (study_of(row) for row in rows)
        assert first.about == second.about == STUDY.about
        assert first.findings == first.predicted_findings == [{"id": "f1", **finding}]
        assert second.findings is second.predicted_findings is None
        engine.dispose()
