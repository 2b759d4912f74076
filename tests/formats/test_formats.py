"""The package: formats by name, and a folder's format recognised without guessing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.base import Annotated, Format
from panodent.formats.faults import FaultList
from panodent.teeth.teeth import Teeth


def written(folder: Path, name: str) -> Path:
    """A place with one annotated image in this format."""
    teeth = Teeth.from_masks((40, 50), [(36, np.ones((5, 6), bool), (3, 4))])
    place = folder / "truth.json" if name == "coco" else folder
    image = folder / formats.get(name).image_place("a.png")
    image.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(image)
    formats.get(name).write(place, [("a.png", teeth)], {})
    return folder


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_each_format_is_recognised_by_itself_only(tmp_path: Path, name: str) -> None:
    assert formats.recognise(written(tmp_path, name)) == name
    (item,) = formats.get(name).read(tmp_path, {"values": "fdi"})
    assert item.key == "a"
    assert item.read().fdi.tolist() == [36]


@pytest.mark.parametrize(
    ("name", "options", "ignored"),
    [
        ("yolo", {"attribute": "tooth", "numbering": "fdi"}, "--attribute: is ignored: yolo has"),
        ("coco", {"predictions": True}, "no use for it, only label-studio"),
        ("ome-tiff", {"map": {"36": 36}}, "--map: is ignored"),
        ("cvat", {"encoding": "cp1252", "values": None, "predictions": False}, ""),
        ("labels", {"values": "fdi"}, ""),
        ("labels", {"values": "fdi", "map": {"36": 36}}, "--map: is ignored: pixel values are"),
    ],
)
def test_options_without_a_use_are_named(
    tmp_path: Path, name: str, options: dict[str, object], ignored: str
) -> None:
    faults = FaultList()
    formats.read(written(tmp_path, name), None, {**options, "faults": faults})
    told = [str(fault) for fault in faults if fault.is_warning]
    assert len(told) == bool(ignored)
    assert ignored in "".join(told)


def test_a_single_file_is_recognised(tmp_path: Path) -> None:
    assert formats.recognise(written(tmp_path, "coco") / "truth.json") == "coco"


def test_nothing_recognised_names_the_formats(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    (tmp_path / "other.json").write_text("{}")
    for place in (tmp_path, tmp_path / "other.json"):
        with pytest.raises(AnnotationError, match=r"--format \(coco, coco-panoptic, labels, "):
            formats.recognise(place)
    with pytest.raises(AnnotationError, match="gone: no such file or folder"):
        formats.recognise(tmp_path / "gone")


def test_several_recognised_are_named(tmp_path: Path) -> None:
    written(written(tmp_path, "labels"), "coco")
    with pytest.raises(AnnotationError, match="could be coco or labels; name it with --format"):
        formats.recognise(tmp_path)


def test_an_unknown_name_suggests() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean 'coco'"):
        formats.get("cocoo")


def test_the_contract_is_part_of_the_package() -> None:
    assert formats.Format is Format
    assert formats.Annotated is Annotated
    with pytest.raises(AttributeError, match="no attribute 'Formats'"):
        _ = formats.Formats
