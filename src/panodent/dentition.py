"""The 52 human teeth as a table: numbers in three systems, names, sides, colours and codes.

An FDI number (ISO 3950) has two digits. The first is the quadrant from the patient's point of
view: 1 upper right, 2 upper left, 3 lower left, 4 lower right, and 5 to 8 in the same order for
deciduous teeth. The second is the position counted from the midline. On a panoramic radiograph the
patient's right is on the left of the image.

Universal numbers (ADA) are 1 to 32 and A to T; Palmer marks are written as a quadrant (UR, UL, LL,
LR) and a position (1 to 8, or A to E for deciduous teeth).

SNOMED CT codes are those of DICOM PS3.16, context groups CID 4018 (permanent) and CID 4019
(deciduous).

>>> TEETH[36].name, TEETH[36].universal, TEETH[36].palmer
('lower left first molar', '19', 'LL6')
>>> to_fdi("LL6", "palmer"), from_fdi(36, "universal"), mirror(36)
(36, '19', 46)
"""

from __future__ import annotations

import colorsys
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from panodent.errors import UnknownNameError, UnknownToothError

ToothType = Literal["incisor", "canine", "premolar", "molar"]
Numbering = Literal["fdi", "universal", "palmer"]
NUMBERINGS: tuple[Numbering, ...] = ("fdi", "universal", "palmer")
TOOTH_TYPES: tuple[ToothType, ...] = ("incisor", "canine", "premolar", "molar")


