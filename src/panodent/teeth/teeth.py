"""`Teeth`: the one record that predictions, truth, files, pictures and scores all speak.

Coordinates are pixels of the radiograph, (row, column) from the upper left; boxes are half open.
Masks are stored cropped to their boxes, so memory grows with the teeth and not with the image,
and neighbours may overlap.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.dentition import TEETH, mirror
from panodent.errors import TeethError
from panodent.teeth.masks import Part, bounding_box, fill, from_rle, to_parts, to_rle
from panodent.teeth.validation import FLAGS, UNNUMBERED, Flag, check, whole
from panodent.utils.arrays import BoolArray

__all__ = ["FLAGS", "UNNUMBERED", "Flag", "Teeth"]


@dataclass(frozen=True, eq=False)
class Teeth:
    """Teeth of one radiograph.

    Parameters
    ----------
    size : (height, width) of the radiograph in pixels.
    fdi : (n,) int, FDI numbers; 0 where the tooth could not be numbered. A number may stand twice
        in annotations; `panodent.inference.decode` never returns it twice.
    boxes : (n, 4) int, (top, left, bottom, right), half open, inside the image, never empty.
    masks : n boolean arrays, each exactly as large as its box; together with the box one tooth.
    scores : (n,) float in [0, 1]; 1 for annotations.
    flags : n sets of names from `FLAGS`.

    Raises `TeethError` when the arrays contradict each other.
    """

    size: tuple[int, int]
    fdi: npt.NDArray[np.int16]
    boxes: npt.NDArray[np.int32]
    masks: tuple[BoolArray, ...]
    scores: npt.NDArray[np.float32]
    flags: tuple[frozenset[Flag], ...] = field(default=())

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
        check(self.size, self.fdi, self.boxes, self.masks, self.scores, self.flags)

    # --- making ---------------------------------------------------------------------------

    @classmethod
    def empty(cls, size: tuple[int, int]) -> Teeth:
        """A radiograph of this (height, width) without a tooth."""
        return cls(size, [], [], (), [])  # type: ignore[arg-type]

    @classmethod
    def from_masks(
        cls,
        size: tuple[int, int],
        items: Iterable[tuple[int, npt.ArrayLike] | tuple[int, npt.ArrayLike, tuple[int, int]]],
        scores: Sequence[float] | None = None,
        flags: Sequence[Iterable[Flag]] | None = None,
    ) -> Teeth:
        """Teeth from (FDI, mask) or (FDI, cropped mask, (top, left)); empty masks are left out.

        Masks are boolean, (height, width) or any crop of it; they are trimmed to their boxes.
        """
        listed = list(items)
        for name, values in (("scores", scores), ("flags", flags)):
            if values is not None and len(values) != len(listed):
                raise TeethError(f"{name} has {len(values)} entries for {len(listed)} masks")
        fdi, boxes, masks, kept = [], [], [], []
        for index, item in enumerate(listed):
            mask = np.asarray(item[1], bool)
            top, left = item[2] if len(item) == 3 else (0, 0)
            if len(item) == 2 and mask.shape != tuple(size):
                raise TeethError(f"mask of shape {mask.shape} for an image of size {size}")
            found = bounding_box(mask)
            if found is None:
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
        )

    @classmethod
    def from_label_image(cls, labels: npt.ArrayLike) -> Teeth:
        """Teeth from an integer image (height, width) whose pixels are FDI numbers, 0 for none.

        Raises `TeethError` for any other value.
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
                raise TeethError(f"label value {value} is no FDI number")
        return cls.from_masks((image.shape[0], image.shape[1]), [(v, image == v) for v in values])

    @classmethod
    def from_rles(cls, size: tuple[int, int], items: Iterable[tuple[int, str | bytes]]) -> Teeth:
        """Teeth from (FDI, COCO compressed run-length text)."""
        return cls.from_masks(size, [(fdi, from_rle(text, size)) for fdi, text in items])

    @classmethod
    def from_polygons(
        cls, size: tuple[int, int], items: Iterable[tuple[int, Sequence[Sequence[npt.ArrayLike]]]]
    ) -> Teeth:
        """Teeth from (FDI, parts): each part an outer ring of (x, y), then its holes."""
        return cls.from_masks(size, [(fdi, fill(parts, size)) for fdi, parts in items])

    # --- looking --------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.masks)

    def __iter__(self) -> Iterator[tuple[int, npt.NDArray[np.int32], BoolArray]]:
        """(FDI, box, cropped mask) of each tooth."""
        return zip(self.fdi.tolist(), self.boxes, self.masks, strict=True)

    def __eq__(self, other: object) -> bool:
        """Same size, and the same teeth in the same order: numbers, pixels, scores and flags."""
        if not isinstance(other, Teeth):
            return NotImplemented
        return (
            self.size == other.size
            and np.array_equal(self.fdi, other.fdi)
            and np.array_equal(self.boxes, other.boxes)
            and np.array_equal(self.scores, other.scores)
            and self.flags == other.flags
            and all(map(np.array_equal, self.masks, other.masks))
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        height, width = self.size
        numbers = " ".join(str(number) for number in self.fdi.tolist())
        return f"Teeth({len(self)} on {width} x {height} pixels: {numbers})"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{fdi or '?'}</td><td>{TEETH[fdi].name if fdi else 'unnumbered tooth'}</td>"
            f"<td>{score:.2f}</td><td>{int(mask.sum())}</td>"
            f"<td>{', '.join(sorted(flags))}</td></tr>"
            for fdi, mask, score, flags in zip(
                self.fdi.tolist(), self.masks, self.scores, self.flags, strict=True
            )
        )
        height, width = self.size
        return (
            f"<p>{len(self)} teeth on {width} &times; {height} pixels</p><table><thead><tr>"
            "<th>FDI</th><th>tooth</th><th>score</th><th>pixels</th><th>flags</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )

    @property
    def areas(self) -> npt.NDArray[np.int64]:
        """(n,) pixels of each tooth."""
        return np.array([int(np.count_nonzero(mask)) for mask in self.masks], np.int64)

    def full_mask(self, index: int) -> BoolArray:
        """Tooth `index` as a boolean image of the radiograph's size."""
        image = np.zeros(self.size, bool)
        top, left, bottom, right = self.boxes[index]
        image[top:bottom, left:right] = self.masks[index]
        return image

    def rle(self, index: int) -> str:
        """Tooth `index` as COCO compressed run-length text over the whole image."""
        return to_rle(self.masks[index], self.boxes[index].tolist(), self.size)

    def polygons(self, index: int, tolerance: float = 0.0) -> list[Part]:
        """Outlines of tooth `index` in image pixels, see `panodent.teeth.masks.to_parts`."""
        top, left = self.boxes[index, :2].tolist()
        return to_parts(self.masks[index], tolerance, (top, left))

    def centroids(self) -> npt.NDArray[np.float64]:
        """(n, 2) mean (row, column) of each tooth's pixels."""
        points = [
            np.argwhere(mask).mean(axis=0) + box[:2] if mask.any() else np.full(2, np.nan)
            for box, mask in zip(self.boxes, self.masks, strict=True)
        ]
        return np.array(points, np.float64).reshape(-1, 2)

    def label_image(self) -> npt.NDArray[np.uint8]:
        """(height, width) uint8 of FDI numbers, 0 for none; unnumbered teeth are left out.

        Where teeth overlap the smaller one is on top, so that none disappears.
        """
        image = np.zeros(self.size, np.uint8)
        for index in np.argsort(-self.areas, kind="stable"):
            if self.fdi[index] == UNNUMBERED:
                continue
            top, left, bottom, right = self.boxes[index]
            image[top:bottom, left:right][self.masks[index]] = self.fdi[index]
        return image

    # --- changing (each returns a new record) ---------------------------------------------

    def select(self, indices: npt.ArrayLike) -> Teeth:
        """The teeth at these positions (integers, or a boolean array of length n)."""
        chosen = np.asarray(indices)
        if chosen.dtype == bool and chosen.shape != (len(self),):
            raise TeethError(f"selection of shape {chosen.shape} for {len(self)} teeth")
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int).reshape(-1)
        return Teeth(
            self.size,
            self.fdi[chosen],
            self.boxes[chosen],
            tuple(self.masks[i] for i in chosen),
            self.scores[chosen],
            tuple(self.flags[i] for i in chosen),
        )

    def numbered(self) -> Teeth:
        """The teeth with a number: what a prediction claims and is scored by."""
        return self.select(self.fdi != UNNUMBERED)

    def sorted(self) -> Teeth:
        """In order of FDI number, unnumbered teeth last, equal numbers by place."""
        key = [
            (n == UNNUMBERED, n, *box) for n, box in zip(self.fdi, self.boxes.tolist(), strict=True)
        ]
        return self.select(sorted(range(len(self)), key=key.__getitem__))

    def mirrored(self) -> Teeth:
        """The radiograph turned left to right: pixels move, and numbers change side (36 <-> 46)."""
        width = self.size[1]
        boxes = self.boxes.copy()
        boxes[:, 1], boxes[:, 3] = width - self.boxes[:, 3], width - self.boxes[:, 1]
        numbers = [mirror(n) if n else UNNUMBERED for n in self.fdi.tolist()]
        masks = tuple(np.ascontiguousarray(mask[:, ::-1]) for mask in self.masks)
        return Teeth(self.size, np.array(numbers), boxes, masks, self.scores, self.flags)

    def cropped(self, top: int, left: int, bottom: int, right: int) -> Teeth:
        """What lies inside this box of the image; teeth wholly outside are left out."""
        size = (bottom - top, right - left)
        if not (0 <= top < bottom <= self.size[0] and 0 <= left < right <= self.size[1]):
            raise TeethError(f"crop {(top, left, bottom, right)} leaves the image {self.size}")
        items = []
        for fdi, (box_top, box_left, _, _), mask in self:
            row0, col0 = max(top - box_top, 0), max(left - box_left, 0)
            part = mask[row0 : max(bottom - box_top, 0), col0 : max(right - box_left, 0)]
            items.append((fdi, part, (int(box_top + row0 - top), int(box_left + col0 - left))))
        return Teeth.from_masks(size, items, self.scores.tolist(), self.flags)

    def placed(self, top: int, left: int, size: tuple[int, int]) -> Teeth:
        """These teeth with their image's corner at (top, left) of one of (height, width) `size`.

        `top` and `left` may be negative; what lies outside the new image is left out.
        """
        items = []
        for fdi, (box_top, box_left, _, _), mask in self:
            row, col = int(box_top) + top, int(box_left) + left
            part = mask[max(-row, 0) : max(size[0] - row, 0), max(-col, 0) : max(size[1] - col, 0)]
            items.append((fdi, part, (max(row, 0), max(col, 0))))
        return Teeth.from_masks(size, items, self.scores.tolist(), self.flags)

    def resized(self, size: tuple[int, int]) -> Teeth:
        """Scaled to (height, width), nearest neighbour; vanished teeth are left out."""
        height, width = int(size[0]), int(size[1])
        if height < 1 or width < 1:
            raise TeethError(f"cannot resize to {(height, width)}; expected at least 1 x 1")
        items: list[Any] = []
        for fdi, (top, left, bottom, right), mask in self:
            rows, row0 = _nearest(top, bottom, self.size[0], height)
            cols, col0 = _nearest(left, right, self.size[1], width)
            items.append((fdi, mask[np.ix_(rows - top, cols - left)], (row0, col0)))
        return Teeth.from_masks((height, width), items, self.scores.tolist(), self.flags)


def _nearest(start: int, stop: int, old: int, new: int) -> tuple[npt.NDArray[np.int64], int]:
    """Source pixel of every target pixel whose centre falls into [start, stop), and the first."""
    source = np.minimum(((np.arange(new) + 0.5) * old / new).astype(np.int64), old - 1)
    first, last = np.searchsorted(source, [start, stop])
    return source[first:last], int(first)
