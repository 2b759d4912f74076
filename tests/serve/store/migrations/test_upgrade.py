"""A store of this version opens in the next one, and a version that fails changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sql
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from panodent.serve.store.migrations.upgrade import HEAD, VERSIONS, begin, upgrade
from panodent.serve.store.tables import alembic_version, insert_study, metadata, open_database
from panodent.serve.study import Study

STUDY = Study("a" * 32, "x.png", "image", "2026-01-01", "2026-01-01", 3, 2, [], [])
NEXT = """
import sqlalchemy as sql
from alembic import op

revision, down_revision = "next", "{head}"


def upgrade() -> None:
    op.add_column("study", sql.Column("reviewed", sql.String(40), nullable=True))
    op.execute("UPDATE study SET reviewed = 'never'")
    {more}
"""


@pytest.fixture
def engine(tmp_path: Path, database: str) -> Iterator[sql.Engine]:
    """Of a store of this version with one study."""
    (tmp_path / "store").mkdir()
    made = open_database(database, tmp_path / "store")
    with made.begin() as connection:
        insert_study(connection, STUDY, ".png")
    yield made
    made.dispose()


def following(folder: Path, more: str = "") -> tuple[Path, Path]:
    """Folders of the versions with one more."""
    place = folder / "versions"
    place.mkdir()
    (place / "next.py").write_text(NEXT.format(head=HEAD, more=more))
    return VERSIONS, place


@pytest.mark.parametrize("stamped", [True, False])
def test_a_store_of_this_version_opens_in_the_next(
    engine: sql.Engine, tmp_path: Path, stamped: bool
) -> None:
    if not stamped:  # made before Alembic
        alembic_version.drop(engine)
    with engine.begin() as connection:
        begin(connection)
        upgrade(connection, HEAD, "next", following(tmp_path))
    with engine.connect() as connection:
        rows = connection.execute(sql.text("SELECT id, reviewed FROM study")).all()
        assert connection.execute(sql.select(alembic_version)).all() == [("next",)]
    assert rows == [(STUDY.id, "never")]


def test_a_version_that_fails_changes_nothing(engine: sql.Engine, tmp_path: Path) -> None:
    folders = following(tmp_path, more="raise KeyError('half way')")

    def fail() -> None:
        with engine.begin() as connection:
            begin(connection)
            upgrade(connection, HEAD, "next", folders)

    with pytest.raises(KeyError, match="half way"):
        fail()
    with engine.connect() as connection:
        columns = {column["name"] for column in sql.inspect(connection).get_columns("study")}
        assert "reviewed" not in columns
        assert connection.execute(sql.select(alembic_version)).all() == [(HEAD,)]


def test_all_versions_make_the_tables_of_a_new_store(postgres: str) -> None:
    for url in ("sqlite://", postgres.replace("postgresql:", "postgresql+pg8000:")):
        engine = sql.create_engine(url)
        with engine.connect() as connection, connection.begin() as transaction:
            begin(connection)
            upgrade(connection, None)
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, metadata) == []
            transaction.rollback()
        engine.dispose()
