"""Augmentation: moves deciduous teeth and the germs below them from one radiograph to another.

Radiographs of children are rare. A run of deciduous teeth with the germs of their successors is cut
out of a donor and pasted where another young patient has these teeth or their erupted successors,
in the same quadrant or, mirrored, in that of the other side. In return, erupted permanent teeth are
moved in the same way, so that the traces of pasting do not tell deciduous teeth apart.

Everything about the radiographs is computed once, in `Transplants`; places are taken from the
boxes of their annotated teeth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.analysis.dentition_stage import erupted_by_boxes
from panodent.dentition import TEETH, mirror
from panodent.training.augmentation.config import AugmentConfig
from panodent.training.augmentation.paste import Place, paste
from panodent.utils.arrays import ClassImage, FloatImage

Box = tuple[int, int, int, int]
"""(top, left, bottom, right) in pixels, the last two exclusive."""

LONGEST = 3
"""Most teeth in one run."""
TRIES = 4
"""Donors that are tried for one quadrant before it is left as it is."""
MIN_PIXELS = 24
"""Smaller annotated pieces are not teeth to transplant."""
ROOTLESS = 0.75
"""A third molar of less than this share of the second molar's area has no roots yet."""
DEEPER = 1.25
"""How far from the bite germs may reach, measured by how far the replaced teeth do."""
SQUEEZE = (0.75, 1.25)
"""How much narrower or wider than by the size of both patients' teeth a run may become."""


@dataclass(frozen=True)
class Jaws:
    """The annotated teeth of a radiograph: boxes and pixels by FDI number; which have erupted."""

    size: tuple[int, int]
    boxes: Mapping[int, Box]
    areas: Mapping[int, int]
    erupted: frozenset[int]

    @property
    def young(self) -> bool:
        """Whether there are deciduous teeth, or third molars still without roots."""
        return any(
            TEETH[fdi].deciduous
            or (
                fdi % 10 == 8
                and fdi not in self.erupted
                and area < ROOTLESS * self.areas.get(fdi - 1, 0)
            )
            for fdi, area in self.areas.items()
        )

    def mixed(self, quadrant: int, position: int) -> bool:
        """Whether a deciduous tooth stands there above the germ of its successor."""
        successor = quadrant * 10 + position
        if not {successor, successor + 40} <= self.boxes.keys() or successor in self.erupted:
            return False
        (_, left, _, right), (_, start, _, end) = (
            self.boxes[successor],
            self.boxes[successor + 40],
        )
        return min(right, end) - max(left, start) >= 0.3 * min(right - left, end - start)

    def permanent(self, quadrant: int, position: int) -> bool:
        """Whether the permanent tooth stands there alone and has erupted."""
        fdi = quadrant * 10 + position
        return fdi in self.erupted and fdi + 40 not in self.boxes

    def box(self, numbers: Sequence[int]) -> Box:
        """The box around those of these teeth that are there."""
        found = np.array([self.boxes[fdi] for fdi in numbers if fdi in self.boxes])
        top, left = found[:, :2].min(axis=0).tolist()
        bottom, right = found[:, 2:].max(axis=0).tolist()
        return top, left, bottom, right


@dataclass(frozen=True)
class Donor:
    """A run of teeth of one quadrant (1 to 4) in the radiograph `example`."""

    example: int
    quadrant: int
    positions: tuple[int, ...]
    deciduous: bool

    def numbers(self, quadrant: int) -> list[int]:
        """FDI numbers of the run's teeth and germs as they are in this quadrant."""
        first = [quadrant * 10 + position for position in self.positions]
        return [*first, *(fdi + 40 for fdi in first)] if self.deciduous else first

    def crowns(self, quadrant: int) -> list[int]:
        """FDI numbers of those that have erupted."""
        shift = 40 if self.deciduous else 0
        return [quadrant * 10 + position + shift for position in self.positions]


