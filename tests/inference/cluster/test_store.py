"""Folders on stores: what fsspec's store in memory stands for here, S3 in test_ray_run.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

fsspec = pytest.importorskip("fsspec", reason="needs the ray extra")

from panodent.errors import ConfigError, PanodentError, RadiographError  # noqa: E402
from panodent.inference.cluster.store import (  # noqa: E402
    LocalFolder,
    RemoteFolder,
    fetch,
    is_url,
    open_store,
    target_of,
)


@pytest.fixture
def store() -> Iterator[RemoteFolder]:
    """An empty folder in memory."""
    made = open_store("memory://archive/")
    yield made
    made.files.store.clear()


@pytest.mark.parametrize("kind", ["remote", "local"])
def test_files_are_written_read_and_removed(store: RemoteFolder, tmp_path: Path, kind: str) -> None:
    target = store if kind == "remote" else target_of(str(tmp_path))
    assert isinstance(target, RemoteFolder if kind == "remote" else LocalFolder)
    assert (target.read("a/b.json"), target.names("a")) == (None, [])
    target.write("a/b.json", b"1")
    target.write("a/b.json", b"2")
    target.write("a/c.json", b"3")
    assert (target.read("a/b.json"), target.names("a")) == (b"2", ["b.json", "c.json"])
    target.remove("a/b.json")
    target.remove("a/b.json")
    assert target.names("a") == ["c.json"]


def test_files_are_listed_with_a_stamp(store: RemoteFolder, tmp_path: Path) -> None:
    store.write("sub/b.png", b"123")
    store.write("a.png", b"1")
    first = list(store.listed())
    assert [file.name for file in first] == ["a.png", "sub/b.png"]
    assert first[1].url == "memory://archive/sub/b.png"
    assert first[1].stamp[0] == 3
    store.write("a.png", b"22")
    assert [file.stamp for file in store.listed()] != [file.stamp for file in first]
    (single,) = open_store("memory://archive/sub/b.png").listed()
    assert (single.name, single.url) == ("b.png", "memory://archive/sub/b.png")
    fetch(single.url, tmp_path / "here.png")
    assert (tmp_path / "here.png").read_bytes() == b"123"


def test_faults_name_the_url(store: RemoteFolder, tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match="memory://archive: no such file or folder"):
        list(store.listed())
    with pytest.raises(RadiographError, match=r"memory://archive/x.png: cannot be fetched"):
        fetch("memory://archive/x.png", tmp_path / "x.png")
    with pytest.raises(ConfigError, match="nowhere://x"):
        open_store("nowhere://x")


@pytest.mark.parametrize(
    ("call", "method", "message"),
    [
        (lambda store: list(store.listed()), "find", "cannot be listed"),
        (lambda store: store.names("a"), "ls", "a: cannot be listed"),
        (lambda store: store.read("a"), "cat_file", "a: cannot be read"),
        (lambda store: store.write("a", b""), "pipe_file", "a: cannot be written"),
        (lambda store: store.remove("a"), "rm_file", "a: cannot be deleted"),
    ],
)
def test_whatever_a_driver_raises_is_told(
    store: RemoteFolder, monkeypatch: pytest.MonkeyPatch, call: Any, method: str, message: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no connection")

    monkeypatch.setattr(store.files, method, fail)
    with pytest.raises(PanodentError) as raised:
        call(store)
    text = str(raised.value)
    assert message in text
    assert text.endswith("(no connection); check address, login and permissions")


def test_a_folder_of_this_machine_may_have_a_url(tmp_path: Path) -> None:
    open_store(f"file://{tmp_path}/out").write("sub/a.json", b"1")
    assert (tmp_path / "out" / "sub" / "a.json").read_bytes() == b"1"


def test_urls_are_told_from_paths() -> None:
    assert [is_url(text) for text in ("s3://a/b", "/a/b", "C:/x", "a")] == [True, *[False] * 3]
