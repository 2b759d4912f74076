"""The store of a service: studies and jobs in a database, radiographs and results in a folder.

STORE/store.sqlite          studies, corrections, jobs (or a database elsewhere, by its URL)
STORE/files/ID/             the file as it was sent (original.*) and an 8-bit picture of it
STORE/results/ID/           of saved studies: the files that `panodent predict` writes
STORE/training/             saved studies as COCO: `panodent train STORE/training`

Files are written before the row that refers to them, and deleted after it. So a crash can only
leave files without a row; `recover` deletes them at the next start.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from panodent.errors import ConfigError, OutputError, StaleError
from panodent.serve.store.disk import Disk
from panodent.serve.store.folders import delete_folder
from panodent.serve.store.job_queue import FAILED, UNFINISHED, JobQueue
from panodent.serve.store.tables import (
    empty_log,
    insert_study,
    items,
    jobs,
    open_database,
    studies,
    study_of,
    unknown_study,
)
from panodent.serve.store.training_data import TrainingData
from panodent.serve.store.upload import ORIGINAL
from panodent.serve.store.worklist import Worklist
from panodent.serve.study import FindingRecord, Study, ToothRecord
from panodent.utils.file_lock import lock_file

PICTURE = "image.png"
IDS_PER_STATEMENT = 500
"""Ids in one SQL statement: databases limit the number of parameters."""


def now() -> str:
    """The current time as ISO 8601 in UTC; such texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The folder and its database; several threads of one process may call it.

    url : of the database; '' for the SQLite file in the folder.
    reserve : bytes of the disk to keep free, see `panodent.serve.store.disk`.
    Raises `OutputError` if the folder cannot be written, and `ConfigError` if another process uses
    it or the database cannot be opened.
    """

    def __init__(self, folder: Path, url: str = "", reserve: int = 0) -> None:
        self.folder = folder
        try:
            for name in ("files", "results", "training/images"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # only the user that runs the service may read radiographs
            self._lock = lock_file(folder / "lock")
        except BlockingIOError:
            raise ConfigError(
                f"{folder}: another `panodent serve` is running with this store; "
                "stop it, or use another --store"
            ) from None
        except OSError as error:
            raise OutputError(
                f"{folder}: cannot be used as the store ({error.strerror}); check its permissions"
            ) from None
        self.disk = Disk(folder, reserve)
        try:
            self._engine = self.disk.with_room(open_database, url, folder)
        except BaseException:
            self._lock.close()
            raise
        self.jobs = JobQueue(self._engine, self._remove, lambda item: (self.files / item).exists())
        self.worklist = Worklist(self._engine)
        self.training = TrainingData(folder / "training", self._saved)

    def close(self) -> None:
        """Closes the database and unlocks the folder."""
        self._engine.dispose()
        self._lock.close()

    def check(self) -> None:
        """Raises what the database driver raises if the database does not answer."""
        with self._engine.connect() as connection:
            connection.execute(sql.select(1))

    # --- places ---------------------------------------------------------------------------

    @property
    def files(self) -> Path:
        """The folder of the original files, with a sub-folder for each study by its id."""
        return self.folder / "files"

    def picture(self, study: str) -> Path:
        """The 8-bit PNG of a study; `study` must be a valid id."""
        return self.files / study / PICTURE

    def results(self, study: str) -> Path:
        """The results folder of a saved study."""
        return self.folder / "results" / study

    def original(self, study: str) -> Path:
        """The original file of a study; raises `UnknownStudyError`."""
        with self._engine.connect() as connection:
            suffix = connection.execute(
                sql.select(studies.c.suffix).where(studies.c.id == study)
            ).scalar()
        if suffix is None:
            raise unknown_study(study)
        return self.files / study / f"{ORIGINAL}{suffix}"

    # --- studies --------------------------------------------------------------------------

    def add(self, study: Study, suffix: str) -> None:
        """Adds a new study whose files are written already; `suffix` is that of its original."""
        with self._engine.begin() as connection:
            insert_study(connection, study, suffix)

    def get(self, study: str) -> Study:
        """The study with this id; raises `UnknownStudyError`."""
        with self._engine.connect() as connection:
            found = connection.execute(studies.select().where(studies.c.id == study))
            row = found.mappings().first()
        if row is None:
            raise unknown_study(study)
        return study_of(dict(row))

    def count(self) -> int:
        """How many studies there are."""
        counted = sql.select(sql.func.count()).select_from(studies)
        with self._engine.connect() as connection:
            return int(connection.execute(counted).scalar_one())

    def counts(self) -> tuple[int, int]:
        """(studies, queued radiographs of jobs)."""
        return self.count(), self.jobs.count_queued()

    def save(
        self,
        study: str,
        revision: int,
        teeth: Sequence[ToothRecord],
        findings: Sequence[FindingRecord] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> Study:
        """Saves corrected teeth and findings; returns the study.

        Without `findings` and `about` those that were saved before stay as they are. Raises
        `StaleError` if `revision` is not the current one, and `UnknownStudyError`.
        """
        values = {
            "teeth": json.dumps(list(teeth)),
            "count": len(teeth),
            "revision": revision + 1,
            "saved": True,
            "updated": now(),
        }
        if findings is not None:
            values["findings"] = json.dumps(list(findings))
        if about is not None:
            values["about"] = json.dumps(dict(about))
        with self._engine.begin() as connection:
            changed = connection.execute(
                studies.update()
                .where(studies.c.id == study, studies.c.revision == revision)
                .values(**values)
            ).rowcount
        found = self.get(study)
        if not changed:
            raise stale_edit(found.revision, revision)
        return found

    def delete(self, study: str) -> bool:
        """Deletes the row and files of a study; returns whether it had been saved.

        The annotations of a saved study are deleted by the next `training.write`. Raises
        `UnknownStudyError`.
        """
        room = (lambda: empty_log(self._engine), lambda: self._remove(study))
        saved = self.disk.with_room(self._delete_row, study, more=room)
        self._remove(study)
        empty_log(self._engine)
        return saved

    def _delete_row(self, study: str) -> bool:
        with self._engine.begin() as connection:
            saved = connection.execute(
                sql.select(studies.c.saved).where(studies.c.id == study)
            ).scalar()
            if saved is None:
                raise unknown_study(study)
            _delete_rows(connection, [study])
        return bool(saved)

    def withdraw(self, study: str) -> None:
        """Deletes a study that a client was told is not there, whether its row exists or not."""
        with self._engine.begin() as connection:
            _delete_rows(connection, [study])
        self._remove(study)

    def withdraw_job(self, job: str, ids: Sequence[str]) -> None:
        """Deletes a job that a client was told is not there, with its items and their files."""
        with self._engine.begin() as connection:
            connection.execute(items.delete().where(items.c.job == job))
            connection.execute(jobs.delete().where(jobs.c.id == job))
        for item in ids:
            self._remove(item)

    def remove_orphans(self, ids: Sequence[str]) -> None:
        """Deletes the files of those ids that have no row."""
        with self._engine.connect() as connection:
            for table in (studies, items):
                found = connection.execute(sql.select(table.c.id).where(table.c.id.in_(ids)))
                ids = sorted(set(ids) - set(found.scalars()))
        for one in ids:
            self._remove(one)

    def expire(self, days: float) -> int:
        """Deletes studies unchanged for `days`, and finished jobs as old; counts the studies."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        count = 0
        while True:
            old = self.disk.with_room(self._delete_old_rows, limit)
            for study in old:
                self._remove(study)
            count += len(old)
            if len(old) < IDS_PER_STATEMENT:
                break
        self.jobs.delete_before(limit)
        empty_log(self._engine)
        return count

    def _delete_old_rows(self, limit: str) -> list[str]:
        oldest = sql.select(studies.c.id).where(studies.c.updated < limit).limit(IDS_PER_STATEMENT)
        with self._engine.begin() as connection:
            old = list(connection.execute(oldest).scalars())
            _delete_rows(connection, old)
        return old

    def recover(self) -> None:
        """At a start: deletes files without a row, and queues interrupted radiographs again."""
        self.jobs.recover()
        self.disk.with_room(self.worklist.count_doubtful)
        with self._engine.connect() as connection:
            kept = set(connection.execute(sql.select(studies.c.id)).scalars())
            # Files of failed items that were not kept are deleted already.
            waiting = sql.select(items.c.id).where(items.c.state.in_((*UNFINISHED, FAILED)))
            kept |= set(connection.execute(waiting).scalars())
        for folder in (self.files, self.folder / "results"):
            for place in folder.iterdir():
                if place.name not in kept:
                    delete_folder(place)
        for place in self.training.folder.glob(".*"):
            place.unlink(missing_ok=True)  # of an interrupted write

    def _remove(self, study: str) -> None:
        for place in (self.files / study, self.results(study)):
            delete_folder(place)
        self.training.remove(study)

    # --- results --------------------------------------------------------------------------

    def next_without_results(self) -> Study | None:
        """A saved study whose results are older than its teeth; None if there is none."""
        with self._engine.connect() as connection:
            row = (
                connection.execute(
                    studies.select()
                    .where(studies.c.written < studies.c.revision)
                    .order_by(studies.c.updated)
                    .limit(1)
                )
                .mappings()
                .first()
            )
        return None if row is None else study_of(dict(row))

    def publish_results(self, study: Study, written: Path | None) -> None:
        """Moves the results of a revision to their folder; `written` is None if there are none.

        Deletes them if the study was deleted in the meantime.
        """
        with self._engine.begin() as connection:
            known = connection.execute(
                studies.update()
                .where(studies.c.id == study.id, studies.c.written < study.revision)
                .values(written=study.revision)
            ).rowcount
            # Without `written`, it was moved at an earlier call, whose answer was lost.
            if known and (written is None or written.exists()):
                delete_folder(self.results(study.id))
                if written is not None:
                    written.rename(self.results(study.id))
        if written is not None and not known:
            delete_folder(written)

    def _saved(self) -> Iterator[tuple[Study, Path]]:
        ids = sql.select(studies.c.id).where(studies.c.saved).order_by(studies.c.created)
        with self._engine.connect() as connection:
            names = list(connection.execute(ids).scalars())
        for name in names:
            with self._engine.connect() as connection:
                found = connection.execute(studies.select().where(studies.c.id == name))
                row = found.mappings().first()
            if row is not None:
                yield study_of(dict(row)), self.files / name / f"{ORIGINAL}{row['suffix']}"


def stale_edit(present: int, given: int) -> StaleError:
    """The error for an edit of an older revision."""
    return StaleError(
        f"the study was saved in the meantime (it has revision {present}, your edit is based on "
        f"{given}); reload it and make your changes again"
    )


def _delete_rows(connection: sql.Connection, ids: Sequence[str]) -> None:
    """Deletes studies, their job items, and jobs without items."""
    connection.execute(studies.delete().where(studies.c.id.in_(ids)))
    connection.execute(items.delete().where(items.c.id.in_(ids)))
    connection.execute(jobs.delete().where(jobs.c.id.not_in(sql.select(items.c.job))))
