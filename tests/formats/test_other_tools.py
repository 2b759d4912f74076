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
