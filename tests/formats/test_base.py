"""Names that formats make files of: each its own place, and inside the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent import formats
from panodent.errors import AnnotationError
from panodent.teeth.teeth import Teeth

NONE = Teeth.empty((8, 8))


@pytest.mark.parametrize("name", ["labels", "ome-tiff"])
def test_two_images_of_one_name_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg"):
        formats.get(name).write(tmp_path, [("a.png", NONE), ("a.jpg", NONE)], {})


@pytest.mark.parametrize("name", ["labels", "ome-tiff"])
@pytest.mark.parametrize("file", ["../a.png", "/srv/a.png", "b/../../a.png", "C:\\a.png", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    tmp_path: Path, name: str, file: str
) -> None:
    with pytest.raises(AnnotationError, match="no name of a file"):
        formats.get(name).write(tmp_path / "out", [(file, NONE)], {})
    assert not list(tmp_path.rglob("*.png"))
