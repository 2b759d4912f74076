"""Networks in the runtime: what they run on."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from types import SimpleNamespace

import onnxruntime
import pytest

from panodent.bundle import session
from panodent.bundle.bundle import load
from panodent.bundle.session import DEVICES, Session, check_device
from panodent.errors import BundleError, ConfigError, UnknownNameError


def test_the_processor_is_always_there() -> None:
    check_device("cpu")
    assert load().device == "cpu"


def test_a_device_that_the_runtime_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ConfigError, match="only cpu; install onnxruntime-gpu in place of"):
        load("default", device="cuda")
    with pytest.raises(UnknownNameError, match="Did you mean 'cuda'"):
        load("default", device="cuba")


def test_a_bundle_gives_its_device_to_its_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def session(network: bytes, options: object, providers: list[str]) -> object:
        asked.append(providers)
        return SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])

    known = [provider for provider, _ in DEVICES.values()]
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: known)
    monkeypatch.setattr(onnxruntime, "InferenceSession", session)
    bundle = load("default", device="cuda")
    assert bundle.findings is not None
    assert bundle.findings.device == "cuda"
    for own in (bundle._network_session, bundle._refiner_session, bundle.findings._session):
        with pytest.raises(BundleError, match="does not run on device 'cuda'; check its driver"):
            own.open()
    assert asked == [["CUDAExecutionProvider"]] * 3


def test_a_damaged_network() -> None:
    with pytest.raises(BundleError, match="the bundle's refiner cannot be loaded"):
        Session(b"damaged", what="refiner").open()


@pytest.mark.parametrize("fails", [False, True])
def test_networks_share_a_pool_of_memory_where_one_can_be_made(
    fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    used = []

    def opened(network: bytes, options: onnxruntime.SessionOptions, providers: list[str]) -> object:
        with suppress(RuntimeError):
            used.append(options.get_session_config_entry("session.use_env_allocators"))
        return SimpleNamespace(get_providers=lambda: providers)

    def make(*_: object) -> None:
        if fails:
            raise RuntimeError("there is one already")

    monkeypatch.setattr(onnxruntime, "InferenceSession", opened)
    monkeypatch.setattr(onnxruntime, "create_and_register_allocator", make)
    monkeypatch.setattr(
        session, "_shared_memory_pool", cache(session._shared_memory_pool.__wrapped__)
    )
    for network in (b"one", b"two"):
        Session(network).open()
    assert used == ([] if fails else ["1", "1"])
