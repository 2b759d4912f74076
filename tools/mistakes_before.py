"""Records what an earlier commit answers to the mistakes of `tools/mistakes.py`.

It runs the `src` folder of a checkout of that commit, with the dependencies of today:

    python tools/mistakes_before.py CHECKOUT/src > tools/mistakes_before.json
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from mistake_steps import drawn
from mistakes import MISTAKES, Earlier, Mistake

CALL = "import sys; sys.argv[0] = 'panodent'; from panodent.cli import main; main()"


def answer_before(mistake: Mistake, drawing: Path, source: Path) -> tuple[int, str] | None:
    """Exit code and the telling line, '' for none, of the program in another `src` folder.

    None if the mistake needs a change of this process, such as a package that is hidden.
    """
    paths = {"PYTHONPATH": str(source), "COLUMNS": "200", "NO_COLOR": "1"}
    command = [sys.executable, "-c", CALL, *mistake.command.split()]
    with mistake.made(drawing) as changed:
        if changed:
            return None
        done = subprocess.run(
            command, env=os.environ | paths, capture_output=True, text=True, timeout=600
        )
        lines = done.stderr.replace(f"{Path.cwd()}/", "").splitlines()
    lines = [line for line in lines if line.strip()]
    if any(line.startswith("Traceback") for line in lines):
        return done.returncode, f"Traceback: {lines[-1]}"
    told = [line for line in lines if re.match("error|warning", line, re.IGNORECASE)]
    return done.returncode, (told or lines or [""])[0]


def answers_before(source: Path) -> list[Earlier]:
    """What the program in another `src` folder answers."""
    rows: list[Earlier] = []
    with tempfile.TemporaryDirectory() as folder:
        drawn(Path(folder))
        for heading, mistakes in MISTAKES.items():
            for mistake in mistakes:
                if said := answer_before(mistake, Path(folder), source):
                    rows.append((heading, mistake.what, *said))
    return rows


if __name__ == "__main__":
    found = answers_before(Path(sys.argv[1]).resolve())
    sys.stdout.write("[\n" + ",\n".join(map(json.dumps, found)) + "\n]\n")
