"""Tokens that clients of the service send: made, read and judged."""

from __future__ import annotations

import secrets
from pathlib import Path

from panodent.errors import ConfigError, OutputError
from panodent.utils.atomic_files import make_secret

SHORTEST = 16
FEWEST_CHARACTERS = 6
"""How long a token must be, and how many different characters it must have."""
NAME = "token"


def checked(token: str) -> str:
    """The token; raises `ConfigError` if it is easy to guess or cannot be sent in a header.

    >>> checked("bf40b2eb3b0f4f39")
    'bf40b2eb3b0f4f39'
    """
    remedy = "make one with: openssl rand -hex 32"
    if len(token) < SHORTEST:
        raise ConfigError(
            f"the token has {len(token)} characters, expected at least {SHORTEST}; {remedy}"
        )
    if len(set(token)) < FEWEST_CHARACTERS:
        raise ConfigError(
            f"the token repeats {len(set(token))} characters, expected at least "
            f"{FEWEST_CHARACTERS} different ones; {remedy}"
        )
    if not all(33 <= ord(character) <= 126 for character in token):
        raise ConfigError(
            "the token has spaces or other characters than ASCII letters, digits and signs, which "
            f"a header cannot hold; {remedy}"
        )
    return token


def read_token(file: Path) -> str:
    """The token in a file; raises `ConfigError`."""
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot read the token ({error})") from None
    if not token:
        raise ConfigError(f"{file}: is empty; expected a token")
    return checked(token)


def own_token(store: Path) -> str:
    """The token in STORE/token, which only the user of the service can read; made if missing.

    It stays the same, so that scripts and open pages go on after a restart. Raises `OutputError` if
    it cannot be written, and `ConfigError` if the file holds no good token.
    """
    file = store / NAME
    try:
        store.mkdir(parents=True, exist_ok=True)
        make_secret(file, secrets.token_urlsafe(32) + "\n")
    except OSError as error:
        raise OutputError(
            f"{store}: cannot be used as the store ({error.strerror}); check its permissions"
        ) from None
    return read_token(file)
