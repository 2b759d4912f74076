"""DICOM files that are damaged or malicious: one clear line each, and the batch goes on.

Memory and time are bounded by what the pixels need, not by what the files claim.
"""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import phantom
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import read, read_size

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

from panodent.phantom.dicom import to_dicom  # noqa: E402

RADIOGRAPH = phantom.draw(1, (256, 512))[0]
UNDEFINED = 0xFFFFFFFF
NAME = "Doe^Jane"


# --- tools ---------------------------------------------------------------------------------------


def plain(**changes: Any) -> Any:
    """A sound data set, with these elements set, or deleted where None."""
    made = to_dicom(RADIOGRAPH, 5)
    made.PatientName = NAME
    for name, value in changes.items():
        if value is None:
            delattr(made, name)
        else:
            setattr(made, name, value)
    return made


def content(dataset: Any) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def eight_bits(dataset: Any) -> Any:
    values = (dataset.pixel_array >> 4).astype(np.uint8)
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


def encapsulated(dataset: Any, frame: bytes, syntax: str) -> bytes:
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    return content(dataset)


def picture(kind: str, width: int = 512, height: int = 256) -> bytes:
    from PIL import Image

    stream = io.BytesIO()
    Image.new("L", (width, height)).save(stream, kind)
    return stream.getvalue()


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """An element in explicit VR, whatever length it claims."""
    count = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF) + vr
    long = vr in (b"OB", b"OW", b"SQ", b"UN")
    return head + (struct.pack("<HI", 0, count) if long else struct.pack("<H", count)) + value


def before_patient(inserted: bytes) -> bytes:
    """The sound file with further bytes in front of the patient's elements."""
    data = content(plain())
    at = data.index(b"\x10\x00\x10\x00PN")
    return data[:at] + inserted + data[at:]


def replaced(tag: int, vr: bytes, value: bytes) -> bytes:
    """The sound file with a short element replaced by this one."""
    data = content(plain())
    at = data.index(struct.pack("<HH", tag >> 16, tag & 0xFFFF))
    end = at + 8 + int.from_bytes(data[at + 6 : at + 8], "little")
    return data[:at] + element(tag, vr, value) + data[end:]


def pixel_length(length: int) -> bytes:
    data = content(plain())
    at = data.index(b"\xe0\x7f\x10\x00OW")
    return data[: at + 8] + struct.pack("<I", length) + data[at + 12 :]


def deflate_bomb() -> bytes:
    """Four megabytes that swell to four gigabytes."""
    dataset = plain()
    dataset.file_meta.TransferSyntaxUID = uid.DeflatedExplicitVRLittleEndian
    data = content(dataset)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = squeeze.compress(bytes(1 << 24)) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return data[: 144 + int.from_bytes(data[140:144], "little")] + block * 256


def run_length_bomb() -> bytes:
    """Sixteen megabytes that unpack to a gigabyte."""
    segment = b"\x81\x00" * (4 << 20)
    head = struct.pack("<16I", 2, 64, 64 + len(segment), *[0] * 13)
    return encapsulated(plain(), head + 2 * segment, uid.RLELossless)


def jpeg2000_of_many_samples() -> bytes:
    size = struct.pack(">HIIIIIIIIH", 0, 512, 256, 0, 0, 512, 256, 0, 0, 16384)
    size += b"\x07\x01\x01" * 16384
    frame = b"\xff\x4f\xff\x51" + struct.pack(">H", 2 + len(size)) + size
    return encapsulated(plain(), frame, uid.JPEG2000Lossless)


def offset_table(offset: int) -> bytes:
    data = encapsulated(eight_bits(plain()), picture("JPEG"), uid.JPEGBaseline8Bit)
    at = data.index(b"\xfe\xff\x00\xe0", data.index(b"\xe0\x7f\x10\x00")) + 4
    old = int.from_bytes(data[at : at + 4], "little")
    return data[:at] + struct.pack("<II", 4, offset) + data[at + 4 + old :]


def nested(depth: int) -> bytes:
    begin = element(0x00091001, b"SQ", b"", UNDEFINED) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, UNDEFINED
    )
    end = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    return before_patient(begin * depth + end * depth)


def many_elements() -> bytes:
    tags = (0x00090000 + 0x20000 * (i >> 16) + (i & 0xFFFF) for i in range(500_000))
    return before_patient(b"".join(element(tag, b"LO", b"") for tag in tags))


