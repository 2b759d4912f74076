"""The records that `panodent.analysis.measure` makes: teeth, gaps, third molars, the dentition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import Any


@dataclass(frozen=True)
class Neighbour:
    """The next tooth that is present on one side.

    `fdi` is its number, `gap` the shortest distance in pixels (0 where both touch), `overlap` the
    number of pixels that both masks have.
    """

    fdi: int
    gap: float
    overlap: int


@dataclass(frozen=True)
class ToothMeasure:
    """The measurements of one tooth.

    Attributes
    ----------
    fdi, name, score, flags : as in the record of teeth; fdi 0 is a tooth without a number.
    area : pixels.
    box : (left, top, right, bottom) in pixels, half open.
    centroid : (x, y) in pixels; the centre of the first pixel is (0.5, 0.5).
    axis : unit vector (x, y) of the long axis from crown to root, None for a round mask.
    angle : degrees between long axis and occlusal plane, 0 to 90; 90 is upright.
    tilt : degrees between the crown's direction and the perpendicular of the occlusal plane,
        positive towards the midline.
    length, width : extent in pixels along and across the axis (of the box for a round mask).
    mesial, distal : neighbours towards and away from the midline.
    erupted : False for germs and impacted teeth, see `panodent.analysis.dentition_stage`.
    """

    fdi: int
    name: str
    score: float
    flags: tuple[str, ...]
    area: int
    box: tuple[int, int, int, int]
    centroid: tuple[float, float]
    axis: tuple[float, float] | None
    angle: float | None
    tilt: float | None
    length: float
    width: float
    mesial: Neighbour | None = None
    distal: Neighbour | None = None
    erupted: bool = True


@dataclass(frozen=True)
class Gap:
    """Missing teeth between two teeth that are present.

    `missing` and `between` are FDI numbers, `distance` is in pixels, `widths` is the distance
    divided by the mean width of the two teeth.
    """

    missing: tuple[int, ...]
    between: tuple[int, int]
    distance: float
    widths: float


@dataclass(frozen=True)
class ThirdMolar:
    """A third molar: its angle to the second molar in degrees, positive mesially; its class."""

    fdi: int
    angle: float
    winter: str


@dataclass(frozen=True)
class Measurements:
    """The measurements of all teeth of one radiograph.

    Attributes
    ----------
    size : (height, width) of the radiograph in pixels.
    occlusal_plane : its angle to the image rows in degrees, positive clockwise.
    teeth : in the order of the record.
    missing : permanent teeth that were not found, other than third molars.
    missing_third_molars : third molars that were not found.
    gaps, third_molars : see `Gap` and `ThirdMolar`.
    spacing : (row, column) millimetres of a pixel, or None.
    notes : sentences that a reader should know.
    """

    size: tuple[int, int]
    occlusal_plane: float
    teeth: tuple[ToothMeasure, ...]
    missing: tuple[int, ...]
    missing_third_molars: tuple[int, ...]
    gaps: tuple[Gap, ...]
    third_molars: tuple[ThirdMolar, ...]
    spacing: tuple[float, float] | None = None
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Plain data; with `spacing` also area and lengths of each tooth in millimetres.

        >>> Measurements((9, 9), 0.0, (), (), (), (), ()).to_dict()["occlusal_plane"]
        0.0
        """
        data = asdict(self)
        if self.spacing is not None:
            row, col = self.spacing
            for entry in data["teeth"]:
                entry["area_mm2_uncalibrated"] = round(entry["area"] * row * col, 3)
                for name in ("length", "width"):
                    entry[f"{name}_mm_uncalibrated"] = round(entry[name] * (row + col) / 2, 3)
        return data


def with_notes(measures: Measurements, notes: Iterable[str]) -> Measurements:
    """The measurements with further notes, those of the radiograph and the model, at the end.

    >>> with_notes(Measurements((9, 9), 0.0, (), (), (), (), ()), ["half a panoramic"]).notes
    ('half a panoramic',)
    """
    return replace(measures, notes=(*measures.notes, *notes))
