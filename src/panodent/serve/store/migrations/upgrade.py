"""Brings the tables of an older store to the version of this panodent, in one transaction.

A new version is a module in `versions`, the change of the tables in `panodent.serve.store.tables`,
and `HEAD` here. A test compares the tables after all versions with those of a new store.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sql

HEAD = "2"
"""The version of the tables of this panodent."""
VERSIONS = Path(__file__).parent / "versions"


def upgrade(
    connection: sql.Connection,
    present: str | None,
    head: str = HEAD,
    folders: Sequence[Path] = (VERSIONS,),
) -> None:
    """Runs the versions after `present`, None for an empty database, up to `head`.

    connection : in a transaction, see `transaction`: if a version fails, nothing has changed.
    folders : where the modules of the versions are.
    """
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(
        str(VERSIONS.parent), version_locations=[str(folder) for folder in folders]
    )

    def steps(revision: object, _: MigrationContext) -> list[RevisionStep]:
        found: list[RevisionStep] = scripts._upgrade_revs(head, revision)  # type: ignore[arg-type]
        return found

    with EnvironmentContext(Config(), scripts, fn=steps, destination_rev=head) as environment:
        environment.configure(connection=connection, transactional_ddl=True)
        if present is not None:
            environment.get_context().stamp(scripts, present)
        with environment.begin_transaction():
            environment.run_migrations()


def begin(connection: sql.Connection) -> None:
    """Begins the transaction now: SQLite's driver would commit each change of a table at once."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE")
