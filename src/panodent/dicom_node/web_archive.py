"""An archive with DICOMweb: QIDO-RS to search, WADO-RS to fetch, STOW-RS to store.

`dicomweb_client` makes and reads most messages; `panodent.dicom_node.web_session` logs in.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from panodent.dicom_node.web_session import A_PAGE, Credentials, check, session
from panodent.errors import (
    MissingExtraError,
    PanodentError,
    RefusedError,
    UnreachableError,
)
from panodent.radiograph.dicom_file import quiet

PAGE = 500
"""Instances asked for at a time."""
TIMEOUT = (10.0, 120.0)
"""Seconds to connect, and to wait for an answer."""
_ANY_SYNTAX = 'multipart/related; type="application/dicom"; transfer-syntax=*'
_TRANSIENT = (408, 429, 500, 502, 503, 504, 507)
"""Answers after which the same request may succeed later."""
_DUPLICATE = 0x0111
_OUT_OF_RESOURCES = range(0xA700, 0xA800)


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

    Raises `ConfigError` for an address that is not one, or that would send a login unencrypted;
    `MissingExtraError` without `dicomweb_client`.
    """

    def __init__(
        self, url: str, credentials: Credentials | None = None, ca_file: Path | None = None
    ) -> None:
        credentials = credentials or Credentials()
        check(url, credentials, ca_file)
        self.name = urlsplit(url).netloc.lower()
        try:
            from dicomweb_client import DICOMwebClient
        except ImportError as error:
            raise MissingExtraError("dicom", "DICOMweb", error.name or "") from None
        for logger in ("dicomweb_client", "retrying"):  # their messages have UIDs and tracebacks
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        self._url = urlsplit(url).geturl().rstrip("/")
        self._session = session(credentials, ca_file)
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
        reason = A_PAGE if str(error) == A_PAGE else type(error).__name__
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
    """The UID of a DICOM file; empty if it cannot be read: segmenting it gives the reason."""
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
