"""Exports of tools that no format reads; more of them in test_near_misses.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.other_tools import of_json, of_suffix, of_table


def test_what_is_of_no_known_tool_says_nothing(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    for content in ('{"teeth": []}', "[]", '[{"a": 1}]'):
        file.write_text(content)
        assert of_json(file) is None
    assert of_suffix(file) is None
    assert of_table(tmp_path / "none.csv") == "a table; export the annotations as JSON or XML"


def test_what_is_no_json_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("teeth")
    with pytest.raises(AnnotationError):
        of_json(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("content", "tool"),
    [
        ('{"info": {}, "categories": {}, "items": []}', "Datumaro"),
        ('{"dataset": "x", "image": {}, "annotations": []}', "V7"),
        ('[{"className": "11", "points": []}]', "SuperAnnotate"),
        ('{"type": "FeatureCollection", "features": []}', "QuPath"),
        ('[{"type": "Feature", "geometry": {}}]', "QuPath"),
        ('{"samples": []}', "FiftyOne"),
        ('{"name": "x", "objects": {}}', "MONAI Label"),
        ('{"assets": {}, "tags": []}', "VoTT"),
        ('{"@schema": "", "markups": []}', "3D Slicer"),
        ('{"imgHeight": 1, "imgWidth": 1, "objects": []}', "Cityscapes"),
        ('[{"name": "a.png", "labels": []}]', "Scalabel"),
        ('{"info": {}, "objects": []}', "ISAT"),
        ('{"name": "v1", "description": "", "created_at": "", "dataset": {}}', "Segments.ai"),
        ('{"filename": "/a.png", "itemMetadata": {}, "annotations": []}', "Dataloop"),
        ('{"labelGroups": [], "datasets": []}', "MD.ai"),
        ('{"image": {}, "annotations": []}', "SA-1B"),
        ('{"asset": {}, "regions": []}', "VoTT"),
        ('[{"metadata": {}, "instances": []}]', "SuperAnnotate"),
        ('[{"name": "11", "labelIdx": 1, "points": []}]', "EISeg"),
        ('[{"name": "a", "series": []}]', "RedBrick"),
    ],
)
def test_tools_by_their_json(tmp_path: Path, content: str, tool: str) -> None:
    (tmp_path / "a.json").write_text(content)
    assert tool in str(of_json(tmp_path / "a.json"))


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("a.geojson", "QuPath"),
        ("a.qpproj", "QuPath"),
        ("11.roi", "ImageJ"),
        ("a.jsonl", "OpenAI"),
        ("x.mat", "MATLAB"),
    ],
)
def test_tools_by_their_suffix(name: str, what: str) -> None:
    assert what in str(of_suffix(Path(name)))


def test_tables_by_their_columns(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("ImageId,EncodedPixels\na.png,1 3\n")
    assert of_table(tmp_path / "train.csv").startswith("a table of run lengths, as on Kaggle")
