"""Two hundred uploads that mean no good: refused with 4xx, in bounded memory, and life goes on."""

from __future__ import annotations

import io
import random
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from panodent.phantom import draw

MEMORY = 500 << 20
"""Bytes that service and two workers may take at most beyond what they hold when idle."""


# --- files -------------------------------------------------------------------------------------


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width: int, height: int, *chunks: bytes) -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IEND", b"")


def packed(count: int, packer: Any, head: bytes = b"") -> bytes:
    """`head` and that many zeros: one block of a mebibyte, repeated."""
    begin = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    return begin + block * (count >> 20) + packer.flush()


def zeros(count: int) -> bytes:
    return packed(count, zlib.compressobj(9))


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def pictures(dicom: bytes) -> dict[str, bytes]:
    """The same phantom in each kind of file."""
    radiograph, _ = draw(5, (256, 512))
    image = Image.fromarray((radiograph.pixels * 255).round().astype(np.uint8))
    return {
        "png": saved(image, "PNG"),
        "jpg": saved(image, "JPEG"),
        "tif": saved(image, "TIFF", compression="tiff_adobe_deflate"),
        "bmp": saved(image, "BMP"),
        "webp": saved(image, "WEBP", lossless=True),
        "dcm": dicom,
        "deflated.dcm": as_dicom(dicom, deflated=True),
    }


def as_dicom(dicom: bytes, deflated: bool = False, **changes: Any) -> bytes:
    pydicom = pytest.importorskip("pydicom")
    found = pydicom.dcmread(io.BytesIO(dicom))
    for name, value in changes.items():
        setattr(found, name, value)
    if deflated:
        found.file_meta.TransferSyntaxUID = pydicom.uid.DeflatedExplicitVRLittleEndian
    stream = io.BytesIO()
    found.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def deflate_bomb(dicom: bytes) -> bytes:
    """A deflated DICOM file whose data swell to a gigabyte."""
    whole = as_dicom(dicom, deflated=True)
    start = 144 + struct.unpack("<I", whole[140:144])[0]
    head = b"\x09\x00\x10\x00OB\0\0" + struct.pack("<I", 1 << 30)
    return whole[:start] + packed(1 << 30, zlib.compressobj(9, wbits=-zlib.MAX_WBITS), head)


