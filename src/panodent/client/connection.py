"""What both clients share: address and token, what is sent again, and errors as `ServiceError`."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit, urlunsplit

import httpx

from panodent.client.calls import Call
from panodent.errors import ConfigError, ServiceError

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0
"""Seconds before a request is sent again, doubled each time, and at most."""
AGAIN = (429, 502, 503, 504)
"""Statuses of a service, or of a proxy before it, that is busy or starting."""
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True)
class Connection:
    """Where the service is, and how patient the client is.

    url : as `panodent serve` prints it, with or without its #token=TOKEN.
    token : '' for none; then that of `token_file` or of the address is used.
    timeout : seconds that one request may wait for a part of its answer.
    patience : seconds within which a request is sent again while the service is busy or away.
    """

    url: str
    token: str = ""
    timeout: float = 120.0
    patience: float = 60.0

    @staticmethod
    def of(
        url: str,
        token: str,
        token_file: str | os.PathLike[str] | None,
        timeout: float,
        patience: float,
    ) -> Connection:
        """The settings that a user gives; raises `ConfigError`."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ConfigError(f"service {url.split('#')[0]!r}; expected http://HOST:PORT")
        if not token and token_file is not None:
            try:
                token = Path(token_file).read_text(encoding="utf-8").strip()
            except (OSError, ValueError) as error:
                raise ConfigError(f"{token_file}: cannot read the token ({error})") from None
        token = token or "".join(parse_qs(parts.fragment).get("token", []))
        base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/") + "/", "", ""))
        return Connection(base, token, timeout, patience)

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of every request."""
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def is_sent_again(call: Call, failure: httpx.Response | httpx.TransportError) -> bool:
    """Whether a request is worth another try, and does no harm if the first one was received.

    The service has changed nothing if it answers with an error.
    """
    if isinstance(failure, httpx.Response):
        return failure.status_code in AGAIN
    return call.repeatable or isinstance(failure, _NOT_SENT)


def pause_before(attempt: int, failure: httpx.Response | httpx.TransportError) -> float:
    """Seconds before attempt 1, 2, ...; at least what the service asks for in Retry-After."""
    seconds = min(FIRST_PAUSE * 2 ** (attempt - 1), LONGEST_PAUSE)
    if isinstance(failure, httpx.Response):
        asked = failure.headers.get("Retry-After", "")
        seconds = max(seconds, min(float(asked), LONGEST_PAUSE) if asked.isdecimal() else 0.0)
    return seconds * random.uniform(1.0, 1.25)  # noqa: S311 - clients shall not come all at once


def error_of(call: Call, failure: httpx.Response | httpx.TransportError) -> ServiceError:
    """The error to raise."""
    request = f"{call.method} /{call.path}"
    if isinstance(failure, httpx.Response):
        try:
            detail = str(json.loads(failure.content)["detail"])
        except (ValueError, KeyError, TypeError):
            detail = "the answer does not come from panodent; check the address"
        return ServiceError(f"{request}: {detail}", failure.status_code)
    known = "" if is_sent_again(call, failure) else "; look whether it was done before another try"
    reason = type(failure).__name__
    return ServiceError(f"{request}: the service does not answer ({reason}){known}", 0)


class Tries:
    """The tries of one request, from now on.

    patience : seconds within which it is sent again.
    """

    def __init__(self, call: Call, patience: float) -> None:
        self._call, self._end, self._failed = call, time.monotonic() + patience, 0

    def pause(self, failure: httpx.Response | httpx.TransportError) -> float:
        """Seconds before the next try; raises `ServiceError` if there is none."""
        self._failed += 1
        seconds = pause_before(self._failed, failure)
        if not is_sent_again(self._call, failure) or time.monotonic() + seconds > self._end:
            raise error_of(self._call, failure)
        return seconds
