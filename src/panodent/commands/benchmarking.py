"""Measuring this computer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from panodent.cli.console import say


def benchmark(
    images: Path | None,
    against: Sequence[str],
    peer_python: str,
    bundle: str,
    rounds: int,
    count: int,
    scaling: bool,
    as_json: bool,
) -> int:
    """Measures this computer."""
    import json
    import sys

    from panodent.benchmark.formatting import lines
    from panodent.benchmark.report import Settings, measure

    settings = Settings(
        images=images,
        against=tuple(against),
        python=peer_python or sys.executable,
        bundle=bundle,
        rounds=rounds,
        count=count,
        scaling=scaling,
    )
    report = measure(settings, lambda text: print(f"measuring: {text}", file=sys.stderr))
    say(json.dumps(report.to_dict(), indent=1) if as_json else "\n".join(lines(report)))
    return 0
