from __future__ import annotations

from pathlib import Path

import pytest

from panodent.serve.store.folders import delete_folder, sync_folder


def test_a_folder_is_flushed_and_deleted_and_may_be_missing(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "original.png").write_bytes(b"x")
    sync_folder(folder)
    delete_folder(folder)
    assert not folder.exists()
    delete_folder(folder)


def test_what_cannot_be_deleted_is_logged_without_its_name(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "Waltraud").write_bytes(b"x")
    delete_folder(tmp_path / "Waltraud")  # a file is not a folder
    assert "could not be removed" in caplog.text
    assert "Waltraud" not in caplog.text
