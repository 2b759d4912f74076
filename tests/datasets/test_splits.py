"""Duplicates are found and kept together; splits and folds cover every case once."""

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
from panodent.datasets.dataset import Case, find
from panodent.datasets.splits import SHARE, duplicates, fingerprint, fold, grouped, held_out, split
from panodent.errors import ConfigError
from panodent.formats.base import Annotated
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth

SIZE = (64, 128)


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
    cases = []
    for key, value in (("1", 0), ("2", 255)):
        Image.new("L", SIZE[::-1], value).save(tmp_path / f"{key}.png")
        cases.append(Case(key, tmp_path / f"{key}.png", Annotated(key, Teeth.empty), key))
    assert [case.group for case in grouped(cases)] == ["1", "2"]


def test_a_fingerprint_ignores_brightness_and_contrast(drawn: tuple[Radiograph, Teeth]) -> None:
    radiograph, _ = drawn
    darker = replace(radiograph, pixels=radiograph.pixels * np.float32(0.5))
    one, other = fingerprint(radiograph), fingerprint(darker)
    assert one.shape == (32 * 64,)
    assert float(one @ one) == pytest.approx(1)
    assert float(one @ other) > 0.999
    assert abs(float(one @ fingerprint(phantom.draw(4, (512, 1024))[0]))) < 0.9


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


def test_what_a_training_would_hold_out(tmp_path: Path) -> None:
    phantom.write(tmp_path, 8, size=(64, 128))
    files = sorted((tmp_path / "images").iterdir())
    (tmp_path / "images" / "copy.png").write_bytes(files[0].read_bytes())
    cases = grouped(find(tmp_path).cases)
    named = [(case.key, case.image) for case in cases]
    assert held_out(named) == {case.key for case in split(cases, SHARE)[1]}
    assert held_out([]) == set()
    assert len(held_out([("a", None), ("b", None)])) == 1
