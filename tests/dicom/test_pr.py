"""Presentation states: an outline and a number for each tooth, and the radiograph's window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from panodent.dicom.pr import presentation
from panodent.dicom.source import SourceImage
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

pytest.importorskip("highdicom")


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
    from panodent.dicom import pr

    monkeypatch.setattr(pr, "MAX_POINTS", 10)
    annotation = pr.presentation(source).GraphicAnnotationSequence[0]
    points = [item.NumberOfGraphicPoints for item in annotation.GraphicObjectSequence]
    assert max(points) <= 11  # 10, and the first one again to close the outline


def test_each_kind_of_finding_is_a_layer(source: SourceImage) -> None:
    mask = np.ones((6, 8), bool)
    items = [("crown", 36, mask, (20, 30)), ("filling", 37, mask, (20, 60))]
    findings = Findings.from_masks(source.teeth.size, [*items, ("crown", 46, mask, (60, 30))])
    state = presentation(replace(source, findings=findings))
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
    state = presentation(replace(source, teeth=Teeth.empty(size), findings=implant))
    assert [item.GraphicLayer for item in state.GraphicLayerSequence] == ["IMPLANT"]