def truncated(kinds: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    for kind, content in kinds.items():
        for share in (0.01, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.96):
            yield f"cut.{kind}", content[: int(len(content) * share)]


def bombs(dicom: bytes) -> Iterator[tuple[str, bytes]]:
    line = zeros(1 << 24)
    for side in (10_000, 30_000, 65_535, 2**31 - 1):
        yield "declared.png", png_of(side, side, chunk(b"IDAT", line))
    yield "swelling.png", png_of(2001, 2001, chunk(b"IDAT", zeros(1 << 29)))
    for kind, key in ((b"zTXt", b"a\0\0"), (b"iCCP", b"a\0\0"), (b"iTXt", b"a\0\1\0\0\0")):
        yield "text.png", png_of(5000, 5000, chunk(kind, key + zeros(1 << 28)))
    yield "chunks.png", png_of(5000, 5000, *(chunk(b"tEXt", b"a\0b") for _ in range(50_000)))
    flat = Image.new("L", (9000, 9000))
    yield "flat.png", saved(flat, "PNG")
    yield "flat.tif", saved(flat, "TIFF", compression="tiff_lzw")
    yield "flat.jpg", saved(flat, "JPEG")
    yield "flat.webp", saved(flat, "WEBP", lossless=True)
    frames = [Image.new("L", (64, 64), n) for n in range(200)]
    for kind in ("TIFF", "PNG", "WEBP"):
        name = f"frames.{kind.lower()}"
        yield name, saved(frames[0], kind, save_all=True, append_images=frames[1:])
    tiff = bytearray(saved(Image.new("L", (64, 64)), "TIFF"))
    start = struct.unpack_from("<I", tiff, 4)[0]
    count = struct.unpack_from("<H", tiff, start)[0]
    for entry in range(count):
        big = bytearray(tiff)
        struct.pack_into("<I", big, start + 2 + 12 * entry + 4, 0x7FFFFFFF)  # a count of values
        yield "counts.tif", bytes(big)
        struct.pack_into("<I", big, start + 2 + 12 * entry + 8, 0x7FFFFFFF)  # a value, or its place
        yield "values.tif", bytes(big)
    struct.pack_into("<I", tiff, start + 2 + 12 * count, start)
    yield "circle.tif", bytes(tiff)
    jpeg = bytearray(saved(Image.new("L", (64, 64)), "JPEG"))
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = b"\xff\xff\xff\xff"
    yield "declared.jpg", bytes(jpeg)
    yield "declared.bmp", b"BM" + struct.pack("<IIIIiiHH", 100, 0, 54, 40, 2**31 - 1, 9, 1, 8)
    yield "deflate.dcm", deflate_bomb(dicom)
    yield "rows.dcm", as_dicom(dicom, Rows=65_535, Columns=65_535)
    yield "frames.dcm", as_dicom(dicom, NumberOfFrames=2_000_000)
    yield "bits.dcm", as_dicom(dicom, BitsAllocated=64, BitsStored=64, HighBit=63)
    yield "samples.dcm", as_dicom(dicom, SamplesPerPixel=60_000)
    yield "small.dcm", as_dicom(dicom, PixelData=b"\0\0")
    mark = b"\xe0\x7f\x10\x00OW\0\0"
    yield "length.dcm", dicom.replace(mark, mark + b"\xfe\xff\xff\xff")


def strangers(kinds: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """What is not a radiograph, or something else at the same time."""
    page = b"<!DOCTYPE html><script>alert(1)</script>"
    heads = {
        "page.png": page,
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "paper.pdf": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript>>>>endobj",
        "picture.gif": saved(Image.new("L", (64, 64)), "GIF"),
        "archive.zip": b"PK\x03\x04" + bytes(99),
        "program.exe": b"MZ" + bytes(999),
        "program": b"\x7fELF" + bytes(999),
        "shell.png": b"#!/bin/sh\nrm -rf /\n",
        "entities.xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "packed.png": zlib.compress(kinds["png"]),
        "zeros.png": bytes(100_000),
        "zeros.dcm": bytes(128) + b"DICM" + bytes(1000),
        "only.dcm": bytes(128) + b"DICM",
        "one.png": b"\x89",
        "script.eps": b"%!PS-Adobe-3.0 EPSF-3.0\n(r) file run",
        "icon.ico": saved(Image.new("L", (64, 64)), "ICO"),
        "an-archive-called.dcm": b"\x1f\x8b\x08" + kinds["png"],
        "mask.png": saved(Image.fromarray(np.eye(64, dtype=np.uint8)), "PNG"),
        "blank.png": saved(Image.new("L", (640, 320), 9), "PNG"),
        "tiny.png": saved(Image.new("L", (3, 3)), "PNG"),
        "line.png": saved(Image.new("L", (100_000, 1)), "PNG"),
    }
    yield from heads.items()
    for name, head in list(heads.items())[:9]:
        yield f"{name}.png", head + kinds["png"]  # the picture does not start the file


def mutated(kinds: dict[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Sound files with bytes changed: some are still read, which is as well."""
    chance = random.Random(7)
    for kind, content in kinds.items():
        for _ in range(8):
            data = bytearray(content)
            for _ in range(chance.choice((1, 5, 50))):
                data[chance.randrange(min(len(data), chance.choice((200, len(data)))))] = (
                    chance.randrange(256)
                )
            yield f"changed.{kind}", bytes(data)


NAMES = (
    "../../../../tmp/hostile.png", "/etc/hostile.png", "..\\..\\x.png", "...", "CON.png", ".png",
    "C:\\Windows\\System32\\x.png", "file:///etc/passwd", "\\\\host\\share\\x.png", "*?.png",
    "a\0.png", "a\r\nSet-Cookie: x=1.png", "a\x1b[31m.png", "x" * 3000 + ".png", "~/.ssh/x.png",
    "歯\u202e\u0000.png", "%2e%2e%2f%2e%2e%2fx.png", "$(touch x).png", "`id`.png", " .png ",
    "'; DROP TABLE study; --.png", "<img src=x onerror=alert(1)>.png", "{{7*7}}.png", "%s%n.png",
    "x.png/../../y", "-rf.png", "x.png\u2028y.png", "\U0001f9b7.png", "e\u0301" * 60 + ".png",
)  # fmt: skip


@pytest.fixture(scope="module")
def server(serve):
    """A service of its own: its files are compared, and no other test's results come meanwhile."""
    running = serve("--workers", "2", "--max-mib", "4", "--max-pixels", "4000000")
    yield running
    running.stop()


@pytest.fixture(scope="module")
def hostile(dicom: bytes) -> list[tuple[str, bytes, bool]]:
    """(name, content, whether it must be refused)."""
    kinds = pictures(dicom)
    listed = [(name, content, True) for name, content in truncated(kinds)]
    listed += [(name, content, True) for name, content in bombs(dicom)]
    listed += [(name, content, True) for name, content in strangers(kinds)]
    listed += [(name, content, False) for name, content in mutated(kinds)]
    listed += [(name, kinds["png"][:3000], True) for name in NAMES]
    return listed


def test_two_hundred_hostile_files_are_refused_and_the_next_radiograph_is_read(
    server, hostile, png
):
    assert len(hostile) >= 200
    right = server.post("/v1/predict", png).json()
    idle, before = server.resident(), set(server.store.rglob("*"))
    with server.watched() as peak, ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda case: server.post("/v1/predict", case[1], case[0]), hostile))
    seen = Counter(answer.status_code for answer in answers)
    wrong = [
        (name, answer.status_code, answer.text[:200])
        for (name, _, must), answer in zip(hostile, answers, strict=True)
        if not (400 <= answer.status_code < 500 or (answer.status_code == 200 and not must))
    ]
    assert wrong == [], seen
    for answer in answers:
        if answer.status_code != 200:
            assert answer.headers["content-type"] == "application/problem+json"
            assert str(server.store) not in answer.text
            assert not re.search(r"[\x00-\x1f\x7f]", answer.json()["detail"])
    print(f"{len(hostile)} files: {dict(seen)}, {(peak.most - idle) >> 20} MiB more than idle")
    assert peak.most - idle < MEMORY
    assert set(server.store.rglob("*")) == before
    assert server.post("/v1/predict", png).json() == right
    assert server.get("/readyz").status_code == 200
    assert "Traceback" not in server.log.read_text()


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_and_never_a_place(server, png, name):
    made = server.post("/v1/studies", png, name).json()
    shown = made["name"]
    assert shown.isprintable()
    assert len(shown) <= 120
    assert not set(shown) & set('/\\<>:"|?*')
    folder = server.store / "files" / made["id"]
    assert {file.name for file in folder.iterdir()} <= {"original.png", "original", "image.png"}
    requests.delete(f"{server.url}/v1/studies/{made['id']}", timeout=60)
