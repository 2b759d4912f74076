"""Files of a bundle: their names, networks checked by their digest, and batch-norm statistics.

>>> sha256(b"network")[:8]
'3009be76'
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from panodent.errors import BundleError, OutputError
from panodent.utils.atomic_files import write_whole

NETWORK_FILE, CARD_FILE, NORMS_FILE = "network.onnx", "bundle.json", "norms.npz"
SEEN_FILE = "seen.txt"
REFINER_FILE, FINDINGS_FILE = "refiner.onnx", "findings.onnx"
RUN_RECORDS = ("config.json", "refiner.json", "findings.json")
"""Files that describe a training run; its bundle is in the folder `bundle` beside them."""
FAST_FILES = ("fast-network.onnx", "fast-refiner.onnx", "fast-findings.onnx")
"""Eight-bit forms of the networks, see `panodent.bundle.fast`."""


def make_room(folder: Path) -> None:
    """Makes a folder for a bundle; of one that is there, removes the card and all optional files.

    Raises `OutputError` if that is not possible.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in (CARD_FILE, REFINER_FILE, FINDINGS_FILE, NORMS_FILE, *FAST_FILES):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be written ({error.strerror}); check its permissions, or name "
            "another --output"
        ) from None


def check_free(folder: Path, overwrite: bool = False) -> None:
    """Raises `OutputError` if the folder has files of a bundle, unless these may be overwritten.

    A training run is refused in any case: `load` would take the new bundle instead of its own.
    """
    if run := [name for name in ("bundle", *RUN_RECORDS) if (folder / name).exists()]:
        raise OutputError(
            f"{folder}: holds a training run ({run[0]}), whose own bundle would no longer be used; "
            "name another --output"
        )
    networks = (NETWORK_FILE, REFINER_FILE, FINDINGS_FILE, *FAST_FILES)
    files = (CARD_FILE, *networks, NORMS_FILE, SEEN_FILE)
    found = [name for name in files if (folder / name).exists()]
    if found and not overwrite:
        raise OutputError(
            f"{folder}: already holds a bundle ({found[0]}); replace it with --overwrite, or name "
            "another --output"
        )


def sha256(data: bytes) -> str:
    """SHA-256 as hexadecimal text."""
    return hashlib.sha256(data).hexdigest()


def read_network(file: Path, entry: Mapping[str, Any] | None) -> bytes:
    """The network in a file that a card's entry describes; empty without an entry.

    Raises `BundleError` if the file cannot be read or its SHA-256 is not that of the entry.
    """
    if entry is None:
        return b""
    try:
        network = file.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{file}: missing or unreadable ({error.strerror}); copy the whole bundle again"
        ) from None
    if entry["sha256"] != sha256(network):
        raise BundleError(f"{file}: damaged or exchanged; copy the whole bundle again")
    return network


def read_norms(file: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Batch-norm vectors by layer name, empty without the file; raises `BundleError` if damaged."""
    if not file.exists():
        return {}
    try:
        with np.load(file, allow_pickle=False) as data:
            return {name: data[name] for name in data.files}
    except (OSError, ValueError, EOFError, KeyError, BadZipFile) as error:
        raise BundleError(f"{file}: damaged ({error}); copy the whole bundle again") from None


def write_norms(file: Path, norms: Mapping[str, npt.NDArray[np.float32]]) -> None:
    """Writes what `read_norms` reads; raises `OutputError` if that fails."""
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **dict(norms))
    write_whole(file, stream.getvalue())
