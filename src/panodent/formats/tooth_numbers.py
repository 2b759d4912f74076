"""Tooth numbers as class names have them: with words around, dots within and decimals behind.

>>> [read_number(name, "fdi") for name in ("tooth_36", "Zahn 36", "36 (FDI)", "3.6", "q3-6")]
[36, 36, 36, 36, 36]
>>> [read_number(name, "palmer") for name in ("LL6", "ll-6", "6 LL", "lower left 6", "⎾6")]
[36, 36, 36, 36, 36]
>>> read_number("FDI 36", "universal")
Traceback (most recent call last):
    ...
panodent.errors.UnknownToothError: 'FDI 36' declares another numbering
"""

from __future__ import annotations

import re

from panodent.dentition import TEETH, to_fdi
from panodent.errors import UnknownToothError

_WORDS = (
    "tooth", "teeth", "dens", "dente", "dent", "diente", "zahn", "tand", "ząb", "zub", "diş",
    "răng", "gigi", "зуб", "牙齿", "牙齒", "牙位", "牙", "歯", "치아", "number", r"n[o°ºr]\.?", "#",
)  # fmt: skip
"""What stands before a number: a tooth in languages in which class names are met, or a number."""
_NAMED = "|".join(_WORDS)
_PREFIX = re.compile(rf"^(?:(?:{_NAMED}|t(?=[\W_]*\d))[\s_\-.:#/]*)+", re.IGNORECASE)
_BEHIND = re.compile(rf"(?<=\d)[\s_\-.]*(?:{_NAMED}|号牙|番)$", re.IGNORECASE)
_SYSTEMS = {"fdi": "fdi", "iso": "fdi", "universal": "universal", "palmer": "palmer"}
_DECLARED = re.compile(
    r"^(fdi|iso|universal|palmer)[\s_\-.:#]*|[\s_\-.:#]*(?<![a-z])(fdi|iso|universal|palmer)$",
    re.IGNORECASE,
)
_BRACKETS = str.maketrans("()[]{}", "      ")
_DOTTED = re.compile(r"([1-8])[.\-_:]([1-8])", re.ASCII)
"""Quadrant and position of an FDI number, such as 1.6."""
_DECIMALS = re.compile(r"([0-9]{1,2})\.0")
_AROUND = " \t'\""
_ALONE = re.compile(r"(?<![0-9])[0-9]{1,2}(?![0-9])")
_QUADRANT = re.compile(
    r"\bq(?:uadrant)?[\W_]*([1-8])[\W_]*(?:tooth|t)?[\W_]*([1-8])(?![0-9])", re.IGNORECASE
)
_SIDES = "(?P<jaw>[UL])(?P<side>[RL])"
_IN_WORDS = {
    "jaw": r"(?P<jaw>u|l)(?:pper|ower)",
    "side": r"(?P<side>r|l)(?:ight|eft)",
    "between": r"[\s_\-.]*",
    "position": "(?P<position>[1-8A-E])",
}
_PALMER = tuple(
    re.compile(form.format(sides=_SIDES, **_IN_WORDS), re.IGNORECASE)
    for form in (
        "{sides}{between}{position}",
        "{position}{between}{sides}",
        "{jaw}{between}{side}{between}{position}",
        "{side}{between}{jaw}{between}{position}",
    )
)
"""A quadrant of the Palmer notation, with the position of a tooth in it."""
_CORNERS = (
    *((rf"([1-8A-E])\s*[{signs}]", quadrant) for signs, quadrant in (("┘⏌", "UR"), ("┐⏋", "LR"))),
    *((rf"[{signs}]\s*([1-8A-E])", quadrant) for signs, quadrant in (("└⎿", "UL"), ("┌⎾", "LL"))),
)
"""The signs of this notation, of which each quadrant has its own, beside the position."""


def read_number(name: str, numbering: str) -> int:
    """The FDI number of a class name in this numbering; raises `UnknownToothError`."""
    if (named := _BY_NAME.get(_words(name))) is not None:
        return named
    text = bare(name)
    while declared := _DECLARED.search(text):
        if _SYSTEMS[(declared[1] or declared[2]).lower()] != numbering:
            raise UnknownToothError(f"{name!r} declares another numbering")
        text = bare(text[: declared.start()] + text[declared.end() :])
    if numbering == "palmer":
        return to_fdi(_palmer(text), numbering)
    parts = (_DOTTED.fullmatch(text) or _QUADRANT.fullmatch(text)) if numbering == "fdi" else None
    if parts:
        text = f"{parts[1]}{parts[2]}"
    return to_fdi(str(int(text)) if text.isdecimal() else text, numbering)


def _words(name: str) -> str:
    return " ".join(re.split(r"[\W_]+", name.casefold())).strip()


_BY_NAME = {_words(tooth.name): fdi for fdi, tooth in TEETH.items()}
"""Teeth by their English name, such as 'upper right first molar', which is of no numbering."""


def _palmer(text: str) -> str:
    """A name of the Palmer notation in its short form, such as UR6; others stay as they are."""
    for form in _PALMER:
        if found := form.fullmatch(text):
            return f"{found['jaw']}{found['side']}{found['position']}"
    for signs, quadrant in _CORNERS:
        if found := re.fullmatch(signs, text, re.IGNORECASE):
            return f"{quadrant}{found[1]}"
    return text


def bare(name: str) -> str:
    """A class name without quotation marks, words around the number, and the decimals of tables.

    >>> bare("dent n° 36"), bare("36.0"), bare("36-tooth"), bare("UL6")
    ('36', '36', '36', 'UL6')
    """
    text = name.translate(_BRACKETS).strip(_AROUND)
    text = _BEHIND.sub("", _PREFIX.sub("", text))
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
