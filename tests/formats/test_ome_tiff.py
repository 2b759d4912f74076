"""OME-TIFF, a file a tooth: as UFBA-425 publishes them, and back from what we write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.ome_tiff import FORMAT
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth


def block(top: int = 5, dtype: type = np.uint32, value: int = 1) -> np.ndarray:
    image = np.zeros((40, 50), dtype)
    image[top : top + 10, 10:20] = value
    return image


def saved(file: Path, image: np.ndarray, compression: str | None = None) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(file, image, compression=compression)


def test_what_is_written_is_read_back(tmp_path: Path, drawn: tuple[Radiograph, Teeth]) -> None:
    _, truth = drawn
    assert truth.areas.sum() > (truth.label_image() > 0).sum()  # some overlap
    FORMAT.write(tmp_path, [("b/2_x.png", truth), ("a.png", Teeth.empty((40, 50)))])
    assert FORMAT.recognises(tmp_path)
    first, second = FORMAT.read(tmp_path)
    assert (first.key, second.key) == ("a", "b/2_x")
    assert first.read() == Teeth.empty((40, 50))
    assert second.read() == truth


def test_files_as_ufba_publishes_them(tmp_path: Path) -> None:
    saved(tmp_path / "masks" / "cate1-00002_11.ome.tiff", block(5, value=255))
    saved(tmp_path / "masks" / "cate1-00002_48.ome.tiff", block(12, value=2**31 + 3))
    saved(tmp_path / "masks" / "cate1-00002_background.ome.tiff", block(20))
    (item,) = FORMAT.read(tmp_path)
    assert item.key == "cate1-00002"
    expected = [(11, block(5) > 0), (48, block(12) > 0)]
    assert item.read() == Teeth.from_masks((40, 50), expected)


def test_lzw_and_eight_bits_are_read(tmp_path: Path) -> None:
    Image.fromarray(block(dtype=np.uint8)).save(
        tmp_path / "x_36.ome.tif", format="TIFF", compression="tiff_lzw"
    )
    (item,) = FORMAT.read(tmp_path)
    assert item.read() == Teeth.from_masks((40, 50), [(36, block() > 0)])


def test_images_stand_in_order_and_other_files_are_left(tmp_path: Path) -> None:
    for name in ("b_36", "a_36", "a_35"):
        saved(tmp_path / f"{name}.ome.tiff", block())
    (tmp_path / "overview.ome.tiff").write_bytes(b"no tooth")
    (tmp_path / "a_37.tiff").write_bytes(b"no OME-TIFF")
    assert [(item.key, item.read().fdi.tolist()) for item in FORMAT.read(tmp_path)] == [
        ("a", [35, 36]),
        ("b", [36]),
    ]


@pytest.mark.parametrize("part", ["19", "0", "1", "100"])
def test_a_number_that_is_no_tooth_is_an_error(tmp_path: Path, part: str) -> None:
    saved(tmp_path / f"x_{part}.ome.tiff", block())
    with pytest.raises(AnnotationError, match=rf"x_{part}\.ome\.tiff: {part} .* not an FDI number"):
        FORMAT.read(tmp_path)


def test_a_radiograph_in_another_spelling_is_found(tmp_path: Path) -> None:
    for name in ("a", "b"):
        saved(tmp_path / f"{name}_11.ome.tiff", block())
    for name in ("A.png", "b.jpg"):
        (tmp_path / "images").mkdir(exist_ok=True)
        (tmp_path / "images" / name).touch()
    first, second = FORMAT.read(tmp_path)
    assert (first.image, second.image) == (tmp_path / "images/A.png", None)  # b has its key


def test_sizes_that_differ_are_an_error(tmp_path: Path) -> None:
    saved(tmp_path / "x_11.ome.tiff", block())
    saved(tmp_path / "x_12.ome.tiff", block()[:-1])
    with pytest.raises(AnnotationError, match=r"x_12\.ome\.tiff: size \(39, 50\) differs"):
        FORMAT.read(tmp_path)[0].read()


@pytest.mark.parametrize(
    "image", [block(dtype=np.float32), np.repeat(block(dtype=np.uint8)[..., None], 3, 2)]
)
def test_pixels_that_are_no_mask_are_refused(tmp_path: Path, image: np.ndarray) -> None:
    saved(tmp_path / "x_11.ome.tiff", image)
    with pytest.raises(AnnotationError, match=r"x_11\.ome\.tiff: .*one plane of integers"):
        FORMAT.read(tmp_path)[0].read()


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
@pytest.mark.parametrize("content", [b"", b"text", b"II*\0\x08\0\0\0"])
def test_damaged_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x_11.ome.tiff").write_bytes(content)
    with pytest.raises(AnnotationError, match=r"x_11\.ome\.tiff: cannot be read"):
        FORMAT.read(tmp_path)[0].read()


def test_a_file_of_absurd_size_is_refused(tmp_path: Path) -> None:
    Image.new("1", (20000, 20000)).save(
        tmp_path / "x_11.ome.tiff", format="TIFF", compression="group4"
    )
    with pytest.raises(AnnotationError, match=r"x_11\.ome\.tiff: cannot be read"):
        FORMAT.read(tmp_path)[0].read()


@pytest.mark.parametrize("numbers", [(0, 11), (11, 11)])
def test_what_file_names_cannot_say_is_not_written(
    tmp_path: Path, numbers: tuple[int, int]
) -> None:
    teeth = Teeth.from_masks((40, 50), [(n, block(5 + n) > 0) for n in numbers])
    with pytest.raises(AnnotationError, match=r"a\.png: .*unnumbered or repeated"):
        FORMAT.write(tmp_path / "out", [("a.png", teeth)])
    assert not list(tmp_path.rglob("*.tiff"))


def test_a_folder_without_such_files_is_an_error(tmp_path: Path) -> None:
    assert not FORMAT.recognises(tmp_path)
    with pytest.raises(AnnotationError, match="expected files named"):
        FORMAT.read(tmp_path)


def test_masks_of_single_teeth_are_read(tmp_path: Path) -> None:
    for name, image in (
        ("images/a.png", block()),
        ("masks/a/11.png", block(5, np.uint8, 255)),
        ("masks/a_48.png", block(12, np.uint8, 1)),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image.astype(np.uint8)).save(tmp_path / name)
    name, (item,) = formats.read(tmp_path)
    assert (name, item.key) == ("ome-tiff", "a")
    expected = [(11, block(5) > 0), (48, block(12) > 0)]
    assert item.read() == Teeth.from_masks((40, 50), expected)
    grey = block(5, np.uint8, 255) + block(20, np.uint8, 7)
    Image.fromarray(grey).save(tmp_path / "masks" / "a" / "11.png")
    with pytest.raises(AnnotationError, match="has 3 grey values; expected two"):
        item.read()
