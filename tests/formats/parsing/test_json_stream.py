"""JSON read piece by piece is what json.loads reads, and what is broken is said."""

from __future__ import annotations

import json
import mmap
from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing import json_stream
from panodent.formats.parsing.json_stream import cut_off, items_at, list_items, members

WHOLE = {
    "info": {"by": 'a "quoted" \\ name', "n": [1, [2]]},
    "annotations": [{"id": 1, "s": "[{"}, {"id": 2, "p": [[1, 2], []]}],
    "year": 2026,
    "none": None,
    "yes": True,
    "text": "}",
    "images": [],
    "annotations_2": [{}],
    "last": -1.5e3,
}


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
def test_members_and_items_are_those_of_json(
    tmp_path: Path, indent: int | None, separators: tuple[str, str]
) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(WHOLE, indent=indent, separators=separators))
    found = members(file, ("annotations",))
    place = found.pop("annotations")
    assert found == {name: value for name, value in WHOLE.items() if name != "annotations"}
    items = list(list_items(file, place))
    assert [item for _, item in items] == WHOLE["annotations"]
    assert list(items_at(file, [p for p, _ in items])) == WHOLE["annotations"]


def test_a_large_file_is_read_whole_though_its_pages_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_stream, "_KEPT", 2 * mmap.PAGESIZE)
    file, listed = tmp_path / "a.json", [{"id": n, "s": "x" * (n % 5000)} for n in range(100)]
    file.write_text(json.dumps({"before": 1, "items": listed, "after": ["y" * 9000]}))
    found = members(file, ["items"])
    assert [item for _, item in list_items(file, found["items"])] == listed
    assert found["after"] == ["y" * 9000]


def test_an_empty_list_and_an_empty_object(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('\ufeff {"a": [ ]}')
    assert list(list_items(file, members(file, ("a",))["a"])) == []
    file.write_text("{}")
    assert members(file, ("a",)) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "1", '"a"', "{", '{"a"', '{"a":', '{"a": [', '{"a": [1', '{"a": 1', '{"a" 1}'),
        *('{"a": 1 "b": 2}', '{"a": 1} x', '{"a": 1]', '{"a": x}', '{"a": {]}', '{, "a": 1}'),
        *('{"a": [] "b": []}', '{"a": []}}', '{"a: 1}', '{"a": "x" "b"}', "{[]: 1}", '{"a"}'),
    ],
)
def test_what_is_no_object_is_said(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    with pytest.raises(AnnotationError, match=r"a\.json: "):
        members(file, ())


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": [1, {"b": 2}', "at byte 18, with 2 brackets open"),
        ('{"a": "x', "at byte 8, within a text"),
        ('{"a": 1', "at byte 7, with 1 bracket open"),
        *((whole, "") for whole in ("", "1", '{"a": ["{"]}', '{"a": 1} x', "[}", "]")),
    ],
)
def test_what_is_cut_off_is_said(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text)
    assert reason in cut_off(file)
    assert bool(reason) == bool(cut_off(file))
