from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from panodent.client.connection import FIRST_PAUSE, LONGEST_PAUSE, Connection, pause_before
from panodent.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "token", "base", "used"),
    [
        ("http://127.0.0.1:8080", "", "http://127.0.0.1:8080/", ""),
        ("http://127.0.0.1:8080/#token=abc", "", "http://127.0.0.1:8080/", "abc"),
        ("https://x.example/teeth/#token=abc", "other", "https://x.example/teeth/", "other"),
    ],
)
def test_the_address_that_the_service_prints_is_understood(
    url: str, token: str, base: str, used: str
) -> None:
    found = Connection.of(url, token, None, 1, 1)
    assert (found.url, found.token) == (base, used)
    assert found.headers == ({"Authorization": f"Bearer {used}"} if used else {})


def test_the_token_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc\n")
    found = Connection.of("http://x", "", tmp_path / "token", 1, 1)
    assert found.headers == {"Authorization": "Bearer abc"}
    with pytest.raises(ConfigError, match="cannot read the token"):
        Connection.of("http://x", "", tmp_path / "none", 1, 1)
    with pytest.raises(ConfigError, match="expected http://HOST:PORT") as caught:
        Connection.of("x:80#token=abc", "", None, 1, 1)
    assert "abc" not in str(caught.value)


def test_pauses_grow_and_have_an_end() -> None:
    fault = httpx.ConnectError("x")
    assert FIRST_PAUSE <= pause_before(1, fault) <= 1.25 * FIRST_PAUSE
    assert pause_before(30, fault) <= 1.25 * LONGEST_PAUSE
    asked = httpx.Response(503, headers={"Retry-After": "9999999"})
    assert pause_before(1, asked) <= 1.25 * LONGEST_PAUSE
    assert pause_before(1, httpx.Response(503, headers={"Retry-After": "soon"})) < 1
