"""A small DICOMweb archive in this process, which can be made to fail."""

from __future__ import annotations

import io
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest


class FakeArchive:
    """QIDO-RS, WADO-RS and STOW-RS of instances, in memory.

    `objects` are the stored files by SOP instance UID, `stored` counts how often each was stored
    by STOW. `authorization` is the header that must be sent. `answers` are status codes of the next
    requests of a method ('GET', 'POST'), 0 for the usual one. With `closes_after_answers` it closes
    connections without a word. A page of a search has `most` entries at most. `raw` is the kind and
    content of all answers, if not None.
    """

    def __init__(self, certificate: Path | None = None) -> None:
        self.objects: dict[str, Any] = {}
        self.stored: list[str] = []
        self.fetched: list[str] = []
        self.searched: list[dict[str, list[str]]] = []
        self.authorization = ""
        self.answers: dict[str, list[int]] = {"GET": [], "POST": []}
        self.failure_reason = 0
        self.knows_offset = True
        self.most = 1000
        self.raw: tuple[str, bytes] | None = None
        self.closes_after_answers = False
        archive = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                archive.answer(self, "GET")

            def do_POST(self) -> None:
                archive.answer(self, "POST")

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://localhost:{self.server.server_address[1]}/dicom-web"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def add(self, dataset: Any) -> None:
        self.objects[str(dataset.SOPInstanceUID)] = dataset

    def answer(self, request: Any, method: str) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        status = self.answers[method].pop(0) if self.answers[method] else 0
        if self.authorization and request.headers.get("Authorization") != self.authorization:
            status = 401
        parts = urlsplit(request.path)
        if self.raw:
            self.send(request, status or 200, *self.raw)
        elif status:
            failed = {"00081198": {"vr": "SQ", "Value": [self.failure()]}}
            self.send(request, status, "application/dicom+json", json.dumps(failed).encode())
        elif method == "POST":
            self.store(request, body)
        elif parts.path == "/dicom-web/instances":
            self.search(request, parse_qs(parts.query))
        else:
            self.fetch(request, parts.path.rpartition("/")[2])

    def failure(self) -> dict[str, Any]:
        return {"00081197": {"vr": "US", "Value": [self.failure_reason]}}

    def search(self, request: Any, query: dict[str, list[str]]) -> None:
        self.searched.append(query)
        limit, offset = (int(query.pop(name)[0]) for name in ("limit", "offset"))
        offset = offset if self.knows_offset else 0
        matching = [
            item
            for item in self.objects.values()
            if all(str(item.get(name, "")) == values[0] for name, values in query.items())
        ]
        found = [
            {
                "0020000D": {"vr": "UI", "Value": [str(item.StudyInstanceUID)]},
                "0020000E": {"vr": "UI", "Value": [str(item.SeriesInstanceUID)]},
                "00080018": {"vr": "UI", "Value": [str(item.SOPInstanceUID)]},
            }
            for item in matching[offset : offset + min(limit, self.most)]
        ]
        self.send(request, 200, "application/dicom+json", json.dumps(found).encode())

    def fetch(self, request: Any, uid: str) -> None:
        if uid not in self.objects:
            self.send(request, 404, "text/plain", b"")
            return
        self.fetched.append(uid)
        stream = io.BytesIO()
        self.objects[uid].save_as(stream, enforce_file_format=True)
        head = b"--edge\r\nContent-Type: application/dicom\r\n\r\n"
        kind = 'multipart/related; type="application/dicom"; boundary=edge'
        self.send(request, 200, kind, head + stream.getvalue() + b"\r\n--edge--\r\n")

    def store(self, request: Any, body: bytes) -> None:
        import pydicom

        edge = b"--" + request.headers.get_param("boundary").encode()
        for part in body.split(edge)[1:-1]:
            content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
            dataset = pydicom.dcmread(io.BytesIO(content))
            self.add(dataset)
            self.stored.append(str(dataset.SOPInstanceUID))
        done = {"00081198": {"vr": "SQ", "Value": [self.failure()]}} if self.failure_reason else {}
        self.send(request, 200, "application/dicom+json", json.dumps(done).encode())

    def send(self, request: Any, status: int, kind: str, body: bytes) -> None:
        request.send_response(status)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)
        if self.closes_after_answers:
            request.close_connection = True

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def web_archive() -> Iterator[Callable[..., FakeArchive]]:
    """Starts archives; a certificate makes one speak HTTPS."""
    running: list[FakeArchive] = []

    def begin(certificate: Path | None = None) -> FakeArchive:
        running.append(FakeArchive(certificate))
        return running[-1]

    yield begin
    for archive in running:
        archive.close()


@pytest.fixture(scope="session")
def phantoms() -> list[Any]:
    """Two DICOM phantoms of (128, 256)."""
    pytest.importorskip("pydicom", reason="needs the dicom extra")
    from panodent import phantom
    from panodent.phantom.dicom import to_dicom

    return [to_dicom(phantom.draw(seed, (128, 256))[0], seed) for seed in (1, 2)]
