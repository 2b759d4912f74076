"""The target of a conversion: continued, replaced, and never mixed with anything else."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from panodent.datasets.conversion_folder import JOURNAL, WRITTEN, begin, finish
from panodent.errors import ConfigError, OutputError
from panodent.utils.output_folder import LOCK

TASK = {"source": "data", "to": "coco"}
ODD = os.fsdecode(b"Mu\xf1oz.png")


def made(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(f.relative_to(folder).as_posix() for f in folder.rglob("*"))


def converted(folder: Path) -> Path:
    """What a finished conversion leaves."""
    begin(folder, TASK, False, False)
    finish(made(folder, "images/a.png", f"images/{ODD}", "annotations.json"))
    return folder


def test_a_new_or_empty_folder_is_begun(tmp_path: Path) -> None:
    made(tmp_path, LOCK)
    assert begin(tmp_path, TASK, resume=True, overwrite=False) == set()
    assert names(tmp_path) == [JOURNAL, LOCK]


def test_a_conversion_is_replaced_on_request(tmp_path: Path) -> None:
    converted(tmp_path)
    with pytest.raises(OutputError, match="is not empty; replace it with --overwrite, or choose"):
        begin(tmp_path, TASK, False, False)
    begin(tmp_path, {"to": "voc"}, False, overwrite=True)
    assert names(tmp_path) == [JOURNAL]


@pytest.mark.parametrize("by_conversion", [False, True])
def test_what_no_conversion_wrote_is_never_removed(tmp_path: Path, by_conversion: bool) -> None:
    if by_conversion:
        converted(tmp_path)
    made(tmp_path, "images/mine.png")
    before = names(tmp_path)
    with pytest.raises(OutputError, match=r"images/mine\.png, which no conversion wrote"):
        begin(tmp_path, TASK, False, overwrite=True)
    assert names(tmp_path) == before


def test_an_unfinished_conversion_is_continued_or_replaced(tmp_path: Path) -> None:
    begin(tmp_path, TASK, False, False)
    made(tmp_path, "images/a.png")
    with (tmp_path / JOURNAL).open("a") as journal:
        journal.write(json.dumps({"key": "a", "place": "images/a.png"}) + '\n{"key": "b')
    with pytest.raises(OutputError, match="unfinished conversion; continue it with --resume, or"):
        begin(tmp_path, TASK, False, False)
    with pytest.raises(OutputError, match="unfinished conversion; replace it with --overwrite"):
        begin(tmp_path, {**TASK, "changed": True}, False, False)  # correct has no --resume
    with pytest.raises(ConfigError, match="of something else"):
        begin(tmp_path, {"to": "voc"}, resume=True, overwrite=False)
    assert begin(tmp_path, TASK, resume=True, overwrite=False) == {"a"}
    begin(tmp_path, TASK, False, overwrite=True)
    assert names(tmp_path) == [JOURNAL]


def test_a_damaged_list_counts_as_none(tmp_path: Path) -> None:
    (converted(tmp_path) / WRITTEN).write_text("?")
    with pytest.raises(OutputError, match="which no conversion wrote"):
        begin(tmp_path, TASK, False, overwrite=True)
