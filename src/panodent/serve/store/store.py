"""What survives a restart: studies and jobs in a database, radiographs and results beside it.

STORE/store.sqlite          studies, corrections, jobs (or a database elsewhere, by its URL)
STORE/files/ID/             the file as it was sent (original.*) and an 8-bit picture of it
STORE/results/ID/           of saved studies: the files that `panodent predict` writes
STORE/training/             saved studies as COCO: `panodent train STORE/training`

A file is there before a row speaks of it, and a row is gone before its files go, so a crash leaves
at most files that nobody knows; `tidy` removes them at the next start.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sql

from panodent.errors import ConfigError, OutputError, StaleError, UnknownStudyError
from panodent.serve.store.job_queue import OPEN, Jobs
from panodent.serve.store.tables import insert_study, items, jobs, open_database, studies, study_of
from panodent.serve.store.training_data import Training
from panodent.serve.store.upload import ORIGINAL
from panodent.serve.study import Study, Tooth

log = logging.getLogger("panodent.serve")

PICTURE = "image.png"
AT_ONCE = 500
"""Ids in one statement: databases bound their parameters."""


def now() -> str:
    """ISO 8601, UTC, such that texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


class Store:
    """The folder and its database; safe to call from several threads of one process."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        try:
            for name in ("files", "results", "training/images"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # radiographs are for whoever runs the service
            self._lock = _locked(folder / "lock")
        except OSError as error:
            raise OutputError(f"{folder}: cannot be a store ({error.strerror})") from None
        try:
            self._engine = open_database(url, folder)
        except BaseException:
            self._lock.close()
            raise
        self.jobs = Jobs(self._engine, self._remove)
        self.training = Training(folder / "training", self._saved)

    def close(self) -> None:
        """Lets go of the database and the folder."""
        self._engine.dispose()
        self._lock.close()

    def check(self) -> None:
        """Raises where the database does not answer."""
        with self._engine.connect() as line:
            line.execute(sql.select(1))

    # --- places ---------------------------------------------------------------------------

    @property
    def files(self) -> Path:
        """Where originals lie, each in a folder by its study's id."""
        return self.folder / "files"

    def picture(self, study: str) -> Path:
        """Where the 8-bit picture lies; `study` is an id of ours."""
        return self.files / study / PICTURE

    def results(self, study: str) -> Path:
        """Where a saved study's results lie."""
        return self.folder / "results" / study

    def original(self, study: str) -> Path:
        """The original of a known study; raises `UnknownStudyError`."""
        with self._engine.connect() as line:
            suffix = line.execute(
                sql.select(studies.c.suffix).where(studies.c.id == study)
            ).scalar()
        if suffix is None:
            raise unknown(study)
        return self.files / study / f"{ORIGINAL}{suffix}"

    # --- studies --------------------------------------------------------------------------

    def add(self, study: Study, suffix: str) -> None:
        """Keeps a new study whose files are in place."""
        with self._engine.begin() as line:
            insert_study(line, study, suffix)

    def get(self, study: str) -> Study:
        """Raises `UnknownStudyError`."""
        with self._engine.connect() as line:
            row = line.execute(studies.select().where(studies.c.id == study)).mappings().first()
        if row is None:
            raise unknown(study)
        return study_of(dict(row))

    def page(self, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """How many there are, and summaries, newest first."""
        light = [c for c in studies.c if c.name not in ("predicted", "teeth")]
        with self._engine.connect() as line:
            rows = line.execute(
                sql.select(*light)
                .order_by(studies.c.created.desc(), studies.c.id)
                .limit(limit)
                .offset(offset)
            ).mappings()
            found = [
                {
                    **study_of({**row, "predicted": "[]", "teeth": None}).summary(),
                    "count": row["count"],
                }
                for row in rows
            ]
        return self.count(), found

    def count(self) -> int:
        """Studies kept."""
        with self._engine.connect() as line:
            return int(line.execute(sql.select(sql.func.count()).select_from(studies)).scalar_one())

    def save(self, study: str, revision: int, teeth: Sequence[Tooth]) -> Study:
        """Keeps a person's teeth. Raises `StaleError`, `UnknownStudyError`."""
        values = {
            "teeth": json.dumps(list(teeth)),
            "count": len(teeth),
            "revision": revision + 1,
            "saved": True,
            "updated": now(),
        }
        with self._engine.begin() as line:
            changed = line.execute(
                studies.update()
                .where(studies.c.id == study, studies.c.revision == revision)
                .values(**values)
            ).rowcount
        found = self.get(study)
        if not changed:
            raise stale(found.revision, revision)
        return found

    def delete(self, study: str) -> bool:
        """Removes row and files, so that nothing of it stays; whether it had been saved.

        The annotations of a saved one leave with the next `training.write`. Raises
        `UnknownStudyError`.
        """
        with self._engine.begin() as line:
            saved = line.execute(sql.select(studies.c.saved).where(studies.c.id == study)).scalar()
            if saved is None:
                raise unknown(study)
            _delete(line, [study])
        self._remove(study)
        self._shrink()
        return bool(saved)

    def expire(self, days: float) -> int:
        """Deletes studies untouched for `days`, and jobs as old; how many studies."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        count = 0
        while True:
            with self._engine.begin() as line:
                old = list(
                    line.execute(
                        sql.select(studies.c.id).where(studies.c.updated < limit).limit(AT_ONCE)
                    ).scalars()
                )
                _delete(line, old)
            for study in old:
                self._remove(study)
            count += len(old)
            if len(old) < AT_ONCE:
                break
        self.jobs.forget(limit)
        self._shrink()
        return count

    def tidy(self) -> None:
        """At a start: removes files that no row speaks of, takes up what was interrupted."""
        self.jobs.take_up()
        with self._engine.connect() as line:
            kept = set(line.execute(sql.select(studies.c.id)).scalars())
            waiting = sql.select(items.c.id).where(items.c.state.in_(OPEN))
            kept |= set(line.execute(waiting).scalars())
        for folder in (self.files, self.folder / "results"):
            for place in folder.iterdir():
                if place.name not in kept:
                    _erase(place)
        for place in self.training.folder.glob(".*"):
            place.unlink(missing_ok=True)  # a write that was cut off

    def _remove(self, study: str) -> None:
        for place in (self.files / study, self.results(study)):
            _erase(place)
        self.training.remove(study)

    def _shrink(self) -> None:
        """Deleted rows leave the write-ahead log too."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as line:
                line.execute(sql.text("PRAGMA wal_checkpoint(TRUNCATE)"))

    # --- results --------------------------------------------------------------------------

    def unwritten(self) -> Study | None:
        """A saved study whose results are not those of its present teeth."""
        with self._engine.connect() as line:
            row = (
                line.execute(
                    studies.select()
                    .where(studies.c.written < studies.c.revision)
                    .order_by(studies.c.updated)
                    .limit(1)
                )
                .mappings()
                .first()
            )
        return None if row is None else study_of(dict(row))

    def place_results(self, study: Study, made: Path | None) -> None:
        """Puts the results of a revision in place; None: there can be none.

        Where the study was deleted meanwhile, they go too.
        """
        with self._engine.begin() as line:
            known = line.execute(
                studies.update()
                .where(studies.c.id == study.id, studies.c.written < study.revision)
                .values(written=study.revision)
            ).rowcount
            if known:
                _erase(self.results(study.id))
                if made is not None:
                    made.rename(self.results(study.id))
        if made is not None and not known:
            _erase(made)

    def _saved(self) -> Iterator[tuple[Study, Path]]:
        ids = sql.select(studies.c.id).where(studies.c.saved).order_by(studies.c.created)
        with self._engine.connect() as line:
            names = list(line.execute(ids).scalars())
        for name in names:
            with self._engine.connect() as line:
                row = line.execute(studies.select().where(studies.c.id == name)).mappings().first()
            if row is not None:
                yield study_of(dict(row)), self.files / name / f"{ORIGINAL}{row['suffix']}"


def unknown(study: str) -> UnknownStudyError:
    """The error of an id that no study bears."""
    return UnknownStudyError(f"no study {study[:40]!r}; it may have been deleted")


def stale(present: int, given: int) -> StaleError:
    """The error of an edit that came too late."""
    return StaleError(
        f"the study was saved in the meantime (revision {present}, yours builds on {given}); "
        "reload it and make your changes again"
    )


def _delete(line: sql.Connection, ids: Sequence[str]) -> None:
    """Studies with what jobs say of them; a job of which nothing is left goes too."""
    line.execute(studies.delete().where(studies.c.id.in_(ids)))
    line.execute(items.delete().where(items.c.id.in_(ids)))
    line.execute(jobs.delete().where(jobs.c.id.not_in(sql.select(items.c.job))))


def _erase(place: Path) -> None:
    try:
        shutil.rmtree(place)
    except FileNotFoundError:
        return
    except OSError as error:  # the next start tries again
        log.error("files of a deleted study could not be removed: %s", error.strerror)


def _locked(file: Path) -> BinaryIO:
    """A lock that one process holds, and that goes with it. Raises `ConfigError`."""
    stream = file.open("ab")
    with contextlib.suppress(ImportError):  # Windows
        import fcntl

        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            raise ConfigError(
                f"{file.parent} is the store of another `panodent serve` that is running; "
                "stop it, or start with another --store"
            ) from None
    return stream


def sync(folder: Path) -> None:
    """A folder's files are on the disk, and not just on their way there."""
    for place in (*folder.iterdir(), folder):
        with contextlib.suppress(OSError):  # not every file system syncs folders
            handle = os.open(place, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
