"""The tables of the store, and a database opened with what each kind of it needs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import event

from panodent.errors import ConfigError, MissingExtraError

VERSION = 1

metadata = sql.MetaData()
about = sql.Table("panodent_store", metadata, sql.Column("version", sql.Integer, nullable=False))
studies = sql.Table(
    "study",
    metadata,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("kind", sql.String(10), nullable=False),
    sql.Column("suffix", sql.String(10), nullable=False),
    sql.Column("created", sql.String(40), nullable=False, index=True),
    sql.Column("updated", sql.String(40), nullable=False, index=True),
    sql.Column("revision", sql.Integer, nullable=False),
    sql.Column("saved", sql.Boolean, nullable=False),
    sql.Column("width", sql.Integer, nullable=False),
    sql.Column("height", sql.Integer, nullable=False),
    sql.Column("count", sql.Integer, nullable=False),
    sql.Column("about", sql.Text, nullable=False),
    sql.Column("predicted", sql.Text, nullable=False),
    # Null as long as nobody has saved: the teeth are those predicted.
    sql.Column("teeth", sql.Text, nullable=True),
)
jobs = sql.Table(
    "job",
    metadata,
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("created", sql.String(40), nullable=False, index=True),
    sql.Column("cancelled", sql.Boolean, nullable=False),
)
items = sql.Table(
    "job_item",
    metadata,
    # The id of the study that it becomes: done twice, it is still one study.
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("job", sql.String(32), sql.ForeignKey("job.id", ondelete="CASCADE"), index=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("suffix", sql.String(10), nullable=False),
    sql.Column("state", sql.String(10), nullable=False, index=True),
    sql.Column("error", sql.Text, nullable=True),
)


def open_database(url: str, folder: Path) -> sql.Engine:
    """The database named by `url`, by default an SQLite file in `folder`; tables are made.

    Raises `ConfigError` where it cannot be opened or belongs to another version.
    """
    try:
        place = sql.make_url(url or f"sqlite:///{folder / 'store.sqlite'}")
    except sql.exc.ArgumentError:
        raise ConfigError(
            f"database {url!r} is no URL; expected postgresql://USER@HOST/NAME or sqlite:///FILE"
        ) from None
    if place.drivername == "postgresql":
        place = place.set(drivername="postgresql+pg8000")
    shown = place.render_as_string(hide_password=True)
    try:
        engine = sql.create_engine(place, pool_pre_ping=True)
    except sql.exc.NoSuchModuleError:
        raise ConfigError(f"database {shown}: known are sqlite and postgresql") from None
    except ImportError as error:
        raise MissingExtraError("postgres", "PostgreSQL", str(error.name)) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    try:
        metadata.create_all(engine)
        with engine.begin() as line:
            version = line.execute(sql.select(about.c.version)).scalar()
            if version is None:
                line.execute(about.insert().values(version=VERSION))
    except sql.exc.SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        raise ConfigError(f"database {shown} cannot be opened ({reason})") from None
    if version not in (None, VERSION):
        raise ConfigError(
            f"database {shown} is of version {version}, this panodent keeps version {VERSION}; "
            "start with another --store"
        )
    return engine


def _prepare_sqlite(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "busy_timeout=15000",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
