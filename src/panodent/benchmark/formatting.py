"""Formats a benchmark report as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panodent.benchmark.cold import FolderRun
from panodent.benchmark.limit import Limit
from panodent.benchmark.report import Report
from panodent.benchmark.timing import Spread


def lines(report: Report) -> Iterator[str]:
    """The lines of the report, without line ends."""
    machine = report.machine
    yield (
        f"panodent {machine['panodent']}, bundle {machine['bundle']}, Python {machine['python']}, "
        f"ONNX Runtime {machine['onnxruntime']}"
    )
    yield (
        f"{machine['processor']}, {machine['cores']} cores, {machine['threads']} threads; "
        f"load {machine['load']}"
    )
    yield f"radiographs: {report.radiographs}"
    yield from _stages("warm", report.warm)
    networks = "network and refiner" if "refiner" in report.warm else "network"
    yield f"  read, frame and decode take {_ratio(report.other_stages)} that of {networks}"
    yield from _stages("cold, a new process each time", report.cold.stages)
    yield f"  peak memory {_mib(report.cold.peak_mib)}"
    if report.folder is not None:
        yield ""
        yield _folder(report.folder)
    yield from map(_folder, report.variants)
    yield from _limit(report.limit)
    for peer in report.peers:
        yield from _stages(f"{peer.name} ({peer.about})", peer.stages)
        yield (
            f"  {_ratio(peer.ratio)} panodent's time from file to teeth, "
            f"{_milliseconds(peer.panodent)} ms"
        )
    yield from _scaling(report)


def _limit(limit: Limit) -> Iterator[str]:
    yield ""
    yield (
        f"network: {limit.multiply_adds / 1e9:.2f} G multiply-adds; a plain float32 matrix product "
        f"reaches {limit.gflops:.0f} GFLOP/s"
    )
    yield (
        f"  limit {limit.milliseconds:.1f} ms; the network takes {_milliseconds(limit.network)} "
        f"ms, {_ratio(limit.ratio)} its limit"
    )


def _scaling(report: Report) -> Iterator[str]:
    if report.counts:
        yield ""
        yield from map(_folder, report.counts)
    if report.widths:
        names = list(next(iter(report.widths.values())))
        yield ""
        yield "median ms by width  " + "".join(f"{name:>20}" for name in names)
    for width, stages in report.widths.items():
        yield f"{width:>18}  " + "".join(f"{s.median:>20.1f}" for s in stages.values())


def _stages(title: str, stages: Mapping[str, Spread]) -> Iterator[str]:
    yield ""
    yield f"{title}, ms: median (first to third quartile)"
    for name, spread in stages.items():
        yield f"  {name:<20}{spread.median:>8.1f}  ({spread.low:.1f} to {spread.high:.1f})"


def _folder(run: FolderRun) -> str:
    return (
        f"a folder of {run.radiographs}{_with(run)}: {run.seconds:.1f} s, "
        f"{run.radiographs_per_second:.1f} radiographs/s, {_processor(run)}"
        f"peak memory {_mib(run.peak_mib)}"
    )


def _processor(run: FolderRun) -> str:
    if run.processor_ms is None:
        return ""
    return f"{run.processor_ms:.0f} ms of processor time each, "


def _with(run: FolderRun) -> str:
    """The options that a folder was predicted with."""
    return f" with {' '.join(run.options)}" if run.options else ""


def _mib(value: float | None) -> str:
    return "not reported by this system" if value is None else f"{value:.0f} MiB"


def _milliseconds(spread: Spread) -> str:
    return f"{spread.median:.1f} ({spread.low:.1f} to {spread.high:.1f})"


def _ratio(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f}) times"
