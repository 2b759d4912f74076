"""Eight-bit networks beside those of a bundle are used only where they fit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from panodent.bundle import bundle
from panodent.bundle.bundle import Bundle
from panodent.bundle.fast import fast_bundle, networks_of
from panodent.bundle.fast_files import FastNetworks
from panodent.bundle.files import FAST_FILES, check_free, sha256
from panodent.bundle.findings_network import FindingsNetwork
from panodent.bundle.frame import Frame
from panodent.errors import BundleError, OutputError

SMALL = {"network": b"small", "refiner": b"small refiner", "findings": b"small findings"}


@pytest.fixture
def made() -> Bundle:
    findings = FindingsNetwork(b"findings", Frame(32, 64), ("crown",))
    plain = Bundle(b"large", Frame(32, 64), (11, 21), refiner=b"refiner", findings=findings)
    made_from = {name: sha256(data) for name, data in networks_of(plain).items()}
    return replace(plain, fast=FastNetworks(made_from, dict.fromkeys(SMALL, 0.99), 5, SMALL))


def test_they_stand_in_for_the_networks(made: Bundle) -> None:
    fast = fast_bundle(made)
    assert networks_of(fast) == SMALL
    assert (fast.precision, fast.fast, fast.classes) == ("int8", None, made.classes)
    assert fast.digest != made.digest == replace(made, fast=None).digest
    assert networks_of(fast_bundle(made.without_refiner().without_findings())) == {
        "network": b"small"
    }


def test_they_are_written_and_read_when_asked_for(made: Bundle, tmp_path: Path) -> None:
    bundle.save(made, tmp_path)
    with pytest.raises(OutputError, match="bundle"):
        check_free(tmp_path)
    again = bundle.load(tmp_path)
    assert again.fast is not None
    assert (again.fast.radiographs, again.fast.networks) == (5, {})
    assert networks_of(fast_bundle(again)) == SMALL
    bundle.save(again, tmp_path)  # in its own place
    assert networks_of(fast_bundle(bundle.load(tmp_path))) == SMALL
    (tmp_path / FAST_FILES[1]).write_bytes(b"other")
    again = bundle.load(tmp_path)  # a damaged one does not matter until it is asked for
    with pytest.raises(BundleError, match=r"fast-refiner.onnx: damaged"):
        fast_bundle(again)


def test_networks_that_were_exchanged_have_none(made: Bundle, tmp_path: Path) -> None:
    other = replace(made, refiner=b"trained further")
    with pytest.raises(BundleError, match="refiner was made from another"):
        fast_bundle(other)
    bundle.save(made, tmp_path)
    bundle.save(other, tmp_path)
    assert not [name for name in FAST_FILES if (tmp_path / name).exists()]
    with pytest.raises(BundleError, match=r"quantise --beside.*leave out --fast"):
        fast_bundle(bundle.load(tmp_path))


def test_a_damaged_card_is_an_error(made: Bundle, tmp_path: Path) -> None:
    bundle.save(made, tmp_path)
    card = tmp_path / "bundle.json"
    card.write_text(card.read_text().replace('"from"', '"form"'))
    with pytest.raises(BundleError, match="entry 'fast'"):
        bundle.load(tmp_path)
