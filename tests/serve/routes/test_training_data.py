"""The training data as an archive."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

from panodent.serve.routes.training_data import CHUNK, get_training_data, zipped
from panodent.serve.store.training_data import TrainingData


def folder_of(place: Path, images: dict[str, bytes], named: list[str]) -> Path:
    (place / "images").mkdir()
    for name, content in images.items():
        (place / "images" / name).write_bytes(content)
    truth = {"images": [{"file_name": name} for name in named], "annotations": []}
    (place / "annotations.json").write_text(json.dumps(truth))
    return place


def test_the_archive_holds_the_folder_and_is_made_in_pieces(tmp_path: Path) -> None:
    images = {"a.png": b"small", "b.dcm": bytes(5 * CHUNK // 2)}
    pieces = list(zipped(folder_of(tmp_path, images, ["a.png", "b.dcm"])))
    assert max(map(len, pieces)) < CHUNK + 4096
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["annotations.json", "images/a.png", "images/b.dcm"]
        assert {name: archive.read(f"images/{name}") for name in images} == images


def test_findings_are_in_the_archive_where_there_are_some(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.png": b"there"}, ["a.png"])
    (folder / "findings.json").write_text("{}")
    with zipfile.ZipFile(io.BytesIO(b"".join(zipped(folder)))) as archive:
        assert archive.namelist() == ["annotations.json", "findings.json", "images/a.png"]


def test_an_image_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    pieces = zipped(folder_of(tmp_path, {"a.png": b"there"}, ["gone.png", "a.png"]))
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.namelist() == ["annotations.json", "images/a.png"]


def test_without_a_saved_study_there_is_no_archive(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    store = SimpleNamespace(training=TrainingData(tmp_path, list))
    state = SimpleNamespace(service=SimpleNamespace(store=store))
    answer = asyncio.run(get_training_data(SimpleNamespace(app=SimpleNamespace(state=state))))
    assert answer.status_code == 404
    assert "no study is saved yet" in json.loads(answer.body)["detail"]
