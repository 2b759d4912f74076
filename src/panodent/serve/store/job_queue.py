"""The queue of radiographs sent in jobs, kept in the database so that it survives a restart.

An item has the id of the study that it becomes, and both are written in one transaction: an item
that runs twice is still one study, and an item that was running at a crash runs again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sql

from panodent.errors import UnknownJobError
from panodent.serve.store.tables import insert_study, items, jobs
from panodent.serve.store.upload import Upload, new_id
from panodent.serve.study import Study

QUEUED, RUNNING, DONE, FAILED, DROPPED = "queued", "running", "done", "failed", "dropped"
UNFINISHED = (QUEUED, RUNNING)
MAX_ATTEMPTS = 3


class JobQueue:
    """Jobs and their items in a database.

    remove : deletes the files of an item that does not become a study.
    is_kept : whether the files of an item exist.
    """

    def __init__(
        self, engine: sql.Engine, remove: Callable[[str], None], is_kept: Callable[[str], bool]
    ) -> None:
        self._engine, self._remove, self._is_kept = engine, remove, is_kept

    def add(self, uploads: Sequence[Upload], job: str = "") -> str:
        """Queues uploaded files; returns the id of the new job, `job` if it is given."""
        job, moment = job or new_id(), datetime.now(UTC).isoformat(timespec="microseconds")
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
        return {
            **_summary(row, [item["state"] for item in listed]),
            "items": [
                {
                    "name": item["name"],
                    "state": item["state"],
                    "study": item["id"] if item["state"] == DONE else None,
                    "error": item["error"],
                    "kept": item["state"] == FAILED and self._is_kept(item["id"]),
                }
                for item in listed
            ],
        }

    def page(self, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """(number of all jobs, at most `limit` of them without their items, newest first)."""
        newest = jobs.select().order_by(jobs.c.created.desc(), jobs.c.id)
        with self._engine.connect() as connection:
            total = connection.execute(sql.select(sql.func.count()).select_from(jobs)).scalar_one()
            rows = list(connection.execute(newest.limit(limit).offset(offset)).mappings())
            mine = sql.select(items.c.job, items.c.state)
            states: dict[str, list[str]] = {row["id"]: [] for row in rows}
            for job, state in connection.execute(mine.where(items.c.job.in_(states))):
                states[job].append(state)
        return int(total), [_summary(row, states[row["id"]]) for row in rows]

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

    def requeue(self, item: Mapping[str, Any], counted: bool) -> None:
        """Queues a running item again; `counted` tells whether this was one of its attempts."""
        attempts = item["attempts"] if counted else item["attempts"] - 1
        with self._engine.begin() as connection:
            connection.execute(
                items.update()
                .where(items.c.id == item["id"], items.c.state == RUNNING)
                .values(state=QUEUED, attempts=attempts)
            )

    def requeue_lost(self, in_work: Collection[str]) -> None:
        """Queues running items again that nobody works on; this is not one of their attempts."""
        with self._engine.begin() as connection:
            running = connection.execute(sql.select(items.c.id).where(items.c.state == RUNNING))
            for lost in set(running.scalars()) - set(in_work):
                connection.execute(
                    items.update()
                    .where(items.c.id == lost)
                    .values(state=QUEUED, attempts=items.c.attempts - 1)
                )

    def finish(self, study: Study, suffix: str) -> None:
        """Adds the study that an item has become and marks the item as done, in one transaction.

        A second time it changes nothing, also if the study was deleted in the meantime.
        """
        with self._engine.begin() as connection:
            state = connection.execute(
                sql.select(items.c.state).where(items.c.id == study.id)
            ).scalar()
            if state not in (None, DONE):
                insert_study(connection, study, suffix)
                connection.execute(items.update().where(items.c.id == study.id).values(state=DONE))
        if state is None:
            self._remove(study.id)

    def fail(self, item: str, reason: str, keep: bool = False) -> None:
        """Marks an item as failed; `reason` is shown to the user.

        keep : whether its file is kept for another try, see `retry`; otherwise it is deleted.
        """
        plain = "".join(c if c.isprintable() else " " for c in reason)[:1000]
        with self._engine.begin() as connection:
            connection.execute(
                items.update().where(items.c.id == item).values(state=FAILED, error=plain)
            )
        if not keep:
            self._remove(item)

    def retry(self, job: str) -> int:
        """Queues the failed items of a job again whose files were kept; returns how many.

        Raises `UnknownJobError`.
        """
        with self._engine.begin() as connection:
            if connection.execute(sql.select(jobs.c.id).where(jobs.c.id == job)).first() is None:
                raise _unknown_job()
            mine = (items.c.job == job) & (items.c.state == FAILED)
            failed = connection.execute(sql.select(items.c.id).where(mine)).scalars()
            again = [item for item in failed if self._is_kept(item)]
            connection.execute(
                items.update()
                .where(items.c.id.in_(again))
                .values(state=QUEUED, attempts=0, error=None)
            )
        return len(again)

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
                unused = self._delete(connection, sql.select(jobs.c.id).where(jobs.c.id == job))
            else:
                unused = list(connection.execute(sql.select(items.c.id).where(queued)).scalars())
                connection.execute(items.update().where(queued).values(state=DROPPED))
        for item in unused:
            self._remove(item)

    @staticmethod
    def _delete(connection: sql.Connection, chosen: sql.Select) -> list[str]:
        """Deletes jobs without their studies; returns the items that did not become one."""
        ids = list(connection.execute(chosen).scalars())
        mine = items.c.job.in_(ids)
        unused = sql.select(items.c.id).where(mine, items.c.state == FAILED)
        found = list(connection.execute(unused).scalars())
        connection.execute(items.delete().where(mine))
        connection.execute(jobs.delete().where(jobs.c.id.in_(ids)))
        return found

    def recover(self) -> None:
        """At a start: queues running items again, or fails them after `MAX_ATTEMPTS` attempts."""
        with self._engine.begin() as connection:
            begun = items.c.state == RUNNING
            connection.execute(
                items.update().where(begun, items.c.attempts < MAX_ATTEMPTS).values(state=QUEUED)
            )
            exhausted = list(connection.execute(sql.select(items.c.id).where(begun)).scalars())
        for item in exhausted:
            reason = f"the service ended {MAX_ATTEMPTS} times while it read this file"
            self.fail(item, f"{reason}; the file is kept for another try", keep=True)

    def delete_before(self, before: str) -> None:
        """Removes finished jobs created before this time (ISO 8601, UTC)."""
        with self._engine.begin() as connection:
            busy = sql.select(items.c.job).where(items.c.state.in_(UNFINISHED))
            idle = jobs.c.id.not_in(busy) & (jobs.c.created < before)
            unused = self._delete(connection, sql.select(jobs.c.id).where(idle))
        for item in unused:
            self._remove(item)

    def count_queued(self) -> int:
        """How many items are queued."""
        with self._engine.connect() as connection:
            waiting = sql.select(sql.func.count()).select_from(items)
            return int(connection.execute(waiting.where(items.c.state == QUEUED)).scalar_one())


def _summary(row: sql.RowMapping, states: Sequence[str]) -> dict[str, Any]:
    """A job without its items, from its row and the states of its items."""
    active = any(state in UNFINISHED for state in states)
    state = RUNNING if active and set(states) != {QUEUED} else QUEUED if active else DONE
    return {
        "id": row["id"],
        "created": row["created"],
        "state": "cancelled" if row["cancelled"] and not active else state,
        "total": len(states),
        "done": states.count(DONE),
        "failed": states.count(FAILED),
    }


def _unknown_job() -> UnknownJobError:
    return UnknownJobError("no such job; a job is removed with its last study")
