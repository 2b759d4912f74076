"""Searching, fetching and storing by DICOMweb: certificates, and each kind of failure."""

from __future__ import annotations

import copy
import shutil
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pydicom = pytest.importorskip("pydicom", reason="needs the dicom extra")
pytest.importorskip("dicomweb_client", reason="needs the dicom extra")

from panodent.dicom_node import web_archive as module  # noqa: E402
from panodent.dicom_node.web_archive import ArchivedObject, WebArchive  # noqa: E402
from panodent.errors import ConfigError, RefusedError, UnreachableError  # noqa: E402

PX = [("Modality", "PX")]


def uids(dataset: Any) -> ArchivedObject:
    study, series = str(dataset.StudyInstanceUID), str(dataset.SeriesInstanceUID)
    return ArchivedObject(study, series, str(dataset.SOPInstanceUID))


def saved(dataset: Any, place: Path) -> Path:
    dataset.save_as(place, enforce_file_format=True)
    return place


@pytest.mark.parametrize("knows_offset", [True, False])
def test_a_search_goes_through_all_pages(
    web_archive: Callable[..., Any],
    phantoms: list[Any],
    monkeypatch: pytest.MonkeyPatch,
    knows_offset: bool,
) -> None:
    server = web_archive()
    server.knows_offset = knows_offset
    for dataset in phantoms:
        server.add(dataset)
    monkeypatch.setattr(module, "PAGE", 1)
    found = list(WebArchive(server.url).search([*PX, ("PatientID", phantoms[0].PatientID)]))
    assert found[0] == uids(phantoms[0])
    found = list(WebArchive(server.url).search(PX))
    assert found == [uids(dataset) for dataset in phantoms[: 2 if knows_offset else 1]]


def test_a_page_may_be_shorter_than_was_asked_for(
    web_archive: Callable[..., Any], phantoms: list[Any]
) -> None:
    server = web_archive()
    server.most = 1
    for dataset in phantoms:
        server.add(dataset)
    assert list(WebArchive(server.url).search(PX)) == [uids(dataset) for dataset in phantoms]


def test_what_is_behind_the_end_may_be_refused(
    web_archive: Callable[..., Any], phantoms: list[Any]
) -> None:
    server = web_archive()
    server.add(phantoms[0])
    server.answers["GET"] = [0, 404]
    assert list(WebArchive(server.url).search(PX)) == [uids(phantoms[0])]


@pytest.mark.parametrize(
    ("what", "kind", "content", "status", "error", "message"),
    [
        ("search", "text/html", b"<p>log in", 0, UnreachableError, "not DICOMweb (a web page)"),
        ("search", "application/json", b"{", 0, UnreachableError, "not DICOMweb (JSONDecodeError)"),
        ("search", "application/json", b"null", 0, RefusedError, "not DICOMweb (TypeError)"),
        ("search", "application/json", b"", 302, UnreachableError, "not DICOMweb (a web page)"),
        ("search", "application/json", b"", 507, UnreachableError, "cannot answer now (HTTP 507)"),
        ("fetch", "text/html", b"<p>log in", 0, UnreachableError, "not DICOMweb (a web page)"),
        ("fetch", "multipart/related; boundary=x", b"", 0, RefusedError, "not DICOMweb"),
        ("store", "text/html", b"<p>log in", 0, UnreachableError, "not DICOMweb (a web page)"),
        ("store", "application/dicom+json", b"null", 0, RefusedError, "not DICOMweb"),
        ("store", "application/dicom+xml", b"<a", 0, RefusedError, "not DICOMweb (ParseError)"),
        ("store", "application/dicom+json", b'{"00081198": {"vr": "SQ", "Value": [{}]}}', 0,
         RefusedError, "refused a result (reason 0x0000)"),
    ],
)  # fmt: skip
def test_odd_answers(
    web_archive: Callable[..., Any],
    phantoms: list[Any],
    tmp_path: Path,
    what: str,
    kind: str,
    content: bytes,
    status: int,
    error: type[Exception],
    message: str,
) -> None:
    server, file = web_archive(), tmp_path / "a.dcm"
    server.raw, server.answers = (kind, content), {"GET": [status], "POST": [status]}
    archive = WebArchive(server.url)
    saved(phantoms[0], file)
    calls: dict[str, Callable[[], Any]] = {
        "search": lambda: list(archive.search(PX)),
        "fetch": lambda: archive.fetch(uids(phantoms[0]), file),
        "store": lambda: archive.store(file),
    }
    with pytest.raises(error) as raised:
        calls[what]()
    assert message in str(raised.value)


def test_warnings_of_pydicom_are_not_shown(
    web_archive: Callable[..., Any],
    phantoms: list[Any],
    tmp_path: Path,
    recwarn: pytest.WarningsRecorder,
) -> None:
    """They quote values of the header."""
    server, odd = web_archive(), copy.deepcopy(phantoms[0])
    odd.SpecificCharacterSet = "JANE DOE"
    file = saved(odd, tmp_path / "a.dcm")
    server.raw = ("application/dicom", file.read_bytes())
    recwarn.clear()
    warnings.simplefilter("always")
    archive = WebArchive(server.url)
    archive.fetch(uids(odd), tmp_path / "b.dcm")
    server.raw = ("application/dicom+json", b"{}")
    archive.store(tmp_path / "b.dcm")
    assert [str(warning.message) for warning in recwarn] == []


