"""`Findings`: what was done to the teeth of a radiograph, for predictions and annotations alike.

Coordinates, boxes and masks are those of `panodent.teeth.teeth.Teeth`.

>>> found = Findings.from_masks((4, 6), [("crown", 36, [[1, 1], [1, 0]], (1, 2))])
>>> found
Findings(1 finding, 4 x 6 pixels: crown 1)
>>> found[0].kind, found[0].fdi, found[0].box
('crown', 36, (1, 2, 3, 4))
>>> found.mirrored().fdi.tolist()
[46]
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.errors import TeethError, UnknownNameError
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.outlines import Part
from panodent.teeth.teeth import Teeth
from panodent.teeth.validation import Flag
from panodent.utils.arrays import BoolArray
from panodent.utils.wording import counted

FINDING_FLAGS: tuple[Flag, ...] = ("doubtful", "edited", "box", "accepted")
"""What a finding can be marked with, see `panodent.teeth.validation.FLAGS`."""
NOWHERE = 0
"""Used in place of an FDI number for a finding of no single tooth, or of an unclear place."""


@dataclass(frozen=True, eq=False)
class Finding:
    """One finding.

    Parameters
    ----------
    kind : a name from `panodent.teeth.finding_kinds.KINDS`.
    fdi : the tooth that carries it, or that stood there; 0 (`NOWHERE`) if there is none.
    box : (top, left, bottom, right) in pixels of the radiograph, half open.
    mask : boolean array of exactly the size of the box.
    score : estimated probability, 0 to 1.
    flags : names from `FINDING_FLAGS`.
    """

    kind: str
    fdi: int
    box: tuple[int, int, int, int]
    mask: BoolArray
    score: float
    flags: frozenset[Flag]


@dataclass(frozen=True, eq=False)
class Findings:
    """The findings of one radiograph. The record cannot be changed; its methods return new ones.

    Parameters
    ----------
    kinds : n names from `panodent.teeth.finding_kinds.KINDS`.
    marks : their n numbers, boxes, masks, scores and flags, as those of teeth. A number may occur
        many times; 0 means that no single tooth is meant.

    Raises
    ------
    TeethError : the arrays contradict each other or a flag does not suit findings.
    UnknownNameError : an unknown kind.
    """

    kinds: tuple[str, ...]
    marks: Teeth

    def __post_init__(self) -> None:
        object.__setattr__(self, "kinds", tuple(self.kinds))
        if len(self.kinds) != len(self.marks):
            raise TeethError(
                f"kinds has {len(self.kinds)} entries for {len(self.marks)} masks; "
                "every array holds one entry a finding"
            )
        for kind in self.kinds:
            if kind not in KINDS:
                raise UnknownNameError("kind of finding", kind, KINDS)
        for item in self.marks.flags:
            if unknown := item - set(FINDING_FLAGS):
                raise TeethError(
                    f"flags {sorted(unknown)} do not suit a finding; known: "
                    + ", ".join(FINDING_FLAGS)
                )

    # --- constructors ---------------------------------------------------------------------

    @classmethod
    def empty(cls, size: tuple[int, int]) -> Findings:
        """A radiograph of this (height, width) without findings."""
        return cls((), Teeth.empty(size))

    @classmethod
    def from_masks(
        cls,
        size: tuple[int, int],
        items: Iterable[
            tuple[str, int, npt.ArrayLike] | tuple[str, int, npt.ArrayLike, tuple[int, int]]
        ],
        scores: Sequence[float] | None = None,
        flags: Sequence[Iterable[Flag]] | None = None,
    ) -> Findings:
        """Findings from (kind, FDI number, mask) or (kind, FDI number, mask, (row, column)).

        Masks, `scores` and `flags` are those of `Teeth.from_masks`; a mask without pixels is left
        out.
        """
        listed = list(items)
        for name, values in (("scores", scores), ("flags", flags)):
            if values is not None and len(values) != len(listed):
                raise TeethError(f"{name} has {len(values)} entries for {len(listed)} masks")
        kept = [i for i, item in enumerate(listed) if np.asarray(item[2], bool).any()]
        marks = Teeth.from_masks(
            size,
            [listed[i][1:] for i in kept],  # type: ignore[misc]
            None if scores is None else [scores[i] for i in kept],
            None if flags is None else [flags[i] for i in kept],
        )
        return cls(tuple(listed[i][0] for i in kept), marks)

    # --- reading --------------------------------------------------------------------------

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the radiograph in pixels."""
        return self.marks.size

    @property
    def fdi(self) -> npt.NDArray[np.int16]:
        """(n,) int16: the tooth or place of each finding, 0 for none."""
        return self.marks.fdi

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """(n,) float32 in [0, 1]; 1 for annotations."""
        return self.marks.scores

    def __len__(self) -> int:
        return len(self.marks)

    def __getitem__(self, index: int) -> Finding:
        marks = self.marks
        top, left, bottom, right = marks.boxes[index].tolist()
        return Finding(
            self.kinds[index],
            int(marks.fdi[index]),
            (top, left, bottom, right),
            marks.masks[index],
            float(marks.scores[index]),
            marks.flags[index],
        )

    def __iter__(self) -> Iterator[Finding]:
        return (self[index] for index in range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Whether kinds, size, numbers, pixels, scores and flags are equal, in the same order."""
        if not isinstance(other, Findings):
            return NotImplemented
        return self.kinds == other.kinds and self.marks == other.marks

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        height, width = self.size
        counts = ", ".join(f"{kind} {n}" for kind, n in Counter(self.kinds).most_common()) or "none"
        number = counted(len(self), "finding", "findings")
        return f"Findings({number}, {height} x {width} pixels: {counts})"

    def of_tooth(self, fdi: int) -> tuple[str, ...]:
        """The kinds found on a tooth or in its place, each once, in the order of `KINDS`."""
        here = {k for k, n in zip(self.kinds, self.fdi.tolist(), strict=True) if n == fdi}
        return tuple(kind for kind in KINDS if kind in here)

    def in_doubt(self, fdi: int) -> tuple[str, ...]:
        """Those of `of_tooth` whose findings there are all doubtful."""
        sure = {
            kind
            for kind, number, flags in zip(
                self.kinds, self.fdi.tolist(), self.marks.flags, strict=True
            )
            if number == fdi and "doubtful" not in flags
        }
        return tuple(kind for kind in self.of_tooth(fdi) if kind not in sure)

    def full_mask(self, index: int) -> BoolArray:
        """Finding `index` as a boolean array (height, width) of the whole radiograph."""
        return self.marks.full_mask(index)

    def union(self, kinds: Iterable[str] = tuple(KINDS)) -> BoolArray:
        """(height, width) bool: True where any finding of these kinds is."""
        image, wanted = np.zeros(self.size, bool), set(kinds)
        for kind, box, mask in zip(self.kinds, self.marks.boxes, self.marks.masks, strict=True):
            if kind in wanted:
                image[box[0] : box[2], box[1] : box[3]] |= mask
        return image

    def rle(self, index: int) -> str:
        """Finding `index` as COCO's compressed run-length text over the whole image."""
        return self.marks.rle(index)

    def polygons(self, index: int, tolerance: float = 0.0) -> list[Part]:
        """Outlines of finding `index` in pixels, see `panodent.teeth.outlines.to_parts`."""
        return self.marks.polygons(index, tolerance)

    # --- changes: each method returns a new record ----------------------------------------

    def select(self, indices: npt.ArrayLike) -> Findings:
        """The findings at these positions: integers, or a boolean array of length n."""
        chosen = np.asarray(indices)
        marks = self.marks.select(chosen)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int).reshape(-1)
        return Findings(tuple(self.kinds[i] for i in chosen), marks)

    def of_kind(self, *kinds: str) -> Findings:
        """The findings of these kinds."""
        return self.select(np.array([kind in kinds for kind in self.kinds], bool))

    def sorted(self) -> Findings:
        """Sorted by FDI number, those without last; then by kind and box."""
        order = list(KINDS)
        key = [
            (not fdi, fdi, order.index(kind), *box)
            for kind, fdi, box in zip(
                self.kinds, self.fdi.tolist(), self.marks.boxes.tolist(), strict=True
            )
        ]
        return self.select(np.array(sorted(range(len(self)), key=key.__getitem__), int))

    def mirrored(self) -> Findings:
        """The findings of the mirror image: left and right exchanged in pixels and numbers."""
        return Findings(self.kinds, self.marks.mirrored())

    def placed(self, top: int, left: int, size: tuple[int, int]) -> Findings:
        """The findings moved into an image of another (height, width), as `Teeth.placed` does."""
        if (top, left, *size) == (0, 0, *self.size):
            return self
        return self._each(lambda marks: marks.placed(top, left, size), size)

    def resized(self, size: tuple[int, int]) -> Findings:
        """The findings scaled to this (height, width), as `Teeth.resized` does."""
        return self._each(lambda marks: marks.resized(size), size)

    def _each(self, change: Callable[[Teeth], Teeth], size: tuple[int, int]) -> Findings:
        """The findings with each mark changed; those without a pixel left are left out."""
        changed = [change(self.marks.select([index])) for index in range(len(self))]
        kept = [index for index, marks in enumerate(changed) if len(marks)]
        items: list[tuple[str, int, BoolArray, tuple[int, int]]] = []
        for index in kept:
            fdi, box, mask = next(iter(changed[index]))
            items.append((self.kinds[index], fdi, mask, (int(box[0]), int(box[1]))))
        return Findings.from_masks(
            size,
            items,
            [float(self.scores[i]) for i in kept],
            [self.marks.flags[i] for i in kept],
        )
