"""Raster files of every kind become the same grey pixels, and bad ones an error that names them."""

from __future__ import annotations

import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from panodent.errors import RadiographError
from panodent.radiograph import raster
from panodent.radiograph.radiograph import Radiograph, read, read_size

SIZE = (40, 60)
LUMA = np.array([0.299, 0.587, 0.114])
ROWS, COLS = np.mgrid[: SIZE[0], : SIZE[1]]
GREY = (60 + ROWS * 2 + COLS).astype(np.uint8)
"""(40, 60), another value in each corner; smooth, so that lossy formats keep it."""
DEEP = (GREY.astype(np.uint16) << 8) + COLS.astype(np.uint16)
COLOUR = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
ALPHA = np.where(COLS < 30, 255, 0).astype(np.uint8)

# How a stored picture is turned for display (EXIF tag 274).
TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    1: lambda image: image,
    2: np.fliplr,
    3: lambda image: np.rot90(image, 2),
    4: np.flipud,
    5: lambda image: image.swapaxes(0, 1),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: np.rot90(image, 2).swapaxes(0, 1),
    8: np.rot90,
}
BACK = {**TURNS, 6: TURNS[8], 8: TURNS[6]}


def png(
    width: int, height: int, bits: int, kind: int, rows: bytes, exif: bytes | None = None
) -> bytes:
    """A PNG by hand, for what Pillow does not write; `rows` begin with their filter byte."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    extra = chunk(b"eXIf", exif) if exif else b""
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + extra
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


def deep_png(image: np.ndarray, exif: bytes | None = None) -> bytes:
    """A 16-bit PNG of one to four channels."""
    planes = image if image.ndim == 3 else image[..., None]
    height, width, channels = planes.shape
    rows = planes.astype(">u2").reshape(height, -1).view(np.uint8)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    return png(width, height, 16, kind, np.pad(rows, ((0, 0), (1, 0))).tobytes(), exif)


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[274] = orientation
    return exif


def assert_reads(file: Path, expected: np.ndarray, tolerance: float = 1e-4) -> Radiograph:
    """`expected` in 0 to 1."""
    radiograph = read(file)
    assert radiograph.pixels.dtype == np.float32
    assert radiograph.size == expected.shape
    assert radiograph.pixels.flags["C_CONTIGUOUS"]
    assert radiograph.source == file
    assert np.abs(radiograph.pixels - expected).max() <= tolerance
    return radiograph


# --- good files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options", "tolerance"),
    [
        ("x.png", {}, 1e-6),
        ("x.tif", {}, 1e-6),
        ("x.tiff", {"compression": "tiff_lzw"}, 1e-6),
        ("x.bmp", {}, 1e-6),
        ("x.webp", {"lossless": True}, 1e-6),
        ("x.jpg", {"quality": 95}, 0.015),
        ("x.jpeg", {"quality": 95, "progressive": True}, 0.015),
        ("x.webp", {"quality": 95}, 0.03),
        ("NO_SUFFIX", {"format": "PNG"}, 1e-6),
        ("wrong.jpg", {"format": "PNG"}, 1e-6),
    ],
)
@pytest.mark.parametrize("image", [GREY, COLOUR], ids=["grey", "colour"])
def test_eight_bits(
    tmp_path: Path, image: np.ndarray, name: str, options: dict[str, object], tolerance: float
) -> None:
    Image.fromarray(image).save(tmp_path / name, **options)
    expected = image / 255 if image.ndim == 2 else image @ LUMA / 255
    assert_reads(tmp_path / name, expected, max(tolerance, 1e-5) * (1 if image.ndim == 2 else 2))


@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_sixteen_bits(tmp_path: Path, name: str) -> None:
    Image.fromarray(DEEP).save(tmp_path / name)
    assert_reads(tmp_path / name, DEEP / 65535, 1e-6)
    # The range follows from the bits in use: most devices give 12.
    Image.fromarray(DEEP >> 4).save(tmp_path / name)
    radiograph = assert_reads(tmp_path / name, (DEEP >> 4) / 4095, 1e-6)
    assert radiograph.notes == ("12 of 16 bits in use",)


def test_sixteen_bit_colour_keeps_its_bits(tmp_path: Path) -> None:
    colour = np.dstack([DEEP, DEEP[::-1], DEEP[:, ::-1]])
    (tmp_path / "x.png").write_bytes(deep_png(colour))
    tifffile.imwrite(tmp_path / "x.tif", colour, photometric="rgb")
    for name in ("x.png", "x.tif"):
        assert_reads(tmp_path / name, colour @ LUMA / 65535, 1e-6)
        assert len(np.unique(read(tmp_path / name).pixels)) > 256


def test_transparent_pixels_are_dark(tmp_path: Path) -> None:
    Image.fromarray(np.dstack([GREY, ALPHA])).save(tmp_path / "la.png")
    Image.fromarray(np.dstack([COLOUR, ALPHA])).save(tmp_path / "rgba.png")
    Image.fromarray(np.dstack([COLOUR, ALPHA])).save(tmp_path / "rgba.tif")
    deep_alpha = ALPHA.astype(np.uint16) * 257
    (tmp_path / "la16.png").write_bytes(deep_png(np.dstack([DEEP, deep_alpha])))
    (tmp_path / "rgba16.png").write_bytes(deep_png(np.dstack([DEEP, DEEP, DEEP, deep_alpha])))
    assert_reads(tmp_path / "la.png", GREY / 255 * (ALPHA > 0))
    assert_reads(tmp_path / "rgba.png", COLOUR @ LUMA / 255 * (ALPHA > 0))
    assert_reads(tmp_path / "rgba.tif", COLOUR @ LUMA / 255 * (ALPHA > 0))
    assert_reads(tmp_path / "la16.png", DEEP / 65535 * (ALPHA > 0))
    assert_reads(tmp_path / "rgba16.png", DEEP / 65535 * (ALPHA > 0))


@pytest.mark.parametrize("name", ["x.png", "x.tif", "x.bmp"])
def test_palettes_are_looked_up(tmp_path: Path, name: str) -> None:
    picture = Image.fromarray(GREY)
    picture.putpalette(np.repeat(255 - np.arange(256), 3).astype(np.uint8).tobytes())
    assert picture.mode == "P"
    picture.save(tmp_path / name)
    assert_reads(tmp_path / name, 1 - GREY / 255)


@pytest.mark.parametrize("name", ["x.png", "x.bmp", "x.tif"])
def test_pictures_that_are_transparent_everywhere_are_read(tmp_path: Path, name: str) -> None:
    assert cv2.imwrite(str(tmp_path / name), np.dstack([GREY] * 3 + [np.zeros_like(GREY)]))
    assert_reads(tmp_path / name, GREY / 255)
    assert "transparent everywhere: transparency was ignored" in read(tmp_path / name).notes


def test_a_small_copy_in_a_tiff_is_no_second_picture(tmp_path: Path) -> None:
    with tifffile.TiffWriter(tmp_path / "x.tif") as writer:
        writer.write(DEEP, photometric="minisblack")
        writer.write(GREY[::2, ::2], subfiletype=1, photometric="minisblack")
    assert_reads(tmp_path / "x.tif", DEEP / 65535, 1e-6)


def test_a_transparent_palette_entry_is_dark(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY)
    picture.putpalette(np.repeat(np.arange(256), 3).astype(np.uint8).tobytes())
    picture.save(tmp_path / "x.png", transparency=100)
    assert_reads(tmp_path / "x.png", GREY / 255 * (GREY != 100))


def test_one_bit_is_black_and_white(tmp_path: Path) -> None:
    Image.fromarray(GREY > 120).save(tmp_path / "x.png")
    assert_reads(tmp_path / "x.png", GREY > 120)


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("x.jpg", GREY),
        ("x.png", GREY),
        ("x.tif", GREY),
        ("x.webp", COLOUR),
        ("x.png", COLOUR),
        ("x.tif", COLOUR),
        ("x.png", DEEP),
        ("x.tif", DEEP),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value.dtype}-{value.ndim}",
)
def test_exif_orientation(tmp_path: Path, name: str, image: np.ndarray, orientation: int) -> None:
    stored = np.ascontiguousarray(BACK[orientation](image))
    lossless = {"x.webp": {"lossless": True}, "x.jpg": {"quality": 95}}.get(name, {})
    Image.fromarray(stored).save(tmp_path / name, exif=exif_of(orientation), **lossless)
    limit = np.iinfo(image.dtype).max
    expected = image / limit if image.ndim == 2 else image @ LUMA / limit
    assert_reads(tmp_path / name, expected, 0.015 if name == "x.jpg" else 1e-4)
    assert read_size(tmp_path / name) == SIZE


@pytest.mark.parametrize("orientation", TURNS)
@pytest.mark.parametrize("name", ["x.png", "x.tif"])
def test_exif_orientation_of_sixteen_bit_colour(
    tmp_path: Path, name: str, orientation: int
) -> None:
    colour = np.dstack([DEEP, DEEP[::-1], DEEP[:, ::-1]])
    stored = np.ascontiguousarray(BACK[orientation](colour))
    if name == "x.png":
        exif = exif_of(orientation).tobytes().removeprefix(b"Exif\0\0")
        (tmp_path / name).write_bytes(deep_png(stored, exif))
    else:
        tifffile.imwrite(
            tmp_path / name, stored, photometric="rgb", extratags=[(274, 3, 1, orientation, True)]
        )
    assert_reads(tmp_path / name, colour @ LUMA / 65535, 1e-6)


@pytest.mark.parametrize("image", [GREY, DEEP, GREY > 120], ids=["8", "16", "1"])
def test_white_is_zero_is_inverted_once(tmp_path: Path, image: np.ndarray) -> None:
    file = tmp_path / "x.tif"
    tifffile.imwrite(file, image, photometric="miniswhite")
    limit = 1 if image.dtype == bool else np.iinfo(image.dtype).max
    assert_reads(file, 1 - image / limit, 1e-6)


def test_integers_and_floats_of_32_bits(tmp_path: Path) -> None:
    file = tmp_path / "x.tif"
    share = (GREY / 255).astype(np.float32)
    for image, expected in (
        (share, share),
        (share * 5 - 2, (share - share.min()) / (share.max() - share.min())),
        (DEEP.astype(np.int32), DEEP / 65535),
    ):
        tifffile.imwrite(file, image)
        assert_reads(file, expected)


def test_floats_of_16_bits(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "x.tif", (GREY / 255).astype(np.float16))
    assert_reads(tmp_path / "x.tif", GREY / 255, 1e-3)


def test_floats_of_64_bits(tmp_path: Path) -> None:
    file = tmp_path / "x.tif"
    share = GREY / 255
    for image, expected, options in (
        (share, share, {}),
        (share * 5 - 2, (share - share.min()) / (share.max() - share.min()), {}),
        (share, 1 - share, {"photometric": "miniswhite"}),
    ):
        tifffile.imwrite(file, image.astype(np.float64), **options)
        assert_reads(file, expected)
        assert read_size(file) == SIZE
    with pytest.raises(RadiographError, match=r"x\.tif: 40 x 60 .*--max-pixels"):
        read(file, max_pixels=GREY.size - 1)
    tifffile.imwrite(file, np.stack([share, share]))
    with pytest.raises(RadiographError, match="contains 2 pictures"):
        read(file)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    with pytest.raises(RadiographError, match=r"x\.tif"):
        read(file)


def test_threads_read_the_same(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.png", "b.jpg", "c.tif", "d.png", "e.bmp", "f.webp")]
    for file, image in zip(files, (GREY, GREY, DEEP, COLOUR, GREY, COLOUR), strict=True):
        Image.fromarray(image).save(file)
    (tmp_path / "g.png").write_bytes(deep_png(np.dstack([DEEP] * 3)))
    tifffile.imwrite(tmp_path / "h.tif", DEEP, photometric="miniswhite")
    files += [tmp_path / "g.png", tmp_path / "h.tif"]
    alone = [read(file).pixels for file in files]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(read, files * 20))
    for index, radiograph in enumerate(together):
        assert np.array_equal(radiograph.pixels, alone[index % len(files)])
    assert Image.MAX_IMAGE_PIXELS is not None


# --- the pixel limit ---------------------------------------------------------------------------


def test_the_limit_is_checked_before_decoding(tmp_path: Path) -> None:
    file = tmp_path / "huge.png"
    rows = bytes(20001 * 200)  # the first 200 of 20000 rows: decoding would find it cut off
    file.write_bytes(png(20000, 20000, 8, 0, rows))
    tracemalloc.start()
    start = time.process_time()
    with pytest.raises(RadiographError, match=r"huge\.png: 20000 x 20000 is 400\.0 megapixels"):
        read(file)
    assert time.process_time() - start < 0.5
    assert tracemalloc.get_traced_memory()[1] < 5e6
    tracemalloc.stop()


def test_the_limit_can_be_set(tmp_path: Path) -> None:
    file = tmp_path / "x.png"
    Image.fromarray(GREY).save(file)
    assert read(file, max_pixels=GREY.size).size == SIZE
    with pytest.raises(RadiographError, match=r"x\.png: 40 x 60 .*--max-pixels"):
        read(file, max_pixels=GREY.size - 1)


def test_the_limit_is_ours_and_not_pillows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(GREY).save(tmp_path / "x.png")
    (tmp_path / "y.png").write_bytes(deep_png(np.dstack([DEEP] * 3)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert_reads(tmp_path / "x.png", GREY / 255)
    assert_reads(tmp_path / "y.png", DEEP / 65535)
    assert Image.MAX_IMAGE_PIXELS == 1000


# --- bad files ---------------------------------------------------------------------------------


def encoded(suffix: str, image: np.ndarray = GREY) -> bytes:
    noisy = np.random.default_rng(0).integers(0, 255, (200, 300), np.uint8)
    ok, data = cv2.imencode(suffix, noisy if image is GREY else image)
    assert ok
    return data.tobytes()


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.png", b"", "the file is empty"),
        ("text.png", b"this is no picture", "not a picture .*'this is '"),
        ("magic.png", b"\x89PNG\r\n\x1a\n", "not a picture|damaged"),
        ("half.jpg", encoded(".jpg")[:9000], "damaged or cut off"),
        ("half.png", encoded(".png")[:9000], "damaged or cut off"),
        ("long.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "it is a PNG, which may be damaged"),
        ("half.tif", encoded(".tiff")[:9000], "damaged or cut off|not a picture"),
        ("half.bmp", encoded(".bmp")[:9000], "damaged or cut off"),
        ("half.webp", encoded(".webp")[:9000], "damaged or cut off|not a picture"),
        ("deep.png", deep_png(np.dstack([DEEP] * 3))[:300], "damaged or cut off|cannot be decoded"),
        ("gif.png", b"GIF89a" + bytes(40), "not a picture"),
        ("one.png", png(1, 1, 8, 0, b"\0\0"), "1 x 1 pixels is too small"),
        ("flat.png", png(900, 31, 8, 0, bytes(901 * 31)), "31 x 900 pixels is too small"),
    ],
)
def test_bad_files_are_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(RadiographError, match=rf"{name}: .*({reason})") as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["x.tif", "x.webp", "x.png"])
def test_several_pictures_in_a_file_are_refused(tmp_path: Path, name: str) -> None:
    first, second = Image.fromarray(COLOUR), Image.fromarray(COLOUR[::-1])
    first.save(tmp_path / name, save_all=True, append_images=[second])
    with pytest.raises(
        RadiographError, match=rf"{name}: the file contains 2 pictures; expected one"
    ):
        read(tmp_path / name)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_floats_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    image = (GREY / 255).astype(np.float32)
    image[3, 4] = value
    tifffile.imwrite(tmp_path / "x.tif", image)
    with pytest.raises(RadiographError, match=r"x\.tif: .*not-a-number"):
        read(tmp_path / "x.tif")


@pytest.mark.parametrize(
    ("orientation", "found"), [(1, None), (3, None), (6, 6), (8, 8), (99, None)]
)
def test_exif_orientation_that_swaps_the_sides(
    tmp_path: Path, orientation: int, found: int | None
) -> None:
    picture = Image.fromarray(np.zeros((40, 60), np.uint8))
    exif = picture.getexif()
    exif[274] = orientation
    picture.save(tmp_path / "a.png", exif=exif)
    assert raster.turned_by_exif(tmp_path / "a.png") == found
    assert raster.turned_by_exif(tmp_path / "gone.png") is None
