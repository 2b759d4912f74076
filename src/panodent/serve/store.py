"""What survives a restart: studies and jobs in a database, radiographs and results beside it.

STORE/store.sqlite          studies, corrections, jobs (or a database elsewhere, by its URL)
STORE/files/ID/             the file as it was sent (original.*) and an 8-bit picture of it
STORE/results/ID/           of saved studies: the files that `panodent predict` writes
STORE/training/             saved studies as COCO: `panodent train STORE/training`

A file is there before a row speaks of it, and a row is gone before its files go, so a crash leaves
at most files that nobody knows; `tidy` removes them at the next start.
"""

from __future__ import annotations

import json
import os
import shutil
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sql

from panodent.errors import OutputError, PanodentError
from panodent.files import write_whole, writing
from panodent.formats.coco import categories
from panodent.radiograph import SUFFIXES
from panodent.serve.study import Study, Tooth, edited
from panodent.serve.tables import items, jobs, open_database, studies

ORIGINAL, PICTURE = "original", "image.png"
QUEUED, RUNNING, DONE, FAILED, DROPPED = "queued", "running", "done", "failed", "dropped"
OPEN = (QUEUED, RUNNING)


class UnknownStudyError(PanodentError, KeyError):
    """There is no such study or job (any more)."""

    def __str__(self) -> str:
        return str(self.args[0])


class StaleError(PanodentError):
    """An edit builds on a revision that is not the present one."""


def new_id() -> str:
    """An id that nobody can guess."""
    return uuid.uuid4().hex


def now() -> str:
    """ISO 8601, UTC, such that texts sort as times do."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def suffix_of(name: str) -> str:
    """The suffix of an uploaded file's name if it is a known one, else none."""
    suffix = Path(name).suffix.lower()
    return suffix if suffix in SUFFIXES else ""


