"""`Teeth`: the record of a radiograph's teeth, used for predictions and annotations alike.

Coordinates are pixels of the radiograph, (row, column) counted from the upper left corner; boxes
are half open. Each mask is cropped to its box, so memory depends on the teeth and not on the size
of the image, and masks of neighbouring teeth may overlap.

>>> teeth = Teeth.from_masks((4, 6), [(36, [[1, 1], [1, 0]], (1, 2)), (37, [[1]], (2, 4))])
>>> teeth
Teeth(2 teeth, 4 x 6 pixels: 36-37)
>>> teeth.boxes.tolist(), teeth.areas.tolist()
([[1, 2, 3, 4], [2, 4, 3, 5]], [3, 1])
>>> teeth.mirrored().fdi.tolist()
[46, 47]
>>> teeth.label_image()
array([[ 0,  0,  0,  0,  0,  0],
       [ 0,  0, 36, 36,  0,  0],
       [ 0,  0, 36,  0, 37,  0],
       [ 0,  0,  0,  0,  0,  0]], dtype=uint8)
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH, mirror
from panodent.errors import TeethError
from panodent.teeth.html_table import html_table, in_short
from panodent.teeth.masks import bounding_box, clipped, nearest_pixels, trimmed
from panodent.teeth.outlines import Part, fill, to_parts
from panodent.teeth.run_lengths import from_rle, to_rle
from panodent.teeth.validation import FLAGS, UNNUMBERED, Flag, check, whole
from panodent.utils.arrays import BoolArray

__all__ = ["FLAGS", "UNNUMBERED", "Flag", "Teeth"]


@dataclass(frozen=True, eq=False)
class Teeth:
    """The teeth of one radiograph. The record cannot be changed; its methods return new ones.

    Parameters
    ----------
    size : (height, width) of the radiograph in pixels.
    fdi : (n,) int16, FDI numbers; 0 (`UNNUMBERED`) for a tooth without a number. Annotations may
        use a number twice, predictions do not.
    boxes : (n, 4) int32, (top, left, bottom, right), half open, inside the image, never empty.
    masks : n boolean arrays, each of exactly the size of its box.
    scores : (n,) float32 in [0, 1]; 1 for annotations.
    flags : n sets of names from `FLAGS`.
    alternatives : (n,) int16, the number of each tooth in the next best numbering; 0 if none.

    Raises
    ------
    TeethError : the arrays contradict each other, see `panodent.teeth.validation`.
    """

    size: tuple[int, int]
    fdi: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.int32]
    masks: tuple[BoolArray, ...]
    scores: npt.NDArray[np.float32]
    flags: tuple[frozenset[Flag], ...] = field(default=())
    alternatives: npt.NDArray[np.int16] = field(default_factory=lambda: np.zeros(0, np.int16))

    def __post_init__(self) -> None:
        count = len(self.masks)
        put = object.__setattr__
        if len(self.size) != 2:
            raise TeethError(f"size is {tuple(self.size)}; expected (height, width)")
        put(self, "size", (int(self.size[0]), int(self.size[1])))
        put(self, "fdi", whole("fdi", self.fdi, np.int16, (-1,)))
        put(self, "boxes", whole("boxes", self.boxes, np.int32, (-1, 4)))
        put(self, "scores", np.asarray(self.scores, np.float32).reshape(-1))
        put(self, "masks", tuple(np.asarray(mask, bool) for mask in self.masks))
        put(self, "flags", tuple(frozenset(item) for item in self.flags) or (frozenset(),) * count)
        others = self.alternatives if len(self.alternatives) else np.zeros(count, np.int16)
        put(self, "alternatives", whole("alternatives", others, np.int16, (-1,)))
        shapes = self.boxes, self.masks
        check(self.size, self.fdi, *shapes, self.scores, self.flags, self.alternatives)

    # --- constructors ---------------------------------------------------------------------

    @classmethod
    def empty(cls, size: tuple[int, int]) -> Teeth:
        """A radiograph of this (height, width) without teeth."""
        return cls(size, [], [], (), [])  # type: ignore[arg-type]

    @classmethod
    def from_masks(
        cls,
        size: tuple[int, int],
        items: Iterable[tuple[int, npt.ArrayLike] | tuple[int, npt.ArrayLike, tuple[int, int]]],
        scores: Sequence[float] | None = None,
        flags: Sequence[Iterable[Flag]] | None = None,
        alternatives: Sequence[int] | None = None,
    ) -> Teeth:
        """Teeth from masks, which are cropped to their bounding boxes.

        Parameters
        ----------
        size : (height, width) of the radiograph.
        items : (FDI number, mask) with a mask of the radiograph's size, or (FDI number, mask,
            (row, column)) with a smaller mask and the position of its upper left pixel.
        scores, flags, alternatives : one entry for each item; by default 1, empty and 0.

        A mask without pixels is left out, with its other entries. Raises `TeethError`.
        """
        listed = list(items)
        for name, values in (("scores", scores), ("flags", flags), ("alternatives", alternatives)):
            if values is not None and len(values) != len(listed):
                raise TeethError(f"{name} has {len(values)} entries for {len(listed)} masks")
        fdi, boxes, masks, kept = [], [], [], []
        for index, item in enumerate(listed):
            mask = np.asarray(item[1], bool)
            top, left = item[2] if len(item) == 3 else (0, 0)
            if len(item) == 2 and mask.shape != tuple(size):
                raise TeethError(f"mask of shape {mask.shape} for an image of size {size}")
            if (found := bounding_box(mask)) is None:
                continue
            row0, col0, row1, col1 = found
            fdi.append(item[0])
            boxes.append((top + row0, left + col0, top + row1, left + col1))
            masks.append(np.ascontiguousarray(mask[row0:row1, col0:col1]))
            kept.append(index)
        return cls(
            size,
            np.array(fdi),
            np.array(boxes).reshape(-1, 4),
            tuple(masks),
            np.array([scores[i] for i in kept] if scores is not None else np.ones(len(kept))),
            tuple(frozenset(flags[i]) for i in kept) if flags is not None else (),
            np.array([alternatives[i] for i in kept] if alternatives is not None else []),
        )

    @classmethod
    def from_label_image(cls, labels: npt.ArrayLike) -> Teeth:
        """Teeth from a label map: integers (height, width), FDI numbers and 0 for background.

        Raises `TeethError` for any other value.

        >>> Teeth.from_label_image([[0, 36], [37, 36]])
        Teeth(2 teeth, 2 x 2 pixels: 36-37)
        """
        image = np.asarray(labels)
        if image.ndim != 2 or image.dtype.kind not in "iub":
            raise TeethError(
                f"label image has shape {image.shape} and dtype {image.dtype}; "
                "expected two axes of integers"
            )
        values = [int(value) for value in np.unique(image) if value]
        for value in values:
            if value not in TEETH:
                raise TeethError(f"label value {value} is not an FDI number")
        return cls.from_masks((image.shape[0], image.shape[1]), [(v, image == v) for v in values])

    @classmethod
    def from_rles(cls, size: tuple[int, int], items: Iterable[tuple[int, str | bytes]]) -> Teeth:
        """Teeth from (FDI number, COCO's compressed run-length text over the whole image).

        Raises `AnnotationError` for a damaged text, see `panodent.teeth.run_lengths.from_rle`.
        """
        return cls.from_masks(size, [(fdi, *trimmed(from_rle(text, size))) for fdi, text in items])

    @classmethod
    def from_polygons(
        cls, size: tuple[int, int], items: Iterable[tuple[int, Sequence[Sequence[npt.ArrayLike]]]]
    ) -> Teeth:
        """Teeth from (FDI number, parts); see `panodent.teeth.outlines.fill` for the parts.

        >>> square = [(1, 1), (3, 1), (3, 3), (1, 3)]
        >>> Teeth.from_polygons((4, 4), [(36, [[square]])]).boxes.tolist()
        [[1, 1, 3, 3]]
        """
        return cls.from_masks(size, [(fdi, *trimmed(fill(parts, size))) for fdi, parts in items])

    # --- reading --------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.masks)

    def __iter__(self) -> Iterator[tuple[int, npt.NDArray[np.int32], BoolArray]]:
        """(FDI number, box, cropped mask) of each tooth."""
        return zip(self.fdi.tolist(), self.boxes, self.masks, strict=True)

    def __eq__(self, other: object) -> bool:
        """Whether size, pixels and all entries of the teeth are equal, in the same order."""
        if not isinstance(other, Teeth):
            return NotImplemented
        return (
            self.size == other.size
            and np.array_equal(self.fdi, other.fdi)
            and np.array_equal(self.boxes, other.boxes)
            and np.array_equal(self.scores, other.scores)
            and self.flags == other.flags
            and np.array_equal(self.alternatives, other.alternatives)
            and all(map(np.array_equal, self.masks, other.masks))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({in_short(self.size, self.fdi.tolist())})"

    def _repr_html_(self) -> str:
        numbers, areas = self.fdi.tolist(), self.areas.tolist()  # what notebooks show
        return html_table(self.size, numbers, areas, self.scores.tolist(), self.flags)

    @property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n,) int64: the number of pixels of each tooth."""
        return np.array([int(np.count_nonzero(mask)) for mask in self.masks], np.int64)

    def full_mask(self, index: int) -> BoolArray:
        """Tooth `index` as a boolean array (height, width) of the whole radiograph."""
        image = np.zeros(self.size, bool)
        top, left, bottom, right = self.boxes[index]
        image[top:bottom, left:right] = self.masks[index]
        return image

    def rle(self, index: int) -> str:
        """Tooth `index` as COCO's compressed run-length text over the whole image.

        >>> Teeth.from_label_image([[0, 36], [36, 36]]).rle(0)
        '13'
        """
        return to_rle(self.masks[index], self.boxes[index].tolist(), self.size)

    def polygons(self, index: int, tolerance: float = 0.0) -> list[Part]:
        """Outlines of tooth `index` in pixels, see `panodent.teeth.outlines.to_parts`."""
        top, left = self.boxes[index, :2].tolist()
        return to_parts(self.masks[index], tolerance, (top, left))

    def centroids(self) -> npt.NDArray[np.float64]:
        """(n, 2) float64: the mean (row, column) of each tooth's pixels."""
        points = [
            np.argwhere(mask).mean(axis=0) + box[:2] if mask.any() else np.full(2, np.nan)
            for box, mask in zip(self.boxes, self.masks, strict=True)
        ]
        return np.array(points, np.float64).reshape(-1, 2)

    def label_image(self) -> npt.NDArray[np.uint8]:
        """The label map: uint8 (height, width), FDI numbers and 0 for background.

        Unnumbered teeth are left out. Where teeth overlap, the smaller one is drawn on top, so
        that none disappears.
        """
        image = np.zeros(self.size, np.uint8)
        for index in np.argsort(-self.areas, kind="stable"):
            if self.fdi[index] == UNNUMBERED:
                continue
            top, left, bottom, right = self.boxes[index]
            image[top:bottom, left:right][self.masks[index]] = self.fdi[index]
        return image

    # --- changes: each method returns a new record ----------------------------------------

    def select(self, indices: npt.ArrayLike) -> Teeth:
        """The teeth at these positions: integers, or a boolean array of length n."""
        chosen = np.asarray(indices)
        if chosen.dtype == bool and chosen.shape != (len(self),):
            raise TeethError(
                f"selection of shape {chosen.shape} for {len(self)} teeth; "
                f"expected ({len(self)},) or positions"
            )
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int).reshape(-1)
        if type(self) is Teeth and chosen.tolist() == list(range(len(self))):
            return self  # it cannot be changed, and was checked
        return Teeth(
            self.size,
            self.fdi[chosen],
            self.boxes[chosen],
            tuple(self.masks[i] for i in chosen),
            self.scores[chosen],
            tuple(self.flags[i] for i in chosen),
            self.alternatives[chosen],
        )

    def numbered(self) -> Teeth:
        """The teeth that have a number."""
        return self.select(self.fdi != UNNUMBERED)

    def sorted(self) -> Teeth:
        """Sorted by FDI number, unnumbered teeth last; equal numbers by their boxes."""
        key = [
            (n == UNNUMBERED, n, *box) for n, box in zip(self.fdi, self.boxes.tolist(), strict=True)
        ]
        return self.select(sorted(range(len(self)), key=key.__getitem__))

    def mirrored(self) -> Teeth:
        """The teeth of the mirror image: left and right are exchanged in pixels and numbers."""
        width = self.size[1]
        boxes = self.boxes.copy()
        boxes[:, 1], boxes[:, 3] = width - self.boxes[:, 3], width - self.boxes[:, 1]
        numbers, others = (
            np.array([mirror(n) if n else UNNUMBERED for n in values.tolist()])
            for values in (self.fdi, self.alternatives)
        )
        masks = tuple(np.ascontiguousarray(mask[:, ::-1]) for mask in self.masks)
        return Teeth(self.size, numbers, boxes, masks, self.scores, self.flags, others)

    def cropped(self, top: int, left: int, bottom: int, right: int) -> Teeth:
        """The part inside this half-open box of the image; teeth outside it are left out.

        Raises `TeethError` if the box is empty or leaves the image.
        """
        if not (0 <= top < bottom <= self.size[0] and 0 <= left < right <= self.size[1]):
            raise TeethError(
                f"crop {(top, left, bottom, right)} is empty or leaves the image {self.size}"
            )
        return self.placed(-top, -left, (bottom - top, right - left))

    def placed(self, top: int, left: int, size: tuple[int, int]) -> Teeth:
        """The teeth moved into an image of another (height, width).

        The upper left pixel of this image lands at row `top` and column `left`, which may be
        negative. What lies outside the new image is left out.

        >>> teeth = Teeth.from_label_image([[0, 36], [36, 36]])
        >>> teeth.placed(1, 1, (3, 3)).label_image().tolist()
        [[0, 0, 0], [0, 0, 36], [0, 36, 36]]
        """
        if type(self) is Teeth and (top, left, *size) == (0, 0, *self.size):
            return self
        corners = (self.boxes[:, :2] + (top, left)).tolist()
        masks = zip(self.fdi.tolist(), self.masks, corners, strict=True)
        return self._with_masks(size, ((fdi, *clipped(m, at, size)) for fdi, m, at in masks))

    def resized(self, size: tuple[int, int]) -> Teeth:
        """The teeth scaled to this (height, width) by nearest neighbour.

        A tooth without a pixel in the new image is left out. Raises `TeethError` below 1 x 1.
        """
        height, width = int(size[0]), int(size[1])
        if height < 1 or width < 1:
            raise TeethError(f"cannot resize to {(height, width)}; expected at least 1 x 1")
        items: list[Any] = []
        for fdi, (top, left, bottom, right), mask in self:
            rows, row0 = nearest_pixels(top, bottom, self.size[0], height)
            cols, col0 = nearest_pixels(left, right, self.size[1], width)
            items.append((fdi, mask[np.ix_(rows - top, cols - left)], (row0, col0)))
        return self._with_masks((height, width), items)

    def _with_masks(self, size: tuple[int, int], items: Iterable[Any]) -> Teeth:
        scores, others = self.scores.tolist(), self.alternatives.tolist()
        return Teeth.from_masks(size, items, scores, self.flags, others)
