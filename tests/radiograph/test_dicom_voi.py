"""Windows and VOI LUTs: what is broken is left out, what shows nothing is replaced."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
from pydicom.dataelem import DataElement  # noqa: E402
from pydicom.dataset import Dataset  # noqa: E402
from pydicom.sequence import Sequence  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_voi import read_voi_lut, shows, windowed  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402

PICTURE = phantom.draw(1, (128, 256))[0].pixels
CURVE = np.round(np.sqrt(np.arange(4096) / 4095) * 65535).astype("<u2")


def saved(dataset: Any, folder: Path) -> Path:
    dataset.save_as(folder / "a.dcm", enforce_file_format=True)
    return folder / "a.dcm"


def with_lut(
    data: Any, descriptor: Any = (4096, 0, 16), vr: str = "OW", descriptor_vr: str = "US"
) -> Any:
    dataset, item = to_dicom(Radiograph(PICTURE)), Dataset()
    if descriptor is not None:
        item.add(DataElement(0x00283002, descriptor_vr, list(descriptor)))
    if data is not None:
        item.add(DataElement(0x00283006, vr, data))
    dataset.VOILUTSequence = Sequence([item])
    return dataset


def far(found: Radiograph, expected: Any) -> float:
    return float(np.abs(found.pixels - expected).max())


SOUND: dict[str, Callable[[], Any]] = {
    "words": lambda: with_lut(CURVE.tobytes()),
    "numbers": lambda: with_lut(CURVE.tolist(), vr="US"),
    "more entries than told": lambda: with_lut(CURVE.tobytes() + b"\xff" * 64),
    "twelve bits told as eight": lambda: with_lut((CURVE >> 4).tobytes(), (4096, 0, 8)),
    "twelve bits told as sixteen": lambda: with_lut((CURVE >> 4).tobytes()),
    "bytes": lambda: with_lut((CURVE >> 8).astype(np.uint8).tobytes(), (4096, 0, 8)),
    "nine bits": lambda: with_lut((CURVE >> 7).tobytes(), (4096, 0, 9)),
}


@pytest.mark.parametrize("what", SOUND)
def test_sound_luts(tmp_path: Path, what: str) -> None:
    found = read(saved(SOUND[what](), tmp_path))
    assert far(found, np.sqrt(PICTURE)) < 0.01
    assert not any("VOI" in note for note in found.notes)


BROKEN: dict[str, tuple[Callable[[], Any], str]] = {
    "cut off": (lambda: with_lut(CURVE.tobytes()[:8000]), "4000 of 4096 entries"),
    "cut off numbers": (lambda: with_lut(CURVE.tolist()[:3000], vr="US"), "3000 of 4096"),
    "an odd byte": (lambda: with_lut(CURVE.tobytes()[:8001]), "4001 of 4096"),
    "no data": (lambda: with_lut(None), "missing"),
    "empty data": (lambda: with_lut(b""), "not numbers"),
    "no descriptor": (lambda: with_lut(CURVE.tobytes(), None), "missing"),
    "two numbers": (lambda: with_lut(CURVE.tobytes(), (4096, 0)), "missing"),
    "no bits": (lambda: with_lut(CURVE.tobytes(), (4096, 0, 0)), "0 bits per entry"),
    "32 bits": (lambda: with_lut(CURVE.tobytes(), (4096, 0, 32)), "32 bits per entry"),
    "constant": (lambda: with_lut(b"\x01\x02" * 4096), "entries are equal"),
    "noise": (
        lambda: with_lut(np.random.default_rng(0).bytes(8192)),
        "form no curve",
    ),
    "words as text": (lambda: with_lut("Doe^Jane", vr="LO"), "not numbers"),
    "nothing": (lambda: with_lut(None, None), "missing"),
}


@pytest.mark.parametrize("window", [True, False])
@pytest.mark.parametrize("what", BROKEN)
def test_broken_luts_are_left_out(tmp_path: Path, what: str, window: bool) -> None:
    make, reason = BROKEN[what]
    dataset = make()
    if not window:
        del dataset.WindowCenter, dataset.WindowWidth
    found = read(saved(dataset, tmp_path))
    assert far(found, PICTURE) < 1 / 4000  # through the window, or over the 12 bits in use
    (note,) = [note for note in found.notes if "VOI" in note]
    assert note.startswith("its VOI LUT is damaged and was left out: ")
    assert reason in note


@pytest.mark.parametrize("what", ["words", "twelve bits told as eight", "cut off", "nothing"])
def test_modality_luts(tmp_path: Path, what: str) -> None:
    sound = what in SOUND
    dataset = SOUND[what]() if sound else BROKEN[what][0]()
    dataset.ModalityLUTSequence = dataset.VOILUTSequence
    del dataset.VOILUTSequence, dataset.WindowCenter, dataset.WindowWidth
    found = read(saved(dataset, tmp_path))
    expected = np.sqrt(PICTURE) if sound else PICTURE
    if sound:  # the results have no range of their own
        low, high = np.sqrt([PICTURE.min(), PICTURE.max()])
        expected = (expected - low) / (high - low)
    assert far(found, expected) < 0.01
    assert sound != any("its modality LUT is damaged" in note for note in found.notes)


def test_a_lut_whose_values_are_far_from_the_data_is_replaced(tmp_path: Path) -> None:
    found = read(saved(with_lut(CURVE.tobytes(), (4096, 30000, 16)), tmp_path))
    span = (PICTURE - PICTURE.min()) / (PICTURE.max() - PICTURE.min())
    assert far(found, span) < 0.001
    assert "its VOI LUT shows next to nothing of the pixels" in " ".join(found.notes)


@pytest.mark.parametrize("first", [-2048, 63488])
def test_luts_of_signed_values(tmp_path: Path, first: int) -> None:
    dataset = with_lut(
        CURVE.tobytes(), (4096, first, 16), descriptor_vr="SS" if first < 0 else "US"
    )
    dataset.PixelRepresentation = 1
    dataset.PixelData = (dataset.pixel_array.astype(np.int16) - 2048).tobytes()
    assert read_voi_lut(dataset, -2048, 2047).first == -2048
    assert far(read(saved(dataset, tmp_path)), np.sqrt(PICTURE)) < 0.01


@pytest.mark.parametrize("window", [(3174, 2426), (128, 256), (60000, 100), (-5000, 1000)])
def test_a_window_that_misses_the_data_is_replaced(
    tmp_path: Path, window: tuple[float, float]
) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    dataset.BitsStored, dataset.HighBit = 16, 15
    values = 12000 + 6 * dataset.pixel_array.astype(np.int64)
    dataset.PixelData = values.astype("<u2").tobytes()
    dataset.WindowCenter, dataset.WindowWidth = window
    found = read(saved(dataset, tmp_path))
    assert far(found, (values - values.min()) / (values.max() - values.min())) < 0.001
    assert "its window shows next to nothing" in " ".join(found.notes)


def test_a_window_far_wider_than_the_data_is_replaced(tmp_path: Path) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    dataset.WindowCenter, dataset.WindowWidth = 32768, 65536
    found = read(saved(dataset, tmp_path))
    assert found.pixels.max() == 1
    assert "its window shows next to nothing" in " ".join(found.notes)


def test_a_window_of_a_picture_without_contrast_is_kept(tmp_path: Path) -> None:
    dataset = to_dicom(Radiograph(np.full((64, 128), 0.5, np.float32)))
    found = read(saved(dataset, tmp_path))
    assert found.pixels.min() == found.pixels.max() == pytest.approx(0.5, abs=0.001)


@pytest.mark.parametrize("columns", [1, 6])
def test_a_grey_wedge_does_not_hide_the_rest(tmp_path: Path, columns: int) -> None:
    dataset = to_dicom(Radiograph(PICTURE))
    del dataset.WindowCenter, dataset.WindowWidth
    dataset.BitsStored, dataset.HighBit = 16, 15
    values = dataset.pixel_array.copy()
    values[:, :columns] = np.linspace(0, 65535, len(values))[:, None]
    dataset.PixelData = values.tobytes()
    found = read(saved(dataset, tmp_path))
    assert np.quantile(found.pixels, 0.9) > 0.4
    assert "stretched" in " ".join(found.notes)


@pytest.mark.parametrize(
    ("function", "expected"),
    [(None, [0, 0.25, 1]), ("LINEAR_EXACT", [0.1, 0.35, 1]), ("SIGMOID", [0.168, 0.354, 0.982])],
)
def test_window_functions(function: str | None, expected: list[float]) -> None:
    made = windowed(np.array([0.0, 25.0, 200.0]), 40, 100, function)
    by_hand = {
        None: [max((v - 39.5) / 99 + 0.5, 0) for v in (0, 25)] + [1],
        "LINEAR_EXACT": expected,
        "SIGMOID": [1 / (1 + np.exp(-4 * (v - 40) / 100)) for v in (0, 25, 200)],
    }[function]
    assert made.tolist() == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("grey", "counts", "expected"),
    [
        ([0.0, 0.5, 1.0], [10, 80, 10], True),
        ([0.0, 0.5, 1.0], [96, 3, 1], False),  # nearly all pixels are black
        ([0.0, 0.5, 1.0], [5, 16, 79], False),  # a window of 8 bits for 12 bits
        ([0.50, 0.52, 0.54], [30, 40, 30], False),  # all are about the same
    ],
)
def test_what_shows_enough(grey: list[float], counts: list[int], expected: bool) -> None:
    assert shows(np.array(grey), np.array(counts)) is expected
