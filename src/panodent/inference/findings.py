"""Decodes the output of a findings network to `Findings` at the radiograph's resolution.

Connected regions of one kind become objects. Regions of fillings, crowns, posts, root fillings and
appliances are cut between the teeth that carry them. Implants, pontics, and crowns without a tooth
get the number of the missing tooth's position. A found "tooth" that is an implant or a pontic is
no tooth and is removed; the numbers of the others stay, since they count positions, not objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from panodent.analysis.doubt_reasons import LOW_SCORE
from panodent.bundle.findings_network import WHOLE, FindingsNetwork, KindLimits, Part
from panodent.inference.appliances import cut_appliance, nearest
from panodent.inference.finding_places import Arches, Places, Sizes, tooth_plane
from panodent.inference.finding_planes import FindingPlanes
from panodent.inference.mouth_region import mouth_region
from panodent.radiograph.resampling import enlarged
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.masks import CroppedMask, trimmed
from panodent.teeth.masks import regions as regions_of
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import BoolArray, Float32Array, FloatImage

REPLACED = 0.5
"""A tooth of which a larger share is implant or pontic is removed."""
REPLACED_WITH_CROWN = 0.75
"""So is one that touches an implant and of which a larger share is implant, pontic or crown."""
LEAST_PIECE = {"crown": 0.3, "pontic": 0.3}
"""A piece with a smaller share of the largest piece's area joins its neighbour."""
LEAST_PIECE_OF_OTHERS = 0.15
REACH = {"filling": 0.02, "root_filling": 0.05, "post": 0.02, "appliance": 0.02}
"""Such findings lie within this share of the sides from a tooth, an implant, a crown or a pontic:
all but two of 3,638 annotated ones do. Others are letters that are burnt into the picture."""
BRIDGED, BRIDGE_REACH = ("crown", "pontic"), 0.02
"""A chain of such findings with gaps of at most this share of the sides begins at a tooth or an
implant: all 295 annotated ones are within 0.01 of the next. Others are letters, too."""
SMALL = ("filling", "root_filling", "post")
"""Kinds that overlapping enamel is taken for."""
SURE = 0.65
"""Where no finding of the radiograph reaches this score, those of the `SMALL` kinds are left out:
what was taken for a filling in mouths without any was overlapping enamel with 0.53 to 0.59; true
fillings that are the only finding have 0.70 or more."""

WIDER = {"filling": 0.8, "crown": 0.8}
"""Outlines of these kinds go to where the kind's logit is this much below the best: networks draw
small and pale fillings too small."""


@dataclass(frozen=True)
class _Piece:
    """One object at the network's resolution: its kind, number and raw score.

    `mask` (r, c) holds its pixels and perhaps empty rows and columns; `corner` is the (row, column)
    of its upper left pixel in the plane.
    """

    kind: str
    mask: BoolArray
    corner: tuple[int, int]
    fdi: int
    score: float

    def whole(self, size: tuple[int, int]) -> BoolArray:
        """The mask (h, w) of the plane."""
        image = np.zeros(size, bool)
        image[_window(self.mask, self.corner)] = self.mask
        return image


def find(
    network: FindingsNetwork, pixels: FloatImage, tooth: FloatImage, teeth: Teeth, sizes: Sizes
) -> tuple[list[int], Findings]:
    """Which teeth are implants or pontics, as positions in `teeth`, and the findings.

    Parameters
    ----------
    pixels : (H, W) in [0, 1].
    tooth : probability of any tooth by the first network, any resolution.
    teeth : the teeth found, of size (H, W).
    sizes : usual (height, width) of teeth by FDI number, as shares of the radiograph's.
    """
    part = mouth_region(teeth, network.frame.size) if network.takes_parts() else WHOLE
    return decode(network, network.predict_planes(pixels, tooth, part), teeth, sizes, part)


