"""`Predictor`: predicts the teeth of single radiographs.

`panodent.inference.folder` predicts whole folders and writes the files that others rely on. The
module is not called "predict" because `panodent.predict` is the function that users call.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.analysis.prediction_quality import quality, warning
from panodent.analysis.tooth_report import tooth_report
from panodent.bundle.bundle import Bundle
from panodent.dentition import TEETH, Numbering
from panodent.dicom.source import Model
from panodent.inference.content_check import check_content
from panodent.inference.rescaling import predict_all
from panodent.inference.side_markers import mirrored
from panodent.outputs.case import write_case
from panodent.radiograph.radiograph import (
    DEFAULT_MAX_PIXELS,
    Radiograph,
    from_array,
    read,
)
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.wording import counted

RadiographSource = str | os.PathLike[str] | npt.NDArray[Any] | Radiograph
"""What can be predicted: a file's path, an array of pixels, or a `Radiograph`."""

PERMANENT_ONLY = (
    "this bundle knows permanent teeth only: deciduous teeth have no number or a wrong one, and "
    "the dentition may be mixed"
)

"""A note in the results of such bundles."""


@dataclass(frozen=True, eq=False, repr=False)
class Prediction(Teeth):
    """`Teeth` found in a radiograph, together with that radiograph for drawing and saving.

    `findings` are what was done to the teeth; None if the bundle has no network for them.
    `everything` are all teeth found, if some were left out for their scores.
    """

    radiograph: Radiograph = field(kw_only=True, repr=False)
    findings: Findings | None = field(default=None, kw_only=True, repr=False)
    everything: Teeth | None = field(default=None, kw_only=True, repr=False)

    def save(self, folder: str | os.PathLike[str]) -> Path:
        """Writes labels.png, overlay.png, teeth.json and the odontogram; returns the folder."""
        judged = {"quality": round(self.quality, 4), "warning": self.warning}
        write_case(
            Path(folder), self.radiograph, self, chart=True, extra=judged, findings=self.findings
        )
        return Path(folder)

    @property
    def quality(self) -> float:
        """Confidence of the prediction, 0 to 1; see `panodent.analysis.prediction_quality`."""
        return quality(self if self.everything is None else self.everything)

    @property
    def warning(self) -> str:
        """What to check before these teeth are used; empty when nothing is unusual."""
        teeth = self if self.everything is None else self.everything
        said = (warning(teeth), mirrored(self.radiograph.pixels))
        return "; ".join(filter(None, said))

    def overlay(self, findings: bool = True) -> npt.NDArray[np.uint8]:
        """The radiograph with coloured, numbered teeth, uint8 RGB (height, width, 3).

        `findings` draws them over the teeth, if they were looked for.
        """
        from panodent.drawing.overlay import overlay

        return overlay(self.radiograph, self, findings=self.findings if findings else None)

    def report(self, numbering: Numbering = "fdi") -> str:
        """What there is to say of each tooth, in words: a line for each, by FDI number.

        Teeth that were not found, have not erupted, are impacted, root remnants or doubtful, or
        carry findings are listed, such as "36: crown, root filling", "46: missing, implant" and
        "48: impacted (mesial, depth B)"; the numbers are in `numbering`
        ('fdi', 'universal', 'palmer').
        """
        return "\n".join(line.text(numbering) for line in tooth_report(self, self.findings))

    def _findings_in_words(self) -> str:
        """The lines of `report` that have findings, in one."""
        lines = tooth_report(self, self.findings) if self.findings else ()
        return "; ".join(line.text() for line in lines if line.findings)

    def __repr__(self) -> str:
        if not self.findings:
            return super().__repr__()
        return f"{super().__repr__()[:-1]}; {counted(len(self.findings), 'finding', 'findings')})"

    def _repr_png_(self) -> bytes:
        from panodent.drawing.overlay import to_png_bytes

        return to_png_bytes(self.overlay())

    def _repr_html_(self) -> str:
        from base64 import b64encode

        picture = b64encode(self._repr_png_()).decode()
        words = self._findings_in_words()
        return (
            f'<img alt="overlay" style="max-width:100%" src="data:image/png;base64,{picture}">'
            + (f"<p>{words}</p>" if words else "")
            + super()._repr_html_()
        )


@dataclass(frozen=True)
class Predictor:
    """Predicts teeth with a bundle; safe to call from several threads.

    `mirror` also predicts on the mirror image and averages: slightly better, twice the time. Teeth
    whose score is below `min_score` are left out; quality and warning count them nevertheless.
    """

    bundle: Bundle
    mirror: bool = False
    min_score: float = 0.0

    def predict(self, source: RadiographSource, max_pixels: int = DEFAULT_MAX_PIXELS) -> Prediction:
        """Teeth of one radiograph: a file, pixels (see `radiograph.from_array`) or a `Radiograph`.

        Raises `RadiographError` when it cannot be read or is a label image, not a radiograph.
        """
        if isinstance(source, Radiograph):
            radiograph = source
        elif isinstance(source, np.ndarray):
            radiograph = from_array(source)
        else:
            radiograph = read(source, max_pixels)
        check_content(radiograph)
        radiograph = with_limits_noted(radiograph, self.bundle.classes)
        everything, findings = predict_all(self.bundle, radiograph.pixels, self.mirror)
        found = everything.select(everything.scores >= self.min_score)
        return Prediction(
            found.size,
            found.fdi,
            found.boxes,
            found.masks,
            found.scores,
            found.flags,
            found.alternatives,
            radiograph=radiograph,
            findings=findings,
            everything=None if len(found) == len(everything) else everything,
        )

    __call__ = predict

    @property
    def model(self) -> Model:
        """Name and digest of the bundle, for DICOM objects."""
        return Model(self.bundle.name, self.bundle.digest)


def with_limits_noted(radiograph: Radiograph, classes: Sequence[int]) -> Radiograph:
    """The radiograph, with a note if a bundle with these classes cannot number deciduous teeth.

    >>> blank = Radiograph(np.zeros((4, 8), np.float32), None)
    >>> with_limits_noted(blank, (11, 51)).notes, len(with_limits_noted(blank, (11, 21)).notes)
    ((), 1)
    """
    if any(TEETH[fdi].deciduous for fdi in classes) or PERMANENT_ONLY in radiograph.notes:
        return radiograph
    return replace(radiograph, notes=(*radiograph.notes, PERMANENT_ONLY))
