"""What cannot be used is found before work begins, item by item."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.datasets.checking import left_out, stop_at, usable
from panodent.datasets.dataset import find
from panodent.errors import FaultyItemsError
from panodent.formats.faults import Fault, FaultList
from panodent.formats.registry import BY_NAME
from panodent.teeth.teeth import Teeth

SIZE = (40, 60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five radiographs: sound, damaged, of another size, and two with a faulty annotation."""
    square = np.ones((5, 5), bool)
    teeth = Teeth.from_masks(SIZE, [(36, square, (2, 2)), (48, square, (9, 9))])
    names = ("sub/sound", "damaged", "turned", "sub/point", "sub/lost")
    formats.get("coco").write(tmp_path, [(f"{name}.png", teeth) for name in names])
    for name in names:
        file = tmp_path / "images" / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SIZE[::-1] if name == "turned" else SIZE, np.uint8)).save(file)
    (tmp_path / "images" / "damaged.png").write_bytes(b"\x89PNG")
    data = json.loads((tmp_path / "annotations.json").read_text())
    data["annotations"][6]["segmentation"] = [[3, 3]]  # read with the radiograph
    data["annotations"][8]["category_id"] = 99  # known from the list
    data["annotations"][9]["segmentation"] = {"size": [*SIZE], "counts": [2400]}  # no pixel: a note
    (tmp_path / "annotations.json").write_text(json.dumps(data))
    return tmp_path


def test_only_whole_radiographs_are_trained_on(folder: Path) -> None:
    faults = FaultList()
    found = usable(find(folder, faults=faults), faults)
    assert [case.key for case in found.cases] == ["sub/sound"]
    assert [(Path(f.image or f.file).name, f.item, f.cost) for f in faults.serious] == [
        ("lost.png", "annotation 9", "annotation"),
        ("damaged.png", "", "radiograph"),
        ("point.png", "annotation 7", "annotation"),
        ("turned.png", "", "radiograph"),
    ]
    assert [fault.item for fault in faults.notes] == ["annotation 10"]
    assert left_out(faults) == "2 annotations and 2 radiographs"
    with pytest.raises(FaultyItemsError, match="4 items cannot be used") as caught:
        stop_at(faults)
    assert len(caught.value.faults) == 4
    assert str(caught.value).count("\n") == 4


def test_notes_stop_nothing() -> None:
    note = Fault("a.json", problem="covers no pixel", cost="nothing", is_note=True)
    stop_at([note])
    assert left_out([note]) == ""


@pytest.mark.parametrize("orientation", [5, 6, 7, 8])
def test_a_conflict_names_exif_and_both_sizes(tmp_path: Path, orientation: int) -> None:
    """Tools that ignore EXIF annotate the pixels as they are stored."""
    teeth = Teeth.from_masks((40, 60), [(36, np.ones((5, 5), bool), (2, 2))])
    formats.get("coco").write(tmp_path, [("a.jpg", teeth)])
    (tmp_path / "images").mkdir()
    picture = Image.fromarray(np.zeros((40, 60), np.uint8))
    exif = picture.getexif()
    exif[274] = orientation
    picture.save(tmp_path / "images" / "a.jpg", exif=exif)
    faults = FaultList()
    assert not usable(find(tmp_path, faults=faults), faults).cases
    (fault,) = faults.serious
    assert fault.problem == (
        "the radiograph has 40 x 60 pixels, its annotation 60 x 40; the file stores 60 x 40, and "
        f"its EXIF orientation {orientation} turns them upright; it was drawn on the pixels as "
        "they are stored; save the radiograph upright without EXIF orientation, and draw on that"
    )


A_FILE_EACH = {
    "labels": "labels/b.png",
    "ome-tiff": "b_36.ome.tiff",
    "voc": "Annotations/b.xml",
    "yolo": "labels/b.txt",
    "nnunet": "labelsTr/b.png",
    "supervisely": "ann/b.png.json",
    "labelme": "images/b.json",
    "coco-panoptic": "panoptic/b.png",
}
"""The annotation of the radiograph b.png, by format."""


@pytest.mark.parametrize("name", A_FILE_EACH)
def test_one_damaged_file_costs_one_radiograph(tmp_path: Path, name: str) -> None:
    chosen = formats.get(name)
    box = [{"box"}] if BY_NAME[name].limits.shape == "boxes" else None
    teeth = Teeth.from_masks(SIZE, [(48, np.ones((5, 5), bool), (9, 9))], None, box)
    teeth = teeth if name != "ome-tiff" else Teeth.from_masks(SIZE, [(36, np.ones((5, 5)), (2, 2))])
    images = ("a.png", "b.png", "c.png")
    chosen.write(tmp_path, [(image, teeth) for image in images])
    for image in images:
        place = tmp_path / chosen.image_place(image)
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SIZE, np.uint8)).save(place)
    (tmp_path / A_FILE_EACH[name]).write_bytes(b'{"\xff<36 0.5')
    options = {"values": "fdi"}
    faults = FaultList()
    found = usable(find(tmp_path, None, options, faults), faults)
    assert [case.key for case in found.cases] == ["a", "c"]
    assert any("b." in fault.file + fault.image for fault in faults.serious)
