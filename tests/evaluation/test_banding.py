"""Tests of `panodent.evaluation.banding`: which values become a group, and which a band."""

from __future__ import annotations

import pytest

from panodent.evaluation.banding import grouped_values


def keyed(*values: str) -> dict[str, str]:
    return {str(place): value for place, value in enumerate(values)}


def test_text_is_kept_and_sorted_without_case() -> None:
    labels, order, bands = grouped_values("device", keyed("beta", "Alpha", "beta", "alpha"))
    assert list(labels.values()) == ["beta", "Alpha", "beta", "alpha"]
    assert order == ("Alpha", "alpha", "beta")  # never joined: that would be a guess
    assert bands == ""


def test_few_numbers_are_groups_in_their_order() -> None:
    labels, order, bands = grouped_values("stage", keyed("10", "2", "2.0", "10"))
    assert labels == {"0": "10", "1": "2", "2": "2", "3": "10"}
    assert (order, bands) == (("2", "10"), "")


@pytest.mark.parametrize("column", ["age", "Age", "AGE", "patient_age", "Age (years)", "age_y"])
def test_ages_have_fixed_bands(column: str) -> None:
    ages = ("0", "5,9", "6", "12.9", "13", "17", "18", "34", "35", "50", "64", "65", "99")
    labels, order, bands = grouped_values(column, keyed(*ages))
    assert list(labels.values()) == [
        "0-5", "0-5", "6-12", "6-12", "13-17", "13-17", "18-34", "18-34", "35-49", "50-64",
        "50-64", "65+", "65+",
    ]  # fmt: skip
    assert order == ("0-5", "6-12", "13-17", "18-34", "35-49", "50-64", "65+")
    assert bands == "age in completed years, in bands"


@pytest.mark.parametrize("column", ["age_months", "dosage", "kVp"])
def test_other_numbers_are_put_into_quarters(column: str) -> None:
    labels, order, bands = grouped_values(column, keyed(*"87654321"))
    assert order == ("1 to 2", "3 to 4", "5 to 6", "7 to 8")
    assert [labels[str(place)] for place in range(8)] == [
        "7 to 8", "7 to 8", "5 to 6", "5 to 6", "3 to 4", "3 to 4", "1 to 2", "1 to 2",
    ]  # fmt: skip
    assert f"{column!r} has 8 different numbers; they were put into 4 bands" in bands


def test_ages_that_no_one_reaches_are_no_ages_in_years() -> None:
    assert grouped_values("age", keyed(*map(str, range(0, 800, 100))))[1][0] == "0 to 100"
    assert grouped_values("age", keyed(*map(str, range(-1, 7))))[1][0] == "-1 to 0"


def test_equal_numbers_stay_in_one_band() -> None:
    labels, order, _ = grouped_values("dose", keyed(*(["1"] * 20), *"2345678"))
    assert len({labels[str(place)] for place in range(20)}) == 1
    assert order[0].startswith("1 to ")
    assert set(labels.values()) == set(order)


@pytest.mark.parametrize("odd", ["nan", "inf", "1e3", "1_0", "12 years", "?"])
def test_a_value_that_is_no_plain_number_makes_the_column_text(odd: str) -> None:
    labels, _, bands = grouped_values("age", keyed(*map(str, range(10)), odd))
    assert (labels["3"], bands) == ("3", "")
