"""A worker that predicts batches: it holds the networks, and knows nothing of Ray.

Results of a radiograph, and the tables of a batch, appear complete or not at all. A batch may be
begun any number of times: finished radiographs are kept, and the tables are written again under the
same names.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Protocol

from panodent.bundle.bundle import Bundle, load, save
from panodent.errors import ConfigError, NoRadiographError, RadiographError
from panodent.inference.cluster.batches import FAILED, Batch, Source
from panodent.inference.cluster.store import LocalFolder, RemoteFolder, fetch, target_of
from panodent.inference.one_input import Options, Outcome, Status, finished, predict_one
from panodent.inference.predictor import Predictor
from panodent.outputs.parquet_tables import FOLDER, ParquetTables, table_files
from panodent.outputs.record import RECORD
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.discovery import Input
from panodent.radiograph.radiograph import suffix_of
from panodent.utils.atomic_files import write_whole
from panodent.utils.parallel import in_order
from panodent.version import __version__

STATUSES = ("done", "skipped", "failed", "ignored")
"""What `Status.status` may be."""
MOST_DEATHS = 3
"""A file that was being predicted when its worker died this often is not tried again."""
_SIDE_BY_SIDE = 2
"""Radiographs of a batch at a time: one is fetched or written while another is predicted."""


class Attempts(Protocol):
    """Counts how often files were begun and not ended; outlives the workers."""

    def begun(self, names: Sequence[str]) -> list[int]:
        """How often each file was begun and not ended."""

    def begin(self, name: str) -> None:
        """Counts one more attempt."""

    def end(self, name: str) -> None:
        """Forgets the file."""


class CountedAttempts:
    """`Attempts` in this process."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def begun(self, names: Sequence[str]) -> list[int]:
        """How often each file was begun and not ended."""
        return [self._counts[name] for name in names]

    def begin(self, name: str) -> None:
        """Counts one more attempt."""
        self._counts[name] += 1

    def end(self, name: str) -> None:
        """Forgets the file."""
        self._counts.pop(name, None)


@dataclass(frozen=True)
class BatchSettings:
    """What a worker needs to know; plain data that travels to other machines.

    Parameters
    ----------
    bundle : content of the bundle's files by name; see `packed`.
    output : folder or URL of the results.
    options : as of `panodent.inference.one_input`.
    resume : whether results of an earlier call are kept.
    threads, device : of the networks.
    version : of panodent, which must be the same on all machines.
    """

    bundle: Mapping[str, bytes]
    output: str
    options: Options
    resume: bool = False
    threads: int = 1
    device: str = "cpu"
    version: str = __version__


def packed(bundle: Bundle) -> dict[str, bytes]:
    """The files of a bundle, so that workers need no copy of their own."""
    with tempfile.TemporaryDirectory() as folder:
        save(bundle, Path(folder) / "bundle")
        return {file.name: file.read_bytes() for file in (Path(folder) / "bundle").iterdir()}


