"""Which studies of the store a list has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sql

from panodent.serve.store.tables import studies


@dataclass(frozen=True)
class StudyFilter:
    """All conditions must hold; the defaults let every study through.

    name : a part of the file name; upper and lower case are the same.
    saved : whether a user has saved it, None for both.
    created_from, created_before : times, ISO 8601 in UTC; '' for no limit.
    """

    name: str = ""
    saved: bool | None = None
    created_from: str = ""
    created_before: str = ""

    def conditions(self) -> list[sql.ColumnElement[Any]]:
        """For the WHERE of a statement."""
        found: list[sql.ColumnElement[Any]] = []
        if self.name:
            found.append(studies.c.name.icontains(self.name, autoescape=True))
        if self.saved is not None:
            found.append(studies.c.saved.is_(self.saved))
        if self.created_from:
            found.append(studies.c.created >= self.created_from)
        if self.created_before:
            found.append(studies.c.created < self.created_before)
        return found


def in_utc(moment: datetime | None) -> str:
    """A time as the store writes it, '' for None; without a time zone it is in UTC.

    >>> in_utc(datetime.fromisoformat("2026-03-01T09:30:00+02:00"))
    '2026-03-01T07:30:00.000000+00:00'
    """
    if moment is None:
        return ""
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="microseconds")
