"""The kinds of Label Studio's exports: JSON-MIN and CSV are read, masks are refused by name."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.faults import FaultList
from panodent.formats.label_studio import FORMAT
from panodent.formats.parsing.brush_rle import encode
from panodent.teeth.teeth import Teeth

POINTS = [[20, 12.5], [60, 12.5], [60, 50], [20, 50]]
"""Rows 1 to 3, columns 2 to 5 of (8, 10), in percent."""
SQUARE = np.zeros((8, 10), bool)
SQUARE[1:4, 2:6] = True
URL = "/data/upload/1/3f2a1b2c-opg.png"


def minimal(*regions: Any, number: int = 5, **changes: Any) -> dict[str, Any]:
    """An entry of JSON-MIN."""
    return {
        "image": URL,
        "id": number,
        "tooth": list(regions),
        "annotator": 1,
        "annotation_id": 8,
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-01T00:00:00Z",
        "lead_time": 3.5,
        **changes,
    }


def bare(label: str = "36", **changes: Any) -> dict[str, Any]:
    return {
        "points": POINTS,
        "closed": True,
        "polygonlabels": [label],
        "original_width": 10,
        "original_height": 8,
        **changes,
    }


def table(file: Path, *entries: dict[str, Any], separator: str = ",") -> Path:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=separator)
        writer.writerow(entries[0])
        for entry in entries:
            cells = (json.dumps(v, indent=1) if isinstance(v, list) else v for v in entry.values())
            writer.writerow(cells)
    return file


def test_regions_in_a_list_of_lists_are_not_lost_in_silence(tmp_path: Path) -> None:
    answers = [["molar"], ["upper", "left"]]  # of another question, as taxonomies are exported
    entries = [minimal(bare(), kind=answers), minimal(number=6, tooth=[[bare()]], kind=answers)]
    (tmp_path / "min.json").write_text(json.dumps(entries))
    faults = FaultList()
    for item in FORMAT.read(tmp_path, {"faults": faults}):
        item.read()
    (fault,) = (fault for fault in faults.serious if fault.item)
    assert fault.item == "region 'tooth-1'"
    assert "expected an outline with a label" in fault.problem


@pytest.mark.parametrize("kind", ["min.json", "a.csv"])
@pytest.mark.parametrize(
    ("several", "one"),
    [
        ([{"choices": ["caries", "filling"]}, "caries"], "caries"),
        ([{"points": POINTS, "text": ["a", "b"]}, "c"], "d"),
        ([{"rating": 3}, {"rating": 4}], [{"rating": 5}]),
        ([{"taxonomy": [["a", "b"]]}], [{"number": 3}]),
    ],
)
def test_answers_about_regions_are_no_regions(
    tmp_path: Path, kind: str, several: list[Any], one: Any
) -> None:
    entries = [minimal(bare(), state=several), minimal(bare(), number=6, image="b.png", state=one)]
    if kind == "min.json":
        (tmp_path / kind).write_text(json.dumps(entries))
    else:
        table(tmp_path / kind, *entries)
    assert [item.read().fdi.tolist() for item in FORMAT.read(tmp_path)] == [[36], [36]]


def test_nothing_drawn_is_an_empty_cell_but_no_empty_text(tmp_path: Path) -> None:
    entries = [minimal(bare()), minimal(number=6, image="b.png", tooth="")]
    Image.fromarray(np.zeros((8, 10), np.uint8)).save(tmp_path / "b.png")
    file = table(tmp_path / "a.csv", *entries)
    assert [len(item.read()) for item in FORMAT.read(tmp_path)] == [1, 0]
    file.unlink()
    (tmp_path / "min.json").write_text(json.dumps(entries))
    with pytest.raises(AnnotationError, match="tooth is ''; expected a list of regions"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize("kind", ["min.json", "a.csv", "a.tsv"])
def test_exports_with_an_entry_for_each_annotation(tmp_path: Path, kind: str) -> None:
    brush = {"format": "rle", "rle": encode(SQUARE), "brushlabels": ["37"]}
    brush |= {"original_width": 10, "original_height": 8}
    entries = [
        minimal(bare(), brush),
        minimal(bare("11"), updated_at="2025-01-01T00:00:00Z"),  # an older one of the same task
        minimal(number=6, image="/data/upload/1/3f2a1b2c-other.png"),
    ]
    if kind == "min.json":
        (tmp_path / kind).write_text(json.dumps(entries))
    else:
        table(tmp_path / kind, *entries, separator="," if kind == "a.csv" else "\t")
    assert formats.recognise(tmp_path) == "label-studio"
    first, second = FORMAT.read(tmp_path)
    assert (first.key, second.key) == ("3f2a1b2c-opg", "3f2a1b2c-other")
    found = first.read()
    assert found.fdi.tolist() == [36, 37]
    assert [np.array_equal(found.full_mask(i), SQUARE) for i in range(2)] == [True, True]
    Image.fromarray(np.zeros((8, 10), np.uint8)).save(tmp_path / "other.png")
    assert FORMAT.read(tmp_path)[1].read() == Teeth.empty((8, 10))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("task-1-annotation-2-by-1-tag-36-0.png", "PNG"),
        ("task-1-annotation-2-by-a@b-36.npy", "NumP"),
    ],
)
def test_brush_masks_are_refused_by_name(tmp_path: Path, name: str, kind: str) -> None:
    (tmp_path / "masks-of-it").mkdir()
    (tmp_path / "masks-of-it" / name).touch()
    assert formats.recognise(tmp_path) == "label-studio"
    with pytest.raises(AnnotationError, match=f"'Brush labels to {kind}.*choose the export JSON"):
        FORMAT.read(tmp_path)


def test_target_storage_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "7.json").write_text(json.dumps({"result": [], "task": {"id": 5}}))
    assert formats.recognise(tmp_path) == "label-studio"
    with pytest.raises(AnnotationError, match=r"target storage.*choose the export JSON"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('"[\n {', '"[\n', "a cell of column 'tooth' is not JSON"),
        (",3.5\r\n", "\r\n", "a row has 7 cells"),
    ],
)
def test_one_bad_row_of_a_table_costs_itself(
    tmp_path: Path, old: str, new: str, reason: str
) -> None:
    file = table(tmp_path / "a.csv", minimal(bare()), minimal(bare(), number=6, image="b.png"))
    content = file.read_bytes().decode()
    assert old in content
    file.write_bytes(content.replace(old, new, 1).encode())
    with pytest.raises(AnnotationError, match=rf"a\.csv: {reason}"):
        FORMAT.read(tmp_path)
    faults = FaultList()
    assert [item.key for item in FORMAT.read(tmp_path, {"faults": faults})] == ["b"]
    assert [fault.cost for fault in faults] == ["radiograph"]


def test_what_is_no_region_among_regions_is_named(tmp_path: Path) -> None:
    # Which control tag has regions is known from all entries, not from those before.
    entries = [minimal(number=6, image="b.png", tooth="36"), minimal(bare(), "36")]
    (tmp_path / "min.json").write_text(json.dumps(entries))
    faults = FaultList()
    (item,) = FORMAT.read(tmp_path, {"faults": faults})
    assert item.read().fdi.tolist() == [36]
    listing, reading = map(str, faults)
    assert "min.json: tooth is '36'; expected a list" in listing
    assert "task 5: region 'tooth-2': is '36'; expected an outline with a label" in reading


def test_a_table_that_ends_inside_a_cell_is_named(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", minimal(bare()))
    file.write_bytes(file.read_bytes()[:-60])
    with pytest.raises(AnnotationError, match="ends inside a quoted cell"):
        FORMAT.read(tmp_path)


@pytest.mark.parametrize(("encoding", "declared"), [("utf-16", None), ("cp1252", "cp1252")])
def test_a_table_that_another_program_saved(
    tmp_path: Path, encoding: str, declared: str | None
) -> None:
    file = table(tmp_path / "a.csv", minimal(bare(), image="/data/upload/1/Zähne.png"))
    file.write_bytes(file.read_text(encoding="utf-8").encode(encoding))
    _, (item,) = formats.read(tmp_path, None, {"encoding": declared})
    assert item.key == "Zähne"
    assert item.read().fdi.tolist() == [36]


def test_the_encoding_of_a_table_is_asked_for(tmp_path: Path) -> None:
    file = table(tmp_path / "a.csv", minimal(bare(), image="/data/upload/1/Zähne.png"))
    file.write_bytes(file.read_text(encoding="utf-8").encode("cp1252"))
    with pytest.raises(AnnotationError, match=r"a\.csv: .* give --encoding cp1252"):
        formats.read(tmp_path)


@pytest.mark.parametrize("odd", [[1e9, 1e9], ["molar"], [[]]])
def test_what_is_no_list_of_regions_is_named(tmp_path: Path, odd: Any) -> None:
    lost = minimal(number=6, image=URL.replace("opg", "b"), tooth=odd)
    (tmp_path / "min.json").write_text(json.dumps([minimal(bare()), lost]))
    faults = FaultList()
    assert [item.key for item in FORMAT.read(tmp_path, {"faults": faults})] == ["3f2a1b2c-opg"]
    assert [fault.problem.partition(";")[2] for fault in faults] == [" expected a list of regions"]
