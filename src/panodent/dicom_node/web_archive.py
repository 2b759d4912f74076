"""An archive with DICOMweb: QIDO-RS to search, WADO-RS to fetch, STOW-RS to store.

`dicomweb_client` makes and reads the messages. Here are the addresses, the credentials, which never
appear in messages, and the errors.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from panodent.errors import (
    ConfigError,
    MissingExtraError,
    PanodentError,
    RefusedError,
    UnreachableError,
)
from panodent.radiograph.dicom_file import quiet
from panodent.utils.network import is_loopback

PAGE = 500
"""Instances asked for at a time."""
TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and to wait for an answer."""
_ANY_SYNTAX = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_TRANSIENT = (408, 429, 500, 502, 503, 504, 507)
"""Answers after which the same request may succeed later."""
_EXPECTED = "expected one such as https://pacs.example/dicom-web"
_A_PAGE = "a web page"
_DUPLICATE = 0x0111
_OUT_OF_RESOURCES = range(0xA700, 0xA800)


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


@dataclass(frozen=True)
class ArchivedObject:
    """Where an object is in an archive: UIDs of study, series and object."""

    study: str
    series: str
    uid: str


class WebArchive:
    """An archive at the address of its DICOMweb service.

    Parameters
    ----------
    url : such as https://pacs.example/dicom-web.
    credentials : sent by HTTPS, and by HTTP to this machine only.
    ca_file : certificates of the authority that signed the server's; None: those of the system.

    Raises `ConfigError` for an address that is not one, or that would send credentials readably;
    `MissingExtraError` without `dicomweb_client`.
    """

    def __init__(
        self, url: str, credentials: Credentials | None = None, ca_file: Path | None = None
    ) -> None:
        credentials = credentials or Credentials()
        _check(url, credentials, ca_file)
        self.name = urlsplit(url).netloc.lower()
        try:
            from dicomweb_client import DICOMwebClient
        except ImportError as error:
            raise MissingExtraError("dicom", "DICOMweb", error.name or "") from None
        for logger in ("dicomweb_client", "retrying"):  # their messages have UIDs and tracebacks
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        self._url = urlsplit(url).geturl().rstrip("/")
        self._session = _session(credentials, ca_file)
        # Results are small: no chunked requests, which some servers do not take.
        self._client = DICOMwebClient(
            self._url, self._session, chunk_size=2**31, timeout=TIMEOUT, permissive_uid=True
        )
        self._client.set_http_retry_params(retry=False)

    def search(self, query: Sequence[tuple[str, str]]) -> Iterator[ArchivedObject]:
        """The objects that match all (attribute, value), page by page; each once.

        Raises `UnreachableError`, and `RefusedError` if the archive refuses the query.
        """
        known: set[str] = set()
        last = PAGE
        while True:
            try:
                with _translated(self.name, "the query"):
                    page = self._client.search_for_instances(
                        search_filters=dict(query), limit=PAGE, offset=len(known)
                    )
                    new = [item for item in map(_instance, page) if item and item.uid not in known]
            except RefusedError:
                if last < PAGE:  # some servers refuse what is behind the end
                    return
                raise
            last = len(page)
            yield from new
            known.update(item.uid for item in new)
            if not new:  # a page may be short in the middle, as archives have limits of their own
                return

    def fetch(self, instance: ArchivedObject, target: Path) -> None:
        """Writes an object to a file, unchanged. Raises `UnreachableError`, `RefusedError`."""
        # Not by the client, which reads the object and refuses what breaks rules of DICOM.
        parts = ("studies", instance.study, "series", instance.series, "instances", instance.uid)
        address = "/".join([self._url, *(quote(part, safe="") for part in parts)])
        with _translated(self.name, "an object"):
            response = self._session.get(address, headers={"Accept": _ANY_SYNTAX}, timeout=TIMEOUT)
            response.raise_for_status()
            content = _only_part(response.headers.get("Content-Type", ""), response.content)
        if _uid(content) not in ("", instance.uid):
            raise RefusedError(f"{self.name}: gave another object than it was asked for")
        target.write_bytes(content)

    def store(self, file: Path) -> None:
        """Stores a DICOM file; that the archive has it already counts as success.

        Raises `UnreachableError`, and `RefusedError` if the archive does not take it.
        """
        from pydicom import dcmread

        reasons = []
        with _translated(self.name, "a result"):
            answer = self._client.store_instances([dcmread(file)])
            failed = () if answer is None else answer.get("FailedSOPSequence", ())
            reasons = [int(item.get("FailureReason") or 0) for item in failed]
        error = _not_stored(reasons, self.name)
        if error is not None:
            raise error


def _check(url: str, credentials: Credentials, ca_file: Path | None) -> None:
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
            f"http://{parts.netloc}: would send the login readably; use an address with https"
        )
    if ca_file is not None:
        try:
            ssl.create_default_context(cafile=ca_file)
        except FileNotFoundError:
            raise ConfigError(f"{ca_file}: no such file of certificates") from None
        except (OSError, ValueError):  # ssl.SSLError is one
            raise ConfigError(f"{ca_file}: holds no certificate; expected the PEM form") from None


