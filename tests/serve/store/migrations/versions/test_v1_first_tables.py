from __future__ import annotations

import sqlalchemy as sql

from panodent.serve.store.migrations.upgrade import upgrade


def test_version_1_has_no_columns_of_findings() -> None:
    engine = sql.create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection, None, head="1")
        columns = {column["name"] for column in sql.inspect(connection).get_columns("study")}
    assert {"id", "about", "predicted", "teeth", "written"} <= columns
    assert not columns & {"findings", "predicted_findings"}
