"""Class names of CVAT's shapes: labels, or an attribute."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import AnnotationError
from panodent.formats.cvat import FORMAT


def saved(folder: Path, *shapes: tuple[str, dict[str, str]]) -> Path:
    """An export with a square of each (label, attributes)."""
    drawn = ""
    for label, attributes in shapes:
        told = "".join(f'<attribute name="{k}">{v}</attribute>' for k, v in attributes.items())
        drawn += f'<polygon label="{label}" points="1,1;4,1;4,4;1,4">{told}</polygon>'
    image = f'<image name="a.png" width="9" height="9">{drawn}</image>'
    (folder / "annotations.xml").write_text(f"<annotations>{image}</annotations>")
    return folder


TEETH = [("tooth", {"number": "36", "sure": "yes"}), ("tooth", {"number": "11", "sure": "no"})]


def test_the_error_names_the_attribute_that_names_teeth(tmp_path: Path) -> None:
    with pytest.raises(
        AnnotationError, match=r"'tooth' are not .*names the tooth: --attribute num"
    ):
        FORMAT.read(saved(tmp_path, *TEETH))


def test_an_attribute_names_the_teeth(tmp_path: Path) -> None:
    crown, plain = ("crown", {"number": "46", "fdi": "36"}), ("48", {})
    folder = saved(tmp_path, *TEETH, crown, plain)
    (item,) = FORMAT.read(folder, {"attribute": "number"})
    assert item.read().fdi.tolist() == [36, 11, 48]
    assert item.findings is not None
    (finding,) = item.findings().findings
    assert (finding.kind, finding.fdi) == ("crown", 36)


def test_an_attribute_that_no_shape_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"attributes \['number', 'sure'\]; none is 'fdi'"):
        FORMAT.read(saved(tmp_path, *TEETH), {"attribute": "fdi"})
