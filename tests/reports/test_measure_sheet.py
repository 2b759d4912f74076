"""Tests of `panodent.reports.measure_sheet`: the page, the print and the PDF."""

from __future__ import annotations

import base64
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.analysis.measure import measure
from panodent.analysis.measurements import Gap, Neighbour, ThirdMolar
from panodent.dentition import TEETH
from panodent.reports.measure_sheet import PICTURE_WIDTH, html, pdf
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (600, 600)
ONE = Teeth.from_masks(SIZE, [(36, np.ones((60, 20), bool), (40, 10))], [0.5])


def test_a_row_has_the_measures_of_a_tooth(checked_page) -> None:
    measures = measure(ONE)
    found = replace(
        measures.teeth[0],
        tilt=-12.6,
        mesial=Neighbour(35, 7.2, 0),
        distal=Neighbour(37, 0.0, 9),
        flags=("doubtful",),
    )
    page = checked_page(html("opg", replace(measures, teeth=(found,)), ONE))
    cells = re.findall(r'<td class="number">(.*?)</td>', page.html)
    assert cells == ["36", "1200", "0.50", "60", "20", "90°", "-13°", "7", "–", "doubtful"]
    assert "600 x 600 pixels, 1 tooth;" in page.text
    assert "Measurements of opg" in page.text


def test_columns_that_say_nothing_are_left_out(checked_page) -> None:
    measures = measure(ONE)
    touching = replace(measures.teeth[0], tilt=0.3, distal=Neighbour(37, 0.2, 0))
    page = checked_page(html("opg", replace(measures, teeth=(touching,)), ONE))
    heads = re.findall(r'<th class="number">(.*?)</th>', page.html)
    assert heads == ["FDI", "area", "score", "length", "width", "angle", "tilt"]
    cells = re.findall(r'<td class="number">(.*?)</td>', page.html)
    assert cells == ["36", "1200", "0.50", "60", "20", "90°", "0°"]
    assert "gaps in pixels" not in page.text


def test_lines_about_the_dentition(checked_page) -> None:
    measures = replace(
        measure(ONE),
        missing=(11, 12),
        missing_third_molars=(),
        gaps=(Gap((35,), (36, 34), 31.4, 1.5), Gap((41,), (31, 42), 1.0, 0.04)),
        third_molars=(ThirdMolar(38, 45.0, "mesioangular"),),
        notes=("note",),
    )
    page = checked_page(html("opg", measures, ONE))
    assert "Not found: 11, 12." in page.text
    assert "Gap between 36 and 34 (35 not found): 31 pixels, 1.5 times the mean width" in page.text
    assert "No gap between 31 and 42 (41 not found)." in page.text
    assert "38: mesioangular (Winter), +45°" in page.text
    assert "Note." in page.text


def test_the_overlay_is_inside_the_page_and_scaled_down(checked_page) -> None:
    picture = np.zeros((100, 2 * PICTURE_WIDTH, 3), np.uint8)
    page = checked_page(html("opg", measure(ONE), ONE, picture))
    (source,) = page.values("src")
    data = base64.b64decode(source.removeprefix("data:image/jpeg;base64,"))
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (50, PICTURE_WIDTH, 3)
    assert page.values("alt") == ["Overlay of opg"]


def test_hostile_names_stay_text(checked_page, hostile: str) -> None:
    measures = measure(ONE)
    marked = replace(measures.teeth[0], flags=(hostile,))
    measures = replace(measures, teeth=(marked,), notes=(f"Note {hostile}",))
    picture = np.zeros((9, 9, 3), np.uint8)
    page = checked_page(html(hostile, measures, ONE, picture))
    assert page.text.count(hostile) == 4  # title, heading, flag and note
    assert page.values("alt") == [f"Overlay of {hostile}"]


def test_no_teeth(checked_page) -> None:
    empty = Teeth.empty(SIZE)
    page = checked_page(html("opg", measure(empty), empty))
    assert "0 teeth" in page.text
    assert not re.search(r"<table", page.html)
    assert pdf("opg", measure(empty), empty).startswith(b"%PDF")