class Transplants:
    """Donors among annotated radiographs, and the places where their teeth fit.

    pixels : uint8 (height, width) each.
    labels : uint8 (height, width) each, value c is the tooth `classes[c - 1]`, 0 is no tooth; other
        values are left alone.
    classes : FDI numbers.
    """

    def __init__(
        self,
        pixels: Sequence[npt.NDArray[np.uint8]],
        labels: Sequence[ClassImage],
        classes: Sequence[int],
    ) -> None:
        self.pixels, self.labels, self.classes = pixels, labels, tuple(classes)
        self.value_of = {fdi: value for value, fdi in enumerate(classes, start=1)}
        self.jaws = [annotated_jaws(image, classes) for image in labels]
        self.donors: dict[tuple[bool, bool], dict[tuple[int, ...], list[Donor]]] = {}
        for index, jaws in enumerate(self.jaws):
            if jaws.young:
                self._add_donors(index, jaws)

    def _add_donors(self, index: int, jaws: Jaws) -> None:
        for quadrant in (1, 2, 3, 4):
            for deciduous in (True, False):
                fits = jaws.mixed if deciduous else jaws.permanent
                here = [position for position in range(1, 6) if fits(quadrant, position)]
                runs = self.donors.setdefault((quadrant < 3, deciduous), {})
                for run in _runs(here):
                    runs.setdefault(run, []).append(Donor(index, quadrant, run, deciduous))

    def apply(
        self,
        index: int,
        pixels: FloatImage,
        config: AugmentConfig,
        rng: np.random.Generator,
    ) -> tuple[FloatImage, ClassImage]:
        """The radiograph `index` with transplanted teeth, and its class image.

        `pixels` is float32 in [0, 1] of its size, and is changed in place. Where nothing fits, and
        in adults, nothing changes. The settings are `transplant` and `transplant_permanent`.
        """
        labels = self.labels[index]
        if not self.jaws[index].young or rng.random() >= config.transplant:
            return pixels, labels
        labels = labels.copy()
        quadrants = rng.permutation(4)[: min(int(rng.geometric(0.5)), 4)] + 1
        for quadrant in quadrants.tolist():
            deciduous = bool(rng.random() >= config.transplant_permanent)
            for _ in range(TRIES):
                donor = self._choose(index, quadrant, deciduous, rng)
                if donor is None or self._paste(donor, index, quadrant, pixels, labels, rng):
                    break
        return pixels, labels

    def _choose(
        self, index: int, quadrant: int, deciduous: bool, rng: np.random.Generator
    ) -> Donor | None:
        """A donor for a quadrant of the radiograph: the run first, so that rare ones are seen."""
        jaws = self.jaws[index]
        # What is replaced must show where the crowns of the run end.
        here = {
            position
            for position in range(1, 6)
            if quadrant * 10 + position in jaws.erupted
            or quadrant * 10 + position + 40 in jaws.boxes
        }
        donors = self.donors.get((quadrant < 3, deciduous), {})
        runs = sorted(run for run in donors if here >= set(run))
        if not runs:
            return None
        listed = donors[runs[int(rng.integers(len(runs)))]]
        donor = listed[int(rng.integers(len(listed)))]
        return donor if donor.example != index else None

    def _paste(
        self,
        donor: Donor,
        index: int,
        quadrant: int,
        pixels: FloatImage,
        labels: ClassImage,
        rng: np.random.Generator,
    ) -> bool:
        """Pastes the donor's teeth in place; False where they do not fit."""
        place = self._place(donor, index, quadrant)
        if place is None or not self.value_of.keys() >= set(donor.numbers(quadrant)):
            return False
        numbers = zip(donor.numbers(donor.quadrant), donor.numbers(quadrant), strict=True)
        values = {self.value_of[old]: self.value_of[new] for old, new in numbers}
        replaced = [
            self.value_of[fdi]
            for position in donor.positions
            for fdi in (quadrant * 10 + position, quadrant * 10 + position + 40)
            if fdi in self.value_of
        ]
        source = self.pixels[donor.example], self.labels[donor.example]
        return paste(source, (pixels, labels), place, values, replaced, rng)

    def _place(self, donor: Donor, index: int, quadrant: int) -> Place | None:
        """Where the donor's teeth come to stand, None where they do not fit."""
        theirs, ours = self.jaws[donor.example], self.jaws[index]
        crowns = theirs.box(donor.crowns(donor.quadrant))
        # Deciduous teeth stand where their successors would, and crowns end there.
        first = [quadrant * 10 + position for position in donor.positions]
        standing = [fdi + 40 if fdi + 40 in ours.boxes else fdi for fdi in first]
        target = ours.box(standing)
        scale = _size_ratio(theirs, ours)
        width = (target[3] - target[1]) / ours.size[1] / ((crowns[3] - crowns[1]) / theirs.size[1])
        squeeze = width / scale
        if not SQUEEZE[0] <= squeeze <= SQUEEZE[1]:
            return None
        edge = 2 if quadrant < 3 else 0
        box = theirs.box(donor.numbers(donor.quadrant))
        rows = scale * squeeze**0.5 * ours.size[0] / theirs.size[0]
        deep = abs(crowns[edge] - box[2 - edge]) * rows
        replaced = ours.box([*first, *(fdi + 40 for fdi in first)])
        if deep > DEEPER * abs(target[edge] - replaced[2 - edge]):
            return None
        return Place(
            box=box,
            source=(float(crowns[edge]), (crowns[1] + crowns[3]) / 2),
            target=(float(target[edge]), (target[1] + target[3]) / 2),
            scale=(rows, width * ours.size[1] / theirs.size[1]),
            mirrored=donor.quadrant != quadrant,
        )


