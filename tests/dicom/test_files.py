"""The files of DICOM results, by kind."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("highdicom")

from panodent.dicom import files
from panodent.dicom.source import Model, SourceImage, source_of
from panodent.errors import UnknownNameError
from panodent.radiograph.radiograph import Radiograph, read
from panodent.teeth.teeth import Teeth


def test_without_teeth_there_is_no_segmentation_but_a_report(
    scene: tuple[Radiograph, Teeth], store_file: Callable[..., Path], model: Model, tmp_path: Path
) -> None:
    nothing = Teeth.empty(scene[0].size)
    (tmp_path / "teeth.seg.dcm").write_text("of an earlier result")
    source = source_of(read(store_file(tmp_path)), nothing, model)
    files.write(tmp_path, files.contents(source, files.KINDS))
    assert sorted(p.name for p in tmp_path.glob("teeth.*")) == ["teeth.sr.dcm"]


def test_another_kind_is_unknown(source: SourceImage) -> None:
    with pytest.raises(UnknownNameError, match="known: seg, pr, sr"):
        files.make(source, ["rtss"])
