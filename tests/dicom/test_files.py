"""The files of DICOM results, by kind."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

from panodent.dicom import files  # noqa: E402
from panodent.dicom.source import Model, SourceImage, source_of  # noqa: E402
from panodent.errors import OutputLimitError, RadiographError, UnknownNameError  # noqa: E402
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
    with pytest.raises(RadiographError, match="no such thing"):  # nothing else can be made
        files.contents(source, ("pr",), said.append)


def test_a_limit_of_the_only_kind_is_no_error(
    source: SourceImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: SourceImage) -> None:
        raise OutputLimitError("too much")

    monkeypatch.setattr(files, "KINDS", {"pr": fail})
    said: list[str] = []
    assert files.contents(source, ("pr",), said.append) == {}
    assert said == ["teeth.pr.dcm was left out: too much"]
