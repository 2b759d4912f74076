"""Orientation and pixel spacing of DICOM radiographs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Turn:
    """How a file's pixels become upright: first transposed, then rows and columns reversed.

    transposed : whether rows and columns are exchanged.
    rows, columns : whether the order of rows, and of columns, is reversed.

    >>> turn = Turn(columns=True)
    >>> turn.apply(np.array([[1, 2]])), turn.undo(np.array([[2, 1]]))
    (array([[2, 1]]), array([[1, 2]]))
    """

    transposed: bool = False
    rows: bool = False
    columns: bool = False

    def __bool__(self) -> bool:
        return self.transposed or self.rows or self.columns

    def apply(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An image (H, W) in the file's layout, upright."""
        image = image.T if self.transposed else image
        image = image[::-1] if self.rows else image
        return image[:, ::-1] if self.columns else image

    def undo(self, image: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """An upright image (H, W) in the file's layout."""
        image = image[:, ::-1] if self.columns else image
        image = image[::-1] if self.rows else image
        return image.T if self.transposed else image


SPACINGS = ("ImagerPixelSpacing", "PixelSpacing", "NominalScannedPixelSpacing")


def spacing_of(dataset: Any) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """((row, column) millimetres in the file's layout, or None if no spacing is valid; notes).

    It is the spacing at the detector: magnification varies with the position, so measurements in
    millimetres are uncalibrated.
    """
    for name in SPACINGS:
        if (found := positive_pair(dataset, name)) is not None:
            return found, (f"spacing is {name}, uncalibrated",)
    return None, ()


def positive_pair(dataset: Any, name: str) -> tuple[float, float] | None:
    """The two numbers above zero of an element; None for anything else."""
    try:
        value = dataset.get(name)
        if value is None or len(np.atleast_1d(value)) != 2:
            return None
        row, col = float(value[0]), float(value[1])
    except (ValueError, TypeError):
        return None
    return (row, col) if np.isfinite([row, col]).all() and min(row, col) > 0 else None


def upright_turn(dataset: Any) -> tuple[Turn, tuple[str, ...]]:
    """(turn after which rows run to the patient's left and columns to the feet, notes).

    No turn if PatientOrientation is missing or does not describe a frontal image. Source: DICOM
    PS3.3 C.7.6.1.1.1.
    """
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
