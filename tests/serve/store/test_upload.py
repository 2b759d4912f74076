"""Uploaded files get a folder of their own, and names from outside never become paths."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from panodent.serve.store.upload import new_id, suffix_of, write_upload


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.PNG", ".png"), ("a.tar.dcm", ".dcm"), ("a.exe", ""), ("IM0001", ""), ("../a.png/x", "")],
)
def test_only_suffixes_of_radiographs_are_kept(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


def test_an_upload_is_alone_in_its_folder_until_it_is_removed(tmp_path: Path) -> None:
    upload = write_upload(tmp_path, "../../etc/scan.png", b"pixels")
    assert upload.file == tmp_path / upload.id / "original.png"
    assert (upload.name, upload.size) == ("scan.png", 6)
    assert upload.file.read_bytes() == b"pixels"
    upload.remove()
    upload.remove()  # again: nothing happens
    assert list(tmp_path.iterdir()) == []


def test_ids_are_random() -> None:
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
