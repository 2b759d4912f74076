"""A child's teeth in every format: deciduous teeth, germs, overlaps, a tooth without a number."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats, phantom
from panodent.dentition import DECIDUOUS, PERMANENT, TEETH
from panodent.errors import AnnotationError
from panodent.formats.base import losses
from panodent.formats.parsing.label_map import read_values
from panodent.formats.registry import BY_NAME
from panodent.teeth.teeth import Teeth

EVERY_FORMAT = pytest.mark.parametrize("name", formats.WRITTEN)
NAMED = [info.name for info in BY_NAME.values() if info.numberings]


@pytest.fixture(scope="module")
def child() -> Teeth:
    """An eight-year-old with overlaps between crowns and germs, and a supernumerary tooth."""
    _, teeth = phantom.draw(4, (256, 512), age=8.0)
    items = [(fdi, mask, (box[0], box[1])) for fdi, box, mask in teeth]
    made = Teeth.from_masks((256, 512), [*items, (0, np.ones((9, 7), bool), (5, 250))])
    assert {fdi > 50 for fdi in made.fdi.tolist()} == {True, False}
    assert "overlap" in losses(made, BY_NAME["labels"].limits)
    return made


def every_tooth() -> Teeth:
    """All 52 teeth as squares side by side."""
    square = np.ones((4, 4), bool)
    items = [(fdi, square, (8 * (i // 10), 6 * (i % 10))) for i, fdi in enumerate(TEETH)]
    return Teeth.from_masks((60, 70), items)


def kept(folder: Path, name: str, teeth: Teeth, **options: Any) -> Teeth:
    """The teeth after writing and reading."""
    chosen = formats.get(name)
    image = folder / chosen.image_place("a.png")
    image.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(teeth.size, np.uint8)).save(image)
    chosen.write(folder, [("a.png", teeth)], options)
    (item,) = chosen.read(folder, {"values": "fdi", **options})
    return item.read()


@EVERY_FORMAT
def test_a_child_comes_back(tmp_path: Path, child: Teeth, name: str) -> None:
    limits = BY_NAME[name].limits
    truth = child if limits.unnumbered else child.numbered()
    found = kept(tmp_path, name, truth).sorted()
    truth = truth.sorted()
    assert found.fdi.tolist() == truth.fdi.tolist()
    if limits.shape == "boxes":
        assert np.array_equal(found.boxes, truth.boxes)
    elif not limits.overlap:
        assert np.array_equal(found.label_image(), truth.label_image())
    elif limits.parts and limits.holes:
        assert [found.rle(i) for i in range(len(found))] == [
            truth.rle(i) for i in range(len(truth))
        ]
    else:  # one outline a tooth
        assert (found.areas >= 0.95 * truth.areas).all()


@pytest.mark.parametrize("name", ["labels", "nnunet"])
def test_label_maps_leave_out_what_has_no_number(tmp_path: Path, child: Teeth, name: str) -> None:
    """0 is the background; `convert` counts the loss."""
    assert "unnumbered teeth" in losses(child, BY_NAME[name].limits)
    found = kept(tmp_path, name, child)
    assert sorted(found.fdi.tolist()) == sorted(child.numbered().fdi.tolist())


def test_ome_tiff_refuses_what_has_no_number(tmp_path: Path, child: Teeth) -> None:
    with pytest.raises(AnnotationError, match="unnumbered or repeated teeth cannot be written"):
        kept(tmp_path, "ome-tiff", child)


@pytest.mark.parametrize("numbering", ["fdi", "universal", "palmer"])
@pytest.mark.parametrize("name", NAMED)
def test_all_teeth_by_name_in_every_numbering(tmp_path: Path, name: str, numbering: str) -> None:
    found = kept(tmp_path, name, every_tooth(), numbering=numbering).sorted()
    truth = every_tooth().sorted()
    assert found.fdi.tolist() == truth.fdi.tolist() == sorted(TEETH)
    assert np.array_equal(found.boxes, truth.boxes)


@EVERY_FORMAT
def test_all_teeth_without_a_declared_numbering(tmp_path: Path, name: str) -> None:
    """Numbers above 48 prove FDI."""
    assert sorted(kept(tmp_path, name, every_tooth()).fdi.tolist()) == sorted(TEETH)


# --- class lists --------------------------------------------------------------------------------


def test_pixel_values(tmp_path: Path) -> None:
    kept(tmp_path / "labels", "labels", every_tooth())
    values = np.unique(read_values(tmp_path / "labels" / "labels" / "a.png"))
    assert values.tolist() == [0, *sorted(TEETH)]
    kept(tmp_path / "nnunet", "nnunet", every_tooth())
    values = np.unique(read_values(tmp_path / "nnunet" / "labelsTr" / "a.png"))
    assert values.tolist() == list(range(53))
    named = json.loads((tmp_path / "nnunet" / "dataset.json").read_text())["labels"]
    assert list(named.items()) == [
        ("background", 0),
        *((str(fdi), value) for value, fdi in enumerate((*PERMANENT, *DECIDUOUS), start=1)),
    ]


def test_classes_of_yolo(tmp_path: Path) -> None:
    import yaml

    kept(tmp_path, "yolo", every_tooth())
    names = yaml.safe_load((tmp_path / "data.yaml").read_text())["names"]
    wanted = [*map(str, (*PERMANENT, *DECIDUOUS)), "unnumbered"]
    assert names == dict(enumerate(wanted))


def test_universal_pixel_values_are_permanent_teeth(tmp_path: Path) -> None:
    teeth = Teeth.from_masks((9, 9), [(75, np.ones((2, 2), bool), (1, 1))])
    with pytest.raises(AnnotationError, match="the value map has no value for tooth 75"):
        formats.get("labels").write(tmp_path, [("a.png", teeth)], {"values": "universal"})


def test_dentex_has_no_deciduous_teeth(tmp_path: Path) -> None:
    """Four quadrants of eight positions: a file that claims a fifth quadrant is refused."""
    lists = [[{"id": n, "name": str(n + 1)} for n in range(count)] for count in (5, 8)]
    file = tmp_path / "train.json"
    file.write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "a.png", "width": 9, "height": 9}],
                "categories_1": lists[0],
                "categories_2": lists[1],
                "annotations": [
                    {
                        "id": 1,
                        "image_id": 1,
                        "category_id_1": 4,
                        "category_id_2": 0,
                        "bbox": [1, 1, 3, 3],
                        "segmentation": [[1, 1, 4, 1, 4, 4, 1, 4]],
                    }
                ],
            }
        )
    )
    with pytest.raises(AnnotationError, match="categories_1"):
        formats.get("coco").read(file)
