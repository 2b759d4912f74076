"""Categories of COCO files: which teeth and findings they mean.

>>> listed = [Category(1, "36"), Category(2, "unnumbered"), Category(3, "crown")]
>>> category_numbers(listed, Path("a.json"), Naming()), category_kinds(listed, Naming())
({Category(id=1, name='36', is_finding=False): 36, Category(id=2, name='unnumbered', \
is_finding=False): 0, Category(id=3, name='crown', is_finding=False): None}, \
{Category(id=3, name='crown', is_finding=False): 'crown'})
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from panodent.dentition import TEETH
from panodent.formats import dentex
from panodent.formats.coco_document import FINDING
from panodent.formats.faults import FaultReport
from panodent.formats.finding_names import OTHER
from panodent.formats.naming import Naming

_NUMBERS = {str(fdi): fdi for fdi in TEETH}
_ROOT = "0"
"""The id of the category above all others, which Roboflow lists and nothing uses."""


class Category(NamedTuple):
    """One category of a file; files of one folder may use an id for different categories.

    Parameters
    ----------
    id : a number or a text; another key for a class that an attribute names.
    name : the class name, empty if the file has none.
    is_finding : whether its supercategory is 'finding'.
    """

    id: Hashable
    name: str
    is_finding: bool = False

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Category:
        """From a checked entry of `categories`."""
        name = str(entry.get("name", ""))
        return cls(plain_id(entry["id"]), name, entry.get("supercategory") == FINDING)


def plain_id(key: Any) -> Any:
    """An id of a file: a whole number that is written as a text in some places is that number.

    >>> plain_id("36"), plain_id("036"), plain_id("a"), plain_id(36)
    (36, '036', 'a', 36)
    """
    is_number = isinstance(key, str) and len(key) < 19 and key.isascii() and key.isdecimal()
    return int(key) if is_number and str(int(key)) == key else key


def category_numbers(
    listed: Iterable[Category],
    file: Path,
    naming: Naming,
    used: Collection[Category] | None = None,
    report: FaultReport | None = None,
) -> dict[Category, int | None]:
    """What each category means: an FDI number, or as `Naming.numbers` has it.

    Parameters
    ----------
    listed : the categories of all files of a folder, since they prove their numbering together.
    used : those that annotations use; None: all.
    file, report : as for `Naming.numbers`.

    The ids are taken for FDI numbers if no name of a category in use is a tooth, all ids are FDI
    numbers, and one is above 32, so that they are not Universal numbers. Otherwise the names prove
    their numbering. Raises `AnnotationError`.

    >>> category_numbers([Category(36, "first molar")], Path("a.json"), Naming())
    {Category(id=36, name='first molar', is_finding=False): 36}
    """
    categories = list(dict.fromkeys(listed))
    left_out = category_kinds(categories, naming)
    teeth = [category for category in categories if category not in left_out]
    in_use = [category for category in teeth if used is None or category in used]
    if naming.numbering is None and not naming.table:
        by_id = _numbers_of_ids(teeth, in_use, naming)
        if by_id is not None:
            return {c: by_id.get(c) for c in categories}
        dentex.check_not_quadrants((category.name for category in teeth), file)
    names = [category.name for category in teeth]
    numbers = naming.numbers(names, file, {category.name for category in in_use}, report)
    return {c: None if c in left_out else numbers[c.name] for c in categories}


def _numbers_of_ids(
    teeth: list[Category], in_use: list[Category], naming: Naming
) -> dict[Category, int | None] | None:
    """FDI numbers by category if the ids say them, else None."""
    known = naming.known(category.name for category in teeth)
    if any(naming.reads(category.name) for category in in_use):
        return None
    found: dict[Category, int | None] = {}
    for category in teeth:
        fdi = _NUMBERS.get(str(category.id).strip())
        if category.name in known:
            found[category] = known[category.name]
        elif fdi is None and (category in in_use or str(category.id).strip() != _ROOT):
            return None
        else:
            found[category] = fdi
    return found if any((fdi or 0) > 32 for fdi in found.values()) else None


def category_kinds(listed: Iterable[Category], naming: Naming) -> dict[Category, str]:
    """Kind of finding by category, for the categories of findings.

    >>> category_kinds([Category(1, "36"), Category(2, "Br", True)], Naming())
    {Category(id=2, name='Br', is_finding=True): 'finding'}
    """
    found = {}
    for category in listed:
        kind = naming.kinds([category.name]).get(category.name)
        if kind is None and category.is_finding and category.name not in naming.table:
            kind = OTHER
        if kind is not None:
            found[category] = kind
    return found
