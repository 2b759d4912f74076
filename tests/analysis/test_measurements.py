"""Tests of `panodent.analysis.measurements`."""

from __future__ import annotations

import json

import pytest

from panodent.analysis.measurements import Gap, Measurements, Neighbour, ThirdMolar, ToothMeasure

TOOTH = ToothMeasure(
    fdi=36,
    name="lower left first molar",
    score=0.9,
    flags=("doubtful",),
    area=1000,
    box=(10, 20, 30, 80),
    centroid=(20.0, 50.0),
    axis=(0.0, 1.0),
    angle=90.0,
    tilt=0.0,
    length=60.0,
    width=20.0,
    mesial=Neighbour(35, 2.5, 0),
)


def measurements(spacing: tuple[float, float] | None) -> Measurements:
    gaps, thirds = (Gap((34,), (35, 33), 9.0, 0.5),), (ThirdMolar(38, 45.0, "mesioangular"),)
    return Measurements((100, 200), 1.5, (TOOTH,), (34,), (28,), gaps, thirds, spacing)


def test_plain_data_is_json() -> None:
    data = json.loads(json.dumps(measurements(None).to_dict()))
    (tooth,) = data["teeth"]
    assert tooth["mesial"] == {"fdi": 35, "gap": 2.5, "overlap": 0}
    assert tooth["distal"] is None
    assert not [key for key in tooth if "mm" in key]
    assert data["gaps"][0]["between"] == [35, 33]
    assert data["third_molars"][0]["winter"] == "mesioangular"


def test_millimetres_need_a_spacing() -> None:
    (tooth,) = measurements((0.1, 0.2)).to_dict()["teeth"]
    assert tooth["area_mm2_uncalibrated"] == pytest.approx(1000 * 0.1 * 0.2)
    assert tooth["length_mm_uncalibrated"] == pytest.approx(60 * 0.15)
    assert tooth["width_mm_uncalibrated"] == pytest.approx(20 * 0.15)
