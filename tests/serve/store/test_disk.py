"""A disk that is nearly full, or full to the last byte."""

from __future__ import annotations

import errno
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from panodent.errors import DiskFullError, OutputError
from panodent.serve.store.disk import BALLAST_BYTES, NAME, Disk, is_disk_full
from panodent.serve.store.store import Store
from panodent.serve.store.upload import Upload, new_id
from panodent.serve.study import Study

FULL = OperationalError("DELETE", {}, Exception("database or disk is full"))


def test_uploads_leave_the_reserve_free(tmp_path: Path) -> None:
    Disk(tmp_path).check(1 << 60)  # nothing is kept free
    disk = Disk(tmp_path, disk_free := Disk(tmp_path).free // 2)
    disk.check(1000)
    with pytest.raises(DiskFullError, match=r"MiB left, of which \d+ MiB are kept free"):
        disk.check(disk.free - disk_free + (1 << 20))
    assert not disk.is_low
    disk.reserve = 4 * disk.free
    assert disk.is_low


@pytest.mark.parametrize("error", [FULL, OSError(errno.ENOSPC, "full")])
def test_a_deletion_on_a_full_disk_gets_the_space_that_was_kept(
    tmp_path: Path, error: Exception
) -> None:
    disk, ballast = Disk(tmp_path, 8 << 20), tmp_path / NAME
    assert ballast.stat().st_size == 2 << 20
    seen: list[bool] = []

    def delete(number: int) -> int:
        seen.append(ballast.exists())
        if ballast.exists():
            raise error
        return number

    assert disk.with_room(delete, 7) == 7
    assert seen == [True, False]
    assert ballast.exists()  # for the next one
    assert Disk(tmp_path, 1 << 40)._ballast == BALLAST_BYTES
    Disk(tmp_path)
    assert not ballast.exists()


def test_other_errors_are_raised_and_cost_nothing(tmp_path: Path) -> None:
    disk = Disk(tmp_path, 8 << 20)

    def delete() -> None:
        raise OperationalError("DELETE", {}, Exception("no such table"))

    with pytest.raises(OperationalError):
        disk.with_room(delete)
    assert (tmp_path / NAME).exists()
    assert not is_disk_full(None)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", place]
    if os.name == "nt" or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def fill(place: Path) -> None:
    with (place / "filler").open("ab", buffering=0) as stream:
        for size in (1 << 20, 4096, 1):
            try:
                while stream.write(bytes(size)):
                    pass
            except OSError:
                continue
    assert Disk(place).free == 0


def kept(store: Store) -> Study:
    teeth = [{"id": "t1", "rle": "x" * 100_000}]
    made = Study(new_id(), "x.png", "image", "2026-01-01", "2026-01-01", 3, 2, teeth, teeth)
    upload = Upload(made.id, made.name, ".png", store.files)
    upload.file.parent.mkdir()
    upload.file.write_bytes(bytes(5000))
    store.add(made, ".png")
    return made


def save_often(store: Store, study: str) -> None:
    for revision in range(20):  # the log may have room for the first ones
        store.save(study, revision, [{"id": "t1", "rle": "y" * 100_000}])


def test_a_full_disk_can_be_emptied(small_disk: Path) -> None:
    store = Store(small_disk / "store", reserve=4 << 20)
    made = [kept(store) for _ in range(6)]
    fill(small_disk)
    with pytest.raises(OperationalError) as caught:
        save_often(store, made[-1].id)
    assert is_disk_full(caught.value)
    with pytest.raises(OutputError):
        store.training.write()
    for one in made[:3]:
        fill(small_disk)
        store.delete(one.id)
        assert not (store.files / one.id).exists()
    (small_disk / "filler").unlink()
    assert store.counts() == (3, 0)
    store.save(made[3].id, 0, [])
    store.close()
    again = Store(small_disk / "store", reserve=4 << 20)
    assert again.counts() == (3, 0)
    assert (small_disk / "store" / NAME).exists()
    again.close()
