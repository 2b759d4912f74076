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

from panodent.dentition import DECIDUOUS, PERMANENT, TEETH
from panodent.dicom import seg
from panodent.dicom.source import (
    Model,
    SourceImage,
    demand_dicom,
    source_of,
    tooth_code,
    using_highdicom,
)
from panodent.errors import RadiographError
from panodent.radiograph.radiograph import Radiograph, read
from panodent.teeth.segment_codes import is_supernumerary
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


@pytest.mark.parametrize(("group", "numbers"), [("CID4018", PERMANENT), ("CID4019", DECIDUOUS)])
def test_codes_have_the_names_of_the_standard(group: str, numbers: tuple[int, ...]) -> None:
    from pydicom.sr.codedict import Collection

    listed = set(Collection(group).concepts.values())
    assert {tooth_code(fdi) for fdi in numbers} == listed


def test_the_name_of_a_deciduous_tooth() -> None:
    code = tooth_code(51)
    assert code.meaning == "Deciduous maxillary right central incisor tooth"
    assert (code.value, code.scheme_designator) == ("88824007", "SCT")


def test_a_tooth_without_a_number_is_not_called_supernumerary() -> None:
    from pydicom.sr.codedict import Collection

    code = tooth_code(0)
    assert (code.value, code.meaning) == ("38199008", "Tooth")
    supernumerary = [item.value for item in Collection("CID4025").concepts.values()]
    assert len(supernumerary) == 52
    assert all(map(is_supernumerary, supernumerary))
    assert not any(is_supernumerary(tooth.snomed) for tooth in TEETH.values())
