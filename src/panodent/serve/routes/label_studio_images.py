"""Images of Label Studio's tasks: in the task itself, or fetched from one known Label Studio."""

from __future__ import annotations

import base64
import binascii
import json
import os
import time
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from panodent.errors import AnnotationError, ConfigError

FETCH_SECONDS = 30.0
MAX_TOKEN_BYTES = 1 << 16


@dataclass(frozen=True)
class LabelStudioAccess:
    """URL of the Label Studio whose images may be fetched, and its API key; '' for none.

    numbering : of the labels in its projects; None: it must follow from all of them together.
    """

    url: str = ""
    key: str = ""
    numbering: str | None = None

    def __post_init__(self) -> None:
        if self.url and urlsplit(self.url).scheme not in ("http", "https"):
            raise ConfigError(f"Label Studio URL {self.url!r}; expected http://HOST:PORT")


def read_image(value: str, access: LabelStudioAccess, max_bytes: int) -> tuple[str, bytes]:
    """(file name, content) of an image that a task gives as a data: URL, a path or a URL.

    access : the Label Studio to fetch paths and URLs from; other hosts are refused.

    Raises `AnnotationError`.

    >>> read_image("data:image/png;base64,iVBORw==", LabelStudioAccess(), 1000)
    ('task.png', b'\\x89PNG')
    """
    if value.startswith("data:"):
        return "task.png", _decode_data_url(value)
    if not access.url:
        raise AnnotationError(
            "the task refers to an image by URL, and this service has no Label Studio to fetch it "
            "from; start it with --label-studio URL"
        )
    try:
        url = urljoin(access.url.rstrip("/") + "/", value)
        here, there = urlsplit(access.url), urlsplit(url)
    except ValueError:
        raise AnnotationError("the URL of a task's image is invalid") from None
    if (here.scheme, here.netloc) != (there.scheme, there.netloc):
        raise AnnotationError(
            f"the image is at {there.netloc[:80]!r}; images are fetched from {here.netloc} only"
        )
    return Path(there.path).name, _fetch(url, access, max_bytes)


def _decode_data_url(value: str) -> bytes:
    head, comma, body = value.partition(",")
    try:
        if head.endswith(";base64"):
            return base64.b64decode(body, validate=True)
        return unquote_to_bytes(body) if comma else b""
    except (binascii.Error, ValueError):
        raise AnnotationError("a task's image is not a valid data: URL") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Does not follow redirects: they could lead to any host."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _authorization(access: LabelStudioAccess) -> dict[str, str]:
    """The header with the key: a legacy token, or an access token got for a personal one.

    Personal access tokens, which new Label Studios give, are JSON web tokens: two dots.
    """
    if not access.key:
        return {}
    if access.key.count(".") != 2:
        return {"Authorization": f"Token {access.key}"}
    request = urllib.request.Request(  # noqa: S310
        access.url.rstrip("/") + "/api/token/refresh",
        json.dumps({"refresh": access.key}).encode(),
        {"Content-Type": "application/json"},
    )
    try:
        with _open(request) as response:
            found = json.loads(response.read(MAX_TOKEN_BYTES))["access"]
            return {"Authorization": f"Bearer {found}"}
    except (URLError, OSError, ValueError, KeyError, TypeError, HTTPException) as error:
        raise AnnotationError(
            f"Label Studio does not accept the personal access token ({_reason(error)}); make "
            "another one in Account & Settings"
        ) from None


def _open(request: urllib.request.Request) -> Any:
    return urllib.request.build_opener(_NoRedirects).open(request, timeout=FETCH_SECONDS)


def _fetch(url: str, access: LabelStudioAccess, max_bytes: int) -> bytes:
    request = urllib.request.Request(url, headers=_authorization(access))  # noqa: S310
    try:
        with _open(request) as response:
            content, deadline = bytearray(), time.monotonic() + FETCH_SECONDS
            while len(content) <= max_bytes and (chunk := response.read1(1 << 20)):
                content += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError
            # `read1` does not tell that the rest is missing.
            if response.length and len(content) <= max_bytes:
                raise IncompleteRead(b"")
    except (URLError, OSError, ValueError, HTTPException) as error:
        raise AnnotationError(f"a task's image cannot be fetched ({_reason(error)})") from None
    if len(content) > max_bytes:
        raise AnnotationError(f"a task's image is larger than {max_bytes / 2**20:.0f} MiB")
    return bytes(content)


def _reason(error: BaseException) -> str:
    """Why a fetch failed, without anything that the other side has sent.

    Messages of `http.client` quote it: a header line, a status line, the reason of a status.
    """
    if isinstance(error, HTTPError):
        return f"status {error.code}"
    if isinstance(error, URLError) and isinstance(error.reason, BaseException):
        error = error.reason
    if isinstance(error, TimeoutError):
        return f"it takes longer than {FETCH_SECONDS:g} seconds"
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno)
    return "the answer is not valid HTTP" if isinstance(error, HTTPException) else "no connection"
