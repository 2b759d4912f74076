"""Drawings of the worst radiographs say what is wrong and contain no pixels."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import numpy as np

from panodent.evaluation.case_scores import CaseScores, score_pair
from panodent.evaluation.evaluate import summarise
from panodent.radiograph.radiograph import Radiograph
from panodent.reports import failure_plates
from panodent.teeth.teeth import Teeth

SIZE = (50, 100)
TOOTH = np.ones((10, 5), bool)


def teeth(*items: tuple[int, int]) -> Teeth:
    """Teeth of (number, column)."""
    return Teeth.from_masks(SIZE, [(fdi, TOOTH, (20, col)) for fdi, col in items])


TRUTH = teeth((11, 10), (12, 20), (13, 30), (0, 60))
FOUND = teeth((11, 10), (14, 20), (15, 45), (16, 60))


def scores(key: str, found: Teeth) -> CaseScores:
    return score_pair(TRUTH, found, key=key)


def texts(svg: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<text [^>]*>([^<]*)</text>", svg)]


def test_a_plate_names_every_fault() -> None:
    shown = texts(failure_plates.plate(scores("case", FOUND), TRUTH, FOUND))
    assert shown[0] == "case: correct numbers 0.33, Dice 0.20, 3 teeth"
    # The found tooth on the ignore region (16) is no fault.
    assert shown[1] == "12 called 14; 13 missed; 15 invented"
    assert shown[3:] == ["11", "12", "13"]


def test_a_hostile_name_is_escaped() -> None:
    svg = failure_plates.plate(scores("<script>&", FOUND), TRUTH, FOUND)
    assert "<script>" not in svg
    assert texts(svg)[0].startswith("<script>&")


def test_the_worst_come_first_and_only_they_are_drawn(tmp_path: Path) -> None:
    good = teeth((11, 10), (12, 20), (13, 30))
    evaluation = summarise([scores("good", good), scores("bad", FOUND)], samples=0)
    blank = Radiograph(np.zeros(SIZE, np.float32), None)
    loaders = {
        "good": lambda: (blank, TRUTH, good),
        "bad": lambda: (blank, TRUTH, FOUND),
    }
    assert failure_plates.write(evaluation, loaders, tmp_path, 1) == 1
    assert [file.name for file in tmp_path.iterdir()] == ["01.svg"]
    svg = (tmp_path / "01.svg").read_text()
    assert texts(svg)[0].startswith("bad:")
    assert "<image" not in svg
    assert failure_plates.write(evaluation, loaders, tmp_path, 5) == 2
    assert texts((tmp_path / "02.svg").read_text())[1] == "no wrong number"
