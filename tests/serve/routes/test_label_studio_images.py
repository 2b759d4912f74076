"""Which images are read without a network: data: URLs only. Fetching: test_label_studio.py."""

from __future__ import annotations

import pytest

from panodent.errors import AnnotationError, ConfigError
from panodent.serve.routes.label_studio_images import LabelStudioAccess, read_image

ACCESS = LabelStudioAccess("http://studio.example:8081", "a-key")


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("data:image/png;base64,AAEC", b"\x00\x01\x02"),
        ("data:image/png,a%20b", b"a b"),
        ("data:", b""),
    ],
)
def test_images_in_the_task_itself(value: str, content: bytes) -> None:
    assert read_image(value, LabelStudioAccess(), 100) == ("task.png", content)


@pytest.mark.parametrize(
    ("value", "access", "message"),
    [
        ("data:image/png;base64,!", ACCESS, "not a valid data: URL"),
        ("/data/a.png", LabelStudioAccess(), "start it with --label-studio URL"),
        ("http://[", ACCESS, "URL of a task's image is invalid"),
        ("http://other.example/a.png", ACCESS, "fetched from studio.example:8081 only"),
        ("https://studio.example:8081/a.png", ACCESS, "only"),
        ("//studio.example/a.png", ACCESS, "only"),
    ],
)
def test_other_images_are_refused(value: str, access: LabelStudioAccess, message: str) -> None:
    with pytest.raises(AnnotationError, match=message) as caught:
        read_image(value, access, 100)
    assert "a-key" not in str(caught.value)


def test_the_address_of_label_studio_is_a_web_address() -> None:
    with pytest.raises(ConfigError, match="expected http"):
        LabelStudioAccess("ftp://example.org")
