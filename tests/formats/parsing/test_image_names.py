"""Names of radiographs: what is none is refused, and forms of one name compare equal."""

from __future__ import annotations

from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.image_names import declared_path, uploaded_stem


@pytest.mark.parametrize(
    "name",
    [
        None,
        3,
        ["a.png"],
        "",
        "/",
        "..",
        "a/..",
        "a/",
        "a\nb.png",
        "a\ud800.png",
        "a" * 300,
        "a/" * 2000 + "a",
    ],
)
def test_what_is_no_name_of_a_file_is_refused(name: Any) -> None:
    with pytest.raises(AnnotationError, match=r"^t\.json: an image is named .*expected the path"):
        declared_path(name, "t.json")


def test_names_of_uploads() -> None:
    assert uploaded_stem("sub/Zahn [1] &.PNG") == uploaded_stem("sub/zahn_1_.jpg")
    assert uploaded_stem("a/1.png") != uploaded_stem("b/1.png")
