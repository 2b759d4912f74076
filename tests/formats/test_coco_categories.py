"""Categories of COCO files: names, ids, and what nothing uses."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.coco_categories import Category, category_kinds, category_numbers
from panodent.formats.faults import FaultList, FaultReport
from panodent.formats.naming import CUT_OUT, Naming

FILE = Path("a.json")


def numbers(*listed: tuple[int, str], used: tuple[int, ...] | None = None) -> list[int | None]:
    categories = [Category(key, name) for key, name in listed]
    in_use = None if used is None else [c for c in categories if c.id in used]
    return list(category_numbers(categories, FILE, Naming(), in_use).values())


@pytest.mark.parametrize(
    ("listed", "used", "expected"),
    [
        ([(1, "11"), (2, "36")], None, [11, 36]),
        ([(36, "molar"), (11, "incisor")], None, [36, 11]),
        # Names come before ids where they are teeth.
        ([(36, "75"), (11, "36")], None, [75, 36]),
        ([(36, "1"), (11, "17")], None, [18, 38]),
        # What nothing uses: Roboflow's root, and others with names.
        ([(0, "teeth"), (1, "36")], (1,), [None, 36]),
        ([(0, "teeth"), (36, "molar"), (48, "wisdom")], (36,), [None, 36, 48]),
        ([(1, "36"), (2, "background"), (3, "x")], (1,), [36, CUT_OUT, None]),
        ([(1, "teeth")], (), [None]),
    ],
)
def test_what_categories_mean(
    listed: list[tuple[int, str]], used: tuple[int, ...] | None, expected: list[int | None]
) -> None:
    assert numbers(*listed, used=used) == expected


@pytest.mark.parametrize(
    ("listed", "used", "reason"),
    [
        ([(0, "teeth"), (1, "36")], None, "class names 'teeth' are not tooth numbers"),
        # Ids from 1 on are no FDI numbers, even if those in use could be.
        ([(key, f"class {key}") for key in range(1, 53)], (11, 36), "'class 11', 'class 36' are"),
        ([(11, "x"), (12, "y")], None, "'x', 'y' are not tooth numbers"),
        ([(n, str(n)) for n in range(1, 5)], None, "quadrants of DENTEX"),
    ],
)
def test_what_is_not_clear_is_refused(
    listed: list[tuple[int, str]], used: tuple[int, ...] | None, reason: str
) -> None:
    with pytest.raises(AnnotationError, match=reason):
        numbers(*listed, used=used)


def test_an_unused_category_is_noted() -> None:
    faults = FaultList()
    listed = [Category(1, "36"), Category(2, "teeth")]
    category_numbers(listed, FILE, Naming(), listed[:1], FaultReport(faults, "a.json"))
    assert "class names 'teeth' are not teeth and no annotation uses them" in str(*faults.notes)


def test_findings_by_name_by_supercategory_and_by_map() -> None:
    listed = [Category(1, "crown"), Category(2, "Br", True), Category(3, "post"), Category(4, "36")]
    assert list(category_kinds(listed, Naming()).values()) == ["crown", "finding", "post"]
    left_out = Naming(table={"post": None, "Br": None})
    assert list(category_kinds(listed, left_out).values()) == ["crown"]
    assert Category.of({"id": 7, "name": 36, "supercategory": "finding"}) == (7, "36", True)
