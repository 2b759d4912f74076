"""The folder of a training: which files belong to it, and how a new training replaces them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from panodent.bundle.files import RUN_RECORDS
from panodent.errors import OutputError, TrainingError
from panodent.utils.output_folder import occupied

STATE = "last.npz"
"""The state after the last complete epoch. A folder without it has nothing to keep."""
RUN_FILES = (
    *RUN_RECORDS, "ignored.json", STATE, "best.npz", "epochs", "history.csv", "curves.png",
    "tensorboard", "trackers.json", "mlflow", "wandb", "panels", "crops", "examples",
    "scores.json", "train.log", "bundle",
)  # fmt: skip
"""All that trainings write to their folder."""


@contextmanager
def holding_run(
    folder: Path, command: str, overwrite: bool = False, keep: str = STATE
) -> Iterator[None]:
    """Holds a folder for a training, see `occupied`; `command` is that of the command line.

    Without the file or folder `keep` at the end there is nothing to keep, and the folder is as it
    was before, except for a training that was overwritten. An `OutputError`, such as of a full
    disk, says how to continue if there is something.
    """
    before = _records(folder)

    def replaced() -> tuple[str, ...]:
        # Until the earlier training is removed, its files are not those of the new one.
        return RUN_FILES if overwrite and _records(folder) != before else ()

    with occupied(folder, command, keep=keep, replaced=replaced):
        try:
            yield
        except OutputError as error:
            if not (folder / keep).exists():
                raise
            again = f"panodent {command} --resume --output {folder}"
            message = f"{error}; what is finished is kept; continue with: {again}"
            raise OutputError(message) from None


def _records(folder: Path) -> dict[str, tuple[int, int]]:
    """What tells the records in a folder apart from others of their names."""
    files = (folder / name for name in RUN_RECORDS)
    found = {file.name: file.stat() for file in files if file.exists()}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in found.items()}


def check_free(folder: Path, overwrite: bool = False) -> None:
    """Raises `TrainingError` if the folder holds a training that is not to be overwritten."""
    held = [name for name in RUN_RECORDS if (folder / name).exists()]
    if held and not overwrite:
        raise TrainingError(
            f"{folder}: already holds a training run ({held[0]}); continue it with --resume, "
            "replace it with --overwrite, or name another --output"
        )


def check_removable(folder: Path, *needed: str, records: Sequence[str] = RUN_RECORDS) -> None:
    """Raises `TrainingError` if `remove_run` would delete what is needed or of something else.

    `needed` are runs or bundles that the new training reads, none of which may be in the folder.
    Files of a training's names without any of `records` may be of something else.
    """
    for name in filter(None, needed):
        if folder.resolve() in (Path(name).resolve(), *Path(name).resolve().parents):
            raise TrainingError(
                f"{name}: the new training reads it, so it cannot be replaced; name another "
                "--output"
            )
    held = [name for name in RUN_FILES if (folder / name).exists()]
    if held and not any((folder / name).exists() for name in records):
        raise TrainingError(
            f"{folder}: has {held[0]}, but holds no training to overwrite; name another --output"
        )


def remove_run(folder: Path, *needed: str, records: Sequence[str] = RUN_RECORDS) -> None:
    """Removes a training from its folder; other files stay.

    Raises `TrainingError` as `check_removable`, `OutputError` if a file cannot be removed.
    """
    check_removable(folder, *needed, records=records)
    for name in reversed(RUN_FILES):  # the records last: an interrupted removal can be repeated
        place = folder / name
        try:
            if place.is_dir() and not place.is_symlink():
                shutil.rmtree(place)
            else:
                place.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(
                f"{place}: cannot be replaced ({error.strerror}); name another --output"
            ) from None
