"""What makes a call of the command a mistake: files, missing packages, full disks.

Each function is a step that `tools/mistakes.py` takes in an empty folder before the call, or makes
one.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import importlib.util
import io
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
from PIL import Image

from panodent import phantom
from panodent.cli import main
from panodent.utils.atomic_files import PendingFile

Before = Callable[[], Any]
"""Called in the folder before the mistake; may return a context that lasts during the call."""


def call(command: str) -> tuple[int, str]:
    """Exit code and standard error of `panodent COMMAND` in this process."""
    errors = io.StringIO()
    words = ["panodent", *command.split()]
    from panodent.cli import console

    console._stderr.cache_clear()
    with (
        mock.patch.object(sys, "argv", words),
        mock.patch.dict(os.environ, {"COLUMNS": "200", "NO_COLOR": "1"}),
        contextlib.redirect_stderr(errors),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        code: Any = 0
        try:
            main()
        except SystemExit as end:
            code = end.code
    console._stderr.cache_clear()
    return int(code or 0), errors.getvalue()


def drawn(folder: Path) -> None:
    """What all mistakes find: scans/ with two radiographs, and data/ with their annotations.

    The hidden .earlier/ has their predictions.
    """
    phantom.write(folder / "data", 2, size=(128, 256))
    shutil.copytree(folder / "data" / "images", folder / "scans")
    shutil.rmtree(folder / "data" / "images")
    shutil.copytree(folder / "scans", folder / "data" / "images")
    call(f"predict {folder}/scans -o {folder}/.earlier --no-overlay")


def written(name: str, content: bytes | str = b"") -> Before:
    """Writes a file."""

    def write() -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(content.encode() if isinstance(content, str) else content)

    return write


def picture(name: str, size: tuple[int, int] = (128, 256), value: int = 7) -> Before:
    """Writes a picture of one grey value, of (height, width)."""

    def save() -> None:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", size[::-1], value).save(name)

    return save


def labels(name: str, value: int = 11, size: tuple[int, int] = (128, 256)) -> Before:
    """Writes a label image of one tooth."""

    def save() -> None:
        image = np.zeros(size, np.uint8)
        image[20:60, 30:50] = value
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(name)

    return save


def all_of(*steps: Before) -> Before:
    """Several steps; the last may return a context."""

    def run() -> Any:
        return [step() for step in steps][-1]

    return run


def labelled(value: int = 11, folder: str = "marked") -> Before:
    """A data folder of label images: a radiograph and one tooth."""
    name = "phantom-00000.png"

    def make() -> None:
        Path(folder, "images").mkdir(parents=True)
        shutil.copy(f"scans/{name}", f"{folder}/images/{name}")
        labels(f"{folder}/masks/{name}", value)()

    return make


def changed_truth(change: Callable[[dict[str, Any]], None]) -> Before:
    """Changes the COCO file of data/."""

    def write() -> None:
        file = Path("data/truth.json")
        data = json.loads(file.read_text())
        change(data)
        file.write_text(json.dumps(data))

    return write


def renamed_classes(data: dict[str, Any]) -> None:
    """The upper teeth only, whose numbers 11 to 28 could be Universal numbers, with other ids."""
    data["categories"] = [item for item in data["categories"] if item["id"] < 30]
    data["annotations"] = [item for item in data["annotations"] if item["category_id"] < 30]
    for category in data["categories"]:
        category["id"] += 1000
    for annotation in data["annotations"]:
        annotation["category_id"] += 1000


def odd_class(data: dict[str, Any]) -> None:
    """One class that is not a tooth."""
    data["categories"][0]["name"] = "sinus"
    for category in data["categories"]:
        category["id"] += 1000
    for annotation in data["annotations"]:
        annotation["category_id"] += 1000


def copied_bundle(change: Callable[[Path], None]) -> Before:
    """A copy of the default bundle in mine/, changed."""

    def copy() -> None:
        import panodent.bundle.bundle as bundles

        shutil.copytree(Path(bundles.__file__).parent / "default", "mine")
        change(Path("mine"))

    return copy


def cut_off(file: Path) -> None:
    """Leaves the first half of a file."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def without(*packages: str) -> Before:
    """Makes packages unknown, as if their extra was not installed."""

    @contextlib.contextmanager
    def hidden() -> Iterator[None]:
        find, load = importlib.util.find_spec, builtins.__import__

        def found(name: str, *rest: Any) -> Any:
            return None if name.split(".")[0] in packages else find(name, *rest)

        def imported(name: str, *rest: Any, **more: Any) -> Any:
            if name.split(".")[0] in packages:
                raise ModuleNotFoundError(f"No module named {name!r}", name=name)
            return load(name, *rest, **more)

        # Modules of panodent that imported them before would not notice that they are gone.
        users = ("panodent.serve", "panodent.training", "panodent.dicom")

        def concerned() -> list[str]:
            names = list(sys.modules)
            return [n for n in names if n.split(".")[0] in packages or n.startswith(users)]

        kept = {name: sys.modules.pop(name) for name in concerned()}
        try:
            with (
                mock.patch.object(importlib.util, "find_spec", found),
                mock.patch.object(builtins, "__import__", imported),
            ):
                yield
        finally:
            for name in concerned():
                del sys.modules[name]
            sys.modules.update(kept)
            for name, module in kept.items():  # `import` sets them in their packages, too
                package, _, last = name.rpartition(".")
                if package in sys.modules:
                    setattr(sys.modules[package], last, module)

    return hidden


def failing_disk(number: int) -> Before:
    """A disk that fails with this error where a file gets its name."""

    def fail(self: PendingFile) -> None:
        raise self.failure(OSError(number, os.strerror(number)))

    return lambda: mock.patch.object(PendingFile, "commit", fail)


def read_only() -> Any:
    """A file system that cannot be written."""
    error = OSError(errno.EROFS, os.strerror(errno.EROFS))
    return mock.patch.object(Path, "mkdir", side_effect=error)


def taken() -> Any:
    """A folder in which another command works; earlier versions of panodent had no lock."""
    try:
        from panodent.utils.output_folder import occupied
    except ModuleNotFoundError:
        return None
    return occupied(Path("out"), "predict")


def predicted() -> None:
    """out/ with the results of an earlier call."""
    shutil.copytree(".earlier", "out")


def run_folder() -> None:
    """run/ with a training run of an earlier call, as far as config.json shows it."""
    written("run/config.json", "{}")()
