"""Tests of `panodent.reports.evaluation`: the files, the page and its worst and best cases."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest

from panodent.errors import AnnotationError, OutputError, RadiographError
from panodent.evaluation.case_scores import score_pair
from panodent.evaluation.evaluate import Evaluation, summarise
from panodent.evaluation.grouping import Grouping
from panodent.radiograph.radiograph import from_array
from panodent.reports.evaluation import to_csv, to_html, write
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)


def teeth(*items: tuple[int, int]) -> Teeth:
    return Teeth.from_masks(
        SIZE, [(fdi, np.ones((20, 12), bool), (20, left)) for fdi, left in items]
    )


TRUTH = teeth((36, 10), (11, 50))


def evaluation(**options) -> Evaluation:
    """36 found as 37 in one case, no prediction for another, nothing to find in a third."""
    cases = [
        score_pair(TRUTH, TRUTH, key="good"),
        score_pair(TRUTH, teeth((37, 10), (11, 52), (0, 90)), key="fair"),
        score_pair(TRUTH, None, key="none"),
        score_pair(Teeth.empty(SIZE), Teeth.empty(SIZE), key="empty"),
    ]
    return summarise(cases, samples=50, **options)


def load():
    pixels = np.linspace(0, 255, SIZE[0] * SIZE[1]).astype(np.uint8).reshape(SIZE)
    return from_array(pixels), TRUTH, TRUTH


def test_files(tmp_path: Path) -> None:
    page = write(evaluation(), tmp_path, cases={"good": load, "fair": load}, shown=1)
    assert page == tmp_path / "index.html"
    assert sorted(f.relative_to(tmp_path).as_posix() for f in tmp_path.rglob("*.*")) == [
        "cases.csv",
        "cases/best-1.jpg",
        "cases/worst-1.jpg",
        "index.html",
        "scores.json",
    ]
    assert json.loads((tmp_path / "scores.json").read_text()) == evaluation().to_dict()


def test_page_opens_offline(tmp_path: Path, checked_page) -> None:
    page = checked_page(write(evaluation(), tmp_path, cases={"good": load}).read_text("utf-8"))
    places = page.values("src", "href")
    assert set(places) == {"cases/worst-1.jpg", "scores.json", "cases.csv"}
    for place in places:
        assert (tmp_path / place).is_file()


def test_hostile_names_stay_text(tmp_path: Path, checked_page, hostile: str) -> None:
    def broken():
        raise AnnotationError(f"{hostile}.json: unknown class {hostile}")

    cases = [score_pair(TRUTH, TRUTH, key=hostile), score_pair(TRUTH, None, key=hostile + "2")]
    made = summarise(cases, samples=0, without_truth=[hostile], notes=[hostile])
    loaders = {hostile: load, hostile + "2": broken}
    file = write(made, tmp_path, cases=loaders, title=hostile)
    page = checked_page(file.read_text("utf-8"))
    # Title and heading, three names and notes above, two captions of which one has the error with
    # two names, and two rows of the table.
    assert page.text.count(hostile) == 2 + 3 + 4 + 2
    assert f"Radiograph, prediction and ground truth of {hostile}" in page.values("alt")


def test_page_says_what_was_not_scored(checked_page) -> None:
    page = checked_page(to_html(evaluation(without_truth=["z1", "z2"]), "Title"))
    assert "1 case has no prediction and counts as 0" in page.text
    assert "2 predictions have no ground truth and were not scored" in page.text
    assert "nan" not in page.text.lower()


def test_counts_have_singular_and_plural(checked_page) -> None:
    one = summarise([score_pair(teeth((36, 10)), None, key="a")], samples=1)
    assert "1 radiograph, 1 tooth in the ground truth" in checked_page(to_html(one, "")).text
    assert "4 radiographs, 6 teeth" in checked_page(to_html(evaluation(), "")).text


def test_confusions_are_named(checked_page) -> None:
    assert "Most frequent: 36 as 37 (1)." in checked_page(to_html(evaluation(), "")).text
    perfect = summarise([score_pair(TRUTH, TRUTH)], samples=0)
    assert "No tooth was found with" in checked_page(to_html(perfect, "")).text


def grouped(name: str = "sex", **options) -> Evaluation:
    """Eight radiographs in two groups, one in none; every second has 36 missed."""
    cases = [
        score_pair(TRUTH, TRUTH if n % 2 else teeth((11, 50)), key=f"case{n}") for n in range(9)
    ]
    grouping = Grouping(
        name,
        ("f", "m"),
        lambda case: None if case.key == "case8" else "fm"[int(case.key[-1]) // 5],
        lambda _: "facts.csv has no row for them",
        table="facts.csv",
        **options,
    )
    return summarise(cases, samples=50, groupings=[grouping])


def test_groups_have_a_table(checked_page) -> None:
    page = checked_page(to_html(grouped(bands="two halves", unmatched=("z1", "z2")), ""))
    assert "By sex" in page.text
    assert "Groups: two halves." in page.text
    assert "1 radiograph is in no group: facts.csv has no row for them" in page.text
    assert "2 rows of facts.csv belong to no radiograph" in page.text
    assert "z1, z2" in page.text
    assert "best: " not in page.text  # one group of five: no gap
    assert "of at least 5 radiographs" in page.text
    assert "By sex" not in checked_page(to_html(evaluation(), "")).text


def test_groups_have_a_gap(checked_page) -> None:
    # Ten in each: the first half finds 36 and 11, the second only 11.
    cases = [score_pair(TRUTH, TRUTH if n < 10 else teeth((11, 50)), key=str(n)) for n in range(20)]
    halves = Grouping(
        "half", ("first", "second"), lambda c: "first" if int(c.key) < 10 else "second", str
    )
    page = checked_page(to_html(summarise(cases, samples=50, groupings=[halves]), ""))
    assert "best: first" in page.text
    assert "worst: second" in page.text


def test_hostile_groups_stay_text(checked_page, hostile: str) -> None:
    made = grouped(hostile, bands=hostile, unmatched=(hostile,), notes=(hostile,))
    page = checked_page(to_html(made, "Title"))
    assert page.text.count(hostile) == 4


def test_permanent_and_deciduous_teeth_have_a_table(checked_page) -> None:
    truth = teeth((16, 10), (55, 50))
    page = checked_page(to_html(summarise([score_pair(truth, truth)], samples=0), ""))
    assert "Permanent and deciduous teeth" in page.text
    assert "deciduous molar" in page.text
    assert "Permanent and deciduous" not in checked_page(to_html(evaluation(), "")).text


def test_csv_has_a_row_a_case() -> None:
    rows = {row["case"]: row for row in csv.DictReader(to_csv(evaluation()).splitlines())}
    assert list(rows) == ["good", "fair", "none", "empty"]
    assert (rows["fair"]["misnumbered"], rows["fair"]["extra"]) == ("36>37", "37 ?")
    assert (rows["none"]["predicted"], rows["none"]["missed"]) == ("no", "36 11")
    assert (rows["good"]["dice"], rows["empty"]["dice"]) == ("1.0", "")


def test_worst_and_best_are_different_cases(tmp_path: Path) -> None:
    cases = dict.fromkeys(("good", "fair", "none", "empty"), load)
    page = write(evaluation(), tmp_path, cases=cases, shown=2).read_text("utf-8")
    assert re.findall(r"<figcaption>(.*?):", page) == ["none", "fair", "good"]


def test_a_radiograph_that_cannot_be_read_has_its_reason(tmp_path: Path) -> None:
    def broken():
        raise RadiographError("x.png: damaged")

    page = write(evaluation(), tmp_path, cases={"good": broken}).read_text("utf-8")
    assert "no picture: x.png: damaged" in page


def test_no_cases(tmp_path: Path, checked_page) -> None:
    checked_page(write(summarise([]), tmp_path).read_text("utf-8"))
    assert (tmp_path / "cases.csv").read_text() == ""


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write(evaluation(), tmp_path / "file")