@pytest.mark.parametrize("name", ["opg", "<b>$x$ $", r"\alpha_{x} %"])
def test_a_pdf_is_one_page_whatever_the_name(name: str) -> None:
    document = pdf(name, measure(ONE), ONE, np.zeros((30, 60, 3), np.uint8))
    assert document.startswith(b"%PDF")
    assert document.count(b"/Type /Page ") == 1


def test_the_page_is_printed_on_one_sheet(tmp_path: Path, chromium: str) -> None:
    """With as many teeth as there can be, and a picture as tall as it is wide."""
    blocks = [(fdi, np.ones((30, 9), bool), (40, 10 * i)) for i, fdi in enumerate(TEETH)]
    teeth = Teeth.from_masks(SIZE, [*blocks, (0, np.ones((30, 9), bool), (200, 10))])
    picture = np.zeros((600, 600, 3), np.uint8)
    (tmp_path / "page.html").write_text(html("opg", measure(teeth, (0.1, 0.1)), teeth, picture))
    subprocess.run(
        [
            *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"),
            *(f"--print-to-pdf={tmp_path / 'page.pdf'}", (tmp_path / "page.html").as_uri()),
        ],
        check=True,
        capture_output=True,
        timeout=120,
    )
    printed = (tmp_path / "page.pdf").read_bytes()
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) == 1


def test_a_pdf_cuts_no_word_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """All remarks, a long name and a long note are in the figure, inside the page."""
    from matplotlib.figure import Figure

    drawn: list[Figure] = []
    save = Figure.savefig

    def kept(figure: Figure, *given: object, **options: object) -> None:
        drawn.append(figure)
        save(figure, *given, **options)

    monkeypatch.setattr(Figure, "savefig", kept)
    measures = measure(ONE)
    marked = replace(measures.teeth[0], flags=("doubtful", "unnumbered"))
    note = "the radiograph was mirrored and its values were inverted " * 6
    measures = replace(measures, teeth=(marked,), notes=(note.strip(),))
    pdf("a-very-long-name-of-a-radiograph-" * 4, measures, ONE)
    (figure,) = drawn
    texts = [text.get_text() for text in figure.texts]
    assert "doubtful\nunnumbered" in texts
    assert " ".join(texts).count("inverted") == 6
    width = figure.bbox.width
    assert all(text.get_window_extent().x1 <= width for text in figure.texts)


def test_findings_are_told_and_drawn(checked_page) -> None:
    dot = np.ones((3, 3), bool)
    items = [("crown", 36), ("root_filling", 36), ("implant", 46)]
    findings = Findings.from_masks(SIZE, [(kind, fdi, dot, (50, 12)) for kind, fdi in items])
    measures = measure(ONE)
    page = checked_page(html("opg", measures, ONE, None, "palmer", findings))
    assert "LL6: crown, root filling; LR6: missing, implant." in page.text
    assert "LR6" not in page.text.split("Not found:")[1].split(".")[0]  # said already
    both = Findings.from_masks(SIZE, [("implant", fdi, dot, (50, 12)) for fdi in (11, 21)])
    assert "11, 21: missing, implant." in checked_page(html("o", measures, ONE, findings=both)).text
    assert 'data-findings="crown root_filling"' in page.html
    nothing = checked_page(html("opg", measures, ONE, findings=Findings.empty(SIZE)))
    assert "No fillings, crowns, implants or other findings." in nothing.text
    assert "findings" not in checked_page(html("opg", measures, ONE)).text
    assert pdf("opg", measures, ONE, findings=findings) != pdf("opg", measures, ONE)
    many = Findings.from_masks(
        SIZE, [("root_filling", fdi, dot, (50, 12)) for fdi in TEETH for _ in range(2)]
    )
    assert pdf("opg", measures, ONE, np.zeros((60, 120, 3), np.uint8), findings=many)
