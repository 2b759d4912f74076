"""Predictions of single radiographs: files, arrays, and what they give back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import panodent
from panodent.dentition import PERMANENT
from panodent.drawing.overlay import to_png_bytes
from panodent.errors import RadiographError
from panodent.inference.predictor import PERMANENT_ONLY, Predictor, with_limits_noted
from panodent.radiograph.radiograph import Radiograph


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return panodent.load()


@pytest.fixture
def folder(tmp_path: Path, drawn) -> Path:
    """Good radiographs, one in a sub-folder."""
    radiograph, _ = drawn
    image = np.round(radiograph.pixels * 255).astype(np.uint8)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("a.png", "sub/a.png"):
        (tmp_path / "in" / name).write_bytes(to_png_bytes(image))
    return tmp_path / "in"


def test_five_lines_of_python(folder: Path, tmp_path: Path) -> None:
    teeth = panodent.predict(folder / "a.png")
    teeth.save(tmp_path / "out")
    assert (tmp_path / "out" / "overlay.png").exists()
    assert isinstance(teeth, panodent.Teeth)
    assert repr(teeth).startswith(f"Prediction({len(teeth)} teeth, 512 x 1024 pixels: 1")
    assert len(repr(teeth)) < 200
    assert "<img" in teeth._repr_html_()


def test_files_arrays_and_radiographs_give_the_same(predictor: Predictor, folder: Path) -> None:
    file = folder / "a.png"
    pixels = cv2.imread(str(file), cv2.IMREAD_UNCHANGED)
    assert predictor(file) == predictor(pixels) == predictor(panodent.read(file))


def test_the_phantom_is_found(predictor: Predictor, drawn) -> None:
    radiograph, truth = drawn
    found = predictor(radiograph)
    assert len(set(found.fdi.tolist()) & set(truth.fdi.tolist())) >= 0.8 * len(truth)


@pytest.mark.parametrize("pixels", [np.zeros((4, 4, 7), np.uint8), np.full((64, 64), "x")])
def test_arrays_that_are_no_radiograph(predictor: Predictor, pixels: np.ndarray) -> None:
    with pytest.raises(RadiographError):
        predictor(pixels)


def test_predicting_imports_no_training_library(folder: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from panodent.cli import app\n"
        f"try: app(['predict', {str(folder)!r}, '-o', {str(tmp_path / 'o')!r}])\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        "heavy = {'tensorflow', 'keras', 'jax', 'torch', 'onnx', 'matplotlib'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize(
    ("classes", "noted"), [((11, 21), True), ((11, 51), False), (PERMANENT, True)]
)
def test_a_bundle_without_deciduous_teeth_says_so(classes: tuple[int, ...], noted: bool) -> None:
    radiograph = Radiograph(np.zeros((4, 8), np.float32), None, notes=("inverted",))
    once = with_limits_noted(radiograph, classes)
    assert once.notes[0] == "inverted"
    assert (PERMANENT_ONLY in once.notes) == noted
    assert with_limits_noted(once, classes).notes == once.notes
