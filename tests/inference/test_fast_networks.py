"""What the networks of a bundle see, and what eight-bit ones are made from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from panodent.bundle.bundle import load
from panodent.bundle.fast import networks_of
from panodent.bundle.files import sha256
from panodent.errors import BundleError
from panodent.inference import fast_networks
from panodent.inference.fast_networks import seen_by_networks, with_fast_networks
from panodent.inference.refinement import CHANNELS, CROP


def test_each_network_is_made_from_what_it_sees(drawn, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = load()
    asked = []

    def quantised(network, batches, planes, least):
        asked.append((network, [batch.shape for batch in batches], planes))
        return b"small " + network[:9], least

    monkeypatch.setattr(fast_networks, "quantised", quantised)
    made = with_fast_networks(bundle, [drawn[0].pixels])
    findings = bundle.findings
    assert findings is not None
    (one, two, three) = asked
    assert one == (bundle.network, [(1, 1, *bundle.frame.size)], 1 + len(bundle.classes))
    assert two[0] == bundle.refiner
    assert (two[1][0][1:], two[2]) == ((CHANNELS, *CROP), 2)
    assert three == (findings.network, [(1, 2, *findings.frame.size)], 1 + len(findings.kinds))
    assert made.fast is not None
    assert made.fast.made_from == {name: sha256(x) for name, x in networks_of(bundle).items()}
    assert made.digest == bundle.digest


def test_a_bundle_of_one_network_has_one_input(teeth_bundle) -> None:
    seen = seen_by_networks(load(teeth_bundle), np.zeros((64, 128), np.float32))
    assert list(seen) == ["network"]


def test_faults(drawn) -> None:
    with pytest.raises(BundleError, match="at least one"):
        with_fast_networks(load(), [])
    with pytest.raises(BundleError, match="no tooth was found for the refiner"):
        with_fast_networks(load(), [np.zeros((64, 128), np.float32)])
    small = replace(load(), architecture={"precision": "int8"})
    with pytest.raises(BundleError, match="already"):
        with_fast_networks(small, [drawn[0].pixels])
