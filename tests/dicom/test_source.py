"""What all objects share: the header, the model, UIDs and tooth codes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

from panodent.dentition import TEETH
from panodent.dicom import seg
from panodent.dicom.source import (
    Model,
    SourceImage,
    demand_dicom,
    source_of,
    using_highdicom,
)
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph, read
from panodent.teeth.teeth import Teeth


def test_teeth_codes_are_those_of_the_context_groups() -> None:
    from pydicom.sr.codedict import codes

    for group, wanted in ((codes.CID4018, (1, 2, 3, 4)), (codes.CID4019, (5, 6, 7, 8))):
        listed = {getattr(group, name).value for name in group.dir()}
        assert {tooth.snomed for fdi, tooth in TEETH.items() if fdi // 10 in wanted} <= listed


def test_equal_results_are_one_object(source: SourceImage) -> None:
    first, again = seg.segmentation(source), seg.segmentation(source)
    assert first.SOPInstanceUID == again.SOPInstanceUID
    edited = replace(source, teeth=source.teeth.select(np.arange(5)))
    assert seg.segmentation(edited).SOPInstanceUID != first.SOPInstanceUID
    other = replace(source, model=Model("test", "cd" * 32))
    assert seg.segmentation(other).SOPInstanceUID != first.SOPInstanceUID


def test_a_header_that_nothing_can_refer_to_is_refused(
    scene: tuple[Radiograph, Teeth], store_file: Callable[..., Path], model: Model, tmp_path: Path
) -> None:
    def bare(dataset: Any) -> None:
        del dataset.StudyInstanceUID

    file = store_file(tmp_path, bare)
    with pytest.raises(RadiographError, match="lacks StudyInstanceUID"):
        source_of(read(file), scene[1], model)


def test_a_file_without_a_study_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    for file in (None, tmp_path / "a.png"):
        with pytest.raises(RadiographError, match="not a DICOM file"):
            demand_dicom(file)


def test_errors_of_highdicom_quote_no_values(source: SourceImage) -> None:
    with (
        pytest.raises(RadiographError, match="writing is not possible") as caught,
        using_highdicom("writing", source.header),
    ):
        raise ValueError("invalid name 'Doe^Jane'")
    assert "Doe" not in str(caught.value)
