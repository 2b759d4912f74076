"""A benchmark's report as lines to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from panodent.benchmark.cold import Folder
from panodent.benchmark.report import Report
from panodent.benchmark.timing import Spread


def lines(report: Report) -> Iterator[str]:
    """The report, a line at a time."""
    machine = report.machine
    yield (
        f"panodent {machine['panodent']}, bundle {machine['bundle']}, Python {machine['python']}, "
        f"ONNX Runtime {machine['onnxruntime']}"
    )
    yield (
        f"{machine['processor']}, {machine['cores']} cores, as many threads; load {machine['load']}"
    )
    yield f"radiographs: {report.radiographs}"
    yield from _stages("warm", report.warm)
    yield f"  reading, frame and decoding take {_times(report.rest)} the network's time"
    yield from _stages("cold, a new process each time", report.cold.stages)
    yield f"  peak memory {_mib(report.cold.peak_mib)}"
    if report.folder is not None:
        yield ""
        yield _folder(report.folder)
    limit = report.limit
    yield ""
    yield (
        f"network: {limit.multiply_adds / 1e9:.2f} G multiply-adds; a plain float32 matrix product "
        f"reaches {limit.gflops:.0f} GFLOP/s"
    )
    yield (
        f"  so {limit.milliseconds:.1f} ms at least; it takes {_one(limit.network)} ms, "
        f"{_times(limit.times)} its limit"
    )
    for peer in report.peers:
        yield from _stages(f"{peer.name} ({peer.about})", peer.stages)
        yield f"  {_times(peer.times_as_long)} panodent's time to its teeth, {_one(peer.ours)} ms"
    yield from _scaling(report)


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
    yield f"{title}, ms: median (middle half)"
    for name, spread in stages.items():
        yield f"  {name:<20}{spread.median:>8.1f}  ({spread.low:.1f} to {spread.high:.1f})"


def _folder(folder: Folder) -> str:
    return (
        f"a folder of {folder.radiographs}: {folder.seconds:.1f} s, "
        f"{folder.a_second:.1f} a second, peak memory {_mib(folder.peak_mib)}"
    )


def _mib(value: float | None) -> str:
    return "not told by this system" if value is None else f"{value:.0f} MiB"


def _one(spread: Spread) -> str:
    return f"{spread.median:.1f} ({spread.low:.1f} to {spread.high:.1f})"


def _times(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.low:.2f} to {spread.high:.2f}) times"