def frames_as_text() -> bytes:
    data, samples = content(plain()), b"\x28\x00\x02\x00US"
    return data.replace(samples, element(0x00280008, b"IS", NAME.encode()) + samples, 1)


def modality_lut(**parts: Any) -> bytes:
    item = Dataset()
    for name, value in parts.items():
        setattr(item, name, value)
        item[name].VR = "OW" if name == "LUTData" else "US"
    changes = {"RescaleSlope": None, "RescaleIntercept": None}
    return content(plain(ModalityLUTSequence=Sequence([item]), **changes))


# --- the thirty ----------------------------------------------------------------------------------

DAMAGED: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is empty"),
    "cut in the preamble": (lambda: content(plain())[:100], "not its content"),
    "cut in the meta group": (lambda: content(plain())[:200], "it has no Rows"),
    "cut in the pixels": (lambda: content(plain())[:-100_001], "ends within its pixels"),
    # Half of the bytes of 16-bit pixels are as many as 8-bit pixels would have.
    "cut in half of the pixels": (lambda: content(plain())[: -256 * 512], "ends within its pixels"),
    "an archive": (lambda: b"\x1f\x8b\x08" + bytes(500), "a gzip archive; unpack it"),
    "garbage": (lambda: b"garbage" * 1000, "starts with 'garbageg'"),
    "ones after the mark": (lambda: content(plain())[:132] + b"\xff" * 5000, "it has no Rows"),
    "pixel length too short": (lambda: pixel_length(1001), "pixel data have .* bytes; .* need"),
    "no rows": (lambda: content(plain(Rows=None)), "it has no Rows"),
    "absurd rows": (lambda: content(plain(Rows=65535)), "pixel data have .* bytes; .* need"),
    "absurd sides": (lambda: content(plain(Rows=65535, Columns=65535)), "4294.8 megapixels"),
    "zero rows": (lambda: content(plain(Rows=0)), "0 x 512 pixels is too small"),
    "rows as text": (lambda: replaced(0x00280010, b"LO", NAME.encode()), "damaged"),
    "no bits": (lambda: content(plain(BitsAllocated=None)), "it has no BitsAllocated"),
    "32 bits": (
        lambda: content(plain(BitsAllocated=32, BitsStored=32)),
        "pixel data have .* bytes; .* need",
    ),
    "65535 samples": (lambda: content(plain(SamplesPerPixel=65535)), "65535 samples"),
    "no pixels": (lambda: content(plain(PixelData=None)), "contains no pixel data"),
    "frames as text": (frames_as_text, "number of frames is not a number"),
    "deflate bomb": (deflate_bomb, "inflate beyond 64 MB"),
    "run-length bomb": (run_length_bomb, "unpacks to more than 131072 bytes"),
    "JPEG larger than its header": (
        lambda: encapsulated(
            eight_bits(plain()), picture("JPEG", 5000, 4000), uid.JPEGBaseline8Bit
        ),
        "picture is 4000 x 5000 .* says 256 x 512",
    ),
    "JPEG 2000 of 16384 samples": (jpeg2000_of_many_samples, "of 16384 samples"),
    "JPEG cut off": (
        lambda: encapsulated(eight_bits(plain()), picture("JPEG"), uid.JPEGBaseline8Bit)[:-600],
        "ends within its pixels",
    ),
    "private value of two gigabytes": (
        lambda: before_patient(element(0x00091001, b"UN", b"junk" * 9, 0x7FFFFFF0)),
        "it has no Rows",
    ),
    "20,000 nested sequences": (lambda: nested(20_000), "nested too deeply"),
    "half a million private elements": (many_elements, "has more than 20000 elements"),
}


def test_there_are_many() -> None:
    assert len(DAMAGED) == 27


@pytest.mark.parametrize("what", DAMAGED)
def test_each_is_refused_in_one_clear_line(tmp_path: Path, what: str) -> None:
    make, expected = DAMAGED[what]
    file = tmp_path / "opg.dcm"
    file.write_bytes(make())
    with pytest.raises(RadiographError, match=expected) as refused:
        read(file)
    said = str(refused.value)
    assert said.startswith(f"{file}: ")
    assert "\n" not in said
    assert NAME not in said


