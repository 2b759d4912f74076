"""Which studies of the store a list has, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import sqlalchemy as sql

from panodent.serve.store.tables import studies

Sort = Literal["created", "updated", "name", "doubtful", "warning", "reviewed"]
Shown = Literal["all", "unreviewed", "reviewed", "doubtful", "warning"]


@dataclass(frozen=True)
class StudyQuery:
    """All conditions must hold; the defaults let every study through, the newest first.

    search : a part of the name; upper and lower case are the same.
    sort : what the studies are sorted by; of equal ones the newest comes first.
    descending : whether the latest, the last name, the most doubtful come first.
    shown : all, or those (not) reviewed, that is saved by a user; with something doubtful; with a
        warning.
    created_from, created_before : times, ISO 8601 in UTC; '' for no limit.
    """

    search: str = ""
    sort: Sort = "created"
    descending: bool = True
    shown: Shown = "all"
    created_from: str = ""
    created_before: str = ""

    def conditions(self, dialect: str) -> list[sql.ColumnElement[bool]]:
        """For the WHERE of a statement; `dialect` is SQLAlchemy's name of the database."""
        found: list[sql.ColumnElement[bool]] = []
        if self.search:
            found.append(studies.c.name.icontains(self.search, autoescape=True))
        if self.created_from:
            found.append(studies.c.created >= self.created_from)
        if self.created_before:
            found.append(studies.c.created < self.created_before)
        if self.shown in ("reviewed", "unreviewed"):
            found.append(studies.c.saved.is_(self.shown == "reviewed"))
        elif self.shown == "doubtful":
            found.append(_doubtful(dialect) > 0)
        elif self.shown == "warning":
            found.append(_warning(dialect) != "")
        return found

    def order(self, dialect: str) -> list[sql.ColumnElement[Any]]:
        """For the ORDER BY of a statement; no two studies have the same place."""
        key: sql.ColumnElement[Any] = {
            "created": studies.c.created,
            "updated": studies.c.updated,
            "name": sql.func.lower(studies.c.name),
            "doubtful": _doubtful(dialect),
            "warning": _warning(dialect),
            "reviewed": sql.cast(studies.c.saved, sql.Integer),
        }[self.sort]
        first = key.desc() if self.descending else key.asc()
        return [first, studies.c.created.desc(), studies.c.id]


def _doubtful(dialect: str) -> sql.ColumnElement[int]:
    """What `doubtful_count` found; -1 if nobody has counted."""
    if dialect == "sqlite":
        found = sql.func.json_extract(studies.c.about, "$.doubtful")
    else:
        found = sql.cast(studies.c.about, sql.JSON)["doubtful"].as_integer()
    return sql.func.coalesce(found, -1)


def _warning(dialect: str) -> sql.ColumnElement[str]:
    """The warning of the study, '' without one."""
    if dialect == "sqlite":
        found = sql.func.json_extract(studies.c.about, "$.warning")
    else:
        found = sql.cast(studies.c.about, sql.JSON)["warning"].as_string()
    return sql.func.coalesce(found, "")


def in_utc(moment: datetime | None) -> str:
    """A time as the store writes it, '' for None; without a time zone it is in UTC.

    >>> in_utc(datetime.fromisoformat("2026-03-01T09:30:00+02:00"))
    '2026-03-01T07:30:00.000000+00:00'
    """
    if moment is None:
        return ""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        aware = aware.astimezone(UTC)
    except OverflowError:  # within a day of the first or the last time that there is
        aware = aware.replace(tzinfo=UTC)
    return aware.isoformat(timespec="microseconds")
