"""Tests of `panodent.datasets.correction`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from panodent import formats, phantom
from panodent.datasets.correction import (
    FORMAT,
    PUBLIC,
    Correction,
    Corrections,
    correct,
    load,
    to_json,
)
from panodent.datasets.dataset import find
from panodent.errors import AnnotationError, DatasetError, UnknownNameError
from panodent.teeth.outlines import fill
from panodent.teeth.teeth import Teeth

SQUARE = ((2.0, 2.0), (6.0, 2.0), (6.0, 5.0), (2.0, 5.0))


def squares(*numbers: int, score: float = 1.0) -> Teeth:
    """Squares of 4 x 4 pixels side by side."""
    items = [(fdi, np.ones((4, 4), bool), (1, 6 * n)) for n, fdi in enumerate(numbers)]
    return Teeth.from_masks((10, 60), items, [score] * len(numbers))


def corrections(**radiographs: Correction) -> Corrections:
    return Corrections("test", "CC0", "somebody", radiographs)


def test_numbers_change_all_at_once() -> None:
    corrected = Correction(renumber={17: 16, 16: 55}, remove=(14,)).apply(squares(14, 16, 17))
    assert corrected.fdi.tolist() == [16, 55]
    assert corrected.boxes[:, 1].tolist() == [12, 6]


def test_polygons_are_added() -> None:
    corrected = Correction(add=((0, SQUARE),)).apply(squares(16))
    assert corrected.fdi.tolist() == [16, 0]
    assert corrected.boxes[1].tolist() == [2, 2, 5, 6]


def test_a_tooth_that_is_not_there() -> None:
    with pytest.raises(AnnotationError, match="opg: the correction changes tooth 17"):
        corrections(opg=Correction(renumber={17: 16})).apply("opg", "opg", squares(16))


def test_another_size_is_refused_where_polygons_are_added() -> None:
    listed = Corrections("t", "", "", {"a": Correction(add=((16, SQUARE),))}, (9, 9))
    with pytest.raises(AnnotationError, match="10 x 60"):
        listed.apply("a", "a", squares())
    listed = Corrections("t", "", "", {"a": Correction({16: 17})}, (9, 9))
    assert listed.apply("a", "a", squares(16)).fdi.tolist() == [17]


def test_the_path_goes_before_the_file_name() -> None:
    listed = Corrections("t", "", "", {"a/x": Correction(), "x": Correction(), "y": Correction()})
    assert listed.entries(["a/x", "b/x", "c/z"]) == {"a/x": "a/x", "b/x": "x"}
    assert listed.entries(["x", "b/x"]) == {"x": "x"}
    with pytest.raises(DatasetError, match="'y' fits a/y and b/y"):
        listed.entries(["a/y", "b/y"])


@pytest.mark.parametrize("name", PUBLIC)
def test_public_corrections(name: str) -> None:
    listed = load(name)
    assert listed.licence
    assert listed.attribution
    assert all(len(item) or item.unsure or item.note for item in listed.radiographs.values())


@pytest.mark.parametrize("name", PUBLIC)
def test_public_corrections_give_each_tooth_a_number_of_its_own(name: str) -> None:
    for key, item in load(name).radiographs.items():
        given = [fdi for fdi in (*item.renumber.values(), *(fdi for fdi, _ in item.add)) if fdi]
        assert len(given) == len(set(given)), key
        assert not set(item.remove) & set(item.renumber), key


def test_public_polygons_lie_in_the_radiograph() -> None:
    listed = load("ufba425")
    assert listed.size == (512, 512)
    for key, item in listed.radiographs.items():
        for fdi, polygon in item.add:
            points = np.array(polygon)
            assert ((points >= 0) & (points <= 512)).all(), (key, fdi)
            assert fill([[points]], listed.size).sum() >= 50, (key, fdi)


def test_two_roots_are_one_tooth() -> None:
    """An outline of two parts is joined by a line of no width, which covers no pixel."""
    listed = load("ufba425")
    assert listed.size is not None
    _, polygon = listed.radiographs["cate8-00289"].add[0]
    mask = fill([[np.array(polygon)]], listed.size)
    assert not mask[:, 143:145].any()
    assert mask[:, :143].any()
    assert mask[:, 145:].any()


def test_written_and_read_again(tmp_path: Path) -> None:
    item = Correction({17: 16}, (14,), ((73, SQUARE),), ("perhaps",), "a note", "mixed")
    listed = Corrections("n", "CC0", "somebody", {"a": item, "b": Correction({1 + 10: 12})}, (4, 5))
    file = tmp_path / "c.json"
    file.write_text(to_json(listed), encoding="utf-8")
    assert load(file) == listed


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "not JSON"),
        ("[]", "format is 'list'"),
        ('{"format": "other"}', "format is 'other'"),
        ({}, "radiographs"),
        ({"radiographs": {"a": {"renumber": {"16": 99}}}}, "99 is not an FDI number"),
        ({"radiographs": {"a": {"renumber": {"x": 16}}}}, "ValueError"),
        ({"radiographs": {"a": {"add": [{"fdi": 16, "polygon": [[1, 1]]}]}}}, "fewer than 3"),
        ({"radiographs": {"a": 3}}, "AttributeError"),
    ],
)
def test_damaged_files(tmp_path: Path, content: str | dict, message: str) -> None:
    file = tmp_path / "c.json"
    file.write_text(
        content if isinstance(content, str) else json.dumps({"format": FORMAT, **content})
    )
    with pytest.raises(AnnotationError, match=message):
        load(file)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="ufba425, hitl"):
        load("ufba")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("phantoms")
    phantom.write(root, 3, seed=3, size=(128, 256))
    return root


def numbers(root: Path) -> dict[str, list[int]]:
    return {case.key: sorted(case.teeth().fdi.tolist()) for case in find(root).cases}


def test_a_folder_is_corrected(folder: Path, tmp_path: Path) -> None:
    before = numbers(folder)
    first = before["phantom-00003"]
    listed = corrections(
        **{
            "phantom-00003": Correction({first[0]: 55}, remove=(first[1],)),
            "phantom-00099": Correction({11: 12}),
        }
    )
    outcome = correct(folder, tmp_path / "out", listed)
    assert outcome.changed == {"phantom-00003": 2}
    assert outcome.unused == ("phantom-00099",)
    assert (outcome.conversion.written, outcome.conversion.failed) == (3, {})
    assert numbers(tmp_path / "out") == before | {"phantom-00003": sorted([*first[2:], 55])}
    image = "images/phantom-00003.png"
    assert (tmp_path / "out" / image).read_bytes() == (folder / image).read_bytes()


def test_one_that_does_not_fit_is_named_and_the_others_go_on(folder: Path, tmp_path: Path) -> None:
    listed = corrections(**{"phantom-00003": Correction({81: 82}), "phantom-00004": Correction()})
    outcome = correct(folder, tmp_path / "out", listed)
    assert list(outcome.conversion.failed) == ["phantom-00003"]
    assert "tooth 81" in outcome.conversion.failed["phantom-00003"]
    assert outcome.changed == {}
    assert outcome.conversion.written == 2


def test_no_radiograph_at_all_is_an_error(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"phantom-00003.*such as cate1-00035"):
        correct(folder, tmp_path / "out", load("ufba425"))
    assert not (tmp_path / "out").exists()


def test_one_correction_for_two_radiographs_is_an_error(tmp_path: Path) -> None:
    items = [(f"{part}/x.png", squares(16)) for part in ("a", "b")]
    formats.get("coco").write(tmp_path / "data" / "truth.json", items)
    with pytest.raises(DatasetError, match="'x' fits a/x and b/x"):
        correct(tmp_path / "data", tmp_path / "out", corrections(x=Correction({16: 17})))
