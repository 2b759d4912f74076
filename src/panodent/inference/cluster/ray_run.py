"""Prediction on a Ray cluster: Ray Data hands batches to actors, which hold the networks.

The driver holds the list of inputs and counts, not the results. If a worker or a node is lost, Ray
gives its batch to another; if the driver is killed, the same call with `resume` goes on.
"""

from __future__ import annotations

import importlib.util
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from panodent.bundle.bundle import Bundle
from panodent.errors import ConfigError, MissingExtraError, OutputError, PanodentError
from panodent.inference.cluster.batch_worker import (
    STATUSES,
    BatchSettings,
    BatchWorker,
    CountedAttempts,
    packed,
)
from panodent.inference.cluster.batches import Batch, Plan, batches_of, collected, plan_of
from panodent.inference.cluster.connection import check_address, connected
from panodent.inference.cluster.store import LocalFolder, RemoteFolder, is_url, target_of
from panodent.inference.folder import described
from panodent.inference.one_input import Options
from panodent.outputs.earlier_results import RUN, SUMMARIES, find_earlier, remove_earlier
from panodent.outputs.parquet_tables import FOLDER
from panodent.outputs.parts import parts_in
from panodent.outputs.table_schema import TABLES
from panodent.utils.output_folder import occupied
from panodent.version import __version__

STOPPED = "stopped"
"""Key of the reason why a worker cannot go on, in place of a summary."""
_GO_ON = "when this is mended, the same command with --resume goes on"
BATCH = 64
"""Radiographs of one batch, and so of one file of each table."""


@dataclass
class RayOutcome:
    """Numbers of a run: inputs by status, teeth, doubtful teeth and findings of this call.

    `kept_batches` of an earlier call, with `in_kept_batches` inputs, were finished before.
    """

    counts: Counter[str] = field(default_factory=Counter)
    kept_batches: int = 0
    in_kept_batches: int = 0

    @property
    def processed(self) -> int:
        """Inputs of this call."""
        return sum(self.counts[name] for name in STATUSES)


Report = Callable[[int, int, dict[str, Any]], None]
"""Called with (inputs done, all inputs, summary of a batch)."""


def require_ray() -> None:
    """Raises `MissingExtraError` if Ray or what it needs is not installed. Does not import it."""
    for package in ("ray", "fsspec", "pyarrow"):
        if importlib.util.find_spec(package) is None:
            raise MissingExtraError("ray", "prediction with --ray", package)


def predict_on_ray(
    paths: Sequence[str],
    output: str,
    *,
    address: str,
    bundle: Bundle,
    options: Options,
    resume: bool = False,
    overwrite: bool = False,
    report: Report | None = None,
    batch: int = BATCH,
) -> RayOutcome:
    """Predicts all radiographs in paths and URLs on a Ray cluster.

    Parameters
    ----------
    paths : files, folders and URLs. Paths, and that of the output, must be the same on all nodes.
    output : folder or URL of the results: those of radiographs, tables and run.json.
    address : of a Ray cluster, 'auto' for the one that this machine belongs to, or 'local'.
    bundle : the model; it is sent to the workers.
    options : what is written.
    resume, overwrite : keep or replace earlier results. A store's are not replaced.
    report : called after each batch.
    batch : radiographs that a worker gets at a time.

    Raises `OutputError` if there are earlier results and neither is given or if results cannot be
    written, `RadiographError` if a store cannot be listed, `ConfigError` if the cluster cannot be
    reached.
    """
    require_ray()
    check_address(address)
    with _held(output) as interrupted:
        target = target_of(output)
        sources = collected(paths, output)
        _prepare(target, [x.item.name for x in sources], resume, overwrite, interrupted)
        origin = json.dumps([bundle.digest, asdict(options), __version__], sort_keys=True)
        batches = batches_of(sources, origin, batch)
        plan = plan_of(batches, target.names(f"{FOLDER}/{TABLES[0].name}"))
        _remove_stale(target, plan)
        settings = BatchSettings(
            packed(bundle), output, options, resume, bundle.threads or 1, bundle.device
        )
        done = len(sources) - sum(len(x.sources) for x in plan.todo)
        outcome = RayOutcome(kept_batches=len(plan.done), in_kept_batches=done)
        started = partial(
            _write_run, target, bundle, options, len(sources), outcome, complete=False
        )
        for counts in _streamed(plan, settings, address, started):
            outcome.counts.update({k: v for k, v in counts.items() if isinstance(v, int)})
            if report is not None:
                report(done + outcome.processed, len(sources), counts)
        _write_run(target, bundle, options, len(sources), outcome, complete=True)
    return outcome


@contextmanager
def _held(output: str) -> Iterator[bool]:
    """Holds a local output folder; stores have no locks."""
    if is_url(output):
        yield False
        return
    folder = Path(output)
    with occupied(folder, "predict --ray") as interrupted:
        yield interrupted


