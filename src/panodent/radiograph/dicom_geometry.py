"""Orientation and pixel spacing of DICOM radiographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Turn:
    """How a file's pixels were laid upright: transposed first, then rows and columns reversed."""

    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def __bool__(self) -> bool:
        return self.transposed or self.rows or self.columns

    def apply(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An image of the file's own layout (H, W), upright."""
        image = image.T if self.transposed else image
        image = image[::-1] if self.rows else image
        return image[:, ::-1] if self.columns else image

    def undo(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An upright image (H, W) in the file's own layout."""
        image = image[:, ::-1] if self.columns else image
        image = image[::-1] if self.rows else image
        return image.T if self.transposed else image


_SPACINGS = ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing")


def _spacing(dataset: Any) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    for name in _SPACINGS:
        value = dataset.get(name)
        if value is not None and len(np.atleast_1d(value)) == 2:
            try:
                row, col = float(value[0]), float(value[1])
            except ValueError:
                continue
            if np.isfinite([row, col]).all() and min(row, col) > 0:
                return (row, col), (f"spacing is {name}, uncalibrated",)
    return None, ()


def _upright(dataset: Any) -> tuple[Turn, tuple[str, ...]]:
    """How to lay the image so that rows run to the patient's left and columns to the feet."""
    notes: list[str] = []
    side = str(dataset.get("ImageLaterality", "") or "").strip().upper()
    if side in ("L", "R"):
        notes.append(f"ImageLaterality {side}: one side of the patient only")
    value = dataset.get("PatientOrientation")
    along = [str(item).strip().upper()[:1] for item in value] if value else []
    if len(along) != 2:
        return Turn(), tuple(notes)
    transposed = along[0] in ("H", "F") and along[1] in ("L", "R")
    if transposed:
        along = along[::-1]
    if along[0] not in ("L", "R") or along[1] not in ("H", "F"):
        return Turn(), tuple(notes)
    turn = Turn(transposed, along[1] == "H", along[0] == "R")
    if turn:
        given = "\\".join(str(item) for item in value)
        mirrored = turn.transposed ^ turn.rows ^ turn.columns
        notes.append(
            f"{'mirrored' if mirrored else 'turned'} upright: PatientOrientation is {given}"
        )
    return turn, tuple(notes)
