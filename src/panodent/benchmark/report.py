"""All of a benchmark in one record, measured in one run."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from panodent.benchmark import cold as fresh
from panodent.benchmark import inputs, scaling, warm
from panodent.benchmark import limit as bound
from panodent.benchmark import peers as others
from panodent.benchmark.processes import as_installed
from panodent.benchmark.timing import Clock, Spread, ratio
from panodent.bundle.bundle import load
from panodent.inference.predictor import Predictor
from panodent.utils.parallel import available_cores
from panodent.version import __version__


@dataclass(frozen=True)
class Settings:
    """What is measured, and how often.

    images : a folder of radiographs; None draws phantoms as JPEG files of 2041 x 1024 pixels.
    against : peers, see `panodent.benchmark.peers.PEERS`; `python` is the one that runs them.
    rounds : how often each radiograph, and how many cold starts.
    count : how many radiographs the folder holds; 0 leaves the folder out.
    scaling : whether folders of 1 to 1000, and widths of 512 to 6000 pixels, are measured too.
    """

    images: Path | None = None
    against: tuple[str, ...] = ()
    python: str = sys.executable
    bundle: str = "default"
    rounds: int = 10
    count: int = 40
    scaling: bool = False
    size: tuple[int, int] = inputs.SIZE
    phantoms: int = inputs.PHANTOMS


@dataclass(frozen=True)
class Report:
    """What was measured; times are milliseconds unless their names say seconds."""

    machine: dict[str, Any]
    radiographs: str
    warm: dict[str, Spread]
    cold: fresh.Cold
    limit: bound.Limit
    rest: Spread
    """Reading, framing and decoding together, by the network's time: 1 is as long."""
    folder: fresh.Folder | None
    peers: list[others.Peer] = field(default_factory=list)
    counts: list[fresh.Folder] = field(default_factory=list)
    widths: dict[int, dict[str, Spread]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return asdict(self)


def measure(settings: Settings, say: Callable[[str], None] = lambda text: None) -> Report:
    """Measures everything; `say` is told what comes next.

    Raises `RadiographError` for a folder without radiographs, `BenchmarkError` for a peer or a
    process that fails, `BundleError`, `UnknownNameError`.
    """
    bundle = load(settings.bundle)
    bundle.open()
    predictor = Predictor(bundle)
    with TemporaryDirectory(prefix="panodent-benchmark-") as name, as_installed() as environment:
        place = Path(name)
        if settings.images is None:
            say("drawing phantoms")
            files = inputs.phantoms(place / "in", settings.phantoms, settings.size)
            shown = f"{len(files)} phantoms, {settings.size[1]} x {settings.size[0]}, JPEG"
        else:
            files = inputs.found(settings.images)
            shown = f"{len(files)} of {settings.images}"
        say("warm")
        clock = Clock()
        warm.measure(predictor, files, place / "warm", settings.rounds, clock)
        say("network and matrix product")
        distance = bound.measure(bundle, settings.rounds)
        against = []
        if settings.against:
            say("peers")
            against = others.measure(
                settings.against,
                predictor,
                files,
                place / "peers",
                settings.rounds,
                settings.python,
            )
        say("cold")
        started = fresh.first(
            files[0], place / "cold", settings.bundle, settings.rounds, environment
        )
        many = None
        if settings.count:
            say(f"a folder of {settings.count}")
            images = inputs.copies(files, settings.count, place / "many")
            many = fresh.folder(
                images, settings.count, place / "found", settings.bundle, environment
            )
            shutil.rmtree(place / "found")
        counts, widths = [], {}
        if settings.scaling:
            counts = scaling.by_count(files, place, settings.bundle, environment, say=say)
            widths = scaling.by_width(predictor, place, settings.rounds, say=say)
    return Report(
        machine(bundle.digest),
        shown,
        clock.spreads(),
        started,
        distance,
        _rest(clock),
        many,
        against,
        counts,
        widths,
    )


def _rest(clock: Clock) -> Spread:
    stages = zip(*(clock.times[stage] for stage in ("read", "frame", "decode")), strict=True)
    return ratio([sum(each) for each in stages], clock.times["network"])


def machine(digest: str) -> dict[str, Any]:
    """What the figures depend on besides the code."""
    import cv2
    import numpy as np
    import onnxruntime

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
