"""Logins and addresses of archives with DICOMweb."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomweb_client", reason="needs the dicom extra")

from panodent.dicom_node.web_archive import WebArchive
from panodent.dicom_node.web_session import Credentials
from panodent.errors import ConfigError, UnreachableError


@pytest.mark.parametrize(
    ("credentials", "header"),
    [
        (Credentials(token="abc.def"), "Bearer abc.def"),  # noqa: S106
        (Credentials(user="me", password="se:cret"), "Basic bWU6c2U6Y3JldA=="),  # noqa: S106
        (Credentials(user="é", password="ẃcret"), "Basic w6k64bqDY3JldA=="),  # noqa: S106 - UTF-8
    ],
)
def test_logins_are_sent(
    web_archive: Callable[..., Any], credentials: Credentials, header: str
) -> None:
    assert header.startswith("Bearer") or base64.b64decode(header[6:]).endswith(b"cret")
    server = web_archive()
    server.authorization = header
    assert list(WebArchive(server.url, credentials).search([("Modality", "PX")])) == []
    with pytest.raises(UnreachableError, match="does not accept the login"):
        list(WebArchive(server.url).search([("Modality", "PX")]))
    assert "cret" not in repr(credentials)
    assert "abc" not in repr(credentials)


@pytest.mark.parametrize(
    ("url", "login", "message"),
    [
        ("pacs.example/dicom-web", {}, "expected one such as"),
        ("ftp://pacs.example", {}, "expected one such as"),
        ("https://[::1", {}, "cannot be read; expected one such as"),
        ("https://pacs.example:99999", {}, "cannot be read; expected one such as"),
        ("https://pacs.example/a?b=c", {}, "expected one such as"),
        ("https://me:secret@pacs.example", {}, "must have no user and password"),
        ("http://pacs.example/x", {"token": "a"}, "would send the login unencrypted"),
    ],
)
def test_addresses_that_are_refused(url: str, login: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        WebArchive(url, Credentials(**login))
    with pytest.raises(ConfigError, match="no such file of certificates"):
        WebArchive("https://pacs.example", None, Path("none.pem"))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("token", "", "expected one line with a bearer token"),
        ("token", "a b", "expected one line with a bearer token"),
        ("token", "tök", "expected one line with a bearer token"),
        ("login", "me", "expected one line USER:PASSWORD"),
        ("login", ":x", "expected one line USER:PASSWORD"),
    ],
)
def test_files_of_logins(tmp_path: Path, kind: str, text: str, message: str) -> None:
    file = tmp_path / "secret"
    file.write_text(text)
    with pytest.raises(ConfigError, match=message):
        Credentials.read(*((file, None) if kind == "token" else (None, file)))
    file.write_text("me:pass:word\n", encoding="utf-8-sig")  # as editors of Windows save it
    assert Credentials.read(None, file) == Credentials(user="me", password="pass:word")  # noqa: S106
    assert not Credentials.read(None, None)
    with pytest.raises(ConfigError, match="not both"):
        Credentials.read(file, file)
    with pytest.raises(ConfigError, match="cannot be read"):
        Credentials.read(tmp_path / "none", None)
