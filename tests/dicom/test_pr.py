"""Presentation states: an outline and a number for each tooth, and the radiograph's window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from panodent.dicom.source import SourceImage

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
