"""Files of a bundle are read as they were written, or refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from panodent.bundle.files import make_room, read_network, read_norms, sha256, write_norms
from panodent.errors import BundleError, OutputError


def test_a_network_is_the_one_of_the_card(tmp_path: Path) -> None:
    file = tmp_path / "refiner.onnx"
    entry = {"sha256": sha256(b"network")}
    with pytest.raises(BundleError, match=r"refiner\.onnx: missing or unreadable"):
        read_network(file, entry)
    file.write_bytes(b"network")
    assert read_network(file, entry) == b"network"
    assert read_network(file, None) == b""  # a file that the card does not name is not used
    file.write_bytes(b"another")
    with pytest.raises(BundleError, match="damaged or exchanged"):
        read_network(file, entry)


def test_norms_survive(tmp_path: Path) -> None:
    file = tmp_path / "norms.npz"
    assert read_norms(file) == {}
    write_norms(file, {"norm/gamma": np.array([1.5, 2], np.float32)})
    (name, vector), *others = read_norms(file).items()
    assert (name, vector.tolist(), others) == ("norm/gamma", [1.5, 2], [])
    file.write_bytes(file.read_bytes()[:40])
    with pytest.raises(BundleError, match=r"norms\.npz: damaged"):
        read_norms(file)


def test_room_is_made_and_other_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bundle"
    make_room(folder)
    for name in ("bundle.json", "refiner.onnx", "fast-network.onnx", "notes.txt"):
        (folder / name).touch()
    make_room(folder)
    assert [file.name for file in folder.iterdir()] == ["notes.txt"]
    with pytest.raises(OutputError, match="another --output"):
        make_room(folder / "notes.txt")
