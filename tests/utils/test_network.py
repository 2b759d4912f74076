"""Loopback addresses are recognised."""

import pytest

from panodent.utils.network import is_loopback


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("localhost", True), ("::1", True),
        ("[::1]", True), ("0.0.0.0", False), ("::", False),  # noqa: S104
        ("192.168.1.2", False),
        ("example.org", False), ("localhost.example.org", False), ("", False),
    ],
)  # fmt: skip
def test_loopback_is_told_from_the_rest(host, expected):
    assert is_loopback(host) is expected