def _session(credentials: Credentials, ca_file: Path | None) -> Any:
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

    session = _VerifyingSession()
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
        session.mount(scheme, requests.adapters.HTTPAdapter(max_retries=again))
    if credentials.token:
        session.auth = bearer  # as a header, a login in .netrc would replace it
    elif credentials.user:
        session.auth = (credentials.user.encode(), credentials.password.encode())
    session.hooks["response"].append(_refuse_page)
    return session


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
        raise requests.exceptions.ContentDecodingError(_A_PAGE)


@contextmanager
def _translated(name: str, what: str) -> Iterator[None]:
    """Turns errors of a request into ours; texts of servers are left out, they may name patients.

    An object that the archive has already is not an error.
    """
    import requests

    try:
        with quiet():  # warnings of pydicom have values of the header
            yield
    except requests.HTTPError as error:
        if (found := _error_of(error.response, name, what)) is not None:
            raise found from None
    except requests.exceptions.SSLError as error:
        if "CERTIFICATE" not in str(error):
            raise RefusedError(
                f"{name}: speaks no HTTPS that can be used; check the address and its port"
            ) from None
        why = re.search(r"verify failed: ([^.(]+)", str(error))
        reason = f" ({why[1].strip()})" if why else ""
        raise RefusedError(
            f"{name}: its certificate cannot be verified{reason}; name that of its authority with "
            "--ca-file"
        ) from None
    except (requests.JSONDecodeError, requests.exceptions.ContentDecodingError) as error:
        reason = _A_PAGE if str(error) == _A_PAGE else type(error).__name__
        raise UnreachableError(  # a page of a proxy may be gone later
            f"{name}: its answer for {what} is not DICOMweb ({reason}); check the address"
        ) from None
    except requests.RequestException as error:
        raise UnreachableError(f"{name}: cannot be reached ({type(error).__name__})") from None
    except OSError as error:
        if error.errno is not None:  # of this machine, such as a full disk
            raise
        raise RefusedError(f"{name}: cannot be asked ({error})") from None  # of a setting
    except Exception as error:  # whatever the parsers raise for an odd answer
        raise RefusedError(
            f"{name}: its answer for {what} is not DICOMweb ({type(error).__name__})"
        ) from None


def _only_part(kind: str, content: bytes) -> bytes:
    """The object in an answer of the type `kind`; raises `ValueError` if there is none."""
    header = Message()
    header["Content-Type"] = kind
    edge = str(header.get_param("boundary", "")).encode()
    if header.get_content_maintype() == "multipart" and edge:
        content = content.partition(b"\r\n\r\n")[2].partition(b"\r\n--" + edge)[0]
    elif header.get_content_type() != "application/dicom":
        raise ValueError("the type of the answer")
    if not content:
        raise ValueError("an empty answer")
    return content


def _uid(content: bytes) -> str:
    """The UID of a DICOM file; empty where it cannot be read, which segmenting it will tell."""
    from pydicom import dcmread

    try:
        with quiet():
            found = dcmread(BytesIO(content), stop_before_pixels=True, force=True)
            return str(found.get("SOPInstanceUID", ""))
    except Exception:  # of a damaged header, of many kinds
        return ""


def _error_of(response: Any, name: str, what: str) -> PanodentError | None:
    """The error for an answer that is one; None if the archive has the object already."""
    status = int(response.status_code)
    if status == 401:
        return UnreachableError(f"{name}: does not accept the login, or needs one (HTTP 401)")
    if status in _TRANSIENT:
        return UnreachableError(f"{name}: cannot answer now (HTTP {status})")
    if status == 409 and (reasons := _reasons(response)):
        return _not_stored(reasons, name)
    return RefusedError(f"{name}: refused {what} (HTTP {status})")


def _reasons(response: Any) -> list[int]:
    """Reasons of a failed STOW; none if the answer does not have them as JSON."""
    try:
        items = response.json()["00081198"]["Value"]
        return [int(item["00081197"]["Value"][0]) for item in items]
    except (ValueError, KeyError, TypeError, IndexError):
        return []


def _not_stored(reasons: Sequence[int], name: str) -> PanodentError | None:
    """The error for the reasons why a result was not stored; None if the archive has it already."""
    if any(code in _OUT_OF_RESOURCES for code in reasons):
        return UnreachableError(f"{name}: is out of resources")
    codes = ", ".join(f"{code:#06x}" for code in reasons if code != _DUPLICATE)
    return RefusedError(f"{name}: refused a result (reason {codes})") if codes else None


def _instance(found: dict[str, Any]) -> ArchivedObject | None:
    """The UIDs in an entry of an answer; None if one is missing."""
    try:
        study, series, uid = (
            str(found[tag]["Value"][0]) for tag in ("0020000D", "0020000E", "00080018")
        )
    except (KeyError, IndexError, TypeError):
        return None
    return ArchivedObject(study, series, uid)
