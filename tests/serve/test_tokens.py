from __future__ import annotations

import os
from pathlib import Path

import pytest

from panodent.errors import ConfigError, OutputError
from panodent.serve.tokens import checked, own_token, read_token


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("secret", "has 6 characters, expected at least 16"),
        ("0" * 64, "repeats 1 characters, expected at least 6"),
        ("abcab" * 9, "repeats 3"),
        ("a token with many words", "spaces or other"),
        ("schl\u00fcssel-schl\u00fcssel", "spaces or other"),
    ],
)
def test_weak_tokens_are_refused_with_a_remedy(tmp_path: Path, token: str, said: str) -> None:
    with pytest.raises(ConfigError, match=f"{said}.*openssl rand -hex 32") as caught:
        checked(token)
    assert token not in str(caught.value)
    (tmp_path / "token").write_text(token, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        read_token(tmp_path / "token")


def test_a_store_keeps_its_own_token_to_its_user(tmp_path: Path) -> None:
    store = tmp_path / "a" / "store"
    token = own_token(store)
    assert checked(token) == token == own_token(store)
    assert token != own_token(tmp_path / "other")
    if os.name != "nt":
        assert (store / "token").stat().st_mode & 0o777 == 0o600
    (store / "token").write_text("weak")
    with pytest.raises(ConfigError, match="expected at least"):
        own_token(store)


def test_a_store_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be used as the store"):
        own_token(tmp_path / "file" / "store")
