"""`panodent.reports.evaluation`: the files and the page, and what the page must never do."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from panodent.dentition import PERMANENT
from panodent.errors import OutputError, RadiographError
from panodent.evaluation.bootstrap import Estimate
from panodent.evaluation.evaluate import Evaluation, score_pair, summarise
from panodent.radiograph.radiograph import from_array
from panodent.reports.charts import CHART_ORDER, confusion_svg, interval_svg, teeth_svg
from panodent.reports.evaluation import write
from panodent.teeth.teeth import Teeth
from panodent.version import DISCLAIMER

SIZE = (64, 128)
EVIL = '<script>alert("1")</script>&'


def teeth(*items: tuple[int, int]) -> Teeth:
    return Teeth.from_masks(
        SIZE, [(fdi, np.ones((20, 12), bool), (20, left)) for fdi, left in items]
    )


TRUTH = teeth((36, 10), (11, 50))


def evaluation(**options) -> Evaluation:
    cases = [
        score_pair(TRUTH, TRUTH, key="good"),
        score_pair(TRUTH, teeth((37, 10), (11, 52), (0, 90)), key="fair"),
        score_pair(TRUTH, None, key=EVIL),
        score_pair(Teeth.empty(SIZE), Teeth.empty(SIZE), key="empty"),
    ]
    return summarise(cases, samples=50, **options)


def picture():
    pixels = np.linspace(0, 255, SIZE[0] * SIZE[1]).astype(np.uint8).reshape(SIZE)
    return from_array(pixels), TRUTH, TRUTH


class Checker(HTMLParser):
    """Collects elements; complains of a page whose tags do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def parsed(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.open == []
    return checker


def test_files(tmp_path: Path):
    page = write(evaluation(), tmp_path, cases={"good": picture, "fair": picture}, shown=1)
    assert page == tmp_path / "index.html"
    assert sorted(f.relative_to(tmp_path).as_posix() for f in tmp_path.rglob("*.*")) == [
        "cases.csv",
        "cases/best-1.jpg",
        "cases/worst-1.jpg",
        "index.html",
        "scores.json",
    ]
    assert json.loads((tmp_path / "scores.json").read_text()) == evaluation().to_dict()


def test_page_is_whole_and_fetches_nothing(tmp_path: Path):
    text = write(evaluation(), tmp_path, cases={"good": picture}).read_text("utf-8")
    checker = parsed(text)
    places = [a[n] for _, a in checker.elements for n in ("src", "href") if n in a]
    assert places
    for place in places:
        assert (tmp_path / str(place)).is_file()
    assert not re.search(r"https?://|@import|url\(", text)
    assert "script" not in {tag for tag, _ in checker.elements}
    assert DISCLAIMER in text
    assert "prefers-color-scheme" in text


def test_names_from_outside_are_escaped(tmp_path: Path):
    made = evaluation(without_truth=[EVIL], notes=[EVIL])
    page = write(made, tmp_path, cases={EVIL: picture}, title=EVIL).read_text("utf-8")
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 6
    parsed(page)


def test_page_says_what_was_not_scored(tmp_path: Path):
    page = write(evaluation(without_truth=["z1", "z2"]), tmp_path).read_text("utf-8")
    assert "1 case has no prediction and counts as 0" in page
    assert "2 predictions have no truth and were not scored" in page
    assert "nan" not in page.lower()


def test_csv_has_a_row_a_case(tmp_path: Path):
    write(evaluation(), tmp_path)
    with (tmp_path / "cases.csv").open(encoding="utf-8", newline="") as stream:
        rows = {row["case"]: row for row in csv.DictReader(stream)}
    assert list(rows) == ["good", "fair", EVIL, "empty"]
    assert (rows["fair"]["misnumbered"], rows["fair"]["extra"]) == ("36>37", "37 ?")
    assert (rows[EVIL]["predicted"], rows[EVIL]["missed"]) == ("no", "36 11")
    assert rows["empty"]["dice"] == ""


def test_worst_and_best_are_different_cases(tmp_path: Path):
    cases = {"good": picture, "fair": picture, EVIL: picture, "empty": picture}
    page = write(evaluation(), tmp_path, cases=cases, shown=2).read_text("utf-8")
    captions = re.findall(r"<figcaption>(.*?):", page)
    assert captions == ["&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;", "fair", "good"]


def test_a_radiograph_that_cannot_be_read_costs_its_picture_alone(tmp_path: Path):
    def broken():
        raise RadiographError("x.png: damaged")

    page = write(evaluation(), tmp_path, cases={"good": broken}).read_text("utf-8")
    assert "no picture: x.png: damaged" in page


def test_no_case_at_all(tmp_path: Path):
    parsed(write(summarise([]), tmp_path).read_text("utf-8"))
    assert (tmp_path / "cases.csv").read_text() == ""


def test_place_that_cannot_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write(evaluation(), tmp_path / "file")


# --- charts ------------------------------------------------------------------------------------


def test_chart_order_holds_every_permanent_tooth_once():
    assert sorted(fdi for row in CHART_ORDER for fdi in row) == list(PERMANENT)


def test_charts_are_xml_with_their_numbers_in_titles():
    made = evaluation()
    bars, matrix = teeth_svg(made.by_tooth), confusion_svg(made.confusion)
    for text in (bars, matrix, interval_svg(made.figures["dice"])):
        ElementTree.fromstring(text)  # noqa: S314 - our own text
    assert "36 lower left first molar: Dice 0.333" in bars
    assert "18: not in the truth" in bars
    assert "<title>36 found as 37: 1 of 3 (33.3 %)</title>" in matrix
    assert "<title>36 missed: 1 of 3 (33.3 %)</title>" in matrix
    assert "<title>unnumbered where the truth has no tooth: 1 of 1 (100.0 %)</title>" in matrix


def test_no_value_has_no_line():
    assert interval_svg(Estimate(None, reason="no teeth to count")) == ""
