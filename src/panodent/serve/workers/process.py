"""A process that reads radiographs, finds teeth and makes files of them, one task at a time.

It is what meets files from outside: when one takes too long or too much, the process is ended
and another takes its place; see `panodent.serve.workers.pool`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np

from panodent.analysis.measure import measure
from panodent.dicom.source import Model
from panodent.drawing.overlay import to_png_bytes
from panodent.errors import OutputError, PanodentError
from panodent.inference.predictor import Prediction, Predictor
from panodent.outputs.case import write_case
from panodent.outputs.record import from_record, to_record
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.radiograph import Radiograph, read
from panodent.serve.redaction import place
from panodent.serve.study import edited
from panodent.serve.workers import exports
from panodent.serve.workers.protocol import receive, send

MEMORY = 4 << 30
"""Bytes of address space that a task may add to what the process has once it is ready."""
TIRED = 1 << 30
"""Bytes that a process may hold on to after a task; with more, another takes its place."""


@dataclass(frozen=True)
class Settings:
    """What a worker needs to know; `threads` are those of the network."""

    bundle: str
    max_pixels: int
    threads: int = 1


Task = Mapping[str, Any]
Answer = tuple[dict[str, Any], dict[str, bytes]]


def main(line: Connection, settings: Settings) -> None:
    """Answers tasks until the line is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the service, which ends us
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # as where a whole group of processes is told
    try:
        desk = Desk(settings)
        model = desk.predictor.bundle
        model.open()
        name = str(model.provenance.get("name", ""))
        send(line, {"ready": True, "bundle": {"name": name, "digest": model.digest}}, {})
    except PanodentError as error:
        send(line, {"error": str(error)}, {})
        return
    _bound_memory()
    _silence()
    tired = _resident() + TIRED
    try:
        while True:
            task, _ = receive(line)
            head, pieces = _answer(desk, task)
            send(line, {**head, "tired": _resident() > tired}, pieces)
    except (EOFError, OSError):
        return  # the service has ended


def _answer(desk: Desk, task: Task) -> Answer:
    name = str(task.get("name", ""))
    try:
        return desk.answer(task)
    except PanodentError as error:
        # Errors name the file; the place where the service keeps it is nobody's business.
        said = str(error).replace(str(task.get("file", "\0")), name)
        return {"error": said, "kind": "output" if isinstance(error, OutputError) else ""}, {}
    except MemoryError:
        return {"error": f"{name}: needs more memory than it may have"}, {}
    except Exception as error:  # what a library makes of a file that nobody foresaw
        said = f"{name}: cannot be processed; is the file sound?"
        return {"error": said, "fault": place(error)}, {}


def _silence() -> None:
    """Libraries print what they find in files, and that can be a patient's name."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for handle in (1, 2):
        os.dup2(nowhere, handle)
    os.close(nowhere)


def _resident() -> int:
    """Bytes of memory that the process holds; 0 where that cannot be told."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 0


def _bound_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(
            resource.RLIMIT_AS,
            (pages * os.sysconf("SC_PAGE_SIZE") + MEMORY, resource.RLIM_INFINITY),
        )
    except (OSError, ValueError):
        return  # no such file, or a bound already set from outside


@dataclass(frozen=True)
class Desk:
    """Does the tasks."""

    settings: Settings

    @cached_property
    def predictor(self) -> Predictor:
        """The network, loaded once."""
        from panodent.bundle.bundle import load

        return Predictor(load(self.settings.bundle, self.settings.threads))

    def answer(self, task: Task) -> Answer:
        """What `task['task']` asks for."""
        return _TASKS[task["task"]](self, task)

    def predict(self, task: Task) -> Answer:
        """Teeth of a file: `want` names record, image (8-bit PNG), labels or a DICOM kind."""
        found = self.predictor.predict(task["file"], self.settings.max_pixels)
        pieces = {name: _PIECES[name](self, found) for name in task["want"] if name in _PIECES}
        for kind in set(task["want"]) & set(exports.DICOM_KINDS):
            pieces[kind] = exports.dicom(kind, found.radiograph, found, self.model)
        return {"kind": kind_of(task["file"])}, pieces

    def phantom(self, task: Task) -> Answer:
        """A synthetic radiograph as PNG."""
        from panodent.phantom import draw

        radiograph, _ = draw(int(task["seed"]))
        return {}, {"image": _png(radiograph)}

    def edit(self, task: Task) -> Answer:
        """The teeth after a person's edit; see `panodent.serve.study.edited`."""
        record = task["record"]
        size = (int(record["height"]), int(record["width"]))
        teeth = edited(
            size, task["predicted"], record["teeth"], int(task["revision"]), task["entries"]
        )
        return {}, {"teeth": json.dumps(teeth).encode()}

    def measure(self, task: Task) -> Answer:
        """What `panodent measure` says."""
        spacing = task["spacing"]
        pair = (float(spacing[0]), float(spacing[1])) if spacing else None
        found = measure(from_record(task["record"]), pair).to_dict()
        return {}, {"measures": json.dumps(found).encode()}

    def export(self, task: Task) -> Answer:
        """One file made of corrected teeth; see `panodent.serve.workers.exports`."""
        radiograph, teeth = self._case(task)
        made = exports.make(
            task["export"], task["name"], radiograph, teeth, task["numbering"], self.model
        )
        return {}, {"file": made}

    def write(self, task: Task) -> Answer:
        """The files of the command line, below `folder`."""
        radiograph, teeth = self._case(task)
        kinds: Sequence[str] = exports.DICOM_KINDS if kind_of(task["file"]) == "dicom" else ()
        write_case(
            Path(task["folder"]),
            radiograph,
            teeth,
            chart=True,
            dicom=kinds,
            model=self.model,
            extra={"file_name": task["name"], "bundle": self.model.digest},
        )
        return {}, {}

    def _case(self, task: Task) -> tuple[Radiograph, Any]:
        radiograph = read(task["file"], self.settings.max_pixels)
        return radiograph, from_record(task["record"])

    @cached_property
    def model(self) -> Model:
        """Who found the teeth."""
        bundle = self.predictor.bundle
        return Model(str(bundle.provenance.get("name", "")), bundle.digest)


def kind_of(file: str) -> str:
    """'dicom' or 'image'."""
    return "dicom" if is_dicom(Path(file)) else "image"


def _png(radiograph: Radiograph) -> bytes:
    return to_png_bytes(np.rint(radiograph.pixels * 255).astype(np.uint8))


def _record(desk: Desk, found: Prediction) -> bytes:
    record = to_record(found, found.radiograph, {"bundle": desk.model.digest})
    return json.dumps(record, ensure_ascii=False).encode()


_PIECES: Mapping[str, Callable[[Desk, Prediction], bytes]] = {
    "record": _record,
    "image": lambda desk, found: _png(found.radiograph),
    "labels": lambda desk, found: to_png_bytes(found.label_image()),
}
_TASKS: Mapping[str, Callable[[Desk, Task], Answer]] = {
    "predict": Desk.predict,
    "phantom": Desk.phantom,
    "edit": Desk.edit,
    "measure": Desk.measure,
    "export": Desk.export,
    "write": Desk.write,
}