@dataclass(frozen=True, slots=True)
class Tooth:
    """One tooth of the human dentition.

    Parameters
    ----------
    fdi : FDI number.
    universal : Universal number, '1' to '32' or 'A' to 'T'.
    palmer : Palmer mark, such as 'UR6' or 'LLE'.
    name : in English, such as 'lower left first molar'.
    type : incisor, canine, premolar or molar.
    jaw, side : of the patient.
    deciduous : whether it is a milk tooth.
    mirror : FDI number of the same tooth on the other side.
    colour : (red, green, blue), 0 to 255. It never changes, so that pictures stay comparable.
    snomed : SNOMED CT concept identifier.
    """

    fdi: int
    universal: str
    palmer: str
    name: str
    type: ToothType
    jaw: Literal["upper", "lower"]
    side: Literal["right", "left"]
    deciduous: bool
    mirror: int
    colour: tuple[int, int, int]
    snomed: str

    @property
    def quadrant(self) -> int:
        """Quadrant 1 to 4, for deciduous teeth too.

        >>> TEETH[36].quadrant, TEETH[75].quadrant
        (3, 3)
        """
        return (self.fdi // 10 - 1) % 4 + 1

    @property
    def position(self) -> int:
        """Position from the midline: 1 (central incisor) to 8 (third molar)."""
        return self.fdi % 10


# By first digit of the FDI number; within it from the midline outwards.
_SNOMED = {
    1: "422653006 424877001 860767006 57826002 36492000 865995000 863902006 68085002",
    2: "424399000 423185002 860780009 61897005 23226009 865988009 863901004 87704003",
    3: "425106001 423331005 860782001 2400006 24573005 866006002 863898000 74344005",
    4: "424575004 423937004 860785004 80140008 8873007 866005003 863899008 38994002",
    5: "88824007 65624003 30618001 17505006 27855007",
    6: "51678005 43622005 73937000 45234009 51943008",
    7: "89552004 14770005 43281008 38896004 49330006",
    8: "67834006 22445006 6062009 58646007 61868007",
}
_PERMANENT_NAMES = (
    "central incisor",
    "lateral incisor",
    "canine",
    "first premolar",
    "second premolar",
    "first molar",
    "second molar",
    "third molar",
)
_DECIDUOUS_NAMES = (
    "central incisor",
    "lateral incisor",
    "canine",
    "first molar",
    "second molar",
)
_MIRROR_QUADRANT = {1: 2, 2: 1, 3: 4, 4: 3, 5: 6, 6: 5, 7: 8, 8: 7}


def _universal(quadrant: int, position: int) -> str:
    """Universal number. 1 to 32 are 18-11, 21-28, 38-31, 41-48; A to T are 55-51, 61-65, ..."""
    count = 8 if quadrant <= 4 else 5
    block = (quadrant - 1) % 4
    # In the upper right and lower left quadrants, Universal numbers rise towards the midline.
    offset = count - position if block in (0, 2) else position - 1
    index = block * count + offset
    return str(index + 1) if quadrant <= 4 else chr(ord("A") + index)


def _colour(quadrant: int, position: int) -> tuple[int, int, int]:
    """RGB. Neighbours differ in hue, the two jaws in lightness; mirrored teeth look alike."""
    hue = (position * 0.381966 + (0.06 if quadrant % 4 in (2, 3) else 0.0)) % 1.0
    upper = (quadrant - 1) % 4 < 2
    lightness = (0.62 if upper else 0.54) + (0.14 if quadrant > 4 else 0.0)
    red, green, blue = colorsys.hls_to_rgb(hue, lightness, 0.85)
    return round(red * 255), round(green * 255), round(blue * 255)


def _tooth(quadrant: int, position: int, snomed: str) -> Tooth:
    deciduous = quadrant > 4
    block = (quadrant - 1) % 4
    jaw: Literal["upper", "lower"] = "upper" if block < 2 else "lower"
    side: Literal["right", "left"] = "right" if block in (0, 3) else "left"
    base = (_DECIDUOUS_NAMES if deciduous else _PERMANENT_NAMES)[position - 1]
    tooth_type: ToothType = next(kind for kind in TOOTH_TYPES if base.endswith(kind))
    mark = "ABCDE"[position - 1] if deciduous else str(position)
    return Tooth(
        fdi=quadrant * 10 + position,
        universal=_universal(quadrant, position),
        palmer=("UR", "UL", "LL", "LR")[block] + mark,
        name=f"{jaw} {side} {'deciduous ' if deciduous else ''}{base}",
        type=tooth_type,
        jaw=jaw,
        side=side,
        deciduous=deciduous,
        mirror=_MIRROR_QUADRANT[quadrant] * 10 + position,
        colour=_colour(quadrant, position),
        snomed=snomed,
    )


TEETH: Mapping[int, Tooth] = MappingProxyType(
    {
        quadrant * 10 + position: _tooth(quadrant, position, code)
        for quadrant, codes in _SNOMED.items()
        for position, code in enumerate(codes.split(), start=1)
    }
)
"""All 52 teeth by FDI number."""

PERMANENT: tuple[int, ...] = tuple(fdi for fdi, tooth in TEETH.items() if not tooth.deciduous)
"""The 32 permanent teeth: 11-18, 21-28, 31-38, 41-48. Also the order of the network's classes."""

DECIDUOUS: tuple[int, ...] = tuple(fdi for fdi, tooth in TEETH.items() if tooth.deciduous)
"""The 20 deciduous teeth: 51-55, 61-65, 71-75, 81-85."""

ARCH_ORDER: tuple[int, ...] = tuple(
    fdi for fdi in sorted(PERMANENT, key=lambda fdi: int(TEETH[fdi].universal))
)
"""The permanent teeth by Universal number, 1 to 32.

On the image: the upper jaw from left to right (18-11, 21-28), then the lower jaw from right to left
(38-31, 41-48).
"""

ARCHES: tuple[tuple[int, ...], tuple[int, ...]] = (ARCH_ORDER[:16], ARCH_ORDER[16:])
"""The upper and the lower dental arch, each in the order in which its teeth stand."""

DECIDUOUS_ARCHES: tuple[tuple[int, ...], tuple[int, ...]] = (
    (55, 54, 53, 52, 51, 61, 62, 63, 64, 65),
    (75, 74, 73, 72, 71, 81, 82, 83, 84, 85),
)
"""The same of the deciduous teeth."""


def tooth(fdi: int) -> Tooth:
    """The tooth with this FDI number; raises `UnknownToothError` if there is none.

    >>> tooth(36).name
    'lower left first molar'
    """
    try:
        return TEETH[operator.index(fdi)]
    except (KeyError, TypeError):
        raise UnknownToothError(
            f"{fdi!r} is not an FDI number; expected 11-18, 21-28, 31-38, 41-48 (permanent) "
            "or 51-55, 61-65, 71-75, 81-85 (deciduous)"
        ) from None


def mirror(fdi: int) -> int:
    """The FDI number of the same tooth on the other side.

    >>> mirror(36)
    46
    """
    return tooth(fdi).mirror


_BY_UNIVERSAL = {item.universal: fdi for fdi, item in TEETH.items()}
_BY_PALMER = {item.palmer: fdi for fdi, item in TEETH.items()}


def from_universal(number: int | str) -> int:
    """The FDI number of a Universal number (1-32, A-T); raises `UnknownToothError`.

    >>> from_universal(19), from_universal("A")
    (36, 55)
    """
    fdi = _BY_UNIVERSAL.get(str(number).strip().upper())
    if fdi is None:
        raise UnknownToothError(f"{number!r} is not a Universal number; expected 1-32 or A-T")
    return fdi


def from_palmer(mark: str) -> int:
    """The FDI number of a Palmer mark (UR1-LR8, URA-LRE); raises `UnknownToothError`.

    >>> from_palmer("LL6")
    36
    """
    fdi = _BY_PALMER.get(str(mark).strip().upper())
    if fdi is None:
        raise UnknownToothError(
            f"{mark!r} is not a Palmer mark; expected UR, UL, LL or LR and 1-8 or A-E, such as UR6"
        )
    return fdi


def _from_text(text: str) -> int:
    plain = text.strip()
    return tooth(int(plain) if plain.isdecimal() else text).fdi  # type: ignore[arg-type]


_READERS: dict[str, Callable[[str], int]] = {
    "fdi": _from_text,
    "universal": from_universal,
    "palmer": from_palmer,
}


def to_fdi(number: int | str, numbering: str) -> int:
    """The FDI number of a tooth numbered in the system `numbering`, one of `NUMBERINGS`.

    Raises `UnknownNameError` for an unknown system, `UnknownToothError` for an unknown number.

    >>> to_fdi("19", "universal"), to_fdi("36", "fdi")
    (36, 36)
    """
    if numbering not in _READERS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    return _READERS[numbering](str(number))


def from_fdi(fdi: int, numbering: str) -> str:
    """An FDI number written in the system `numbering`, one of `NUMBERINGS`.

    Raises `UnknownNameError` and `UnknownToothError` as `to_fdi` does.

    >>> from_fdi(36, "universal"), from_fdi(36, "palmer")
    ('19', 'LL6')
    """
    if numbering not in NUMBERINGS:
        raise UnknownNameError("numbering", numbering, NUMBERINGS)
    item = tooth(fdi)
    return {"fdi": str(item.fdi), "universal": item.universal, "palmer": item.palmer}[numbering]