def annotated_jaws(labels: ClassImage, classes: Sequence[int]) -> Jaws:
    """Boxes of a class image's teeth; pieces of less than `MIN_PIXELS` do not count.

    >>> jaws = annotated_jaws(np.full((6, 9), 2, np.uint8), [36, 75])
    >>> jaws.boxes, jaws.young
    ({75: (0, 0, 6, 9)}, True)
    """
    import cv2

    counts = np.bincount(labels.ravel(), minlength=256)
    boxes: dict[int, Box] = {}
    for value, fdi in enumerate(classes, start=1):
        if counts[value] >= MIN_PIXELS:
            left, top, width, height = cv2.boundingRect((labels == value).view(np.uint8))
            boxes[fdi] = (top, left, top + height, left + width)
    numbers = list(boxes)
    out = erupted_by_boxes(numbers, np.array([boxes[n] for n in numbers]).reshape(-1, 4))
    erupted = frozenset(n for n, is_out in zip(numbers, out.tolist(), strict=True) if is_out)
    areas = {n: int(counts[value]) for value, n in enumerate(classes, start=1) if n in boxes}
    return Jaws(labels.shape[:2], boxes, areas, erupted)


def _size_ratio(theirs: Jaws, ours: Jaws) -> float:
    """How much wider teeth are in our radiograph than in theirs, as shares of its width.

    By the erupted permanent incisors and molars that both show, on either side; 1 without any.
    """
    ratios = []
    for fdi in theirs.erupted:
        other = fdi if fdi in ours.erupted else mirror(fdi)
        if not TEETH[fdi].deciduous and fdi % 10 in (1, 2, 6, 7) and other in ours.erupted:
            widths = [
                (jaws.boxes[n][3] - jaws.boxes[n][1]) / jaws.size[1]
                for jaws, n in ((ours, other), (theirs, fdi))
            ]
            ratios.append(widths[0] / widths[1])
    return float(np.clip(np.median(ratios), 0.6, 1.6)) if ratios else 1.0


def _runs(positions: Sequence[int]) -> list[tuple[int, ...]]:
    """All runs of up to `LONGEST` consecutive positions.

    >>> _runs([1, 3, 4])
    [(1,), (3,), (3, 4), (4,)]
    """
    here = set(positions)
    return [
        run
        for first in positions
        for length in range(1, LONGEST + 1)
        for run in [tuple(range(first, first + length))]
        if here >= set(run)
    ]
