"""What a findings network answers, in the part of the radiograph that it saw.

Everywhere else there is no finding. All rows and columns are those of the plane of the whole
radiograph.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from panodent.bundle.findings_network import WHOLE, FindingsNetwork, Part
from panodent.inference.softmax import softmax
from panodent.utils.arrays import BoolArray, Float32Array

OUTSIDE = np.float32(-8)
"""Lead of pixels that belong to another object."""


@dataclass(frozen=True)
class FindingPlanes:
    """A network's answer.

    kinds : the kind of each logit but the first, which is "no finding".
    logits : (1 + kinds, r, c) of the part that was seen.
    size : (h, w) of the whole plane.
    corner : (row, column) of the part's upper left pixel.
    """

    kinds: tuple[str, ...]
    logits: Float32Array
    size: tuple[int, int]
    corner: tuple[int, int] = (0, 0)

    @classmethod
    def of(
        cls, network: FindingsNetwork, logits: Float32Array, part: Part = WHOLE
    ) -> FindingPlanes:
        """The answer of a network that saw this part of its frame."""
        size, corner = [], []
        for side, seen, length in zip(network.frame.size, part, logits.shape[1:], strict=True):
            pixels = range(side)[seen]
            stride = len(pixels) // length
            size.append(side // stride)
            corner.append(pixels.start // stride)
        return cls(network.kinds, logits, (size[0], size[1]), (corner[0], corner[1]))

    @cached_property
    def best(self) -> npt.NDArray[np.uint8]:
        """(h, w): which logit is the largest, the first of equals; 0 where nothing was seen."""
        plane = np.zeros(self.size, np.uint8)
        (top, left), (height, width) = self.corner, self.logits.shape[1:]
        best = plane[top : top + height, left : left + width]
        most = self.logits[0].copy()
        # For few logits faster than `argmax`.
        for index, logits in enumerate(self.logits[1:], start=1):
            best[logits > most] = index
            np.maximum(most, logits, out=most)
        return plane

    def score(self, mask: BoolArray, corner: tuple[int, int]) -> float:
        """Mean probability, 0 to 1, of the best kinds at the pixels of a mask.

        The mask begins at `corner` and lies where there are findings.
        """
        rows, cols = self._seen(corner, mask)
        return float(self._probability[rows, cols][mask].mean())

    def lead(
        self, kind: str, mask: BoolArray, corner: tuple[int, int]
    ) -> tuple[Float32Array, tuple[int, int]]:
        """By how much a kind's logit exceeds all others around a mask that begins at `corner`.

        Returns (r, c), one pixel more than the mask on each side where the network saw it, and the
        (row, column) of its first pixel. Other objects of the kind have `OUTSIDE`.
        """
        index = 1 + self.kinds.index(kind)
        rows, cols = self._seen(corner, mask)
        top, left = max(rows.start - 1, 0), max(cols.start - 1, 0)
        part = self.logits[:, top : rows.stop + 1, left : cols.stop + 1]
        lead = part[index] - np.delete(part, index, axis=0).max(axis=0)
        first = top + self.corner[0], left + self.corner[1]
        others = self.best[first[0] :, first[1] :][: lead.shape[0], : lead.shape[1]] == index
        others[rows.start - top :, cols.start - left :][: mask.shape[0], : mask.shape[1]] &= ~mask
        return np.where(others, OUTSIDE, lead).astype(np.float32), first

    @cached_property
    def _probability(self) -> Float32Array:
        """(r, c) of the part that was seen: of the best kind, 0 where there is no finding."""
        count, height, width = self.logits.shape
        (top, left) = self.corner
        found = np.flatnonzero(self.best[top : top + height, left : left + width])
        plane = np.zeros((height, width), np.float32)
        plane.ravel()[found] = softmax(self.logits.reshape(count, -1).take(found, 1)).max(axis=0)
        return plane

    def _seen(self, corner: tuple[int, int], mask: BoolArray) -> Part:
        """Rows and columns of a mask in the part that was seen."""
        top, left = corner[0] - self.corner[0], corner[1] - self.corner[1]
        return slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1])