def decode(
    network: FindingsNetwork, logits: Float32Array, teeth: Teeth, sizes: Sizes, part: Part = WHOLE
) -> tuple[list[int], Findings]:
    """As `find`, from the network's logits (1 + kinds, r, c) of a part of its frame."""
    planes = FindingPlanes.of(network, logits, part)
    if not planes.best.any():
        return [], Findings.empty(teeth.size)
    present = np.flatnonzero(np.bincount(planes.best[planes.best > 0]))
    kinds = {network.kinds[index - 1]: planes.best == index for index in present.tolist()}
    owners = tooth_plane(teeth, planes.size)
    sure = _sure(kinds, planes, network.limits)
    replaced = _replaced(teeth, owners, sure)
    if replaced:
        teeth = teeth.select(np.setdiff1d(np.arange(len(teeth)), replaced))
        owners = tooth_plane(teeth, planes.size)
    pieces = _pieces(network, {**kinds, **sure}, planes, teeth, owners, sizes)
    scores = network.calibration.of([piece.score for piece in pieces])
    calibrated: list[float] = np.clip(scores, 0, 1).tolist()
    if max(calibrated, default=0.0) < SURE:
        kept = [index for index, piece in enumerate(pieces) if piece.kind not in SMALL]
        pieces, calibrated = [pieces[i] for i in kept], [calibrated[i] for i in kept]
    items = []
    for piece in pieces:
        mask, corner = _outline(piece, planes, teeth.size)
        items.append((piece.kind, piece.fdi, mask, corner))
    flags = [{"doubtful"} if score < LOW_SCORE else set() for score in calibrated]
    return replaced, Findings.from_masks(teeth.size, items, calibrated, flags).sorted()


def _sure(
    kinds: Mapping[str, BoolArray], planes: FindingPlanes, limits: Mapping[str, KindLimits]
) -> dict[str, BoolArray]:
    """The pixels (h, w) of each kind without regions that are too small or too unsure to be found.

    What is not a finding must not remove a tooth.
    """
    sure = {}
    for kind in ("implant", "pontic", "crown"):
        if kind in kinds:
            sure[kind] = np.zeros(kinds[kind].shape, bool)
            for region, corner in _regions(kinds[kind], limits.get(kind)):
                score = planes.score(region, corner)
                if _enough(_Piece(kind, region, corner, NOWHERE, score), limits, kinds[kind].size):
                    sure[kind][_window(region, corner)] |= region
    return sure


