"""Studies are read from their rows as they were inserted."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sql

from panodent.errors import ConfigError
from panodent.serve.store.tables import (
    IDENTITY,
    VERSION,
    about,
    insert_study,
    open_database,
    studies,
    study_of,
)
from panodent.serve.study import Study

STUDY = Study(
    id="a" * 32, name="M\u00fcller.png", kind="image", created="2026-01-01", updated="2026-01-02",
    width=3, height=2, predicted=[{"id": "t1", "fdi": 11}], teeth=[{"id": "t1", "fdi": 11}],
    about={"quality": 0.5, "notes": ["x"]},
    predicted_findings=[{"id": "f1", "kind": "filling", "fdi": 11}],
    findings=[{"id": "f1", "kind": "filling", "fdi": 11}],
)  # fmt: skip


def test_a_study_comes_back_from_its_row(tmp_path: Path, database: str) -> None:
    engine = open_database(database, tmp_path)
    with engine.begin() as connection:
        insert_study(connection, STUDY, ".png")
        row = connection.execute(studies.select()).mappings().one()
    assert study_of(row) == STUDY
    assert (row["suffix"], row["count"], row["written"]) == (".png", 1, 0)
    with engine.begin() as connection:
        connection.execute(studies.update().values(teeth="[]", saved=True, revision=1))
        row = connection.execute(studies.select()).mappings().one()
    found = study_of(row)
    assert (found.teeth, found.predicted) == ([], STUDY.predicted)
    # Without its tooth a filling is on no tooth; nobody has saved it so.
    assert (found.findings[0]["fdi"], found.findings_saved) == (0, False)
    assert found.predicted_findings == STUDY.predicted_findings
    with engine.begin() as connection:
        connection.execute(studies.update().values(findings="[]"))
        found = study_of(connection.execute(studies.select()).mappings().one())
    assert (found.findings, found.findings_saved) == ([], True)
    engine.dispose()


def test_a_database_can_be_opened_again_with_its_folder_only(tmp_path: Path) -> None:
    open_database("", tmp_path).dispose()
    identity = (tmp_path / IDENTITY).read_text()
    open_database("", tmp_path).dispose()
    assert (tmp_path / IDENTITY).read_text() == identity
    (tmp_path / IDENTITY).write_text("b" * 32)
    with pytest.raises(ConfigError, match="do not belong together"):
        open_database("", tmp_path)


def test_a_newer_database_is_refused(tmp_path: Path) -> None:
    engine = open_database("", tmp_path)
    with engine.begin() as connection:
        connection.execute(about.update().values(version=VERSION + 1))
    engine.dispose()
    with pytest.raises(ConfigError, match="install a newer one"):
        open_database("", tmp_path)


def test_sqlite_keeps_saved_rows_and_overwrites_deleted_ones(tmp_path: Path) -> None:
    engine = open_database("", tmp_path)
    with engine.connect() as connection:
        found = {
            name: connection.execute(sql.text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    engine.dispose()
