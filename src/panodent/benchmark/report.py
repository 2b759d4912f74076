"""Runs all measurements of a benchmark and collects their results."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
import onnxruntime

from panodent.benchmark import inputs, peers, scaling, warm
from panodent.benchmark import limit as speed_limit
from panodent.benchmark.cold import ColdBenchmark, ColdStart, FolderRun
from panodent.benchmark.limit import Limit
from panodent.benchmark.peers import Peer
from panodent.benchmark.processes import child_environment
from panodent.benchmark.scaling import Notify
from panodent.benchmark.timing import Spread, StageTimer, paired_ratio
from panodent.bundle.bundle import load
from panodent.inference.predictor import Predictor
from panodent.utils.parallel import available_cores
from panodent.version import __version__


@dataclass(frozen=True)
class BenchmarkSettings:
    """What is measured, and how often.

    images : folder of radiographs; None draws phantoms as JPEG files.
    against : names of peers, see `panodent.benchmark.peers.PEERS`.
    python : the interpreter that runs the peers.
    bundle : bundle that predicts.
    rounds : how often each radiograph is measured, and how many cold starts.
    count : radiographs in the folder that is predicted as a whole; 0 for no folder.
    scaling : whether folders of 1 to 1000 radiographs, and widths of 512 to 6000 pixels, are
        measured too.
    variants : whether the folder is also predicted with odontograms, without pictures, and with
        eight-bit networks where the bundle has some.
    preload : module whose import counts as start of a new process, see
        `panodent.benchmark.cold_stages`; "" for none.
    size, phantoms : (height, width) in pixels and number of phantoms.
    """

    images: Path | None = None
    against: tuple[str, ...] = ()
    python: str = sys.executable
    bundle: str = "default"
    rounds: int = 10
    count: int = 40
    scaling: bool = False
    variants: bool = False
    preload: str = ""
    size: tuple[int, int] = inputs.SIZE
    phantoms: int = inputs.PHANTOMS


@dataclass(frozen=True)
class Report:
    """Results of a benchmark. Times are in milliseconds unless a name says seconds.

    machine : processor, load and versions that the results depend on.
    radiographs : description of what was predicted.
    warm : by stage, in a process that has predicted before.
    cold : by stage, the first radiograph of a new process.
    limit : the network compared with the processor's speed limit.
    other_stages : duration of reading, framing and decoding together, divided by that of the
        networks of teeth and of outlines (the refiner).
    folder : a whole folder; None where `BenchmarkSettings.count` is 0.
    peers : other programs compared with panodent.
    counts : folders of different numbers of radiographs (`BenchmarkSettings.scaling`).
    widths : by width in pixels, then by stage (`BenchmarkSettings.scaling`).
    variants : a folder with other options (`BenchmarkSettings.variants`).
    """

    machine: dict[str, Any]
    radiographs: str
    warm: dict[str, Spread]
    cold: ColdStart
    limit: Limit
    other_stages: Spread
    folder: FolderRun | None
    peers: list[Peer] = field(default_factory=list)
    counts: list[FolderRun] = field(default_factory=list)
    widths: dict[int, dict[str, Spread]] = field(default_factory=dict)
    variants: list[FolderRun] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def measure(settings: BenchmarkSettings, notify: Notify = lambda text: None) -> Report:
    """Measures everything; `notify` is called with a description of each step.

    Raises `RadiographError` for a folder without radiographs, `BenchmarkError` for a peer or a
    process that fails, `BundleError`, `UnknownNameError`.
    """
    # Peers start first, so that one that cannot run is reported at once.
    with peers.started(settings.against, settings.python) as runners:
        return _measure(settings, runners, notify)


def _measure(
    settings: BenchmarkSettings, runners: Sequence[peers.Runner], notify: Notify
) -> Report:
    """`measure` with the peers running."""
    bundle = load(settings.bundle)
    bundle.open()
    predictor = Predictor(bundle)
    with TemporaryDirectory(prefix="panodent-benchmark-") as name, child_environment() as variables:
        folder = Path(name)
        files, description = _radiographs(settings, folder / "in", notify)
        notify("warm")
        timer = StageTimer()
        warm.measure(predictor, files, folder / "warm", settings.rounds, timer)
        notify("network and matrix product")
        limit = speed_limit.measure(bundle, settings.rounds)
        compared = []
        if runners:
            notify("peers")
            compared = peers.measure(runners, predictor, files, folder / "peers", settings.rounds)
        notify("cold")
        cold = ColdBenchmark(settings.bundle, variables, settings.preload)
        first = cold.measure_file(files[0], folder / "cold", settings.rounds)
        count = (settings.count,) if settings.count else ()
        folders = scaling.by_count(cold, files, folder, notify, count)
        counts, widths, variants = [], {}, []
        if settings.variants and settings.count:
            fast = bundle.fast is not None
            variants = scaling.by_options(cold, files, folder, notify, settings.count, fast)
        if settings.scaling:
            counts = scaling.by_count(cold, files, folder, notify)
            widths = scaling.by_width(predictor, folder, settings.rounds, notify)
    return Report(
        machine=_machine(bundle.digest),
        radiographs=description,
        warm=timer.spreads(),
        cold=first,
        limit=limit,
        other_stages=_other_stages(timer),
        folder=folders[0] if folders else None,
        peers=compared,
        counts=counts,
        widths=widths,
        variants=variants,
    )


def _radiographs(
    settings: BenchmarkSettings, folder: Path, notify: Notify
) -> tuple[list[Path], str]:
    """The files to predict, and a description of them."""
    if settings.images is not None:
        files = inputs.find_radiographs(settings.images)
        return files, f"{len(files)} of {settings.images}"
    notify("drawing phantoms")
    files = inputs.draw_phantoms(folder, settings.phantoms, settings.size)
    height, width = settings.size
    return files, f"{len(files)} phantoms, {height} x {width}, JPEG"


def _other_stages(timer: StageTimer) -> Spread:
    def together(*stages: str) -> list[float]:
        times = [timer.times[stage] for stage in stages if stage in timer.times]
        return [sum(durations) for durations in zip(*times, strict=True)]

    return paired_ratio(together("read", "frame", "decode"), together("network", "refiner"))


def _machine(digest: str) -> dict[str, Any]:
    """What the results depend on besides the code."""
    return {
        "processor": _processor(),
        "cores": available_cores(),
        "threads": available_cores(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "panodent": __version__,
        "bundle": digest[:12],
        "onnxruntime": onnxruntime.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
