"""The tables of the store, and opening the database (SQLite or PostgreSQL)."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy import event

from panodent.errors import ConfigError, MissingExtraError, UnknownStudyError
from panodent.serve.finding_edits import following
from panodent.serve.store.disk import is_disk_full
from panodent.serve.store.migrations.upgrade import HEAD, begin, upgrade
from panodent.serve.study import Study, ToothRecord
from panodent.utils.atomic_files import write_whole

VERSION = int(HEAD)
"""Older databases are upgraded when they are opened; newer ones are refused."""
IDENTITY = "store-id"
TIMEOUT_SECONDS = 30
"""Longest wait for an answer of PostgreSQL."""

metadata = sql.MetaData()
about = sql.Table(
    "panodent_store",
    metadata,
    sql.Column("version", sql.Integer, nullable=False),
    # The same as in the folder's file store-id: it tells which folder the database belongs to.
    sql.Column("store", sql.String(32), nullable=False),
)
# Written by Alembic, too; databases of before it do not have this table.
alembic_version = sql.Table(
    "alembic_version", metadata, sql.Column("version_num", sql.String(32), primary_key=True)
)
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
    # Null until the first save: the teeth are those predicted.
    sql.Column("teeth", sql.Text, nullable=True),
    # Null if nothing was looked for.
    sql.Column("predicted_findings", sql.Text, nullable=True),
    # Null until a user saves findings: they are those predicted, on the teeth as they are now.
    sql.Column("findings", sql.Text, nullable=True),
    # The revision of the results in the store; lower than `revision` until they are written.
    sql.Column("written", sql.Integer, nullable=False),
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
    # The id of the study that it becomes: an item that runs twice is still one study.
    sql.Column("id", sql.String(32), primary_key=True),
    sql.Column("job", sql.String(32), sql.ForeignKey("job.id"), nullable=False, index=True),
    sql.Column("position", sql.Integer, nullable=False),
    sql.Column("name", sql.String(200), nullable=False),
    sql.Column("suffix", sql.String(10), nullable=False),
    sql.Column("state", sql.String(10), nullable=False, index=True),
    sql.Column("error", sql.Text, nullable=True),
    # How often it was started: a file that ends the service each time fails in the end.
    sql.Column("attempts", sql.Integer, nullable=False),
)


def open_database(url: str, folder: Path) -> sql.Engine:
    """Opens the database `url`, '' for an SQLite file in `folder`, and creates missing tables.

    Raises `ConfigError` if it cannot be opened, has another version, or belongs to another folder.
    """
    try:
        place = sql.make_url(url or f"sqlite:///{folder / 'store.sqlite'}")
    except (sql.exc.ArgumentError, ValueError):
        # The error does not quote the value: it may contain a password.
        raise ConfigError(
            "the database is not given as a URL; expected postgresql://USER@HOST/NAME or "
            "sqlite:///FILE"
        ) from None
    if place.drivername == "postgresql":
        place = place.set(drivername="postgresql+pg8000")
    shown = place.render_as_string(hide_password=True)
    engine = _engine(place, shown)
    try:
        with engine.begin() as connection:
            begin(connection)
            found = _opened(connection, folder, shown)
    except sql.exc.SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())[:200]
        raise ConfigError(f"database {shown} cannot be opened ({reason})") from None
    if found > VERSION:
        raise ConfigError(
            f"database {shown} has version {found}; this panodent reads up to version "
            f"{VERSION}; install a newer one, or use another --store"
        )
    return engine


def _opened(connection: sql.Connection, folder: Path, shown: str) -> int:
    """The version that was found; creates the tables if there are none, upgrades older ones."""
    tables = set(sql.inspect(connection).get_table_names())
    row = None
    if about.name in tables:
        row = connection.execute(sql.select(about)).mappings().first()
    if row is None:
        metadata.create_all(connection)
        identity = _identity_for_new(folder, shown)
        connection.execute(about.insert().values(version=VERSION, store=identity))
        connection.execute(alembic_version.insert().values(version_num=HEAD))
        return VERSION
    version = int(row["version"])
    if version <= VERSION:
        _check_identity(connection, folder, row["store"], shown)
    if version < VERSION:
        upgrade(connection, str(version))
        connection.execute(about.update().values(version=VERSION))
    return version


def _engine(place: sql.URL, shown: str) -> sql.Engine:
    if place.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"database {shown} is not supported; expected sqlite or postgresql")
    options: dict[str, Any] = {}
    if place.drivername.endswith("pg8000"):
        options["connect_args"] = {"timeout": TIMEOUT_SECONDS}
    try:
        # Error messages, and so logs, must not contain parameters: these are names and teeth.
        engine = sql.create_engine(place, pool_pre_ping=True, hide_parameters=True, **options)
    except sql.exc.NoSuchModuleError:
        raise ConfigError(
            f"database {shown} is not supported; expected postgresql:// or sqlite:///"
        ) from None
    except ImportError as error:
        raise MissingExtraError("postgres", "PostgreSQL", str(error.name)) from None
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "handle_error", _recognise_shutdown)
    return engine


def _recognise_shutdown(context: sql.engine.ExceptionContext) -> None:
    """A connection that PostgreSQL ends says so once (57P); then the pool must not use it again."""
    if "57P0" in str(context.original_exception):
        context.is_disconnect = True


# --- folder and database belong together -------------------------------------------------------
# With the database of another folder, all files of a folder would seem to have no row, and
# `Store.recover` would delete them.


def _identity_for_new(folder: Path, shown: str) -> str:
    file = folder / IDENTITY
    if file.exists():
        if any((folder / "files").iterdir()):
            raise _mismatch(folder, shown)
        return file.read_text(encoding="ascii").strip()
    identity = uuid.uuid4().hex
    write_whole(file, identity + "\n")
    return identity


def _check_identity(connection: sql.Connection, folder: Path, identity: str, shown: str) -> None:
    file = folder / IDENTITY
    if not file.exists():
        if connection.execute(sql.select(studies.c.id).limit(1)).first() is not None:
            raise _mismatch(folder, shown)
        write_whole(file, identity + "\n")
    elif file.read_text(encoding="ascii").strip() != identity:
        raise _mismatch(folder, shown)


def _mismatch(folder: Path, shown: str) -> ConfigError:
    return ConfigError(
        f"the files in {folder} and the database {shown} do not belong together; use the "
        "database that was used with this --store before, or another --store"
    )


def _prepare_sqlite(connection: Any, _: object) -> None:
    # SQLite's own changes A to Z only: a search for "özdemir" would not find "Özdemir".
    connection.create_function("lower", 1, _lower, deterministic=True)
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


def _lower(text: str | None) -> str | None:
    return None if text is None else text.lower()


def empty_log(engine: sql.Engine) -> None:
    """Empties SQLite's write-ahead log, which still contains deleted rows."""
    if engine.dialect.name != "sqlite":
        return
    try:
        with engine.connect() as connection:
            connection.execute(sql.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    except sql.exc.DBAPIError as error:
        if not is_disk_full(error):  # then the next deletion does it
            raise


# --- rows --------------------------------------------------------------------------------------


def insert_study(connection: sql.Connection, study: Study, suffix: str) -> None:
    """Inserts a new study, not saved by a user yet."""
    connection.execute(
        studies.insert().values(
            id=study.id,
            name=study.name,
            kind=study.kind,
            suffix=suffix,
            created=study.created,
            updated=study.updated,
            revision=study.revision,
            saved=study.saved,
            width=study.width,
            height=study.height,
            count=len(study.teeth),
            about=json.dumps(dict(study.about)),
            predicted=json.dumps(list(study.predicted)),
            teeth=None,
            predicted_findings=_json_or_null(study.predicted_findings),
            findings=None,
            written=study.revision,
        )
    )


def _json_or_null(entries: Sequence[Any] | None) -> str | None:
    return None if entries is None else json.dumps(list(entries))


def unknown_study(study: str) -> UnknownStudyError:
    """The error for an id without a study."""
    return UnknownStudyError(f"no study {study[:40]!r}; it may have been deleted")


def study_of(row: Mapping[str, Any]) -> Study:
    """The study of a row of `studies`."""
    predicted: list[ToothRecord] = json.loads(row["predicted"])
    teeth = predicted if row["teeth"] is None else json.loads(row["teeth"])
    found = None if row["predicted_findings"] is None else json.loads(row["predicted_findings"])
    saved = row["findings"] is not None
    if saved:
        findings = json.loads(row["findings"])
    else:
        findings = None if found is None else following(found, predicted, teeth)
    return Study(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        created=row["created"],
        updated=row["updated"],
        width=row["width"],
        height=row["height"],
        predicted=predicted,
        teeth=teeth,
        about=json.loads(row["about"]),
        revision=row["revision"],
        saved=bool(row["saved"]),
        predicted_findings=found,
        findings=findings,
        findings_saved=saved,
    )
