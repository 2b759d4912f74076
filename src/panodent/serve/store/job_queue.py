"""The queue of radiographs sent in jobs, kept in the database so that it survives a restart.

An item has the id of the study that it becomes, and both are written in one transaction: an item
that runs twice is still one study, and an item that was running at a crash runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sql

from panodent.errors import UnknownJobError
from panodent.serve.store.tables import insert_study, items, jobs, studies
from panodent.serve.store.upload import Upload, new_id
from panodent.serve.study import Study

QUEUED, RUNNING, DONE, FAILED, DROPPED = "queued", "running", "done", "failed", "dropped"
UNFINISHED = (QUEUED, RUNNING)
MAX_ATTEMPTS = 3


class JobQueue:
    """Jobs and their items in a database.

    remove : deletes the files of an item that does not become a study.
    """

    def __init__(self, engine: sql.Engine, remove: Callable[[str], None]) -> None:
        self._engine, self._remove = engine, remove

    def add(self, uploads: Sequence[Upload]) -> str:
        """Queues uploaded files; returns the id of the new job."""
        job, moment = new_id(), datetime.now(UTC).isoformat(timespec="microseconds")
        rows = [
            {
                "id": upload.id,
                "job": job,
                "position": position,
                "name": upload.name,
                "suffix": upload.suffix,
                "state": QUEUED,
                "error": None,
                "attempts": 0,
            }
            for position, upload in enumerate(uploads)
        ]
        with self._engine.begin() as connection:
            connection.execute(jobs.insert().values(id=job, created=moment, cancelled=False))
            connection.execute(items.insert(), rows)
        return job

    def get(self, job: str) -> dict[str, Any]:
        """The job as the API shows it; raises `UnknownJobError`."""
        with self._engine.connect() as connection:
            row = connection.execute(jobs.select().where(jobs.c.id == job)).mappings().first()
            if row is None:
                raise _unknown_job()
            mine = items.select().where(items.c.job == job).order_by(items.c.position)
            listed = list(connection.execute(mine).mappings())
        states = [item["state"] for item in listed]
        active = any(state in UNFINISHED for state in states)
        state = RUNNING if active and set(states) != {QUEUED} else QUEUED if active else DONE
        return {
            "id": job,
            "created": row["created"],
            "state": "cancelled" if row["cancelled"] and not active else state,
            "total": len(states),
            "done": states.count(DONE),
            "failed": states.count(FAILED),
            "items": [
                {
                    "name": item["name"],
                    "state": item["state"],
                    "study": item["id"] if item["state"] == DONE else None,
                    "error": item["error"],
                }
                for item in listed
            ],
        }

    def take(self) -> Mapping[str, Any] | None:
        """Marks the next queued item as running and returns it; None if no item is queued."""
        with self._engine.begin() as connection:
            row = (
                connection.execute(
                    sql.select(items)
                    .join(jobs, jobs.c.id == items.c.job)
                    .where(items.c.state == QUEUED)
                    .order_by(jobs.c.created, items.c.position)
                    .limit(1)
                )
                .mappings()
                .first()
            )
            if row is None:
                return None
            attempts = row["attempts"] + 1
            connection.execute(
                items.update()
                .where(items.c.id == row["id"])
                .values(state=RUNNING, attempts=attempts)
            )
        return {**row, "attempts": attempts}

    def requeue(self, item: Mapping[str, Any], *, counted: bool) -> None:
        """Queues a running item again; `counted` tells whether this was one of its attempts."""
        attempts = item["attempts"] if counted else item["attempts"] - 1
        with self._engine.begin() as connection:
            connection.execute(
                items.update()
                .where(items.c.id == item["id"], items.c.state == RUNNING)
                .values(state=QUEUED, attempts=attempts)
            )

    def finish(self, study: Study, suffix: str) -> None:
        """Adds the study that an item has become and marks the item as done, in one transaction."""
        with self._engine.begin() as connection:
            known = connection.execute(
                sql.select(studies.c.id).where(studies.c.id == study.id)
            ).scalar()
            if known is None:
                insert_study(connection, study, suffix)
            connection.execute(items.update().where(items.c.id == study.id).values(state=DONE))

    def fail(self, item: str, reason: str) -> None:
        """Marks an item as failed and deletes its file; `reason` is shown to the user."""
        plain = "".join(c if c.isprintable() else " " for c in reason)[:1000]
        with self._engine.begin() as connection:
            connection.execute(
                items.update().where(items.c.id == item).values(state=FAILED, error=plain)
            )
        self._remove(item)

    def cancel(self, job: str) -> None:
        """Drops the queued items of a job, running ones are finished; removes a finished job.

        Raises `UnknownJobError`.
        """
        with self._engine.begin() as connection:
            known = connection.execute(
                jobs.update().where(jobs.c.id == job).values(cancelled=True)
            ).rowcount
            if not known:
                raise _unknown_job()
            mine = items.c.job == job
            busy = sql.select(items.c.id).where(mine, items.c.state.in_(UNFINISHED)).limit(1)
            queued = mine & (items.c.state == QUEUED)
            if connection.execute(busy).first() is None:
                connection.execute(items.delete().where(mine))
                connection.execute(jobs.delete().where(jobs.c.id == job))
            dropped = list(connection.execute(sql.select(items.c.id).where(queued)).scalars())
            connection.execute(items.update().where(queued).values(state=DROPPED))
        for item in dropped:
            self._remove(item)

    def recover(self) -> None:
        """At a start: queues running items again, or fails them after `MAX_ATTEMPTS` attempts."""
        with self._engine.begin() as connection:
            begun = items.c.state == RUNNING
            connection.execute(
                items.update().where(begun, items.c.attempts < MAX_ATTEMPTS).values(state=QUEUED)
            )
            exhausted = list(connection.execute(sql.select(items.c.id).where(begun)).scalars())
        for item in exhausted:
            self.fail(item, f"the service ended {MAX_ATTEMPTS} times while it read this file")

    def delete_before(self, before: str) -> None:
        """Removes finished jobs created before this time (ISO 8601, UTC)."""
        with self._engine.begin() as connection:
            busy = sql.select(items.c.job).where(items.c.state.in_(UNFINISHED))
            idle = jobs.c.id.not_in(busy) & (jobs.c.created < before)
            connection.execute(
                items.delete().where(items.c.job.in_(sql.select(jobs.c.id).where(idle)))
            )
            connection.execute(jobs.delete().where(idle))

    def count_queued(self) -> int:
        """How many items are queued."""
        with self._engine.connect() as connection:
            waiting = sql.select(sql.func.count()).select_from(items)
            return int(connection.execute(waiting.where(items.c.state == QUEUED)).scalar_one())


def _unknown_job() -> UnknownJobError:
    return UnknownJobError("no such job; a job is removed with its last study")
