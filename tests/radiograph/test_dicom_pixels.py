"""DICOM radiographs: every way of storing and showing one gives the same upright grey picture."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import phantom
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph, is_candidate, read, read_size

pydicom = pytest.importorskip("pydicom")
from pydicom import uid  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

from panodent.phantom.dicom import to_dicom  # noqa: E402

SIZE = (86, 171)


@pytest.fixture(scope="module")
def picture() -> Radiograph:
    return phantom.draw(1, (256, 512))[0]


@pytest.fixture(scope="module")
def small(picture: Radiograph) -> Radiograph:
    return Radiograph(np.ascontiguousarray(picture.pixels[::3, ::3]))


@pytest.fixture
def dataset(small: Radiograph) -> Any:
    return to_dicom(small, 5)


def saved(dataset: Any, folder: Path, name: str = "a.dcm") -> Path:
    dataset.save_as(folder / name, enforce_file_format=True)
    return folder / name


def grey8(dataset: Any) -> Any:
    """The same of eight bits."""
    values = dataset.pixel_array >> 4
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.PixelData = values.astype(np.uint8).tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


def far(found: Radiograph, expected: np.ndarray) -> float:
    assert found.pixels.shape == expected.shape
    assert found.pixels.dtype == np.float32
    return float(np.abs(found.pixels - expected).max())


def test_twelve_bits_are_read_as_they_were_written(
    dataset: Any, small: Radiograph, tmp_path: Path
) -> None:
    found = read(saved(dataset, tmp_path))
    assert far(found, small.pixels) < 1 / 4000
    assert found.spacing == (0.1, 0.1)
    assert found.notes == ("spacing is ImagerPixelSpacing, uncalibrated",)
    assert not found.turn
    assert read_size(tmp_path / "a.dcm") == small.size


def by_gdcm(dataset: Any, syntax: int, folder: Path) -> Path:
    gdcm = pytest.importorskip("gdcm")
    reader = gdcm.ImageReader()
    reader.SetFileName(str(saved(dataset, folder, "plain.dcm")))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(syntax))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(folder / "made.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return folder / "made.dcm"


@pytest.mark.parametrize(
    ("name", "found_syntax"),
    [
        ("JPEGLosslessProcess14", uid.JPEGLossless),
        ("JPEGLosslessProcess14_1", uid.JPEGLosslessSV1),
        ("JPEGLSLossless", uid.JPEGLSLossless),
        ("JPEG2000Lossless", uid.JPEG2000Lossless),
    ],
)
def test_compressed_twelve_bits(
    dataset: Any, small: Radiograph, tmp_path: Path, name: str, found_syntax: str
) -> None:
    gdcm = pytest.importorskip("gdcm")
    file = by_gdcm(dataset, getattr(gdcm.TransferSyntax, name), tmp_path)
    assert pydicom.dcmread(file).file_meta.TransferSyntaxUID == found_syntax
    assert far(read(file), small.pixels) < 1 / 4000


def test_twelve_bit_extended_jpeg_is_refused_in_one_line(dataset: Any, tmp_path: Path) -> None:
    gdcm = pytest.importorskip("gdcm")
    refused(by_gdcm(dataset, gdcm.TransferSyntax.JPEGExtendedProcess2_4, tmp_path))


@pytest.mark.parametrize("syntax", [uid.RLELossless, uid.JPEG2000Lossless, uid.JPEGLSLossless])
def test_compressed_by_pydicom(
    dataset: Any, small: Radiograph, tmp_path: Path, syntax: str
) -> None:
    dataset.compress(syntax)
    assert far(read(saved(dataset, tmp_path)), small.pixels) < 1 / 4000


def jpeg(dataset: Any) -> Any:
    from PIL import Image
    from pydicom.encaps import encapsulate

    dataset = grey8(dataset)
    stream = io.BytesIO()
    Image.fromarray(dataset.pixel_array).save(stream, "JPEG", quality=95)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset.file_meta.TransferSyntaxUID = uid.JPEGBaseline8Bit
    dataset["PixelData"].is_undefined_length = True
    return dataset


def test_baseline_jpeg(dataset: Any, small: Radiograph, tmp_path: Path) -> None:
    assert far(read(saved(jpeg(dataset), tmp_path)), small.pixels) < 0.1


@pytest.mark.parametrize(
    "syntax",
    [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian],
)
def test_uncompressed(dataset: Any, small: Radiograph, tmp_path: Path, syntax: str) -> None:
    dataset.file_meta.TransferSyntaxUID = syntax
    assert far(read(saved(dataset, tmp_path)), small.pixels) < 1 / 4000


def inverted(dataset: Any) -> None:
    dataset.PixelData = (4095 - dataset.pixel_array).astype("<u2").tobytes()


@pytest.mark.parametrize(
    ("kind", "shape"),
    [("MONOCHROME1", None), ("MONOCHROME1", "INVERSE"), ("MONOCHROME2", "INVERSE")],
)
def test_inverted_exactly_once(
    dataset: Any, small: Radiograph, tmp_path: Path, kind: str, shape: str | None
) -> None:
    inverted(dataset)
    dataset.PhotometricInterpretation = kind
    dataset.PresentationLUTShape = shape
    found = read(saved(dataset, tmp_path))
    assert far(found, small.pixels) < 1 / 4000
    assert "inverted: the file stores dense as dark" in found.notes


def test_signed_values_under_a_rescale(dataset: Any, small: Radiograph, tmp_path: Path) -> None:
    dataset.PixelData = (dataset.pixel_array.astype(np.int16) - 2048).tobytes()
    dataset.PixelRepresentation = 1
    dataset.RescaleIntercept = 2048
    assert far(read(saved(dataset, tmp_path)), small.pixels) < 1 / 4000
    del dataset.WindowCenter, dataset.WindowWidth
    span = small.pixels.max() - small.pixels.min()
    stretched = (small.pixels - small.pixels.min()) / span
    assert far(read(saved(dataset, tmp_path)), stretched) < 1 / 1000


def test_sixteen_bits_without_a_window(dataset: Any, small: Radiograph, tmp_path: Path) -> None:
    dataset.PixelData = np.round(small.pixels * 65535).astype("<u2").tobytes()
    dataset.BitsStored, dataset.HighBit = 16, 15
    del dataset.WindowCenter, dataset.WindowWidth
    top = 2 ** int(np.round(small.pixels.max() * 65535)).bit_length() - 1
    assert far(read(saved(dataset, tmp_path)), small.pixels * 65535 / top) < 1e-4


@pytest.mark.parametrize("bits", [8, 10, 12, 14])
def test_bits_above_those_stored_do_not_count(
    dataset: Any, small: Radiograph, tmp_path: Path, bits: int
) -> None:
    top = 2**bits - 1
    junk = np.arange(small.pixels.size).reshape(small.size) << bits  # as overlays of old
    values = np.round(small.pixels * top).astype(np.int64) | junk
    dataset.PixelData = (values & 0xFFFF).astype("<u2").tobytes()
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.WindowCenter, dataset.WindowWidth = (top + 1) / 2, top + 1
    assert far(read(saved(dataset, tmp_path)), small.pixels) < 1 / top


def test_a_window_cuts_both_ends(dataset: Any, small: Radiograph, tmp_path: Path) -> None:
    dataset.WindowCenter, dataset.WindowWidth = [2000, 100], [1001, 50]
    expected = np.clip((small.pixels * 4095 - (2000 - 0.5)) / 1000 + 0.5, 0, 1)
    assert far(read(saved(dataset, tmp_path)), expected) < 0.01


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_other_window_functions(
    dataset: Any, small: Radiograph, tmp_path: Path, function: str
) -> None:
    dataset.WindowCenter, dataset.WindowWidth = 2000, 1000
    dataset.VOILUTFunction = function
    values = small.pixels * 4095
    expected = {
        "LINEAR_EXACT": np.clip((values - 2000) / 1000 + 0.5, 0, 1),
        "SIGMOID": 1 / (1 + np.exp(-4 * (values - 2000) / 1000)),
    }[function]
    assert far(read(saved(dataset, tmp_path)), expected) < 0.01


def lut(values: np.ndarray, first: int, bits: int) -> Any:
    item = Dataset()
    item.LUTDescriptor = [len(values), first, bits]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = values.astype("<u2").tobytes()
    item["LUTData"].VR = "OW"
    return item


def test_lookup_tables(dataset: Any, small: Radiograph, tmp_path: Path) -> None:
    curve = np.sqrt(np.arange(4096) / 4095)
    dataset.VOILUTSequence = Sequence([lut(np.round(curve * 1023), 0, 10)])
    assert far(read(saved(dataset, tmp_path)), np.sqrt(small.pixels)) < 0.02
    del dataset.VOILUTSequence, dataset.RescaleSlope, dataset.RescaleIntercept
    item = lut(np.round(curve * 4095), 0, 16)
    item.ModalityLUTType = "US"
    dataset.ModalityLUTSequence = Sequence([item])
    assert far(read(saved(dataset, tmp_path)), np.sqrt(small.pixels)) < 0.02


def coloured(dataset: Any, kind: str) -> Any:
    values = (dataset.pixel_array >> 4).astype(np.uint8)
    rgb = np.stack([values] * 3, axis=-1)
    if kind == "YBR_FULL":
        rgb[..., 1:] = 128
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        uid.SecondaryCaptureImageStorage
    )
    dataset.Modality = "OT"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, kind
    dataset.PlanarConfiguration = 0
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.PixelData = rgb.tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


@pytest.mark.parametrize("kind", ["RGB", "YBR_FULL"])
def test_colour_captures_become_grey(
    dataset: Any, small: Radiograph, tmp_path: Path, kind: str
) -> None:
    found = read(saved(coloured(dataset, kind), tmp_path))
    assert far(found, small.pixels) < 0.01
    assert "colour converted to grey" in found.notes


@pytest.mark.parametrize(
    ("orientation", "change"),
    [
        (["R", "F"], lambda a: a[:, ::-1]),
        (["L", "H"], lambda a: a[::-1]),
        (["R", "H"], lambda a: a[::-1, ::-1]),
        (["F", "L"], lambda a: a.T),
        (["H", "L"], lambda a: a.T[:, ::-1]),
        (["FR", "RP"], lambda a: a[:, ::-1].T),
    ],
)
def test_what_lies_otherwise_is_laid_upright(
    small: Radiograph, tmp_path: Path, orientation: list[str], change: Callable[..., Any]
) -> None:
    stored = np.ascontiguousarray(change(small.pixels))
    made = to_dicom(Radiograph(stored), 1)
    made.PatientOrientation = orientation
    made.ImagerPixelSpacing = [0.1, 0.2]
    found = read(saved(made, tmp_path))
    assert far(found, small.pixels) < 1 / 4000
    assert "PatientOrientation is " + "\\".join(orientation) in found.notes[-1]
    assert np.array_equal(found.turn.undo(found.pixels), found.turn.undo(small.pixels * 0) + 0) or (
        np.abs(found.turn.undo(found.pixels) - stored).max() < 1 / 4000
    )
    lies = found.turn.transposed
    assert found.spacing == ((0.2, 0.1) if lies else (0.1, 0.2))
    assert read_size(tmp_path / "a.dcm") == small.size


def test_one_side_only_is_said(dataset: Any, tmp_path: Path) -> None:
    dataset.ImageLaterality = "R"
    assert "ImageLaterality R: one side of the patient only" in read(saved(dataset, tmp_path)).notes


def test_files_without_a_suffix_are_found_by_their_mark(dataset: Any, tmp_path: Path) -> None:
    assert is_candidate(saved(dataset, tmp_path, "IM000001"))
    (tmp_path / "README").write_text("no")
    assert not is_candidate(tmp_path / "README")


def test_dicom_costs_little_more_than_png(tmp_path: Path) -> None:
    """A panoramic of usual size with the noise of a real one; processor time, best of several."""
    import cv2

    noise = np.random.default_rng(0).normal(0, 0.004, (1316, 2800))
    values = np.clip(cv2.resize(phantom.draw(3)[0].pixels, (2800, 1316)) + noise, 0, 1)
    made = to_dicom(Radiograph(values.astype(np.float32)), 1)
    made.PixelData = np.round(values * 65535).astype("<u2").tobytes()
    made.BitsStored, made.HighBit = 16, 15
    made.WindowCenter, made.WindowWidth = 32768, 65536
    cv2.imwrite(str(tmp_path / "a.png"), np.round(values * 65535).astype(np.uint16))
    best = {}
    for file in (saved(made, tmp_path), tmp_path / "a.png"):
        times = []
        for _ in range(4):
            begin = time.process_time()
            read(file)
            times.append(time.process_time() - begin)
        best[file.suffix] = min(times)
    assert best[".dcm"] < best[".png"] + 0.15


# --- what is not a radiograph ---------------------------------------------------------------------


def test_other_objects_are_refused_by_name(dataset: Any, tmp_path: Path) -> None:
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = uid.CTImageStorage
    with pytest.raises(RadiographError, match=r"of the class CT Image Storage.*expected one frame"):
        read(saved(dataset, tmp_path))


def test_other_modalities_are_refused(dataset: Any, tmp_path: Path) -> None:
    dataset = coloured(dataset, "RGB")
    dataset.Modality = "US"
    with pytest.raises(RadiographError, match="modality 'US'"):
        read(saved(dataset, tmp_path))


def test_several_frames_are_refused(dataset: Any, tmp_path: Path) -> None:
    dataset.NumberOfFrames = 3
    dataset.PixelData = dataset.PixelData * 3
    with pytest.raises(RadiographError, match="multi-frame object of 3 frames"):
        read(saved(dataset, tmp_path))


def refused(file: Path) -> None:
    with pytest.raises(RadiographError) as error:
        read(file)
    assert file.name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_damaged_window_is_left_out_and_said(dataset: Any, tmp_path: Path) -> None:
    dataset.VOILUTSequence = Sequence([Dataset()])
    notes = read(saved(dataset, tmp_path)).notes
    assert any("VOI" in note for note in notes)


def test_the_pixel_limit_is_checked_on_the_header(dataset: Any, tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match=r"megapixels; the limit is 0\.0"):
        read(saved(dataset, tmp_path), max_pixels=1000)
