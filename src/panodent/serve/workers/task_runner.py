"""The tasks of a worker process.

They predict, edit, measure, export, write results, find the tooth at a click and draw a phantom.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np

from panodent.analysis.measure import measure
from panodent.bundle.bundle import load
from panodent.dicom.source import Model
from panodent.drawing.overlay import to_png_bytes
from panodent.inference.clicks import Clicks
from panodent.inference.network_view import NetworkView, network_view
from panodent.inference.predictor import Prediction, Predictor
from panodent.inference.prompted_tooth import prompted_tooth
from panodent.outputs.case import write_case
from panodent.outputs.record import findings_from_record, from_record, to_record, tooth_record
from panodent.radiograph.dicom_file import is_dicom
from panodent.radiograph.radiograph import Radiograph, read
from panodent.serve.finding_edits import apply_finding_edit, following
from panodent.serve.study import apply_edit, with_attributes
from panodent.serve.workers import exports
from panodent.serve.workers.protocol import Answer, Task
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth


@dataclass(frozen=True)
class WorkerSettings:
    """Settings of a worker process.

    bundle : name or folder of the model bundle.
    max_pixels : largest height x width of a radiograph.
    threads : threads of the network.
    """

    bundle: str
    max_pixels: int
    threads: int = 1


KEPT_VIEWS = 3
"""They take up to 40 MB each, see `NetworkView`."""


@dataclass(frozen=True)
class TaskRunner:
    """Runs tasks, given as dictionaries; each answer is a header and blobs of bytes by name."""

    settings: WorkerSettings

    @cached_property
    def predictor(self) -> Predictor:
        """The network, loaded once."""
        return Predictor(load(self.settings.bundle, self.settings.threads))

    @cached_property
    def model(self) -> Model:
        """Name and digest of the bundle, for DICOM results."""
        return self.predictor.model

    @cached_property
    def view_of(self) -> Callable[[str], NetworkView]:
        """What the network says of a file; kept for the last `KEPT_VIEWS` that were clicked on."""

        @lru_cache(KEPT_VIEWS)
        def view(file: str) -> NetworkView:
            pixels = read(file, self.settings.max_pixels).pixels
            return network_view(self.predictor.bundle, pixels)

        return view

    def run(self, task: Task) -> Answer:
        """Runs the task that `task["task"]` names."""
        return _TASKS[task["task"]](self, task)

    def predict(self, task: Task) -> Answer:
        """Finds the teeth in `file`.

        `want` names the blobs: record (teeth.json), image (8-bit PNG), labels (PNG), or a kind of
        DICOM result.
        """
        found = self.predictor.predict(task["file"], self.settings.max_pixels)
        blobs = {name: _BLOBS[name](self, found) for name in task["want"] if name in _BLOBS}
        for kind in set(task["want"]) & set(exports.DICOM_KINDS):
            blobs[kind] = exports.dicom_result(
                kind, found.radiograph, found, self.model, found.findings
            )
        return {"kind": kind_of(task["file"])}, blobs

    def prompt(self, task: Task) -> Answer:
        """The tooth that `clicks` point at in `file`; the blob `tooth` is empty for none."""
        seen = self.view_of(task["file"])
        found = prompted_tooth(self.predictor.bundle, seen, Clicks(**task["clicks"]))
        if found is None:
            return {}, {"tooth": b""}
        teeth = Teeth.from_masks(seen.size, [(found.numbers[0][0], found.mask, found.corner)])
        numbers = [{"fdi": fdi, "probability": round(p, 4)} for fdi, p in found.numbers]
        tooth = {**tooth_record(teeth, 0), "score": round(found.score, 4), "numbers": numbers}
        return {}, {"tooth": json.dumps(tooth).encode()}

    def phantom(self, task: Task) -> Answer:
        """Draws a synthetic radiograph with `seed`, as PNG."""
        from panodent.phantom import draw

        radiograph, _ = draw(int(task["seed"]))
        return {}, {"image": _png(radiograph)}

    def edit(self, task: Task) -> Answer:
        """The teeth after a user's edit, and the findings if they are to be saved.

        See `panodent.serve.study.apply_edit` and `panodent.serve.finding_edits`.
        """
        record, revision, stamp = task["record"], int(task["revision"]), task["stamp"]
        size = (int(record["height"]), int(record["width"]))
        teeth = apply_edit(
            size, task["predicted"], record["teeth"], revision, task["entries"], stamp
        )
        blobs = {"teeth": json.dumps(with_attributes(size, teeth)).encode()}
        entries = task.get("finding_entries")
        findings = following(record.get("findings") or (), record["teeth"], teeth)
        if entries is not None:
            predicted = following(task["predicted_findings"] or (), task["predicted"], teeth)
            findings = apply_finding_edit(size, predicted, findings, revision, entries, stamp)
        if entries is not None or task.get("findings_saved"):
            blobs["findings"] = json.dumps(findings).encode()
        return {}, blobs

    def measure(self, task: Task) -> Answer:
        """The output of `panodent measure` for `record`."""
        spacing = task["spacing"]
        pair = (float(spacing[0]), float(spacing[1])) if spacing else None
        found = measure(from_record(task["record"]), pair).to_dict()
        return {}, {"measures": json.dumps(found).encode()}

    def export(self, task: Task) -> Answer:
        """One file made from corrected teeth; see `panodent.serve.workers.exports`."""
        radiograph, teeth, findings = self._read(task)
        case = exports.ExportInput(
            task["name"],
            radiograph,
            teeth,
            task["numbering"],
            self.model,
            findings,
            task["record"],
        )
        return {}, {"file": exports.make_export(task["export"], case)}

    def write(self, task: Task) -> Answer:
        """Writes the files of `panodent predict` to `folder`."""
        radiograph, teeth, findings = self._read(task)
        kinds: Sequence[str] = exports.DICOM_KINDS if kind_of(task["file"]) == "dicom" else ()
        write_case(
            Path(task["folder"]),
            radiograph,
            teeth,
            chart=True,
            dicom=kinds,
            model=self.model,
            extra={"file_name": task["name"], "bundle": self.model.digest},
            findings=findings,
            complete=lambda record: exports.study_record(record, teeth, task["record"]),
        )
        return {}, {}

    def _read(self, task: Task) -> tuple[Radiograph, Teeth, Findings | None]:
        radiograph = read(task["file"], self.settings.max_pixels)
        # Those of the prediction say what the model cannot do; the file alone does not.
        notes = tuple(task.get("notes") or radiograph.notes)
        findings = findings_from_record(task["record"])
        return (
            replace(radiograph, notes=notes),
            from_record(task["record"]),
            None if findings is None else findings.sorted(),
        )


def kind_of(file: str) -> str:
    """'dicom' or 'image'."""
    return "dicom" if is_dicom(Path(file)) else "image"


def _png(radiograph: Radiograph) -> bytes:
    return to_png_bytes(np.rint(radiograph.pixels * 255).astype(np.uint8))


def _record(runner: TaskRunner, found: Prediction) -> bytes:
    extra = {"bundle": runner.model.digest}
    record = to_record(found, found.radiograph, extra, found.findings)
    return json.dumps(record, ensure_ascii=False).encode()


_BLOBS: Mapping[str, Callable[[TaskRunner, Prediction], bytes]] = {
    "record": _record,
    "image": lambda runner, found: _png(found.radiograph),
    "labels": lambda runner, found: to_png_bytes(found.label_image()),
}
_TASKS: Mapping[str, Callable[[TaskRunner, Task], Answer]] = {
    "predict": TaskRunner.predict,
    "prompt": TaskRunner.prompt,
    "phantom": TaskRunner.phantom,
    "edit": TaskRunner.edit,
    "measure": TaskRunner.measure,
    "export": TaskRunner.export,
    "write": TaskRunner.write,
}
