"""Fetches radiographs by DICOMweb, segments them, and stores the results, through a spool on disk.

Each radiograph is processed once: the spool records what was fetched, and a result is deleted from
it after the archive has taken it. After a crash of either side the next round goes on. A result
that is stored twice because the answer was lost has the same instance UID and content.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from panodent.bundle.bundle import Bundle
from panodent.dicom_node.segmenting import segment
from panodent.dicom_node.spool import FAILED, KEPT, Spool, open_spool
from panodent.dicom_node.web_archive import ArchivedObject, WebArchive
from panodent.errors import ConfigError, RefusedError, UnreachableError
from panodent.inference.predictor import Predictor

FIRST_PAUSE, MAX_PAUSE = 1.0, 300.0
"""Seconds before an archive is tried again; the pause doubles each time."""
TRIES = 5
"""Rounds without progress after which a single run gives up an archive that does not answer."""


@dataclass
class Counts:
    """What a run did: radiographs fetched, results stored, objects that failed or were refused.

    `kept` are radiographs whose results cannot be stored and are in the spool. `stopped` says
    whether `WebRelay.stop` ended it.
    """

    fetched: int = 0
    stored: int = 0
    failed: int = 0
    kept: int = 0
    stopped: bool = False


@dataclass
class WebRelay:
    """Answers radiographs of one archive in the same or another one.

    Parameters
    ----------
    spool_folder : as of `panodent.dicom_node.spool`; what is in `seen` is never fetched again.
    source, target : connect to the archives; called once a round, so that logins may change.
    bundle : the model.
    query : (attribute, value) that radiographs must match, such as ('StudyDate', '20260101-').
    kinds : kinds of results, of `panodent.dicom.files.KINDS`.
    report : called with messages, which contain no patient data.
    first_pause : seconds before an archive is tried again for the first time.
    """

    spool_folder: Path
    source: Callable[[], WebArchive]
    target: Callable[[], WebArchive]
    bundle: Bundle
    query: Sequence[tuple[str, str]] = (("Modality", "PX"),)
    kinds: Sequence[str] = ("seg", "pr", "sr")
    report: Callable[[str], None] = field(default=lambda text: None)
    first_pause: float = FIRST_PAUSE
    counts: Counts = field(init=False, default_factory=Counts)
    _spool: Spool = field(init=False)
    _refused: set[str] = field(init=False, default_factory=set)
    _stopping: threading.Event = field(init=False, default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._spool = open_spool(self.spool_folder)
        self._predictor = Predictor(self.bundle)

    def stop(self) -> None:
        """Ends `run` after the radiograph in progress."""
        self._stopping.set()

    def run(self, every: float | None = None) -> Counts:
        """Answers all radiographs that match, once or, with `every`, again after so many seconds.

        Raises `UnreachableError` if an archive does not answer in a single run, and `ConfigError`
        if a login cannot be read, after some tries; `RefusedError` if it refuses the query.
        """
        failed, kept = self._count(FAILED), self._count(KEPT)
        pause, tries, done = self.first_pause, 0, replace(self.counts)
        try:
            while not self._stopping.is_set():
                if self.counts != done:
                    pause, tries, done = self.first_pause, 0, replace(self.counts)
                try:
                    self._round()
                    pause, tries = self.first_pause, 0
                except (UnreachableError, ConfigError) as error:  # a login is being renewed
                    tries += 1
                    if every is None and tries >= TRIES:
                        raise
                    self.report(f"{error}; next try in {pause:.0f} s")
                    self._stopping.wait(pause)
                    pause = min(2 * pause, MAX_PAUSE)
                    continue
                if every is None:
                    break
                self._stopping.wait(every)
        finally:
            self.counts.failed = self._count(FAILED) - failed + len(self._refused)
            self.counts.kept = self._count(KEPT) - kept
            self.counts.stopped = self._stopping.is_set()
            self._spool.close()
        return self.counts

    def _count(self, folder: str) -> int:
        return sum(place.suffix != ".txt" for place in (self._spool.root / folder).iterdir())

    def _round(self) -> None:
        """Finishes what is in the spool, then fetches and answers what is new.

        Nothing more is fetched while the target does not answer, so that the spool stays small.
        """
        source, target = self.source(), self.target()
        for file in self._spool.received():
            if self._stopping.is_set():
                return
            self._segment(file)
        self._store_all(target)
        for instance in source.search(self.query):
            if self._stopping.is_set():
                return
            if instance.uid in self._refused or self._spool.knows(instance.uid):
                continue
            if self._fetch(source, instance):
                self._store_all(target)

    def _fetch(self, source: WebArchive, instance: ArchivedObject) -> bool:
        """Fetches and segments one radiograph; returns whether there are results to store."""
        place = self._spool.work / "fetched.dcm"
        try:
            source.fetch(instance, place)
        except RefusedError as error:
            self._refused.add(instance.uid)
            self.report(f"{error}; left out")
            return False
        received = self._spool.receive(instance.uid, place)
        place.unlink()
        if received is None:
            return False
        self.counts.fetched += 1
        return self._segment(received)

    def _segment(self, file: Path) -> bool:
        return segment(self._predictor, self._spool, file, self.kinds, self.report)

    def _store_all(self, target: WebArchive) -> None:
        """Stores waiting results; raises `UnreachableError` if the archive does not answer."""
        for file in list(self._spool.outgoing()):
            if self._stopping.is_set():
                return
            try:
                target.store(file)
            except RefusedError as error:
                self._spool.mark_failed(file, str(error))
                self.report(f"{file.parent.name[:8]}: {file.name} was refused; see failed/")
                continue
            self._spool.mark_sent(file)
            self.counts.stored += 1