def _replaced(
    teeth: Teeth, owners: npt.NDArray[np.int16], kinds: Mapping[str, BoolArray]
) -> list[int]:
    """Positions of the teeth that are implants or pontics."""
    import cv2

    nothing = np.zeros(owners.shape, bool)
    implant, pontic, crown = (kinds.get(name, nothing) for name in ("implant", "pontic", "crown"))
    around = cv2.dilate(implant.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0

    def pixels(where: BoolArray) -> npt.NDArray[np.int64]:
        return np.bincount(owners[where & (owners >= 0)], minlength=len(teeth))

    areas = np.maximum(pixels(owners >= 0), 1)
    replaced = pixels(implant | pontic) > REPLACED * areas
    metal = pixels(implant | pontic | crown) > REPLACED_WITH_CROWN * areas
    return np.flatnonzero(replaced | (metal & (pixels(around) > 0))).tolist()


# --- objects -----------------------------------------------------------------------------------


def _pieces(
    network: FindingsNetwork,
    kinds: Mapping[str, BoolArray],
    planes: FindingPlanes,
    teeth: Teeth,
    owners: npt.NDArray[np.int16],
    sizes: Sizes,
) -> list[_Piece]:
    """All objects that are large and sure enough."""

    def piece(kind: str, region: CroppedMask, fdi: int = NOWHERE) -> _Piece:
        return _Piece(kind, *region, fdi, planes.score(*region))

    size = planes.size
    nothing = np.zeros(size, bool)
    metal = kinds.get("crown", nothing) | kinds.get("pontic", nothing)
    arches = Arches.of(teeth, size, sizes, metal)
    regions = _regions(kinds.get("implant", nothing), network.limits.get("implant"))
    implants = [piece("implant", region) for region in regions]
    implants = [one for one in implants if _enough(one, network.limits, owners.size)]
    masks = [one.whole(size) for one in implants]
    numbers = arches.implant_numbers(masks)
    found = [replace(one, fdi=fdi) for one, fdi in zip(implants, numbers, strict=True)]
    necks = [(n, arches.neck(mask)) for n, mask in zip(numbers, masks, strict=True) if n]
    places = arches.places(teeth, owners, necks)
    begin = np.any([owners >= 0, *masks], axis=0)
    held = _connected(_around(begin | metal, BRIDGE_REACH), begin)
    mouth = begin | (metal & held)
    around = {reach: _around(mouth, reach) for reach in set(REACH.values())}
    for kind, mask in kinds.items():
        if kind == "implant":
            continue
        for region, corner in _regions(mask, network.limits.get(kind)):
            near = around[REACH[kind]] if kind in REACH else held if kind in BRIDGED else None
            if near is not None and not near[_window(region, corner)][region].any():
                continue
            cut = _cut(kind, region, corner, places)
            made = [piece(kind, (part, corner), fdi) for fdi, part in cut]
            found += [one for one in made if _enough(one, network.limits, owners.size)]
    return found


def _around(mask: BoolArray, reach: float) -> BoolArray:
    """The pixels of a mask (h, w), and those within this share of the sides from one."""
    import cv2

    rows, cols = (2 * round(reach * side) + 1 for side in mask.shape)
    return cv2.dilate(mask.astype(np.uint8), np.ones((rows, cols), np.uint8)) > 0


def _connected(area: BoolArray, begin: BoolArray) -> BoolArray:
    """The connected parts of an area (h, w) in which pixels of `begin` lie."""
    import cv2

    count, parts = cv2.connectedComponents(area.astype(np.uint8))
    reached = np.zeros(count, bool)
    reached[parts[begin & area]] = True
    whole: BoolArray = reached[parts]
    return whole


def _cut(
    kind: str, region: BoolArray, corner: tuple[int, int], places: Places
) -> list[tuple[int, BoolArray]]:
    """A region (r, c) cut between the teeth and positions that it belongs to, and their numbers."""
    numbers = places.of(kind, region, _window(region, corner))
    if kind == "appliance":
        return cut_appliance(region, numbers, (places.upper.shape[0], places.upper.shape[1]))
    return _split(region, numbers, kind)


def _window(mask: BoolArray, corner: tuple[int, int]) -> Part:
    """Rows and columns of a cropped mask in its plane."""
    return (
        slice(corner[0], corner[0] + mask.shape[0]),
        slice(corner[1], corner[1] + mask.shape[1]),
    )


def _regions(mask: BoolArray, limits: KindLimits | None) -> list[CroppedMask]:
    """The 8-connected regions of a mask (h, w), without those that are smaller than the limit."""
    least = limits.area if limits else 0.0

    def large(height: int, width: int) -> bool:
        return height * width / mask.size >= least

    found = regions_of(mask, large)
    return [(part, at) for part, at in found if np.count_nonzero(part) / mask.size >= least]


def _enough(piece: _Piece, limits: Mapping[str, KindLimits], pixels: int) -> bool:
    """Whether an object in a plane of so many pixels reaches the limits of its kind."""
    limit = limits.get(piece.kind, KindLimits())
    share = int(np.count_nonzero(piece.mask)) / pixels
    return share >= limit.area and piece.score >= limit.score


def _split(
    region: BoolArray, plane: npt.NDArray[np.int16], kind: str
) -> list[tuple[int, BoolArray]]:
    """A region cut by the numbers of a plane (h, w); small pieces join their neighbour."""
    inside = plane[region]
    counts = np.bincount(inside)
    numbers = np.flatnonzero(counts)
    counts = counts[numbers]
    least = LEAST_PIECE.get(kind, LEAST_PIECE_OF_OTHERS) * counts.max()
    large = numbers[(counts >= least) & (numbers != NOWHERE)]
    if len(large) < 2:
        return [(int(large[0]) if len(large) else int(numbers[counts.argmax()]), region)]
    # Each pixel of a small piece goes to the nearest pixel of a large one.
    owner = nearest(region & np.isin(plane, large), plane)
    return [(int(number), region & (owner == number)) for number in large]


# --- outlines ----------------------------------------------------------------------------------


def _outline(
    piece: _Piece, planes: FindingPlanes, size: tuple[int, int]
) -> tuple[BoolArray, tuple[int, int]]:
    """A piece's mask at the radiograph's resolution, and its corner."""
    lead, (top, left) = planes.lead(piece.kind, *trimmed(piece.mask, piece.corner))
    lead += np.float32(WIDER.get(piece.kind, 0))
    scale = size[0] / planes.size[0], size[1] / planes.size[1]
    box = (
        int(np.floor(top * scale[0])),
        int(np.floor(left * scale[1])),
        min(int(np.ceil((top + lead.shape[0]) * scale[0])), size[0]),
        min(int(np.ceil((left + lead.shape[1]) * scale[1])), size[1]),
    )
    return enlarged(lead, box, size, (top, left), planes.size) > 0, (box[0], box[1])
