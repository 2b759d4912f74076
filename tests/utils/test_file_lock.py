"""Locks hold until they are closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.utils.file_lock import is_only_holder, lock_file

pytest.importorskip("fcntl", reason="Windows has no such locks")


def test_a_file_is_locked_until_it_is_closed(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    first = lock_file(file)
    with pytest.raises(BlockingIOError):
        lock_file(file)
    first.close()
    lock_file(file).close()


def test_a_file_that_cannot_be_opened_is_another_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        lock_file(tmp_path / "none" / "lock")


def test_a_shared_lock_is_held_by_several(tmp_path: Path) -> None:
    file = tmp_path / "lock"
    first, second = lock_file(file, shared=True), lock_file(file, shared=True)
    with pytest.raises(BlockingIOError):
        lock_file(file)
    assert not is_only_holder(second)
    second.close()
    assert is_only_holder(first)
    with pytest.raises(BlockingIOError):
        lock_file(file, shared=True)
    first.close()
