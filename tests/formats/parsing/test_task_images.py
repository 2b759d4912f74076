"""Radiographs of Label Studio tasks: found by path, by name, and without the digits of uploads."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.task_images import TaskImages


def folder(root: Path, *names: str) -> TaskImages:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return TaskImages(root / "export.json")


def task(url: Any) -> dict[str, Any]:
    return {"data": {"image": url}}


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/data/upload/1/3f2a1b2c-a.png", "a.png"),
        ("/data/upload/1/3f2a1b2c-a%20b.png", "a b.png"),
        ("/data/local-files/?d=sub/a.png", "sub/a.png"),
        ("/data/local-files/?d=project/images/sub/a.png", "sub/a.png"),
        ("http://localhost:8080/data/local-files/?d=%2Fsub%2Fa.png", "sub/a.png"),
        ("/data/local-files/?d=elsewhere/a.png", "sub/a.png"),
        ("https://example.org/x/a.png?token=1", "a.png"),
        ("s3://bucket/x/a.png", "a.png"),
        ("C:\\data\\a.png", "a.png"),
        ("/data/local-files/?d=C%3A%5Cscans%5Ca.png", "a.png"),
        ("/data/upload/1/3f2a1b2c-A.PNG", "a.png"),
        ("/data/upload/1/3f2a1b2c-a.jpg", "a.png"),
        ("/data/upload/1/3f2a1b2c-scan_1.png", "scan (1).png"),
        ("/data/upload/1/a%CC%88.png", "\u00e4.png"),
    ],
)
@pytest.mark.parametrize("root", ["", "images/", "img/"])
def test_the_radiograph_of_a_url(tmp_path: Path, url: str, name: str, root: str) -> None:
    images = folder(tmp_path, f"{root}{name}")
    assert images.of(task(url), "task 1") == (PurePosixPath(name), tmp_path / root / name)


def test_the_name_as_it_is_comes_before_the_name_without_digits(tmp_path: Path) -> None:
    images = folder(tmp_path, "3f2a1b2c-a.png", "a.png")
    name, _ = images.of(task("/data/upload/1/3f2a1b2c-a.png"), "task 1")
    assert name == PurePosixPath("3f2a1b2c-a.png")


def test_the_only_picture_of_a_task_is_its_image(tmp_path: Path) -> None:
    data = {"scan": "x/a.png", "note": "see b", "number": 3}
    assert folder(tmp_path).of({"data": data}, "task 1") == (PurePosixPath("a.png"), None)


def test_without_radiographs_the_url_gives_the_name(tmp_path: Path) -> None:
    images = folder(tmp_path)
    assert images.of(task("/data/local-files/?d=x/a.png"), "") == (PurePosixPath("x/a.png"), None)
    assert images.of(task("/data/upload/3f2a1b2c-a.png"), "") == (
        PurePosixPath("3f2a1b2c-a.png"),
        None,
    )


def test_two_radiographs_of_one_name_are_an_error(tmp_path: Path) -> None:
    images = folder(tmp_path, "x/a.png", "y/a.png")
    with pytest.raises(
        AnnotationError, match=r"^task 1: image a\.png may be x/a\.png or y/a\.png; rename one"
    ):
        images.of(task("a.png"), "task 1")
    assert images.of(task("/data/local-files/?d=y/a.png"), "")[0] == PurePosixPath("y/a.png")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({}, "data holds ; expected 'image' or one picture"),
        ({"image": 3}, "data holds 'image'; expected"),
        ({"a": "1.png", "b": "2.png"}, "data holds 'a', 'b'; expected"),
        ({"image": "data:image/png;base64,iVBO"}, r"the image is part of the task \(data:\)"),
        ({"image": "http://[x/a.png"}, r"image 'http://\[x/a\.png' is not a URL"),
    ],
)
def test_tasks_without_one_image(tmp_path: Path, data: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"^task 1: {reason}"):
        folder(tmp_path).of({"data": data}, "task 1")


def test_the_name_of_the_upload_counts_if_the_url_names_no_file(tmp_path: Path) -> None:
    images = folder(tmp_path, "images/opg.png")
    (name,) = images.paths
    for url in ("https://host/resolve?file=7", "data:image/png;base64,iVBO"):
        given = {**task(url), "file_upload": f"1a2b3c4d-{PurePosixPath(name).name}"}
        assert images.of(given, "task 1") == (PurePosixPath(name), images.paths[name])


@pytest.mark.parametrize(
    "url",
    [
        "/x/..",
        "/x/%2e%2e",
        "/data/local-files/?d=../a.png",
        "/data/local-files/?d=..%5Ca.png",
    ],
)
def test_names_that_lead_out_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(AnnotationError, match=r"export\.json: an image is named .* below the data"):
        folder(tmp_path).of(task(url), "task 1")
