"""A run that several processes train: how those that do not write get it.

The first process prepares the run, or reopens it. The others get copies of the files that training
reads, in a folder of their own, and read the radiographs from the same paths.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from panodent.errors import PanodentError, TrainingError
from panodent.training.recipes import CONFIG_FILE
from panodent.training.run import Run, reopen
from panodent.training.run_folder import STATE
from panodent.training.team import Team
from panodent.training.unlabelled import IGNORED_FILE, unlabelled_teeth

SHARED = (CONFIG_FILE, IGNORED_FILE, STATE)
"""Files of a run that training reads."""
_STOP = b"stop"


@contextmanager
def leading(team: Team) -> Iterator[None]:
    """Tells the waiting processes if the block fails before `share`, so that they end too."""
    try:
        yield
    except BaseException as error:
        if not team.begun:
            what = str(error) if isinstance(error, PanodentError) else type(error).__name__
            team.told(_STOP)
            team.told(what.encode())
        raise


def share(run: Run, team: Team, resume: bool) -> None:
    """Gives the run to the other processes, which wait in `received`."""
    if team.processes == 1:
        return
    unlabelled_teeth(run)
    names = SHARED if resume else SHARED[:2]
    files = {name: run.folder / name for name in names}
    contents = {name: file.read_bytes() for name, file in files.items() if file.exists()}
    sizes = {name: len(content) for name, content in contents.items()}
    team.begun = True
    team.told(json.dumps(sizes).encode())
    team.told(b"".join(contents.values()))


@contextmanager
def received(team: Team) -> Iterator[Run]:
    """The run that the first process gives, in a temporary folder.

    Raises `TrainingError` if the first process has failed before.
    """
    sizes, contents = team.told(), team.told()
    if sizes == _STOP:
        raise TrainingError(f"process 0 stopped: {contents.decode()}")
    with TemporaryDirectory(prefix="panodent-") as folder:
        for name, size in json.loads(sizes).items():
            Path(folder, name).write_bytes(contents[:size])
            contents = contents[size:]
        yield reopen(Path(folder), lambda *_: None)