class Store:
    """The folder and its database; safe to call from several threads."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        try:
            for name in ("files", "results", "training/images"):
                (folder / name).mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)  # radiographs are for whoever runs the service
        except OSError as error:
            raise OutputError(f"{folder}: cannot be a store ({error.strerror})") from None
        self._engine = open_database(url, folder)
        self._training = threading.Lock()

    def close(self) -> None:
        """Lets go of the database."""
        self._engine.dispose()

    def check(self) -> None:
        """Raises where the database does not answer."""
        with self._engine.connect() as line:
            line.execute(sql.select(1))

    # --- places ---------------------------------------------------------------------------

    def original(self, study: str, suffix: str) -> Path:
        """Where the file as sent lies; `study` is an id of ours."""
        return self.folder / "files" / study / f"{ORIGINAL}{suffix}"

    def picture(self, study: str) -> Path:
        """Where the 8-bit picture lies."""
        return self.folder / "files" / study / PICTURE

    def results(self, study: str) -> Path:
        """Where a saved study's results lie."""
        return self.folder / "results" / study

    @property
    def training(self) -> Path:
        """A data folder of all saved studies."""
        return self.folder / "training"

    def file_of(self, study: str) -> Path:
        """The original of a known study."""
        with self._engine.connect() as line:
            suffix = line.execute(
                sql.select(studies.c.suffix).where(studies.c.id == study)
            ).scalar()
        if suffix is None:
            raise _unknown(study)
        return self.original(study, suffix)

    # --- studies --------------------------------------------------------------------------

    def add(self, study: Study, suffix: str) -> None:
        """Keeps a new study whose files are in place."""
        with self._engine.begin() as line:
            line.execute(studies.insert().values(**_row(study), suffix=suffix))

    def get(self, study: str) -> Study:
        """Raises `UnknownStudyError`."""
        with self._engine.connect() as line:
            row = line.execute(studies.select().where(studies.c.id == study)).mappings().first()
        if row is None:
            raise _unknown(study)
        return _study(dict(row))

    def page(self, limit: int, offset: int) -> tuple[int, list[dict[str, Any]]]:
        """How many there are, and summaries, newest first."""
        light = [c for c in studies.c if c.name not in ("predicted", "teeth")]
        with self._engine.connect() as line:
            total = line.execute(sql.select(sql.func.count()).select_from(studies)).scalar_one()
            rows = line.execute(
                sql.select(*light)
                .order_by(studies.c.created.desc(), studies.c.id)
                .limit(limit)
                .offset(offset)
            ).mappings()
            found = [
                {
                    **_study({**row, "predicted": "[]", "teeth": None}).summary(),
                    "count": row["count"],
                }
                for row in rows
            ]
        return total, found

    def save(self, study: str, revision: int, entries: Sequence[Mapping[str, Any]]) -> Study:
        """Keeps a person's edit. Raises `StaleError`, `UnknownStudyError`, `TeethError`."""
        before = self.get(study)
        if before.revision == revision:
            teeth = edited(before, entries)
            values = {
                "teeth": json.dumps(teeth),
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
            if changed:
                return self.get(study)
            before = self.get(study)
        raise StaleError(
            f"the study was saved in the meantime (revision {before.revision}, yours builds on "
            f"{revision}); reload it and make your changes again"
        )

    def delete(self, study: str) -> None:
        """Removes row and files, so that nothing of it stays. Raises `UnknownStudyError`."""
        with self._engine.begin() as line:
            gone = line.execute(studies.delete().where(studies.c.id == study)).rowcount
            line.execute(items.delete().where(items.c.id == study, items.c.state == DONE))
        if not gone:
            raise _unknown(study)
        self._remove(study)
        self.write_training()
        self._shrink()

    def expire(self, days: float) -> int:
        """Deletes studies untouched for `days`, and jobs as old; how many studies."""
        limit = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
        with self._engine.begin() as line:
            old = list(
                line.execute(sql.select(studies.c.id).where(studies.c.updated < limit)).scalars()
            )
            line.execute(studies.delete().where(studies.c.id.in_(old)))
            line.execute(items.delete().where(items.c.id.in_(old), items.c.state == DONE))
            busy = sql.select(items.c.job).where(items.c.state.in_(OPEN))
            idle = jobs.c.id.not_in(busy) & (jobs.c.created < limit)
            line.execute(items.delete().where(items.c.job.in_(sql.select(jobs.c.id).where(idle))))
            line.execute(jobs.delete().where(idle))
        for study in old:
            self._remove(study)
        if old:
            self.write_training()
            self._shrink()
        return len(old)

    def tidy(self) -> None:
        """Removes files that no row speaks of, and takes up what a crash interrupted."""
        with self._engine.begin() as line:
            line.execute(items.update().where(items.c.state == RUNNING).values(state=QUEUED))
            known = set(line.execute(sql.select(studies.c.id)).scalars())
            waiting = line.execute(sql.select(items.c.id).where(items.c.state.in_(OPEN))).scalars()
            kept = known | set(waiting)
        for folder in ("files", "results"):
            for place in (self.folder / folder).iterdir():
                if place.name not in kept:
                    shutil.rmtree(place, ignore_errors=True)
        self.write_training()

    def _remove(self, study: str) -> None:
        for place in (self.folder / "files" / study, self.results(study)):
            shutil.rmtree(place, ignore_errors=True)

    def _shrink(self) -> None:
        """Deleted rows leave the write-ahead log too."""
        if self._engine.dialect.name == "sqlite":
            with self._engine.connect() as line:
                line.execute(sql.text("PRAGMA wal_checkpoint(TRUNCATE)"))

    # --- training -------------------------------------------------------------------------

    def write_training(self) -> None:
        """Writes saved studies as a data folder: images/ID.* and annotations.json (COCO)."""
        with self._training:
            kept = set()
            with writing(self.training / "annotations.json") as stream:
                images: list[dict[str, Any]] = []
                count, unnumbered = 0, False
                stream.write('{"annotations": [')
                for study, suffix in self._saved():
                    name = f"{study.id}{suffix}"
                    if not _linked(
                        self.original(study.id, suffix), self.training / "images" / name
                    ):
                        continue  # deleted meanwhile
                    kept.add(name)
                    size = [study.height, study.width]
                    number = len(images) + 1
                    images.append(
                        {"id": number, "file_name": name, "height": size[0], "width": size[1]}
                    )
                    for tooth in study.teeth:
                        count += 1
                        unnumbered = unnumbered or not tooth["fdi"]
                        entry = _annotation(tooth, size)
                        comma = "," if count > 1 else ""
                        stream.write(comma + json.dumps({"id": count, "image_id": number, **entry}))
                kinds = categories(unnumbered)
                stream.write(
                    f'], "images": {json.dumps(images)}, "categories": {json.dumps(kinds)}}}\n'
                )
            for file in (self.training / "images").iterdir():
                if file.name not in kept:
                    file.unlink(missing_ok=True)

    def _saved(self) -> Iterator[tuple[Study, str]]:
        with self._engine.connect() as line:
            names = list(
                line.execute(
                    sql.select(studies.c.id).where(studies.c.saved).order_by(studies.c.created)
                ).scalars()
            )
        for name in names:
            with self._engine.connect() as line:
                row = line.execute(studies.select().where(studies.c.id == name)).mappings().first()
            if row is not None:
                yield _study(dict(row)), row["suffix"] or ".png"

    # --- jobs -----------------------------------------------------------------------------

    def add_job(self, files: Sequence[tuple[str, str, str]]) -> str:
        """Queues (study id, name, suffix) whose originals are in place; the job's id."""
        job = new_id()
        with self._engine.begin() as line:
            line.execute(jobs.insert().values(id=job, created=now(), cancelled=False))
            line.execute(
                items.insert(),
                [
                    {
                        "id": study,
                        "job": job,
                        "position": position,
                        "name": name,
                        "suffix": suffix,
                        "state": QUEUED,
                        "error": None,
                    }
                    for position, (study, name, suffix) in enumerate(files)
                ],
            )
        return job

    def job(self, job: str) -> dict[str, Any]:
        """A job as the API shows it; raises `UnknownStudyError`."""
        with self._engine.connect() as line:
            row = line.execute(jobs.select().where(jobs.c.id == job)).mappings().first()
            if row is None:
                raise UnknownStudyError("no such job; jobs are forgotten with their studies")
            listed = list(
                line.execute(
                    items.select().where(items.c.job == job).order_by(items.c.position)
                ).mappings()
            )
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
            taken = line.execute(
                items.update()
                .where(items.c.id == row["id"], items.c.state == QUEUED)
                .values(state=RUNNING)
            ).rowcount
        return dict(row) if taken else self.take()

    def give_back(self, item: str) -> None:
        """An item that was taken and not done: it is queued again."""
        with self._engine.begin() as line:
            line.execute(
                items.update()
                .where(items.c.id == item, items.c.state == RUNNING)
                .values(state=QUEUED)
            )

    def finish(self, item: str, study: Study, suffix: str) -> None:
        """The item has become a study: both are kept at once, or neither."""
        with self._engine.begin() as line:
            known = line.execute(sql.select(studies.c.id).where(studies.c.id == item)).scalar()
            if known is None:
                line.execute(studies.insert().values(**_row(study), suffix=suffix))
            line.execute(items.update().where(items.c.id == item).values(state=DONE))

    def fail(self, item: str, reason: str) -> None:
        """The item cannot become a study; its file goes."""
        with self._engine.begin() as line:
            line.execute(
                items.update().where(items.c.id == item).values(state=FAILED, error=reason)
            )
        self._remove(item)

    def cancel(self, job: str) -> None:
        """Drops what is queued of a job; what runs is ended well. Raises `UnknownStudyError`."""
        with self._engine.begin() as line:
            known = line.execute(
                jobs.update().where(jobs.c.id == job).values(cancelled=True)
            ).rowcount
            mine = (items.c.job == job) & (items.c.state == QUEUED)
            dropped = list(line.execute(sql.select(items.c.id).where(mine)).scalars())
            line.execute(items.update().where(mine).values(state=DROPPED))
        if not known:
            raise UnknownStudyError("no such job; jobs are forgotten with their studies")
        for item in dropped:
            self._remove(item)

    def counts(self) -> tuple[int, int]:
        """Studies, and items that wait."""
        with self._engine.connect() as line:
            kept = line.execute(sql.select(sql.func.count()).select_from(studies)).scalar_one()
            waiting = line.execute(
                sql.select(sql.func.count()).select_from(items).where(items.c.state == QUEUED)
            ).scalar_one()
        return kept, waiting


def _unknown(study: str) -> UnknownStudyError:
    return UnknownStudyError(f"no study {study[:40]!r}; it may have been deleted")


def _row(study: Study) -> dict[str, Any]:
    return {
        "id": study.id,
        "name": study.name,
        "kind": study.kind,
        "created": study.created,
        "updated": study.updated,
        "revision": study.revision,
        "saved": study.saved,
        "width": study.width,
        "height": study.height,
        "count": len(study.teeth),
        "about": json.dumps(dict(study.about)),
        "predicted": json.dumps(list(study.predicted)),
        "teeth": None,
    }


def _study(row: Mapping[str, Any]) -> Study:
    predicted: list[Tooth] = json.loads(row["predicted"])
    return Study(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        created=row["created"],
        updated=row["updated"],
        width=row["width"],
        height=row["height"],
        predicted=predicted,
        teeth=predicted if row["teeth"] is None else json.loads(row["teeth"]),
        about=json.loads(row["about"]),
        revision=row["revision"],
        saved=bool(row["saved"]),
    )


def _annotation(tooth: Tooth, size: list[int]) -> dict[str, Any]:
    left, top, right, bottom = tooth["box"]
    return {
        "category_id": tooth["fdi"],
        "segmentation": {"size": size, "counts": tooth["rle"]},
        "area": tooth["area"],
        "bbox": [left, top, right - left, bottom - top],
        "iscrowd": 0,
    }


def _linked(source: Path, place: Path) -> bool:
    """`place` shows what `source` holds: a second name, or a copy where there can be none."""
    if place.exists():
        return True
    try:
        os.link(source, place)
    except FileNotFoundError:
        return False
    except OSError:
        try:
            write_whole(place, source.read_bytes())
        except FileNotFoundError:
            return False
    return True
