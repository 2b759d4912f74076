"""Addresses of Ray clusters; tests/inference/cluster/test_ray_run.py connects to one."""

from __future__ import annotations

import socket

import pytest

from panodent.errors import ConfigError
from panodent.inference.cluster.connection import check_address


@pytest.mark.parametrize("address", ["nonsense", "127.0.0.1:1", "ray://127.0.0.1:1", "", "a:b"])
def test_an_address_without_cluster_is_told_at_once(address: str) -> None:
    with pytest.raises(ConfigError, match=f"--ray {address}: cannot be reached"):
        check_address(address)


def test_an_address_that_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        check_address(f"127.0.0.1:{server.getsockname()[1]}")
    for name in ("local", "auto"):
        check_address(name)