class BatchWorker:
    """Predicts batches one after the other.

    Raises `ConfigError` if this machine has another version of panodent than `settings` ask for.
    """

    def __init__(self, settings: BatchSettings, attempts: Attempts) -> None:
        if settings.version != __version__:
            raise ConfigError(
                f"this machine has panodent {__version__}, and the call was made with "
                f"{settings.version}; install the same version on all machines"
            )
        self.settings, self.attempts = settings, attempts

    @cached_property
    def predictor(self) -> Predictor:
        """The networks, loaded once."""
        options = self.settings.options
        with tempfile.TemporaryDirectory() as folder:
            for name, content in self.settings.bundle.items():
                Path(folder, name).write_bytes(content)
            bundle = load(folder, self.settings.threads, self.settings.device)
        bundle.open()
        return Predictor(bundle, options.mirror, options.min_score)

    @cached_property
    def target(self) -> RemoteFolder | LocalFolder:
        """Where the results go."""
        return target_of(self.settings.output)

    def predict(self, batch: Batch) -> dict[str, Any]:
        """Predicts a batch and writes its tables.

        Returns how many inputs have each status (done, skipped, failed, ignored), the number of
        teeth, doubtful teeth and findings, and the errors and warnings. Raises `OutputError` if
        results cannot be written.
        """
        names = [source.shown for source in batch.sources]
        begun = dict(zip(names, self.attempts.begun(names), strict=True))
        # After a death one at a time, so that only the file at fault is blamed again.
        workers = 1 if any(begun.values()) else _SIDE_BY_SIDE
        work = partial(self._counted, begun)
        statuses: list[Status] = []
        with tempfile.TemporaryDirectory(prefix="panodent-") as folder:
            files = table_files(Path(folder))
            with ParquetTables(files) as tables:
                for source, (status, record) in in_order(work, batch.sources, workers):
                    statuses.append(status)
                    item = source.item
                    tables.add(item.name, item.file_name, asdict(status), record)
                tables.finish()
            failed = any(status.status == "failed" for status in statuses)
            self._put_tables(batch.name, files, failed)
        return summary(statuses)

    def _counted(self, begun: Mapping[str, int], source: Source) -> Outcome:
        """The outcome for one input, which is given up if it has killed too many workers."""
        deaths = begun[source.shown]
        if deaths >= MOST_DEATHS:
            self.attempts.end(source.shown)
            error = (
                f"{source.shown}: a worker died {deaths} times while it was predicted; predict it "
                "alone to see why"
            )
            return Status(source.shown, "failed", error=error), None
        self.attempts.begin(source.shown)
        outcome = self._outcome(source)
        self.attempts.end(source.shown)
        return outcome

    def _outcome(self, source: Source) -> Outcome:
        settings, target = self.settings, self.target
        if source.item.problem or (not source.url and isinstance(target, LocalFolder)):
            return self._predicted(source.item, Path(settings.output), settings.resume)
        with tempfile.TemporaryDirectory(prefix="panodent-") as place:
            folder = target.folder if isinstance(target, LocalFolder) else Path(place, "out")
            kept = f"{source.item.name}/{RECORD}"
            if (
                settings.resume
                and isinstance(target, RemoteFolder)
                and (record := target.read(kept))
            ):
                write_whole(folder / kept, record)
            bundle = self.predictor.bundle
            if settings.resume and (
                earlier := finished(bundle, source.item, folder, settings.options)
            ):
                return replace(earlier[0], file=source.shown), earlier[1]
            try:
                item = _local(source, Path(place))
            except NoRadiographError as error:
                return Status(source.shown, "ignored", error=str(error)), None
            except RadiographError as error:
                return Status(source.shown, "failed", error=str(error)), None
            status, found = self._predicted(item, folder, resume=False)
            if status.status == "done" and isinstance(target, RemoteFolder):
                _upload(target, folder, source.item.name)
            said = status.error.replace(str(item.path), source.shown)
            return replace(status, file=source.shown, error=said), found

    def _predicted(self, item: Input, folder: Path, resume: bool) -> Outcome:
        options = self.settings.options
        return predict_one(self.predictor, item, folder=folder, options=options, resume=resume)

    def _put_tables(self, name: str, files: Mapping[str, Path], failed: bool) -> None:
        """Copies the tables of a batch to the results, statuses last."""
        end, other = (FAILED, "") if failed else ("", FAILED)
        for table in ("findings", "teeth", "statuses"):
            self.target.remove(f"{FOLDER}/{table}/{name}{other}.parquet")
            self.target.write(f"{FOLDER}/{table}/{name}{end}.parquet", files[table].read_bytes())


def _local(source: Source, place: Path) -> Input:
    """The input with its file in `place`, fetched if it is on a store.

    Raises `NoRadiographError` for a file without suffix that is not a DICOM file.
    """
    if not source.url:
        return source.item
    path = place / "in" / source.item.path.name
    path.parent.mkdir()
    fetch(source.url, path)
    if not suffix_of(path) and not is_dicom(path):
        raise NoRadiographError(f"{source.url}: has no suffix and is not a DICOM file")
    return replace(source.item, path=path)


def _upload(store: RemoteFolder, folder: Path, name: str) -> None:
    """Copies the results of a radiograph to a store, its record last."""
    store.remove(f"{name}/{RECORD}")
    files = sorted((folder / name).iterdir(), key=lambda file: (file.name == RECORD, file.name))
    for file in files:
        store.write(f"{name}/{file.name}", file.read_bytes())


def summary(statuses: Sequence[Status]) -> dict[str, Any]:
    """Numbers of a batch, and what there is to say of its inputs."""
    counts = Counter(status.status for status in statuses)
    good = [status for status in statuses if status.status in ("done", "skipped")]
    return {
        **{name: counts[name] for name in STATUSES},
        **{
            name: sum(getattr(status, name) for status in good)
            for name in ("teeth", "doubtful", "findings")
        },
        "errors": [status.error for status in statuses if status.status == "failed"],
        "ignored_files": [status.error for status in statuses if status.status == "ignored"],
        "warnings": [f"{status.file}: {status.warning}" for status in good if status.warning],
    }
