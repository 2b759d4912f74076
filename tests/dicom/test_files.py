"""The files of DICOM results, by kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

from panodent.dicom import files  # noqa: E402
from panodent.dicom.source import Model, SourceImage, is_left_out, source_of  # noqa: E402
from panodent.errors import RadiographError, UnknownNameError  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402


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


def test_a_kind_that_cannot_be_made_is_left_out_and_reported(
    source: SourceImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: SourceImage) -> None:
        raise RadiographError(f"{source.header.filename}: no such thing")

    monkeypatch.setattr(files, "KINDS", {**files.KINDS, "pr": fail})
    said: list[str] = []
    made = files.contents(source, ("sr", "pr", "seg"), said.append)
    assert sorted(made) == ["teeth.seg.dcm", "teeth.sr.dcm"]
    assert said == ["teeth.pr.dcm was left out: no such thing"]
    comment = pydicom.dcmread(io.BytesIO(made["teeth.sr.dcm"])).ContentSequence[-1].TextValue
    assert comment == said[0]
    with pytest.raises(RadiographError, match="no such thing"):
        files.contents(source, ("pr", "seg"))
    assert files.contents(source, ("pr",), said.append) == {}  # nothing else can be made
    assert said[1:] == said[:1]


def test_a_header_that_allows_no_object_costs_the_objects_only(
    scene: tuple[Radiograph, Teeth], store_file: Callable[..., Path], model: Model, tmp_path: Path
) -> None:
    file = store_file(tmp_path, lambda dataset: dataset.__delattr__("StudyInstanceUID"))
    radiograph = read(file)
    said: list[str] = []
    made = files.results(radiograph, scene[1], model, None, ("seg", "sr"), said.append)
    assert made == {}
    (note,) = said
    assert note.startswith("teeth.seg.dcm, teeth.sr.dcm were left out: lacks StudyInstanceUID, so ")
    assert is_left_out(note)
    with pytest.raises(RadiographError, match="not a DICOM file"):
        files.results(scene[0], scene[1], model, None, ("seg",), said.append)
