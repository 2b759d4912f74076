"""DENTEX: quadrant and place make the number, diseases of one tooth are one tooth."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.datasets.dataset import find
from panodent.errors import AnnotationError
from panodent.formats.coco import FORMAT
from panodent.formats.dentex import without_repeats
from panodent.teeth.teeth import Teeth

SQUARE = [2.0, 1.0, 22.0, 1.0, 22.0, 21.0, 2.0, 21.0]
LARGER = [2.0, 1.0, 22.0, 1.0, 22.0, 22.0, 2.0, 22.0]
ELSEWHERE = [2.0, 23.0, 6.0, 23.0, 6.0, 29.0, 2.0, 29.0]
QUADRANTS = [{"id": index, "name": str(index + 1)} for index in range(4)]
PLACES = [{"id": index, "name": str(index + 1)} for index in range(8)]
DISEASES = [{"id": 0, "name": "Impacted"}, {"id": 1, "name": "Caries"}]


def entry(quadrant: Any = 2, place: Any = 5, polygon: Any = SQUARE, **more: Any) -> dict[str, Any]:
    """Tooth 36 unless said otherwise."""
    ids = {"category_id_1": quadrant, "category_id_2": place}
    return {"id": 1, "image_id": 1, "bbox": [], "segmentation": [polygon], **ids, **more}


def record(*entries: Any, **changes: Any) -> dict[str, Any]:
    return {
        "images": [{"id": 1, "file_name": "train_0.png", "height": 40, "width": 50}],
        "annotations": list(entries) or [entry()],
        "categories_1": QUADRANTS,
        "categories_2": PLACES,
        **changes,
    }


def saved(folder: Path, data: Any) -> Path:
    file = folder / "train_quadrant_enumeration.json"
    file.write_text(json.dumps(data))
    return file


def read_first(path: Path, **options: Any) -> Teeth:
    return FORMAT.read(path, options)[0].read()


@pytest.mark.parametrize(
    ("quadrants", "places"),
    [
        (QUADRANTS, PLACES),
        ([{"id": index, "name": index + 1} for index in range(4)], PLACES),
        ([{"id": index} for index in range(4)], [{"id": index} for index in range(8)]),
        ([{**item, "name": f" {item['name']} "} for item in QUADRANTS[::-1]], PLACES[::-1]),
    ],
)
def test_quadrant_and_place_make_the_number(
    tmp_path: Path, quadrants: list[Any], places: list[Any]
) -> None:
    entries = [entry(), entry(0, 0), entry(3, 7), entry(1, 2)]
    file = saved(tmp_path, record(*entries, categories_1=quadrants, categories_2=places))
    assert formats.recognise(tmp_path) == "coco"
    assert read_first(file).fdi.tolist() == [36, 11, 48, 23]


def test_names_go_before_ids(tmp_path: Path) -> None:
    quadrants = [{"id": 0, "name": "4"}, {"id": 1, "name": "3"}]
    places = [{"id": 7, "name": "1"}, {"id": 0, "name": "8"}]
    data = record(entry(0, 7), entry(1, 0), categories_1=quadrants, categories_2=places)
    assert read_first(saved(tmp_path, data)).fdi.tolist() == [41, 38]


def test_numbers_of_dentex_are_fdi_whatever_is_declared(tmp_path: Path) -> None:
    file = saved(tmp_path, record(entry(0, 0), entry(2, 5)))
    assert read_first(file, numbering="universal").fdi.tolist() == [11, 36]
    assert read_first(file, map={"11": None}).fdi.tolist() == [36]


def test_a_tooth_of_several_diseases_is_one(tmp_path: Path) -> None:
    entries = [
        entry(category_id_3=0),
        entry(0, 0, category_id_3=1),
        entry(polygon=LARGER, category_id_3=1),
        entry(polygon=ELSEWHERE, category_id_3=1),
    ]
    teeth = read_first(saved(tmp_path, record(*entries, categories_3=DISEASES)))
    assert teeth.fdi.tolist() == [36, 11, 36]
    assert teeth.areas.tolist() == [20 * 21, 20 * 20, 4 * 6]


def test_repeats_of_plain_coco_stay(tmp_path: Path) -> None:
    entries = [{**entry(), "category_id": 36}, {**entry(), "category_id": 36}]
    data = record(*entries, categories=[{"id": 36, "name": "36"}])
    assert read_first(saved(tmp_path, data)).fdi.tolist() == [36, 36]


def test_teeth_that_hardly_overlap_stay_two() -> None:
    half = np.ones((10, 9), bool)
    teeth = Teeth.from_masks((20, 20), [(36, np.ones((10, 10)), (0, 0)), (36, half, (0, 0))])
    assert without_repeats(teeth) == teeth  # exactly 0.9
    other = Teeth.from_masks((20, 20), [(36, np.ones((5, 5)), (0, 0))])
    assert without_repeats(other) is other


def test_radiographs_in_xrays_are_paired(tmp_path: Path) -> None:
    saved(tmp_path, record())
    (tmp_path / "xrays").mkdir()
    Image.fromarray(np.zeros((40, 50), np.uint8)).save(tmp_path / "xrays/train_0.png")
    assert [case.key for case in find(tmp_path).cases] == ["train_0"]


def test_quadrants_alone_are_refused(tmp_path: Path) -> None:
    data = record()
    del data["categories_2"]
    assert FORMAT.recognises(saved(tmp_path, data))
    with pytest.raises(AnnotationError, match=r"enumeration\.json: annotates quadrants only"):
        FORMAT.read(tmp_path)


def test_quadrants_as_plain_categories_are_refused(tmp_path: Path) -> None:
    quadrant = {"image_id": 1, "category_id": 0, "segmentation": [SQUARE]}
    data = {**record(), "annotations": [quadrant], "categories": QUADRANTS}
    file = saved(tmp_path, {key: data[key] for key in ("images", "annotations", "categories")})
    with pytest.raises(AnnotationError, match=r"enumeration\.json: categories 1, 2, 3 and 4 are"):
        FORMAT.read(file)
    assert read_first(file, numbering="universal").fdi.tolist() == [18]
    file = saved(tmp_path, {**data, "categories": QUADRANTS + PLACES})
    with pytest.raises(AnnotationError, match="used twice"):
        FORMAT.read(file)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"annotations": [entry(4, 0)]}, "annotation 1 has category_id_1 4, which categories_1"),
        ({"annotations": [entry(0, 8)]}, "category_id_2 8, which categories_2 does not list"),
        ({"annotations": [entry(None, 0)]}, "category_id_1 None"),
        ({"annotations": [entry(True, 0)]}, "category_id_1 True"),
        ({"annotations": [entry(0, "0")]}, "category_id_2 '0'"),
        ({"annotations": [entry([0], 0)]}, r"category_id_1 \[0\]"),
        ({"annotations": [entry(id="\ud800", place=-9)]}, r"annotation '\\ud800'"),
        ({"annotations": [{"id": 1}]}, "category_id_1 None"),
        ({"annotations": ["x"]}, "not JSON of the expected form from byte"),
        ({"annotations": [{**entry(), "image_id": 2}]}, "image_id 2 is not among the images"),
        ({"categories_1": [{"id": 0, "name": "5"}]}, "an entry of categories_1 is .* from 1 to 4"),
        ({"categories_2": [{"id": 0, "name": "9"}]}, "an entry of categories_2 is .* from 1 to 8"),
        ({"categories_1": [{"id": 4}]}, "expected an id and, as its name"),
        ({"categories_1": [{"id": 0, "name": "1"}, {"id": 1}]}, "an entry of categories_1"),
        ({"categories_1": [{"id": -9, "name": "1"}]}, "an entry of categories_1"),
        ({"categories_1": [{"id": True}]}, "an entry of categories_1"),
        ({"categories_1": [{"id": "0", "name": "1"}]}, "an entry of categories_1"),
        ({"categories_1": ["1"]}, "an entry of categories_1 is '1'"),
        ({"categories_1": [{"id": 0, "name": ["1"]}]}, "an entry of categories_1"),
        ({"categories_1": [{"id": 0}, {"id": 0}]}, "categories_1 lists .* twice"),
        ({"categories_1": [QUADRANTS[0], {"id": 1, "name": 1}]}, "categories_1 lists .* twice"),
        ({"categories_2": None}, "annotates quadrants only"),
        ({"images": [{"id": 1, "file_name": "..", "height": 4, "width": 5}]}, "is named '..'"),
    ],
)
def test_malformed_files(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"enumeration\.json: .*{reason}") as caught:
        FORMAT.read(saved(tmp_path, record(**changes)))
    str(caught.value).encode()


def test_a_file_of_quadrants_beside_the_teeth_is_named(tmp_path: Path) -> None:
    for name in ("quadrant", "quadrant_enumeration"):
        (tmp_path / name).mkdir()
    saved(tmp_path / "quadrant_enumeration", record())
    plain = {"id": 1, "image_id": 1, "category_id": 2, "segmentation": [SQUARE]}
    data = {**record(plain), "categories": QUADRANTS}
    (tmp_path / "quadrant" / "train_quadrant.json").write_text(
        json.dumps({key: data[key] for key in ("images", "annotations", "categories")})
    )
    with pytest.raises(
        AnnotationError, match=r"train_quadrant\.json: categories 1, .*leave this f"
    ):
        FORMAT.read(tmp_path)
