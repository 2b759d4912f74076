"""Data folders: radiographs found, and paired with annotations by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import phantom
from panodent.datasets import dataset
from panodent.datasets.dataset import find
from panodent.errors import AnnotationError, DatasetError, UnknownNameError
from panodent.formats.faults import FaultList

SIZE = (64, 128)


def picture(file: Path, value: int = 100) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", SIZE[::-1], value).save(file)


def label(file: Path, fdi: int) -> None:
    image = np.zeros(SIZE, np.uint8)
    image[10:20, 30:50] = fdi
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(file)


def folder(root: Path, images: dict[str, int], labels: dict[str, int]) -> Path:
    """Images of one grey value, label images of one tooth, by name."""
    for name, value in images.items():
        picture(root / "images" / name, value)
    for name, fdi in labels.items():
        label(root / "labels" / name, fdi)
    return root


def found_in(root: Path) -> dataset.Dataset:
    return find(root, options={"values": "fdi"})


def test_pairs_are_made_by_name_and_never_by_order(tmp_path: Path) -> None:
    numbers = {str(n): n for n in range(11, 19)}
    images = {f"{key}.{'jpg' if n % 2 else 'png'}": n for key, n in numbers.items()}
    labels = {f"{key}.png": n for key, n in numbers.items()}
    # Sorted lists would now pair each image from the first on with its neighbour's label.
    del labels["11.png"], images["18.png"]
    found = found_in(folder(tmp_path, images, {**labels, "100.png": 48}))
    assert [case.key for case in found.cases] == ["12", "13", "14", "15", "16", "17"]
    for case in found.cases:
        assert case.teeth().fdi.tolist() == [int(case.key)]
        assert case.radiograph().pixels[0, 0] * 255 == pytest.approx(int(case.key), abs=1)
        assert case.group == case.key
    assert found.images_without_labels == ("11",)
    assert found.labels_without_images == ("18", "100")
    assert found.format == "labels"


def test_cases_stand_in_natural_order(tmp_path: Path) -> None:
    names = {f"{key}.png": 11 for key in ("10", "9", "a10", "a9", "a²", "b/2", "b/11")}
    found = found_in(folder(tmp_path, names, names))
    assert [c.key for c in found.cases] == ["9", "10", "a9", "a10", "a²", "b/2", "b/11"]


def test_sub_folders_belong_to_the_name(tmp_path: Path) -> None:
    names = {"a/1.png": 11, "b/1.png": 48}
    found = found_in(folder(tmp_path, names, names))
    assert {case.key: case.teeth().fdi.tolist() for case in found.cases} == {
        "a/1": [11],
        "b/1": [48],
    }


def test_images_may_lie_beside_the_annotations(tmp_path: Path) -> None:
    picture(tmp_path / "1.png")
    picture(tmp_path / ".hidden.png")
    label(tmp_path / "masks" / "1.png", 36)
    found = found_in(tmp_path)
    assert [case.image for case in found.cases] == [tmp_path / "1.png"]
    assert found.images_without_labels == ()


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, {"1.png": 1, "1.jpg": 2}, {"1.png": 11})
    with pytest.raises(DatasetError, match=r"1\.(png|jpg) and .*1\.(png|jpg) share the name '1'"):
        found_in(tmp_path)


def test_nothing_that_pairs_shows_the_first_names(tmp_path: Path) -> None:
    folder(tmp_path, {"x1.png": 1, "x2.png": 2}, {"1.png": 11})
    with pytest.raises(DatasetError, match=r"2 images and 1 annotations .*'x1', .*'1'"):
        found_in(tmp_path)


def test_a_folder_without_images_says_so(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"1 annotation \(.*, but no radiograph; copy"):
        found_in(folder(tmp_path, {}, {"1.png": 11}))


def test_what_is_no_data_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        find(tmp_path / "gone")
    picture(tmp_path / "1.png")
    with pytest.raises(DatasetError, match="is a file; expected the folder of the radiographs"):
        find(tmp_path / "1.png")
    with pytest.raises(AnnotationError, match="no annotation format recognised"):
        find(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean 'labels'"):
        find(tmp_path, "label")


def test_results_of_predict_beside_the_images_are_no_images(tmp_path: Path) -> None:
    phantom.write(tmp_path, 1, size=(64, 128))
    (tmp_path / "images" / "phantom-00000.png").rename(tmp_path / "phantom-00000.png")
    (tmp_path / "images").rmdir()
    place = tmp_path / "found" / "phantom-00000"
    place.mkdir(parents=True)
    for name in ("labels.png", "overlay.png"):
        (place / name).write_bytes((tmp_path / "phantom-00000.png").read_bytes())
    (place / "teeth.json").write_text("{}")
    found = dataset.find(tmp_path, "coco")
    assert [case.key for case in found.cases] == ["phantom-00000"]
    assert found.images_without_labels == ()


def test_what_is_not_read_is_named(tmp_path: Path) -> None:
    folder(tmp_path, {"1.png": 1}, {"1.png": 11, "2.png": 12})
    (tmp_path / "images" / "2.gif").write_bytes(b"GIF89a")
    (tmp_path / "images" / "notes.txt").write_text("x")
    (item,) = found_in(tmp_path).unread
    assert (item.path.name, item.reason) == ("2.gif", "GIF is not read; save it as PNG or TIFF")
    (tmp_path / "images" / "1.png").unlink()
    with pytest.raises(DatasetError, match=r"1 entry of the folder is not read, .* 2\.gif: GIF is"):
        found_in(tmp_path)


def test_what_is_wrong_is_said_where_no_annotation_is_left(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "1.png")
    (tmp_path / "images" / "1.json").write_text('{"imagePath": 3, "shapes": []}')
    with pytest.raises(
        DatasetError, match=r"1 fault in them, the first: .*1\.json: imagePath is 3"
    ):
        find(tmp_path, faults=FaultList())
