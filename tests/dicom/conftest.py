"""A phantom with overlaps, a doubtful tooth and one without a number; DICOM files made from it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from panodent import phantom
from panodent.dicom.source import Model, SourceImage, source_of
from panodent.radiograph.radiograph import Radiograph, read
from panodent.teeth.teeth import Teeth

StoreFile = Callable[..., Path]


@pytest.fixture(scope="session")
def model() -> Model:
    return Model("test", "ab" * 32)


@pytest.fixture(scope="session")
def scene() -> tuple[Radiograph, Teeth]:
    """A phantom and a third of its teeth, (256, 512): a report takes a third of the time."""
    radiograph, truth = phantom.draw(3, (256, 512))
    truth = truth.select(
        np.flatnonzero(np.isin(truth.fdi, (11, 14, 17, 23, 26, 33, 36, 46, 47, 48)))
    )
    fdi = truth.fdi.copy()
    fdi[-1] = 0
    flags = [frozenset()] * (len(truth) - 2) + [frozenset({"doubtful"}), frozenset({"unnumbered"})]
    scores = np.linspace(0.5, 1, len(truth), dtype=np.float32)
    return radiograph, replace(truth, fdi=fdi, scores=scores, flags=tuple(flags))


@pytest.fixture(scope="session")
def store_file(scene: tuple[Radiograph, Teeth]) -> StoreFile:
    """Writes the phantom to folder/opg.dcm, after `change(dataset)`."""
    pytest.importorskip("pydicom")
    from panodent.phantom.dicom import to_dicom

    def store(folder: Path, change: Callable[[Any], None] = lambda _: None) -> Path:
        dataset = to_dicom(scene[0], 7)
        dataset.PatientName = "Doe^Jane"
        change(dataset)
        dataset.save_as(folder / "opg.dcm", enforce_file_format=True)
        return folder / "opg.dcm"

    return store


@pytest.fixture(scope="session")
def source(
    scene: tuple[Radiograph, Teeth], store_file: StoreFile, model: Model, tmp_path_factory: Any
) -> SourceImage:
    return source_of(read(store_file(tmp_path_factory.mktemp("source"))), scene[1], model)


@pytest.fixture(scope="session")
def made(source: SourceImage, tmp_path_factory: Any) -> dict[str, Any]:
    """All results, written and read again; libraries must not warn."""
    pydicom = pytest.importorskip("pydicom")
    pytest.importorskip("highdicom")
    from panodent.dicom import files

    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files.write(folder, files.contents(source, files.KINDS))
    return {kind: pydicom.dcmread(folder / files.name_of(kind)) for kind in files.KINDS}
