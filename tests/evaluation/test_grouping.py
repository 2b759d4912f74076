"""Tests of `panodent.evaluation.grouping`: groups from the ground truth and from a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent.errors import ConfigError, DatasetError, UnknownNameError
from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.evaluation.grouping import BUILT_IN, groupings, tooth_band
from panodent.teeth.teeth import Teeth


def case(key: str, *numbers: int) -> CaseScores:
    square = np.ones((10, 10), bool)
    items = [(fdi, square, (10, 12 * place)) for place, fdi in enumerate(numbers)]
    return score_pair(Teeth.from_masks((40, 500), items), None, key=key)


def saved(folder: Path, text: str) -> Path:
    file = folder / "facts.csv"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("count", "band"),
    [
        (0, "0-9"), (9, "0-9"), (10, "10-19"), (19, "10-19"), (20, "20-23"), (23, "20-23"),
        (24, "24-27"), (27, "24-27"), (28, "28+"), (52, "28+"),
    ],
)  # fmt: skip
def test_bands_of_teeth(count: int, band: str) -> None:
    assert tooth_band(count) == band


def test_groups_from_the_ground_truth() -> None:
    by_dentition, by_teeth = groupings(["dentition", "teeth"], None, ["a"])
    assert by_dentition.label(case("a", 11, 12)) == "permanent"
    assert by_dentition.label(case("a", 16, 55)) == "mixed"
    assert by_dentition.label(case("a", 55, 54)) == "primary"
    assert by_dentition.label(case("a", 0)) is None
    assert "no numbered tooth" in by_dentition.why_none(case("a"))
    assert by_teeth.label(case("a", *([11] * 12), 0)) == "10-19"  # without a number: not counted
    assert by_teeth.order == ("0-9", "10-19", "20-23", "24-27", "28+")


def test_groups_from_a_table(tmp_path: Path) -> None:
    file = saved(tmp_path, "file,sex,age\n1.png,f,9\n2.png,,30\nz.png,m,40\n")
    (made,) = groupings(["sex"], file, ["1", "2", "3"])
    assert [made.label(case(key)) for key in "123"] == ["f", None, None]
    assert made.why_none(case("2")) == "facts.csv has no value for them in the column 'sex'"
    assert made.why_none(case("3")) == "facts.csv has no row for them"
    assert (made.order, made.unmatched, made.table) == (("f",), ("z.png",), "facts.csv")
    both = groupings(["age", "dentition"], file, ["1", "2", "3"])
    assert [item.name for item in both] == ["age", "dentition"]


@pytest.mark.parametrize(
    ("names", "with_table", "error", "reason"),
    [
        (["sexx"], True, UnknownNameError, "known: file, sex, teeth.*Did you mean 'sex'"),
        (["sex"], False, ConfigError, "expected dentition or teeth; .*--table FILE.csv"),
        (["teeth"], True, ConfigError, "--table .*facts.csv is not used; .*file, sex, teeth"),
        ([], True, ConfigError, "is not used"),
        (["sex", "teeth"], True, ConfigError, "could be the column of facts.csv or the group"),
        (["sex", "sex"], True, ConfigError, "--by sex is given twice"),
    ],
)
def test_unclear_names(
    tmp_path: Path, names: list[str], with_table: bool, error: type[Exception], reason: str
) -> None:
    table = saved(tmp_path, "file,sex,teeth\n1,f,3\n") if with_table else None
    with pytest.raises(error, match=reason):
        groupings(names, table, ["1"])


def test_a_column_without_values(tmp_path: Path) -> None:
    file = saved(tmp_path, "file,sex\n1,\nx,f\n")
    with pytest.raises(DatasetError, match=r"no radiograph has a value in .*'sex'.*'1'.*'x'"):
        groupings(["sex"], file, ["1", "2"])


def test_a_column_of_names_is_refused(tmp_path: Path) -> None:
    rows = "".join(f"{n},patient {n}\n" for n in range(25))
    file = saved(tmp_path, "file,patient\n" + rows)
    with pytest.raises(DatasetError, match=r"'patient' has 25 different values.*at most 24"):
        groupings(["patient"], file, [str(n) for n in range(25)])


def test_built_in_names_are_their_keys() -> None:
    assert [item.name for item in BUILT_IN.values()] == list(BUILT_IN)
