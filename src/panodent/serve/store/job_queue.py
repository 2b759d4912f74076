"""The queue of radiographs that were sent in jobs; it survives the service.

An item's id is that of the study it becomes, and both change in one transaction: done twice it is
still one study, and what was begun when the service died is begun again.
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
OPEN = (QUEUED, RUNNING)
MOST_ATTEMPTS = 3


class Jobs:
    """Jobs in a database; `remove` removes the files of an item that becomes no study."""

    def __init__(self, engine: sql.Engine, remove: Callable[[str], None]) -> None:
        self._engine, self._remove = engine, remove

    def add(self, uploads: Sequence[Upload]) -> str:
        """Queues files that are in place; the job's id."""
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
        with self._engine.begin() as line:
            line.execute(jobs.insert().values(id=job, created=moment, cancelled=False))
            line.execute(items.insert(), rows)
        return job

    def get(self, job: str) -> dict[str, Any]:
        """A job as the API shows it; raises `UnknownJobError`."""
        with self._engine.connect() as line:
            row = line.execute(jobs.select().where(jobs.c.id == job)).mappings().first()
            if row is None:
                raise _unknown()
            mine = items.select().where(items.c.job == job).order_by(items.c.position)
            listed = list(line.execute(mine).mappings())
        states = [item["state"] for item in listed]
        active = any(state in OPEN for state in states)
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
        """The next queued item, now running; None where there is none."""
        with self._engine.begin() as line:
            row = (
                line.execute(
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
            line.execute(
                items.update()
                .where(items.c.id == row["id"])
                .values(state=RUNNING, attempts=attempts)
            )
        return {**row, "attempts": attempts}

    def give_back(self, item: Mapping[str, Any], *, counted: bool) -> None:
        """An item that was taken and not done: queued again; whether that counts as an attempt."""
        attempts = item["attempts"] if counted else item["attempts"] - 1
        with self._engine.begin() as line:
            line.execute(
                items.update()
                .where(items.c.id == item["id"], items.c.state == RUNNING)
                .values(state=QUEUED, attempts=attempts)
            )

    def finish(self, study: Study, suffix: str) -> None:
        """The item has become a study: both are kept at once, or neither."""
        with self._engine.begin() as line:
            known = line.execute(sql.select(studies.c.id).where(studies.c.id == study.id)).scalar()
            if known is None:
                insert_study(line, study, suffix)
            line.execute(items.update().where(items.c.id == study.id).values(state=DONE))

    def fail(self, item: str, reason: str) -> None:
        """The item cannot become a study; its file goes."""
        plain = "".join(c if c.isprintable() else " " for c in reason)[:1000]
        with self._engine.begin() as line:
            line.execute(items.update().where(items.c.id == item).values(state=FAILED, error=plain))
        self._remove(item)

    def cancel(self, job: str) -> None:
        """Drops what is queued of a job, ends well what runs; forgets a job that is over.

        Raises `UnknownJobError`.
        """
        with self._engine.begin() as line:
            known = line.execute(
                jobs.update().where(jobs.c.id == job).values(cancelled=True)
            ).rowcount
            if not known:
                raise _unknown()
            mine = items.c.job == job
            busy = sql.select(items.c.id).where(mine, items.c.state.in_(OPEN)).limit(1)
            queued = mine & (items.c.state == QUEUED)
            if line.execute(busy).first() is None:
                line.execute(items.delete().where(mine))
                line.execute(jobs.delete().where(jobs.c.id == job))
            dropped = list(line.execute(sql.select(items.c.id).where(queued)).scalars())
            line.execute(items.update().where(queued).values(state=DROPPED))
        for item in dropped:
            self._remove(item)

    def take_up(self) -> None:
        """At a start: what was begun is queued again, or given up after too many attempts."""
        with self._engine.begin() as line:
            begun = items.c.state == RUNNING
            line.execute(
                items.update().where(begun, items.c.attempts < MOST_ATTEMPTS).values(state=QUEUED)
            )
            hopeless = list(line.execute(sql.select(items.c.id).where(begun)).scalars())
        for item in hopeless:
            self.fail(item, f"the service ended {MOST_ATTEMPTS} times while it was read; given up")

    def forget(self, before: str) -> None:
        """Removes jobs made before then of which nothing is left to do."""
        with self._engine.begin() as line:
            busy = sql.select(items.c.job).where(items.c.state.in_(OPEN))
            idle = jobs.c.id.not_in(busy) & (jobs.c.created < before)
            line.execute(items.delete().where(items.c.job.in_(sql.select(jobs.c.id).where(idle))))
            line.execute(jobs.delete().where(idle))

    def count_queued(self) -> int:
        """Items that wait."""
        with self._engine.connect() as line:
            waiting = sql.select(sql.func.count()).select_from(items)
            return int(line.execute(waiting.where(items.c.state == QUEUED)).scalar_one())


def _unknown() -> UnknownJobError:
    return UnknownJobError("no such job; jobs are forgotten with their studies")
