"""Presentation states: an outline and a number for each tooth, and the radiograph's window."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("highdicom")

from panodent.dicom import pr
from panodent.dicom.source import SourceImage
from panodent.errors import OutputLimitError
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth


def test_a_presentation_state_draws_every_tooth(made: dict[str, Any], source: SourceImage) -> None:
    annotation = made["pr"].GraphicAnnotationSequence[0]
    texts = [item.UnformattedTextValue for item in annotation.TextObjectSequence]
    assert texts == [str(fdi) if fdi else "?" for fdi in source.teeth.fdi.tolist()]
    assert len(annotation.GraphicObjectSequence) >= len(source.teeth)
    first = np.array(annotation.GraphicObjectSequence[0].GraphicData).reshape(-1, 2)
    top, left, bottom, right = source.teeth.boxes[0].tolist()
    assert first.min(axis=0).tolist() == pytest.approx([left, top], abs=1)
    assert first.max(axis=0).tolist() == pytest.approx([right, bottom], abs=1)
    assert made["pr"].SoftcopyVOILUTSequence[0].WindowWidth == source.header.WindowWidth


def test_long_outlines_are_thinned(source: SourceImage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pr, "MAX_POINTS", 10)
    annotation = pr.presentation(source).GraphicAnnotationSequence[0]
    points = [item.NumberOfGraphicPoints for item in annotation.GraphicObjectSequence]
    assert max(points) <= 11  # 10, and the first one again to close the outline


def test_each_kind_of_finding_is_a_layer(source: SourceImage) -> None:
    mask = np.ones((6, 8), bool)
    items = [("crown", 36, mask, (20, 30)), ("filling", 37, mask, (20, 60))]
    findings = Findings.from_masks(source.teeth.size, [*items, ("crown", 46, mask, (60, 30))])
    state = pr.presentation(replace(source, findings=findings))
    layers = [item.GraphicLayer for item in state.GraphicLayerSequence]
    assert layers == ["TEETH", "FILLING", "CROWN"]
    assert [item.GraphicLayerOrder for item in state.GraphicLayerSequence] == [1, 2, 3]
    colours = {
        tuple(x.GraphicLayerRecommendedDisplayCIELabValue) for x in state.GraphicLayerSequence
    }
    assert len(colours) == 3
    _, filling, crowns = state.GraphicAnnotationSequence
    assert [text.UnformattedTextValue for text in crowns.TextObjectSequence] == ["crown", "crown"]
    (outline,) = filling.GraphicObjectSequence
    points = np.array(outline.GraphicData).reshape(-1, 2)
    assert points.min(axis=0).tolist() == [60, 20]
    assert points.max(axis=0).tolist() == [68, 26]


def test_findings_without_teeth(source: SourceImage) -> None:
    size = source.teeth.size
    implant = Findings.from_masks(size, [("implant", 46, np.ones((9, 4), bool), (60, 30))])
    state = pr.presentation(replace(source, teeth=Teeth.empty(size), findings=implant))
    assert [item.GraphicLayer for item in state.GraphicLayerSequence] == ["IMPLANT"]


@pytest.mark.parametrize(
    ("first", "signed", "expected"),
    [(0, 0, 0), (100, 0, 100), (-2048, 1, None), (63488, 1, None)],
)
def test_luts_are_repeated_unless_they_are_for_signed_values(
    source: SourceImage, first: int, signed: int, expected: int | None
) -> None:
    from pydicom.dataset import Dataset

    header, item = copy.deepcopy(source.header), Dataset()
    item.add_new("LUTDescriptor", "SS" if first < 0 else "US", [4096, first, 10])
    item.add_new("LUTData", "OW", np.arange(4096, dtype="<u2").tobytes())
    header.VOILUTSequence, header.PixelRepresentation = [item], signed
    if expected is None:
        with pytest.raises(OutputLimitError, match="signed values, from -2048"):
            pr.presentation(replace(source, header=header))
        return
    made = pr.presentation(replace(source, header=header))
    lut = made.SoftcopyVOILUTSequence[0].VOILUTSequence[0]
    assert list(lut.LUTDescriptor) == [4096, expected, 16]
    # Ten bits are told, twelve are used: scaled from 12 to 16 bits.
    assert np.frombuffer(lut.LUTData, "<u2").tolist() == (np.arange(4096) * 16).tolist()
