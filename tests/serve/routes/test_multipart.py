from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from panodent.errors import DiskFullError
from panodent.serve.routes.multipart import receive
from panodent.serve.store.disk import Disk

TYPE = "multipart/form-data; boundary=xx"


def part(disposition: str, content: bytes = b"pixels", more: str = "") -> bytes:
    head = f"--xx\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode(
        "utf-8", "surrogateescape"
    )
    return head + content + b"\r\n"


def file(name: str = "a.png", content: bytes = b"pixels", field: str = "file") -> bytes:
    return part(f'form-data; name="{field}"; filename="{name}"', content)


END = b"--xx--\r\n"


def send(folder: Path, body: bytes, kind: str = TYPE, *, piece: int = 7, **options: Any) -> list:
    pieces = [body[at : at + piece] for at in range(0, len(body), piece)] or [b""]

    async def receive_piece() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        data = pieces.pop(0)
        more = bool(pieces) or options.get("cut", False)
        return {"type": "http.request", "body": data, "more_body": more}

    headers = [(b"content-type", kind.encode("latin-1"))]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive_piece)
    most, limit = options.get("most", 1), options.get("limit", 100)
    store = SimpleNamespace(files=folder, disk=options.get("disk", Disk(folder)))
    return asyncio.run(receive(request, "file", most, limit, store, True))  # type: ignore[arg-type]


@pytest.mark.parametrize("piece", [1, 7, 10_000])
def test_files_lie_where_we_say_and_not_where_they_say(tmp_path: Path, piece: int):
    body = part('form-data; name="note"', b"x" * 500) + file("../../etc/x.PNG") + END
    (upload,) = send(tmp_path, body, piece=piece)
    assert upload.name == "x.PNG"
    assert upload.file == tmp_path / upload.id / "original.png"
    assert upload.file.read_bytes() == b"pixels"
    assert upload.size == 6
    upload.remove()
    assert not list(tmp_path.iterdir())


def test_several_files_and_the_dashes_within_them_stay_apart(tmp_path: Path):
    contents = [b"--xx", b"\r\n--x", b"\r\n--xy\r\n", b"-" * 90]
    body = b"".join(file(f"{n}.dcm", content) for n, content in enumerate(contents)) + END
    found = send(tmp_path, body, most=4)
    assert [upload.file.read_bytes() for upload in found] == contents


def test_a_file_without_a_name_is_taken(tmp_path: Path):
    (upload,) = send(tmp_path, part('form-data; name="file"') + END)
    assert (upload.name, upload.suffix) == ("radiograph", "")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("/etc/passwd", "passwd"),
        ("C:\\\\Users\\\\x\\\\scan.png", "scan.png"),
        ("..", "radiograph"),
        ("a%00b.png", "a%00b.png"),
        ("a\0b.png", "ab.png"),
        ("歯.png", "歯.png"),
        ("\udcff.png", "\ufffd.png"),
        ("a" * 500 + ".png", "a" * 116 + ".png"),
        ("<script>.png", "_script_.png"),
        ("a\u202egnp.exe", "agnp.exe"),
    ],
)
def test_names_are_shown_and_nothing_else(tmp_path: Path, name: str, shown: str):
    (upload,) = send(tmp_path, file(name) + END)
    assert upload.name == shown
    assert upload.file.parent.parent == tmp_path


@pytest.mark.parametrize(
    ("body", "kind", "status", "said"),
    [
        (file() + END, "application/x-www-form-urlencoded", 415, "expected multipart"),
        (file() + END, "", 415, "expected multipart"),
        (file() + END, "multipart/form-data", 400, "no boundary"),
        (file() + END, 'multipart/form-data; boundary=""', 400, "no boundary"),
        (file() + END, "multipart/form-data; boundary=" + "b" * 400, 400, "damaged"),
        (file() + END, "multipart/form-data; boundary=other", 400, "damaged"),
        (b"nonsense", TYPE, 400, "damaged"),
        (b"", TYPE, 400, "before its last boundary"),
        (file(), TYPE, 400, "before its last boundary"),
        (file() + b"--xx", TYPE, 400, "before its last boundary"),
        (part('form-data; name="other"') + END, TYPE, 422, "no file named 'file'"),
        (part("nonsense") + END, TYPE, 422, "no file named 'file'"),
        (file() + file() + END, TYPE, 422, "more than 1 file"),
        (file(content=b"") + END, TYPE, 422, "is empty"),
        (file(content=b"x" * 101) + END, TYPE, 413, "larger than"),
        (part("form-data", more="X: " + "y" * 9000 + "\r\n") + END, TYPE, 400, "damaged"),
        (part('form-data; name="file"', more="X: y\r\n" * 99) + END, TYPE, 400, "damaged"),
        (part('form-data; name="no"', b"") * 1200 + END, TYPE, 422, "more than 1100 parts"),
    ],
)  # fmt: skip
def test_what_is_no_form_with_a_file_is_refused_and_leaves_nothing(
    tmp_path: Path, body: bytes, kind: str, status: int, said: str
):
    with pytest.raises(HTTPException, match=said) as caught:
        send(tmp_path, body, kind, piece=1000)
    assert caught.value.status_code == status
    assert not list(tmp_path.iterdir())


def test_a_client_that_goes_away_leaves_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(
        "panodent.serve.routes.multipart.WRITE_BYTES", 1
    )  # so that a file is there already
    with pytest.raises(ClientDisconnect):
        send(tmp_path, file(content=b"x" * 50), cut=True)
    assert not list(tmp_path.iterdir())


def test_a_file_is_refused_before_the_disk_is_full(tmp_path: Path):
    disk = Disk(tmp_path, 1)
    disk.reserve = disk.free * 2
    with pytest.raises(DiskFullError, match="are kept free; delete studies"):
        send(tmp_path, file() + END, disk=disk)
    # One that does not say how long it is, and then is too long for the disk.
    disk = SimpleNamespace(check=lambda size: Disk.check(nearly_full, size))
    nearly_full: Any = SimpleNamespace(reserve=50, free=100)
    with pytest.raises(DiskFullError):
        send(tmp_path, file(content=b"x" * 60) + END, disk=disk)
    assert not list(tmp_path.iterdir())
    assert send(tmp_path, file(content=b"x" * 40) + END, disk=disk)[0].size == 40
