"""The list of studies: searched, sorted, filtered, counted, and what comes before and after one."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sql

from panodent.serve.store.study_query import StudyQuery
from panodent.serve.store.tables import studies, study_of, unknown_study
from panodent.serve.study import doubtful_count

HEAVY = {"predicted": "[]", "teeth": None, "predicted_findings": None, "findings": None}
"""Columns that summaries do without, and what stands for them."""
ALL_STUDIES = StudyQuery()


class Worklist:
    """The studies of a database as a list."""

    def __init__(self, engine: sql.Engine) -> None:
        self._engine, self._dialect = engine, engine.dialect.name

    def page(
        self, limit: int, offset: int, query: StudyQuery = ALL_STUDIES
    ) -> tuple[int, list[dict[str, Any]]]:
        """(number of studies that match, summaries of at most `limit` of them from `offset`)."""
        light = [c for c in studies.c if c.name not in HEAVY]
        conditions, order = query.conditions(self._dialect), query.order(self._dialect)
        wanted = sql.select(*light).where(*conditions).order_by(*order)
        counted = sql.select(sql.func.count()).select_from(studies).where(*conditions)
        with self._engine.connect() as connection:
            rows = connection.execute(wanted.limit(limit).offset(offset)).mappings()
            found = [
                {**study_of({**row, **HEAVY}).summary(), "count": row["count"]} for row in rows
            ]
            return int(connection.execute(counted).scalar_one()), found

    def progress(self) -> dict[str, int]:
        """How many studies there are (`all`), and how many were saved by a user (`reviewed`)."""
        saved = sql.func.coalesce(sql.func.sum(sql.cast(studies.c.saved, sql.Integer)), 0)
        with self._engine.connect() as connection:
            row = connection.execute(sql.select(sql.func.count(studies.c.id), saved)).one()
        return {"all": int(row[0]), "reviewed": int(row[1])}

    def beside(self, study: str, query: StudyQuery) -> dict[str, Any]:
        """Ids of the studies beside one in the list, None at its ends.

        `previous` and `next`; `next_unreviewed`, the first after it that nobody has saved, from the
        begin of the list again after its end. The study itself has a place in the list even if it
        does not match. Raises `UnknownStudyError`.
        """
        conditions, order = query.conditions(self._dialect), query.order(self._dialect)
        place = sql.func.row_number().over(order_by=order).label("place")
        ranked = (
            sql.select(studies.c.id, studies.c.saved, place)
            .where(sql.or_(sql.and_(sql.true(), *conditions), studies.c.id == study))
            .subquery()
        )
        with self._engine.connect() as connection:
            here = connection.execute(
                sql.select(ranked.c.place).where(ranked.c.id == study)
            ).scalar()
            if here is None:
                raise unknown_study(study)
            near = sql.select(ranked.c.place, ranked.c.id).where(
                ranked.c.place.in_([here - 1, here + 1])
            )
            found: dict[int, str] = {row[0]: row[1] for row in connection.execute(near)}
            later = sql.case((ranked.c.place > here, 0), else_=1)
            unreviewed = (
                sql.select(ranked.c.id)
                .where(~ranked.c.saved, ranked.c.id != study)
                .order_by(later, ranked.c.place)
                .limit(1)
            )
            return {
                "previous": found.get(here - 1),
                "next": found.get(here + 1),
                "next_unreviewed": connection.execute(unreviewed).scalar(),
            }

    def count_doubtful(self) -> None:
        """Counts what is doubtful in studies of earlier versions, which did not say it."""
        old = sql.select(studies.c.id).where(studies.c.about.not_like('%"doubtful":%'))
        with self._engine.connect() as connection:
            ids = list(connection.execute(old).scalars())
        for name in ids:
            with self._engine.begin() as connection:
                row = (
                    connection.execute(studies.select().where(studies.c.id == name))
                    .mappings()
                    .first()
                )
                if row is None:
                    continue
                study = study_of(dict(row))
                about = {**study.about, "doubtful": doubtful_count(study.teeth, study.findings)}
                connection.execute(
                    studies.update().where(studies.c.id == name).values(about=json.dumps(about))
                )
