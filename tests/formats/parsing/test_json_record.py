"""JSON of unknown origin: every fault is an annotation error that names file and field."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.json_record import (
    declared_size,
    is_whole,
    labelled,
    load,
    number,
    records,
    ring,
)

BIG = 10**400


def test_an_object_is_loaded_with_or_without_byte_order_mark(tmp_path: Path) -> None:
    for mark in ("", "\ufeff"):
        (tmp_path / "a.json").write_text(f'{mark}{{"ü": [1]}}', encoding="utf-8")
        assert load(tmp_path / "a.json") == {"ü": [1]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON in UTF-8"),
        (b"{", "ends in the middle, at byte 1"),
        (b'{"a": "\xff"}', "is not text in UTF-8 .* --encoding"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is not JSON in UTF-8"),
        (b"[" * 100_000, "is nested too deep"),
        (b"[1]", r"holds \[1\]; expected a JSON object"),
        (b"null", "holds None; expected a JSON object"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(AnnotationError, match=rf"a\.json: {reason}"):
        load(tmp_path / "a.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"gone\.json: cannot be read \(No such file"):
        load(tmp_path / "gone.json")


@pytest.mark.parametrize("value", [None, {}, "36", 5, [5], [{}, []]])
def test_what_is_not_a_list_of_objects(value: Any) -> None:
    assert records({"shapes": [{}, {"a": 1}]}, "shapes", "a.json") == [{}, {"a": 1}]
    with pytest.raises(
        AnnotationError, match=r"^a\.json: shapes is .*; expected a list of objects"
    ):
        records({"shapes": value}, "shapes", "a.json")


def test_labelled_objects_are_counted_from_one() -> None:
    owner = {"objects": [{"title": "36"}, {"title": 37}, {"title": ""}]}
    found = labelled(owner, "objects", "title", "object", Path("a.json"))
    assert next(found) == ("36", {"title": "36"}, "a.json: object 1 ('36')")
    assert next(found) == ("37", {"title": 37}, "a.json: object 2 ('37')")
    with pytest.raises(
        AnnotationError, match=r"^a\.json: object 3: title is ''; expected a class name"
    ):
        next(found)


@pytest.mark.parametrize(
    ("value", "whole", "finite"),
    [
        (3, True, 3.0),
        (-3, True, -3.0),
        (2.5, False, 2.5),
        (BIG, True, None),
        (True, False, None),
        ("3", False, None),
        (None, False, None),
        ([3], False, None),
        (float("nan"), False, None),
        (float("inf"), False, None),
    ],
)
def test_numbers(value: Any, whole: bool, finite: float | None) -> None:
    assert is_whole(value) == whole
    assert math.isnan(number(value)) if finite is None else number(value) == finite


def test_rings_are_arrays_of_points() -> None:
    assert np.array_equal(ring([[1, 2], [3.5, 4]]), [[1, 2], [3.5, 4]])
    assert ring([]).shape == (0, 2)


@pytest.mark.parametrize(
    "points", [None, 5, "12", {}, [1, 2], [[1]], [[1, 2, 3]], [["1", 2]], [[True, 2]], [[BIG, 1]]]
)
def test_what_is_not_a_list_of_points(points: Any) -> None:
    with pytest.raises(AnnotationError, match=r"^corners are .*; expected a list of finite \[x"):
        ring(points, "corners")


def test_the_declared_size_has_whole_numbers_only() -> None:
    assert declared_size({"h": 8, "w": 10.0}, "h", "w", "a.json") == (8, 10)
    for owner in ({"h": 8}, {"h": 8, "w": "x"}, {"h": 8, "w": True}, {"h": 8, "w": BIG}):
        with pytest.raises(AnnotationError, match=r"^a\.json: height and width are 8 and "):
            declared_size(json.loads(json.dumps(owner)), "h", "w", "a.json")
