"""Annotated radiographs: paired by name, duplicates found, split so that none straddles."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from panodent import phantom
from panodent.datasets import dataset
from panodent.datasets.dataset import Case, find
from panodent.datasets.splits import duplicates, fold, grouped, split
from panodent.errors import AnnotationError, ConfigError, DatasetError, UnknownNameError
from panodent.formats.base import Annotated
from panodent.teeth.teeth import Teeth

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


def some_cases(count: int, per_group: int = 1) -> list[Case]:
    """Cases without files; every `per_group` of them are one radiograph."""
    return [
        Case(
            f"c{number}",
            Path(f"c{number}.png"),
            Annotated(f"c{number}", lambda: Teeth.empty(SIZE)),
            f"g{number // per_group}",
        )
        for number in range(count)
    ]


def keys(cases: list[Case]) -> set[str]:
    return {case.key for case in cases}


# --- finding and pairing -----------------------------------------------------------------------


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
    with pytest.raises(DatasetError, match=r"0 images and 1 annotations .*None"):
        found_in(folder(tmp_path, {}, {"1.png": 11}))


def test_what_is_no_data_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        find(tmp_path / "gone")
    picture(tmp_path / "1.png")
    with pytest.raises(AnnotationError, match="no annotation format recognised"):
        find(tmp_path)
    with pytest.raises(UnknownNameError, match="Did you mean 'labels'"):
        find(tmp_path, "label")


# --- duplicates --------------------------------------------------------------------------------


def changed(file: Path, to: Path) -> None:
    """The same radiograph as somebody else exports it: smaller, JPEG, brighter."""
    image = Image.open(file)
    image = image.resize((round(image.width * 0.8), round(image.height * 0.75)))
    image.point(lambda value: min(255, round(value * 1.08 + 6))).save(to, quality=85)


def test_copies_of_one_radiograph_are_one_group(tmp_path: Path) -> None:
    phantom.write(tmp_path, 10, size=(256, 512))
    images = tmp_path / "images"
    cases = list(find(tmp_path).cases)
    for number in (2, 5):
        changed(images / f"phantom-{number:05d}.png", images / f"copy-{number}.jpg")
        name = f"copy-{number}"
        cases.append(Case(name, images / f"{name}.jpg", cases[number].annotation, name))
    groups = {case.key: case.group for case in grouped(cases)}
    assert groups["copy-2"] == groups["phantom-00002"] == "phantom-00002"
    assert groups["copy-5"] == groups["phantom-00005"] == "phantom-00005"
    assert set(Counter(groups.values()).values()) == {1, 2}
    assert len(set(groups.values())) == 10
    # Nothing else is changed, and files that cannot be read are left as they are.
    (images / "copy-2.jpg").write_bytes(b"")
    again = grouped(cases)
    assert [replace(case, group="") for case in again] == [replace(c, group="") for c in cases]
    assert {case.key: case.group for case in again}["copy-2"] == "copy-2"


def test_what_resembles_two_joins_them() -> None:
    def at(degrees: float) -> np.ndarray:
        angle = np.deg2rad(degrees)
        return np.array([np.cos(angle), np.sin(angle)], np.float32)

    # 9 degrees are a correlation of 0.988, 18 degrees of 0.951.
    prints = {"a": at(0), "far": at(90), "c": at(18), "b": at(9)}
    assert duplicates(prints) == [("a", "c", "b")]
    assert duplicates({"a": at(0), "c": at(18)}) == []
    assert duplicates({"a": at(0)}) == duplicates({}) == []


def test_blank_pictures_are_no_copies_of_each_other(tmp_path: Path) -> None:
    names = {"1.png": 0, "2.png": 255}
    cases = found_in(folder(tmp_path, names, dict.fromkeys(names, 11))).cases
    assert [case.group for case in grouped(cases)] == ["1", "2"]


# --- splits ------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9])
def test_a_split_covers_everything_once(share: float) -> None:
    cases = some_cases(90, per_group=3)
    training, validation = split(cases, share)
    assert keys(training) | keys(validation) == keys(cases)
    assert not {case.group for case in training} & {case.group for case in validation}
    assert len(training) + len(validation) == 90
    assert len(validation) == (3 * max(round(share * 30), 1) if share else 0)


def test_folds_cover_everything_once() -> None:
    cases = some_cases(69, per_group=3)
    held = [fold(cases, index, 5) for index in range(1, 6)]
    for training, validation in held:
        assert keys(training) | keys(validation) == keys(cases)
        assert not {case.group for case in training} & {case.group for case in validation}
        assert len(validation) in (12, 15)
    assert sorted(case.key for _, side in held for case in side) == sorted(keys(cases))


def test_sides_follow_from_names_and_seed_alone() -> None:
    cases = some_cases(50)
    shuffled = random.Random(0).sample(cases, 50)
    for divide in (lambda c, seed: split(c, 0.2, seed), lambda c, seed: fold(c, 2, 5, seed)):
        first, again, other = divide(cases, 1), divide(shuffled, 1), divide(cases, 2)
        assert keys(first[1]) == keys(again[1])
        assert keys(first[1]) != keys(other[1])


def test_a_further_case_moves_few_others() -> None:
    sizes = range(100, 120)
    for index in (None, 1, 3, 5):
        held = [
            keys((split(c, 0.2) if index is None else fold(c, index, 5))[1])
            for c in map(some_cases, sizes)
        ]
        # One joins and one leaves, at either end of the fold.
        assert all(len(before ^ after) <= 4 for before, after in pairwise(held))
        assert len(held[0] ^ held[-1]) < 20


@pytest.mark.parametrize("share", [-0.1, 1.0, 20, float("nan")])
def test_bad_shares_are_refused(share: float) -> None:
    with pytest.raises(ConfigError, match="expected 0 to below 1"):
        split(some_cases(4), share)


@pytest.mark.parametrize(("index", "count"), [(0, 5), (6, 5), (1, 1), (1, 0), (-1, 5)])
def test_bad_folds_are_refused(index: int, count: int) -> None:
    with pytest.raises(ConfigError, match=f"fold {index}/{count}; expected K/N"):
        fold(some_cases(4), index, count)


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
