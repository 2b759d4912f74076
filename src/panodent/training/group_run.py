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
from panodent.training.device_group import DeviceGroup
from panodent.training.recipes import CONFIG_FILE
from panodent.training.run import Run, reopen
from panodent.training.run_folder import STATE
from panodent.training.unlabelled import IGNORED_FILE, unlabelled_teeth

SHARED = (CONFIG_FILE, IGNORED_FILE, STATE)
"""Files of a run that training reads."""
_STOP = b"stop"


@contextmanager
def reporting_failure(group: DeviceGroup) -> Iterator[None]:
    """Ends the waiting processes too if the block fails before `broadcast_run`."""
    try:
        yield
    except BaseException as error:
        if not group.begun:
            what = str(error) if isinstance(error, PanodentError) else type(error).__name__
            group.broadcast(_STOP)
            group.broadcast(what.encode())
        raise


def broadcast_run(run: Run, group: DeviceGroup, resume: bool) -> None:
    """Gives the run to the other processes, which wait in `received_run`."""
    if group.processes == 1:
        return
    unlabelled_teeth(run)
    names = SHARED if resume else SHARED[:2]
    files = {name: run.folder / name for name in names}
    contents = {name: file.read_bytes() for name, file in files.items() if file.exists()}
    sizes = {name: len(content) for name, content in contents.items()}
    group.begun = True
    group.broadcast(json.dumps(sizes).encode())
    group.broadcast(b"".join(contents.values()))


@contextmanager
def received_run(group: DeviceGroup) -> Iterator[Run]:
    """The run that the first process gives, in a temporary folder.

    Raises `TrainingError` if the first process has failed before.
    """
    sizes, contents = group.broadcast(), group.broadcast()
    if sizes == _STOP:
        raise TrainingError(f"process 0 stopped: {contents.decode()}")
    with TemporaryDirectory(prefix="panodent-") as folder:
        for name, size in json.loads(sizes).items():
            Path(folder, name).write_bytes(contents[:size])
            contents = contents[size:]
        yield reopen(Path(folder), lambda *_: None)
