"""Joined parts are what one call would have written; parts that do not fit are refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from panodent.errors import OutputError
from panodent.outputs.merging import merge_parts
from panodent.outputs.parts import Part, listing_digest
from panodent.outputs.summary_files import SummaryFiles
from panodent.utils.output_folder import joined

NAMES = ['with "quotes", and\nlines.png', "b.png", "none found.png", "broken.png", "sub/e.png"]
TEETH = [[11, 0], [38], [], None, [21, 22]]
"""Numbers of the teeth of each radiograph; None: it failed."""
TABLES = ("predictions.json", "teeth.csv", "findings.json", "findings.csv")


def record(numbers: list[int]) -> dict[str, Any]:
    common = {"score": 0.9876, "box": [1, 2, 3, 4], "area": 4, "flags": ["doubtful"], "rle": "012"}
    teeth = [{"fdi": fdi, "name": f"tooth {fdi}", **common} for fdi in numbers]
    findings = [{"fdi": fdi, "kind": "crown", **common} for fdi in numbers if fdi > 20]
    return {"width": 9, "height": 8, "teeth": teeth, "findings": findings}


def write(folder: Path, part: Part | None = None, findings: bool = True, **changes: Any) -> None:
    """The files of a call for all radiographs, or for a part of them."""
    files = []
    names = changes.pop("names", NAMES)
    with SummaryFiles(folder, findings=findings) as summary:
        for number, (name, numbers) in enumerate(zip(names, TEETH, strict=True), start=1):
            if part is not None and not part.holds(name):
                continue
            entry: dict[str, Any] = {"number": number} if part else {}
            if numbers is None:
                files.append({**entry, "file": name, "status": "failed"})
                continue
            made = record(numbers)
            summary.add(number, name, made)
            counts = {"teeth": len(made["teeth"]), "findings": len(made["findings"])}
            files.append({**entry, "file": name, "status": "done", **counts})
        summary.finish()
    failed = sum(entry["status"] == "failed" for entry in files)
    run = {
        "panodent": "1",
        "bundle": {"sha256": "x", "path": str(folder), **({"findings": ["a"]} if findings else {})},
        "options": {"chart": False},
        "inputs": len(files),
        "complete": True,
        "done": len(files) - failed,
        "failed": failed,
        "files": files,
    }
    if part is not None:
        share = {"number": part.number, "of": part.count, "listing": listing_digest(names)}
        run["part"] = {**share, "inputs": len(names)}
    (folder / "run.json").write_text(json.dumps({**run, **changes}))


def write_parts(output: Path, count: int = 3, **changes: Any) -> None:
    for number in range(1, count + 1):
        part = Part(number, count)
        write(part.folder(output), part, **changes)


@pytest.mark.parametrize("findings", [True, False])
@pytest.mark.parametrize("count", [1, 3])
def test_joined_tables_are_those_of_one_call(tmp_path: Path, count: int, findings: bool) -> None:
    write(tmp_path / "whole", findings=findings)
    write_parts(tmp_path / "out", count, findings=findings)
    (tmp_path / "out" / "findings.csv").write_text("of an earlier call")
    merged = merge_parts(tmp_path / "out")
    for name in TABLES[: 4 if findings else 2]:
        whole = (tmp_path / "whole" / name).read_bytes()
        assert (tmp_path / "out" / name).read_bytes() == whole
    assert (tmp_path / "out" / "findings.csv").exists() == findings
    assert merged == json.loads((tmp_path / "out" / "run.json").read_text())
    whole = json.loads((tmp_path / "whole" / "run.json").read_text())
    for key in ("files", "inputs", "complete", "done", "failed", "options", "panodent"):
        assert merged[key] == whole[key]
    assert [item["part"] for item in merged["parts"]] == [f"{n + 1}/{count}" for n in range(count)]


def test_parts_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="has no parts to merge"):
        merge_parts(tmp_path)
    write_parts(tmp_path)
    part = Part(2, 3).folder(tmp_path)
    (part / "run.json").unlink()
    with pytest.raises(OutputError, match=r"1 part is missing or not finished \(2/3\)"):
        merge_parts(tmp_path)
    write(part, Part(2, 3), complete=False)
    with pytest.raises(OutputError, match=r"1 part is missing or not finished \(2/3\)"):
        merge_parts(tmp_path)
    (part / "teeth.csv").unlink()  # as after a crash
    merged = merge_parts(tmp_path, incomplete=True)
    assert (merged["complete"], len(merged["parts"])) == (False, 2)
    (part / "run.json").unlink()
    assert merge_parts(tmp_path, incomplete=True)["inputs"] == len(NAMES)
    for number in (1, 3):
        write(Part(number, 3).folder(tmp_path), Part(number, 3), complete=False)
    with pytest.raises(OutputError, match="no part is finished"):
        merge_parts(tmp_path, incomplete=True)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"panodent": "2"}, "differ in panodent"),
        (
            {"options": {"chart": True}},
            r"differ in options \(chart: False and True\); predict part 2/3 again with --resume "
            "and what part 1/3 was predicted with",
        ),
        ({"bundle": {"sha256": "y", "findings": ["a"]}}, "differ in bundle"),
        ({"names": [*NAMES[:4], "new.png"]}, r"saw different files \(5 and 5 in number\)"),
    ],
)
def test_parts_of_different_calls_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    write_parts(tmp_path)
    write(Part(2, 3).folder(tmp_path), Part(2, 3), **changes)
    with pytest.raises(OutputError, match=message):
        merge_parts(tmp_path)
    assert not (tmp_path / "run.json").exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("run.json", "files", "fails", "is not the run.json of a part"),
        ("teeth.csv", "b.png", '"', "rows are missing"),
        ("predictions.json", '"image_id": 2', '"image_id": 0', "unexpected result"),
        ("predictions.json", '"image_id"', '"image"', "unexpected result"),
    ],
)
def test_damaged_parts_are_refused(
    tmp_path: Path, name: str, old: str, new: str, message: str
) -> None:
    write_parts(tmp_path, 1)
    file = Part(1, 1).folder(tmp_path) / name
    file.write_text(file.read_text().replace(old, new))
    with pytest.raises(OutputError, match=message):
        merge_parts(tmp_path)
    assert sorted(place.name for place in tmp_path.iterdir()) == ["parts"]


def test_a_part_under_the_name_of_another_is_refused(tmp_path: Path) -> None:
    write_parts(tmp_path)
    shutil.rmtree(Part(2, 3).folder(tmp_path))
    shutil.copytree(Part(1, 3).folder(tmp_path), Part(2, 3).folder(tmp_path))
    with pytest.raises(OutputError, match="holds part 1/3 under the name of part 2/3"):
        merge_parts(tmp_path)


def test_nothing_is_merged_while_a_part_is_predicted(tmp_path: Path) -> None:
    write_parts(tmp_path)
    with (
        joined(tmp_path, Part(1, 3).folder(tmp_path), "predict --part"),
        pytest.raises(OutputError, match="in use by one or several calls of `panodent predict --p"),
    ):
        merge_parts(tmp_path)


def test_parts_of_two_counts_are_not_merged(tmp_path: Path) -> None:
    write_parts(tmp_path, 2)
    write_parts(tmp_path, 3)
    with pytest.raises(OutputError, match="has parts of 2 and of 3"):
        merge_parts(tmp_path)