def test_another_object_than_was_asked_for_is_refused(
    web_archive: Callable[..., Any], phantoms: list[Any], tmp_path: Path
) -> None:
    server = web_archive()
    server.objects[str(phantoms[1].SOPInstanceUID)] = phantoms[0]
    with pytest.raises(RefusedError, match="another object than it was asked for"):
        WebArchive(server.url).fetch(uids(phantoms[1]), tmp_path / "a.dcm")


def test_objects_are_fetched_and_stored_unchanged(
    web_archive: Callable[..., Any], phantoms: list[Any], tmp_path: Path
) -> None:
    server = web_archive()
    archive = WebArchive(server.url + "/")
    archive.store(saved(phantoms[0], tmp_path / "a.dcm"))
    archive.fetch(uids(phantoms[0]), tmp_path / "b.dcm")
    assert (tmp_path / "a.dcm").read_bytes() == (tmp_path / "b.dcm").read_bytes()
    with pytest.raises(RefusedError, match="refused an object \\(HTTP 404\\)"):
        archive.fetch(uids(phantoms[1]), tmp_path / "c.dcm")


def test_what_breaks_rules_of_dicom_is_fetched_as_it_is(
    web_archive: Callable[..., Any], tmp_path: Path
) -> None:
    class Stored:
        def save_as(self, stream: Any, **_: object) -> None:
            stream.write(b"no preamble\r\n\r\nand no meta group\r\n")

    server = web_archive()
    server.objects["1/2"] = server.objects["1%2F2"] = Stored()
    WebArchive(server.url).fetch(ArchivedObject("1", "2", "1/2"), tmp_path / "a.dcm")
    content = b"no preamble\r\n\r\nand no meta group\r\n"
    assert (tmp_path / "a.dcm").read_bytes() == content


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/html", b"a login page"),
        ("", b"anything"),
        ("application/dicom", b""),
        ("multipart/related; boundary=edge", b"--edge--"),
    ],
)
def test_answers_without_an_object(kind: str, content: bytes) -> None:
    with pytest.raises(ValueError, match="answer"):
        module._only_part(kind, content)
    assert module._only_part("application/dicom", b"DICM") == b"DICM"


def test_certificates_are_verified(
    web_archive: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("needs openssl to make a certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate),
        ],
        check=True,
        capture_output=True,
    )
    both = tmp_path / "both.pem"
    both.write_text(key.read_text() + certificate.read_text())
    server = web_archive(both)
    with pytest.raises(RefusedError, match=r"certificate cannot be verified \(self-signed"):
        list(WebArchive(server.url).search(PX))
    elsewhere = server.url.replace("localhost", "127.0.0.1")
    with pytest.raises(RefusedError, match=r"verified \(IP address mismatch, certificate is not"):
        list(WebArchive(elsewhere, None, certificate).search(PX))
    with pytest.raises(ConfigError, match="holds no certificate; expected the PEM form"):
        WebArchive(server.url, None, key)
    assert list(WebArchive(server.url, None, certificate).search(PX)) == []
    plain = web_archive()
    with pytest.raises(RefusedError, match="speaks no HTTPS that can be used"):
        list(WebArchive(plain.url.replace("http:", "HTTPS:")).search(PX))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/none.pem")
    with pytest.raises(RefusedError, match=r"cannot be asked \(.*/none\.pem"):
        list(WebArchive(server.url).search(PX))


@pytest.mark.parametrize(
    ("status", "reason", "error"),
    [
        (503, 0, UnreachableError),
        (409, 0xA700, UnreachableError),
        (409, 0x0110, RefusedError),
        (415, 0, RefusedError),
        (409, 0x0111, None),  # it is there already
        (0, 0xA701, UnreachableError),
        (0, 0xC000, RefusedError),
        (0, 0x0111, None),
    ],
)
def test_what_an_archive_does_not_store(
    web_archive: Callable[..., Any],
    phantoms: list[Any],
    tmp_path: Path,
    status: int,
    reason: int,
    error: type[Exception] | None,
) -> None:
    server = web_archive()
    server.answers["POST"], server.failure_reason = [status], reason
    archive, file = WebArchive(server.url), saved(phantoms[0], tmp_path / "a.dcm")
    if error is None:
        archive.store(file)
        return
    with pytest.raises(error, match=server.url.split("/")[2]) as raised:
        archive.store(file)
    assert "PHANTOM" not in str(raised.value)


def test_an_archive_that_is_not_there(free_port: Callable[[], int]) -> None:
    with pytest.raises(UnreachableError, match="cannot be reached"):
        list(WebArchive(f"http://127.0.0.1:{free_port()}/dicom-web").search(PX))


def test_a_connection_that_was_closed_meanwhile_is_made_again(
    web_archive: Callable[..., Any], phantoms: list[Any], tmp_path: Path
) -> None:
    server = web_archive()
    server.closes_after_answers = True
    archive, file = WebArchive(server.url), saved(phantoms[0], tmp_path / "a.dcm")
    for _ in range(3):
        archive.store(file)
    assert len(server.stored) == 3
