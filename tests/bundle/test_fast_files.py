"""The files of eight-bit networks, and what a card says of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.bundle.fast_files import FastNetworks, from_card, held, write
from panodent.bundle.files import sha256
from panodent.errors import BundleError

NETWORKS = {"network": b"large", "refiner": b"refiner"}
SMALL = {"network": b"small", "refiner": b"small refiner"}


def fast() -> FastNetworks:
    made_from = {name: sha256(data) for name, data in NETWORKS.items()}
    return FastNetworks(made_from, dict.fromkeys(NETWORKS, 0.99), 5, SMALL)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    again = from_card(write(fast(), tmp_path), tmp_path)
    assert again is not None
    assert (again.networks, again.radiographs, again.agreement["refiner"]) == ({}, 5, 0.99)
    found = held(again, NETWORKS)
    assert found is not None
    assert (found.networks, found.made_from) == (SMALL, fast().made_from)
    (tmp_path / "fast-refiner.onnx").write_bytes(b"other")
    with pytest.raises(BundleError, match="damaged"):
        held(again, NETWORKS)


def test_networks_without_eight_bit_forms_have_none(tmp_path: Path) -> None:
    assert from_card(None, tmp_path) is None
    assert held(None, NETWORKS) is None
    assert held(fast(), {"network": b"large"}) is None
    assert held(fast(), {**NETWORKS, "refiner": b"trained further"}) is None
