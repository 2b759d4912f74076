"""Batches change with what is in them, and only unfinished ones are left to do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panodent.errors import RadiographError
from panodent.inference.cluster.batches import Source, batches_of, collected, plan_of
from panodent.radiograph.discovery import Input

SOURCES = [Source(Input(Path(f"/in/{n}.png"), n, f"{n}.png", stamp=(1, 2))) for n in "abcde"]


def test_a_batch_has_another_name_when_a_result_would_differ() -> None:
    names = [batch.name for batch in batches_of(SOURCES, "origin", 2)]
    assert [name[:7] for name in names] == ["000000-", "000001-", "000002-"]
    assert names == [batch.name for batch in batches_of(SOURCES, "origin", 2)]
    assert not set(names) & {batch.name for batch in batches_of(SOURCES, "other", 2)}
    changed = list(SOURCES)
    changed[2] = replace(SOURCES[2], item=replace(SOURCES[2].item, stamp=(1, 3)))
    other = [batch.name for batch in batches_of(changed, "origin", 2)]
    assert [a == b for a, b in zip(names, other, strict=True)] == [True, False, True]


def test_what_is_left_to_do() -> None:
    batches = batches_of(SOURCES, "origin", 2)
    first, second, third = (batch.name for batch in batches)
    old = "000001-0123456789ab.parquet"
    tables = [f"{first}.parquet", f"{second}-failed.parquet", old, "all.parquet"]
    plan = plan_of(batches, tables)
    assert [batch.name for batch in plan.todo] == [second, third]
    assert plan.done == (f"{first}.parquet",)
    assert plan.stale == (old, "all.parquet")


def test_local_inputs_have_stamps_and_problems(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"12345")
    good, bad = collected([str(tmp_path), str(tmp_path / "none")], str(tmp_path / "out"))
    assert (good.item.name, good.item.stamp[0], good.url) == ("a", 5, "")
    assert good.shown == str(tmp_path / "a.png")
    assert (bad.item.name, bad.item.problem) == ("", "no such file or folder")


def test_inputs_on_a_store() -> None:
    fsspec = pytest.importorskip("fsspec", reason="needs the ray extra")
    files = fsspec.filesystem("memory")
    listed = ["in/a.png", "in/a.jpg", "in/sub/1.2.840.17", "in/notes.txt", "in/.hidden.png"]
    listed += ["in/done/teeth.json", "in/done/labels.png", "in/out/b/overlay.png"]
    try:
        for name in listed:
            files.pipe_file(f"/{name}", b"x")
        found = collected(["memory://in"], "memory://in/out")
        assert [(x.item.name, x.item.file_name, x.url) for x in found] == [
            ("a.jpg", "a.jpg", "memory://in/a.jpg"),
            ("a.png", "a.png", "memory://in/a.png"),
            ("sub/1.2.840.17", "sub/1.2.840.17", "memory://in/sub/1.2.840.17"),
        ]
        (single,) = collected(["memory://in/a.png"], "out")
        assert (single.item.name, single.shown) == ("a", "memory://in/a.png")
        with pytest.raises(RadiographError, match="contains no file that may be a radiograph"):
            collected(["memory://in/done"], "out")
    finally:
        files.store.clear()
