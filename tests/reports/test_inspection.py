"""Tests of `panodent.reports.inspection`."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from panodent.analysis.annotation_checks import Suspicion
from panodent.datasets.dataset import Case, Dataset
from panodent.datasets.inspection import InspectedCase, Inspection
from panodent.drawing.overlay import to_png_bytes
from panodent.formats.base import Annotated
from panodent.reports.inspection import PICTURE_WIDTH, to_html, write
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)
WIDE = (500, 2 * PICTURE_WIDTH)
TEETH = Teeth.from_masks(SIZE, [(36, np.ones((5, 5), bool), (5, 5))])


def case(folder: Path, key: str, size: tuple[int, int] = SIZE) -> Case:
    image = folder / f"{len(list(folder.iterdir()))}.png"
    image.write_bytes(to_png_bytes(np.full(size, 99, np.uint8)))
    return Case(key, image, Annotated(key, lambda: TEETH.resized(size)))


def inspection(cases: tuple[Case, ...], findings: tuple[InspectedCase, ...], **lists) -> Inspection:
    known = {"images_without_labels": (), "labels_without_images": ()} | lists
    duplicates = known.pop("duplicates", ())
    return Inspection(Dataset(Path(), "coco", cases, **known), findings, duplicates)


def test_files_and_pictures(tmp_path: Path, checked_page) -> None:
    (tmp_path / "data").mkdir()
    cases = tuple(case(tmp_path / "data", key) for key in ("good", "tiny"))
    wide = case(tmp_path / "data", "wide", WIDE)
    tiny = InspectedCase("tiny", "", SIZE, (36,), (Suspicion("tiny", (36,), "36 has 1 pixel"),))
    findings = (
        InspectedCase("good", "", SIZE, (36,)),
        tiny,
        InspectedCase("wide", "", WIDE, (36,)),
    )
    file = write(inspection((*cases, wide), findings), tmp_path / "out")
    page = checked_page(file.read_text("utf-8"))
    assert page.values("src") == [
        "pictures/suspicious-1.jpg",
        "pictures/usual-1.jpg",
        "pictures/usual-2.jpg",
    ]
    shapes = [cv2.imread(str(tmp_path / "out" / name)).shape for name in page.values("src")]
    assert shapes == [(64, 128, 3), (64, 128, 3), (250, PICTURE_WIDTH, 3)]
    assert "tiny: 36 has 1 pixel" in page.text
    assert json.loads((tmp_path / "out" / "inspection.json").read_text())["radiographs"] == 3


def test_hostile_names_stay_text(tmp_path: Path, checked_page, hostile: str) -> None:
    (tmp_path / "data").mkdir()
    seen = Suspicion("order", (36,), f"class {hostile} is out of order")
    findings = (
        InspectedCase(hostile, hostile, SIZE, (36,), (seen,)),
        InspectedCase("broken", "", problem=f"unknown class {hostile}"),
    )
    made = inspection(
        (case(tmp_path / "data", hostile),),
        findings,
        images_without_labels=(hostile,),
        labels_without_images=(hostile,),
        duplicates=((hostile, hostile),),
    )
    page = checked_page(write(made, tmp_path / "out").read_text("utf-8"))
    # Two lists above, a problem, two duplicates, a row and a caption with key and class each.
    assert page.text.count(hostile) == 2 + 1 + 2 + 2 + 2
    assert page.values("alt") == [f"Annotated teeth of {hostile}"]


def test_a_case_that_cannot_be_read_has_its_reason(tmp_path: Path, checked_page) -> None:
    missing = Case("gone", tmp_path / "gone.png", Annotated("gone", lambda: TEETH))
    page = checked_page(
        write(
            inspection((missing,), (InspectedCase("gone", "", SIZE, (36,)),)), tmp_path
        ).read_text()
    )
    assert "gone (no picture: " in page.text


def test_singular_and_plural(checked_page) -> None:
    one = InspectedCase("a", "", SIZE, (36,))
    page = checked_page(to_html(inspection((), (one,), images_without_labels=("b",))))
    assert "1 radiograph in format coco, 1 tooth." in page.text
    assert "1 image without annotation" in page.text
    two = checked_page(to_html(inspection((), (one, InspectedCase("b", "", SIZE, (0, 11))))))
    assert "2 radiographs in format coco, 3 teeth (1 without a number)." in two.text


def test_long_lists_say_what_they_leave_out(checked_page) -> None:
    findings = tuple(
        InspectedCase(str(n), "", (n, n), (36,), (Suspicion("tiny", (36,), "tiny"),))
        for n in range(1, 14)
    )
    page = checked_page(to_html(inspection((), findings)))
    assert "1 more size is in inspection.json" in page.text


def test_no_findings(checked_page) -> None:
    page = checked_page(to_html(inspection((), ())))
    assert "0 radiographs" in page.text
    assert "Image sizes" not in page.text
