"""A findings network travels with its bundle."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent.bundle import bundle, session
from panodent.bundle.bundle import Bundle
from panodent.bundle.calibration import Calibration
from panodent.bundle.exposure import USUAL
from panodent.bundle.fast import fast_bundle
from panodent.bundle.findings_network import FindingsNetwork, KindLimits
from panodent.bundle.frame import Frame
from panodent.errors import BundleError, UnknownNameError


def test_saved_and_loaded(finding_bundle: Bundle, tmp_path: Path) -> None:
    assert finding_bundle.findings is not None
    network = replace(finding_bundle.findings, calibration=Calibration(2.0, -1.0))
    made = replace(finding_bundle, findings=network)
    bundle.save(made, tmp_path)
    again = bundle.load(tmp_path, threads=1)
    assert again.findings == replace(network, threads=1)
    assert again.findings is not None
    assert again.findings.threads == 1
    assert again.digest == made.digest
    assert again.network == made.network


def test_the_digest_tells_network_and_limits(finding_bundle: Bundle) -> None:
    plain = finding_bundle.without_findings()
    assert plain.findings is None
    assert plain.digest == bundle.load().without_findings().digest
    assert finding_bundle.findings is not None
    other = replace(finding_bundle.findings, limits={"filling": KindLimits(0.5)})
    digests = {b.digest for b in (plain, finding_bundle, replace(finding_bundle, findings=other))}
    assert len(digests) == 3


def test_planes(finding_bundle: Bundle) -> None:
    network = finding_bundle.findings
    assert network is not None
    network.open()
    pixels = np.zeros((60, 100), np.float32)
    pixels[20:40, 40:60] = 1
    seen = network.input(pixels, np.full((5, 5), 0.75, np.float32))
    assert seen.shape == (2, 128, 256)
    assert seen[1].min() == seen[1].max() == pytest.approx(0.5)
    planes = network.predict_planes(pixels, np.zeros((5, 5), np.float32))
    assert planes.shape == (8, 64, 128)
    best = planes.argmax(axis=0)
    assert best[32, 64] == 1
    assert best[0, 0] == 0


def test_dark_teeth_are_seen_in_usual_grey(finding_bundle: Bundle) -> None:
    network = finding_bundle.findings
    assert network is not None
    pixels = np.zeros((128, 256), np.float32)
    pixels[:, 100:], pixels[40:90, 50:200] = 0.1, 0.3
    pixels[:2] = 1  # a burnt-in bar
    tooth = np.zeros_like(pixels)
    tooth[40:90, 50:200] = 1
    seen = network.input(pixels, tooth)[0]
    assert (np.median(seen[tooth > 0.5]) + 1) / 2 == pytest.approx(USUAL[0], abs=0.01)


def test_a_part_of_the_frame(finding_bundle: Bundle) -> None:
    pytest.importorskip("onnx", reason="needs the train extra")
    from open_sides import open_sides

    network = finding_bundle.findings
    assert network is not None
    assert not network.takes_parts()
    parts = replace(network, network=open_sides(network.network))
    parts.open()
    assert parts.takes_parts()
    pixels = np.random.default_rng(0).random((60, 100), np.float32)
    tooth = np.zeros((5, 5), np.float32)
    whole = network.predict_planes(pixels, tooth)
    assert np.array_equal(parts.predict_planes(pixels, tooth), whole)
    planes = parts.predict_planes(pixels, tooth, np.s_[32:96, 64:224])
    assert np.array_equal(planes, whole[:, 16:48, 32:112])


def test_those_that_ship_take_parts() -> None:
    for made in (bundle.load(), fast_bundle(bundle.load())):
        assert made.findings is not None
        made.findings.open()
        assert made.findings.takes_parts()


def test_other_devices_see_the_whole_frame(monkeypatch: pytest.MonkeyPatch) -> None:
    # They may prepare each size anew, so the sides are fixed when the network is loaded.
    monkeypatch.setitem(session.DEVICES, "cuda", session.DEVICES["cpu"])
    made = bundle.load(device="cuda").findings
    assert made is not None
    made.open()
    assert not made.takes_parts()


def test_damage_is_told(finding_bundle: Bundle, tmp_path: Path) -> None:
    bundle.save(finding_bundle, tmp_path)
    (tmp_path / "findings.onnx").write_bytes(b"other")
    with pytest.raises(BundleError, match=r"findings\.onnx: damaged or exchanged"):
        bundle.load(tmp_path)
    (tmp_path / "findings.onnx").unlink()
    with pytest.raises(BundleError, match=r"findings\.onnx: missing or unreadable"):
        bundle.load(tmp_path)


def test_faults(finding_bundle: Bundle) -> None:
    with pytest.raises(UnknownNameError, match="unknown kind of finding 'caries'"):
        FindingsNetwork(b"", Frame(), ("caries",))
    with pytest.raises(BundleError, match="name each once"):
        FindingsNetwork(b"", Frame(), ("crown", "crown"))
    with pytest.raises(BundleError, match="limit score is 2"):
        KindLimits(score=2)
    assert finding_bundle.findings is not None
    with pytest.raises(BundleError, match="export the bundle again"):
        replace(finding_bundle.findings, frame=Frame(64, 64)).open()
