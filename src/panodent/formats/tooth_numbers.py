"""Tooth numbers as class names have them: with words before, dots within and decimals behind.

>>> [read_number(name, "fdi") for name in ("tooth_36", "Zahn 36", "зуб 36", "3.6", "36.0", "'36'")]
[36, 36, 36, 36, 36, 36]
>>> read_number("FDI 36", "universal")
Traceback (most recent call last):
    ...
panodent.errors.UnknownToothError: 'FDI 36' declares another numbering
"""

from __future__ import annotations

import re

from panodent.dentition import to_fdi
from panodent.errors import UnknownToothError

_WORDS = (
    "tooth", "teeth", "dens", "dente", "dent", "diente", "zahn", "tand", "ząb", "zub", "diş",
    "răng", "gigi", "зуб", "牙齿", "牙齒", "牙位", "牙", "歯", "치아", "number", r"n[o°ºr]\.?", "#",
)  # fmt: skip
"""What stands before a number: a tooth in languages in which class names are met, or a number."""
_PREFIX = re.compile(rf"^(?:(?:{'|'.join(_WORDS)}|t(?=[\W_]*\d))[\s_\-.:#]*)+", re.IGNORECASE)
_DECLARED = re.compile(r"^(fdi|iso|universal|palmer)[\s_\-.:#]*", re.IGNORECASE)
_SYSTEM = {"fdi": "fdi", "iso": "fdi", "universal": "universal", "palmer": "palmer"}
_DOTTED = re.compile(r"([1-8])[.\-]([1-8])", re.ASCII)
"""Quadrant and position of an FDI number, such as 1.6."""
_DECIMALS = re.compile(r"([0-9]{1,2})\.0")
_AROUND = " \t'\""
_ALONE = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])")
_QUADRANT = re.compile(
    r"\bq(?:uadrant)?\W*([1-8])\W*(?:t|tooth)?\W*([1-8])(?![0-9])", re.IGNORECASE
)


def read_number(name: str, numbering: str) -> int:
    """The FDI number of a class name in this numbering; raises `UnknownToothError`."""
    text = name.strip(_AROUND)
    declared = _DECLARED.match(text)
    if declared:
        if _SYSTEM[declared[1].lower()] != numbering:
            raise UnknownToothError(f"{name!r} declares another numbering")
        text = text[declared.end() :]
    text = bare(text)
    dotted = _DOTTED.fullmatch(text) if numbering == "fdi" else None
    return to_fdi(f"{dotted[1]}{dotted[2]}" if dotted else text, numbering)


def bare(name: str) -> str:
    """A class name without quotation marks, words before the number, and the decimals of tables.

    >>> bare("dent n° 36"), bare("36.0"), bare("UL6")
    ('36', '36', 'UL6')
    """
    text = _PREFIX.sub("", name.strip(_AROUND))
    whole = _DECIMALS.fullmatch(text)
    return whole[1] if whole else text


def number_within(name: str) -> str:
    """The only number in a class name of other words, as a person may mean it; '' for none.

    >>> number_within("36-molar"), number_within("quadrant 3, tooth 6"), number_within("3 or 6")
    ('36', '36', '')
    """
    found = _ALONE.findall(name)
    if len(found) == 1:
        return str(found[0])
    parts = _QUADRANT.search(name)
    return parts[1] + parts[2] if parts and len(found) == 2 else ""