def _prepare(
    target: RemoteFolder | LocalFolder,
    names: Sequence[str],
    resume: bool,
    overwrite: bool,
    interrupted: bool,
) -> None:
    """Makes room for the results, or raises `OutputError`."""
    where = target.url if isinstance(target, RemoteFolder) else target.folder
    if overwrite and isinstance(target, RemoteFolder):
        raise ConfigError(
            f"{where}: results on a store are not replaced; delete them, or name another --output"
        )
    marked = target.read(RUN) is not None
    if not (resume or overwrite) and marked:
        replaced = "" if isinstance(target, RemoteFolder) else "--overwrite replaces them, "
        raise OutputError(
            f"{where}: holds results of an earlier call; --resume keeps those that are finished, "
            f"{replaced}or name another --output"
        )
    if isinstance(target, RemoteFolder):
        return
    if parts_in(target.folder):
        raise OutputError(f"{where}: holds parts of --part; name another --output")
    if overwrite or not marked:
        earlier = find_earlier(target.folder, filter(None, names), interrupted)
        if overwrite:
            remove_earlier(target.folder, earlier)
        elif earlier and not earlier.marked:
            raise OutputError(
                f"{earlier.files[0]}: no call of panodent predict left this file; name another "
                "--output, or replace it with --overwrite"
            )
    for name in SUMMARIES:  # tables of a call without Ray, which this one does not write
        if name != RUN:
            target.remove(name)


def _remove_stale(target: RemoteFolder | LocalFolder, plan: Plan) -> None:
    """Deletes tables of radiographs, bundles or options of earlier calls."""
    for name in plan.stale:
        for table in TABLES:
            target.remove(f"{FOLDER}/{table.name}/{name}")


def _streamed(
    plan: Plan, settings: BatchSettings, address: str, started: Callable[[], None]
) -> Iterator[dict[str, Any]]:
    """The summary of each batch that is left to do, as workers finish them.

    `started` is called when the cluster is reached, before the first batch.
    """
    if not plan.todo:
        return
    import ray

    with connected(address):
        started()
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        attempts = (
            ray.remote(CountedAttempts)
            # The head node of a cluster would keep an event of each call.
            .options(num_cpus=0, scheduling_strategy=here, enable_task_events=False)
            .remote()
        )
        rows = [{"batch": item} for item in plan.todo]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Actor,
            fn_constructor_args=(ray.put(settings), attempts),
            batch_size=1,
            batch_format="numpy",
            compute=ray.data.ActorPoolStrategy(min_size=1, max_size=None),
            num_cpus=settings.threads,
            num_gpus=1 if settings.device in ("cuda", "rocm") else 0,
            # Ray's threads would take arenas of the allocator until a worker is twice as large.
            runtime_env={"env_vars": {"MALLOC_ARENA_MAX": "2"}},
        )  # Ray Data restarts lost actors and hands their batches out again without end
        try:
            for row in dataset.iter_rows():
                found = json.loads(row["summary"])
                if STOPPED in found:
                    raise OutputError(f"a worker cannot go on: {found[STOPPED]}; {_GO_ON}")
                yield found
        except ray.exceptions.RayError as error:
            reason = str(error).strip().splitlines()[-1:] or [type(error).__name__]
            raise OutputError(
                f"--ray {address}: the cluster failed ({reason[0]}); {_GO_ON}"
            ) from None


class _Actor:
    """The worker as Ray calls it: arrays of one batch in, one summary as JSON out."""

    def __init__(self, settings: Any, attempts: Any) -> None:
        import ray

        self._made = partial(BatchWorker, ray.get(settings), _RemoteAttempts(attempts))

    @cached_property
    def _worker(self) -> BatchWorker:
        return self._made()

    def __call__(self, rows: dict[str, Any]) -> dict[str, Any]:
        return {"summary": [json.dumps(self._summary(batch)) for batch in rows["batch"]]}

    def _summary(self, batch: Batch) -> dict[str, Any]:
        """The summary of a batch, or why this worker cannot go on.

        Such an error is no exception, which Ray would wrap in a long traceback.
        """
        try:
            return self._worker.predict(batch)
        except (PanodentError, OSError) as error:
            return {STOPPED: str(error)}


class _RemoteAttempts:
    """`Attempts` in an actor on the driver's node, which outlives the workers."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def begun(self, names: Sequence[str]) -> list[int]:
        import ray

        found: list[int] = ray.get(self._actor.begun.remote(list(names)))
        return found

    def begin(self, name: str) -> None:
        import ray

        ray.get(self._actor.begin.remote(name))  # before anything can die

    def end(self, name: str) -> None:
        self._actor.end.remote(name)


def _write_run(
    target: RemoteFolder | LocalFolder,
    bundle: Bundle,
    options: Options,
    total: int,
    outcome: RayOutcome,
    complete: bool,
) -> None:
    """Writes run.json; the outcome for each input is in the table of statuses."""
    run = {
        "panodent": __version__,
        "bundle": described(bundle),
        "options": asdict(options),
        "inputs": total,
        "complete": complete,
        "tables": FOLDER,
        "last_call": {
            "kept_batches": outcome.kept_batches,
            **{name: outcome.counts[name] for name in STATUSES},
        },
    }
    target.write(RUN, (json.dumps(run, indent=1, ensure_ascii=False) + "\n").encode())