BATCH = """
import json, resource, sys, time
from panodent.inference.folder import predict_files
from panodent.bundle.bundle import load

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

folder, good, out = sys.argv[1:]
bundle = load(threads=1)
predict_files([good], out + "/first", bundle=bundle, workers=1)
before, times = peak(), [time.process_time()]
done = predict_files(
    [folder], out + "/all", bundle=bundle, workers=1,
    report=lambda *_: times.append(time.process_time()),
)
slowest = max(b - a for a, b in zip(times, times[1:]))
print(json.dumps({
    "megabytes": peak() - before, "slowest_cpu_seconds": slowest,
    "status": {s.file: s.status for s in done}, "error": [s.error for s in done],
}))
"""


def test_a_batch_of_them_is_bounded_and_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number, (make, _) in enumerate(DAMAGED.values()):
        (folder / f"{number:02}.dcm").write_bytes(make())
    with (folder / "30.dcm").open("wb") as sparse:  # a maker's raw data, or nothing at all
        sparse.write(before_patient(element(0x00091001, b"UN", b"", 0x18000000)))
        sparse.truncate(0x18010000)
    sound = content(plain())
    (folder / "99.dcm").write_bytes(sound)
    (tmp_path / "good.dcm").write_bytes(sound)
    ran = subprocess.run(
        [sys.executable, "-c", BATCH, str(folder), str(tmp_path / "good.dcm"), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(ran.stdout)
    status = {Path(name).stem: what for name, what in found["status"].items()}
    assert status.pop("99") == "done"
    assert len(status) == 28
    assert "done" not in status.values()
    assert found["megabytes"] < 100
    assert found["slowest_cpu_seconds"] < 5
    assert NAME not in ran.stdout + ran.stderr
    assert not any(NAME in p.read_text() for p in (tmp_path / "all").glob("run.json"))


# --- what is odd, and harmless ------------------------------------------------------------------

ODD: dict[str, Callable[[], bytes]] = {
    "length of the meta group": lambda: (
        content(plain())[:140] + b"\xff\xff\xff\x7f" + content(plain())[144:]
    ),
    "pixel length beyond the end": lambda: pixel_length(0x7FFFFFFF),
    "private junk": lambda: before_patient(
        element(0x00090010, b"LO", b"JUNK") + element(0x00091001, b"UN", bytes(range(256)) * 40_000)
    ),
    "more bits stored than kept": lambda: content(plain(BitsStored=32)),
    "unknown photometric": lambda: content(plain(PhotometricInterpretation="PLAID")),
    "unknown transfer syntax": lambda: content(plain()).replace(
        b"1.2.840.10008.1.2.1\0\x02", b"1.2.840.10008.9.9.9\0\x02"
    ),
    "rescale that is no number": lambda: replaced(0x00281053, b"DS", b"nan "),
    "rescale of nothing": lambda: replaced(0x00281053, b"DS", b"0 "),
    "modality LUT without data": lambda: modality_lut(LUTDescriptor=[4096, 0, 16], LUTData=b"ab"),
    "empty rescale": lambda: replaced(0x00281053, b"DS", b""),
    "orientation that is no orientation": lambda: replaced(0x00200020, b"CS", b"UP\\DOWN "),
    "spacing as text": lambda: replaced(0x00181164, b"DS", b"wide\\high "),
}


@pytest.mark.parametrize("what", ODD)
def test_what_leaves_the_pixels_whole_is_read(tmp_path: Path, what: str) -> None:
    file = tmp_path / "opg.dcm"
    file.write_bytes(ODD[what]())
    assert read_size(file) == RADIOGRAPH.size
    assert np.abs(read(file).pixels - RADIOGRAPH.pixels).max() < 1 / 4000


def test_an_offset_table_that_leads_astray_is_not_needed(tmp_path: Path) -> None:
    first, second = tmp_path / "a.dcm", tmp_path / "b.dcm"
    first.write_bytes(offset_table(0))
    second.write_bytes(offset_table(13))
    assert np.array_equal(read(first).pixels, read(second).pixels)


@pytest.mark.parametrize("what", ["no rows", "rows as text", "deflate bomb", "ones after the mark"])
def test_a_size_that_cannot_be_told_is_said(tmp_path: Path, what: str) -> None:
    file = tmp_path / "opg.dcm"
    file.write_bytes(DAMAGED[what][0]())
    with pytest.raises(RadiographError):
        read_size(file)
