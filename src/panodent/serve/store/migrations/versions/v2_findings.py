"""Findings get columns of their own; version 1 kept the predicted ones in `about`."""

import json
from typing import Any

import sqlalchemy as sql
from alembic import op

revision = "2"
down_revision = "1"

study = sql.table(
    "study",
    sql.column("id"),
    sql.column("about"),
    sql.column("written"),
    sql.column("predicted_findings"),
)


def upgrade() -> None:
    """Adds the columns and moves the findings.

    Results of saved studies have no findings; they are written again.
    """
    connection = op.get_bind()
    # An upgrade before Alembic, which committed each column at once, may have left the first one.
    present = {column["name"] for column in sql.inspect(connection).get_columns("study")}
    for name in ("predicted_findings", "findings"):
        if name not in present:
            op.add_column("study", sql.Column(name, sql.Text, nullable=True))
    for row in connection.execute(sql.select(study.c.id, study.c.about)).all():
        kept = json.loads(row.about)
        entries = kept.pop("findings", None)
        if entries is None:
            continue
        numbered = [{"id": f"f{n}", **entry} for n, entry in enumerate(entries, start=1)]
        values: dict[str, Any] = {"about": json.dumps(kept), "written": 0}
        values["predicted_findings"] = json.dumps(numbered)
        connection.execute(study.update().where(study.c.id == row.id).values(**values))
