"""How an archive with DICOMweb is reached: its address, the login, certificates, the session.

Credentials never appear in messages.
"""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from panodent.errors import ConfigError
from panodent.utils.network import is_loopback

_EXPECTED = "expected one such as https://pacs.example/dicom-web"
A_PAGE = "a web page"
"""Text of the `ContentDecodingError` that a session raises for a web page in place of an answer."""


@dataclass(frozen=True)
class Credentials:
    """How to log in: a bearer token, or a user with a password, or nothing; never shown."""

    token: str = field(default="", repr=False)
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def read(cls, token_file: Path | None, login_file: Path | None) -> Credentials:
        """From a file with a token, or one with USER:PASSWORD. Raises `ConfigError`."""
        if token_file and login_file:
            raise ConfigError(f"{token_file} and {login_file}: give a token or a login, not both")
        file = token_file or login_file
        if file is None:
            return cls()
        try:
            text = file.read_text(encoding="utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file}: cannot be read ({type(error).__name__})") from None
        if token_file:
            if not text or not text.isprintable() or not text.isascii() or " " in text:
                raise ConfigError(f"{file}: expected one line with a bearer token")
            return cls(token=text)
        user, colon, password = text.partition(":")
        if not (user and colon) or "\n" in text:
            raise ConfigError(f"{file}: expected one line USER:PASSWORD")
        return cls(user=user, password=password)

    def __bool__(self) -> bool:
        return bool(self.token or self.user)


def check(url: str, credentials: Credentials, ca_file: Path | None) -> None:
    """Raises `ConfigError` for an address that is not one, or that would send a login unencrypted,
    and for a file without certificates.
    """
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError:  # of the port, or of brackets
        raise ConfigError(f"an address cannot be read; {_EXPECTED}") from None
    if parts.username or parts.password:
        raise ConfigError("an address must have no user and password; name a file with them")
    if bad or parts.query or parts.fragment or re.search(r"\s", url):
        raise ConfigError(f"address {url!r}; {_EXPECTED}")
    if credentials and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ConfigError(
            f"http://{parts.netloc}: would send the login unencrypted; use an address with https"
        )
    if ca_file is not None:
        try:
            ssl.create_default_context(cafile=ca_file)
        except FileNotFoundError:
            raise ConfigError(f"{ca_file}: no such file of certificates") from None
        except (OSError, ValueError):  # ssl.SSLError is one
            raise ConfigError(f"{ca_file}: holds no certificate; expected the PEM form") from None


def session(credentials: Credentials, ca_file: Path | None) -> Any:
    """A session of requests that verifies certificates and logs in."""
    import requests
    from urllib3.util import Retry

    class _VerifyingSession(requests.Session):
        def merge_environment_settings(self, *given: Any) -> Any:
            # Variables of the environment would replace the certificates that were named.
            settings = super().merge_environment_settings(*given)
            return {**settings, "verify": str(ca_file)} if ca_file else settings

    def bearer(request: Any) -> Any:
        request.headers["Authorization"] = f"Bearer {credentials.token}"
        return request

    made = _VerifyingSession()
    # An archive may close an idle connection while a radiograph is segmented. Each request can be
    # repeated: an object that is stored again has the same UID.
    again = Retry(
        total=2,
        connect=0,
        status=0,
        other=0,
        allowed_methods=None,
        respect_retry_after_header=False,
    )
    for scheme in ("http://", "https://"):
        made.mount(scheme, requests.adapters.HTTPAdapter(max_retries=again))
    if credentials.token:
        made.auth = bearer  # as a header, a login in .netrc would replace it
    elif credentials.user:
        made.auth = (credentials.user.encode(), credentials.password.encode())
    made.hooks["response"].append(_refuse_page)
    return made


def _refuse_page(response: Any, **_: Any) -> None:
    """Raises for a page that a proxy gives instead of the archive, such as that of a login.

    Its status may be 200, so that an object would count as stored.
    """
    import requests

    kind = response.headers.get("Content-Type", "").lower()
    page = kind.startswith(("text/html", "application/xhtml"))
    if not response.ok or response.is_redirect:
        return
    if response.status_code >= 300 or (page and not response.content.startswith((b"[", b"{"))):
        raise requests.exceptions.ContentDecodingError(A_PAGE)
