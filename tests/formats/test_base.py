"""The contract of formats, tested for every row of the registry; and what is lost in writing."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.base import Format, losses
from panodent.formats.registry import BY_NAME, Limits
from panodent.radiograph.radiograph import key_of
from panodent.teeth.teeth import Teeth

SIZE = (20, 30)
BLOCK = np.ones((4, 5), bool)
HOLE = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
PARTS = np.array([[1, 0, 1]], bool)
READING = {"values": "fdi"}  # label maps need it, other formats ignore it
EVERY_FORMAT = pytest.mark.parametrize("name", formats.WRITTEN)


def teeth_within(limits: Limits) -> Teeth:
    """Teeth that use everything that a format with these limits can hold."""
    items = [(36, BLOCK, (1, 1)), (48, BLOCK, (10, 20))]
    items += [(11, HOLE, (14, 2))] if limits.holes else []
    items += [(12, PARTS, (1, 20))] if limits.parts else []
    items += [(37, BLOCK, (3, 3))] if limits.overlap else []
    items += [(0, BLOCK, (15, 10))] if limits.unnumbered else []
    items += [(36, BLOCK, (7, 8))] if limits.repeated else []
    scores = [0.5 if limits.scores else 1.0] * len(items)
    flags = [{"box"} if limits.shape == "boxes" else ()] * len(items)
    return Teeth.from_masks(SIZE, items, scores, flags)


def written(folder: Path, name: str, *items: tuple[str, Teeth], **options: Any) -> Format:
    """A data folder in this format, with black radiographs."""
    chosen = formats.get(name)
    chosen.write(folder, items, options)
    for image, teeth in items:
        place = folder / chosen.image_place(image)
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(teeth.size, np.uint8)).save(place)
    return chosen


@EVERY_FORMAT
def test_what_the_limits_allow_comes_back(tmp_path: Path, name: str) -> None:
    teeth = teeth_within(BY_NAME[name].limits)
    assert losses(teeth, BY_NAME[name].limits) == []
    chosen = written(tmp_path, name, ("sub/b.png", teeth), ("a.png", Teeth.empty(SIZE)))
    first, second = chosen.read(tmp_path, READING)
    assert first.read() == Teeth.empty(SIZE)
    assert second.read().sorted() == teeth.sorted()
    assert second.read() == second.read()


@EVERY_FORMAT
def test_keys_are_sorted_and_radiographs_paired(tmp_path: Path, name: str) -> None:
    images = ("c.png", "a.png", "sub/b.png")
    chosen = written(tmp_path, name, *((image, Teeth.empty(SIZE)) for image in images))
    items = chosen.read(tmp_path, READING)
    # nnU-Net has no folders.
    folder = "sub__" if name == "nnunet" else "sub/"
    assert [item.key for item in items] == ["a", "c", f"{folder}b"]
    for item in items:
        assert item.size in (None, SIZE)
        assert item.image is None or item.image.is_file()


@EVERY_FORMAT
def test_its_own_files_are_recognised_and_no_others(tmp_path: Path, name: str) -> None:
    chosen = formats.get(name)
    (tmp_path / "empty").mkdir()
    odd = tmp_path / "odd"
    odd.mkdir()
    for suffix in ("json", "xml", "yaml", "txt", "png", "ome.tif"):
        (odd / f"a.{suffix}").write_bytes(b"\xff\x00[<")
    places = [tmp_path / "gone", tmp_path / "empty", odd, *odd.iterdir()]
    assert not any(chosen.recognises(place) for place in places)
    written(tmp_path / "data", name, ("a.png", teeth_within(chosen.limits)))
    assert chosen.recognises(tmp_path / "data")


@EVERY_FORMAT
def test_a_place_without_annotations_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    for place in (tmp_path / "empty", tmp_path / "gone"):
        with pytest.raises(AnnotationError, match=place.name):
            formats.get(name).read(place, READING)


@EVERY_FORMAT
@pytest.mark.parametrize("file", ["../a.png", "/srv/a.png", "b/../../a.png", "C:\\a.png", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(
    tmp_path: Path, name: str, file: str
) -> None:
    with pytest.raises(AnnotationError, match="expected a file below the data folder"):
        formats.get(name).write(tmp_path / "out", [(file, Teeth.empty(SIZE))])
    assert not [place for place in tmp_path.rglob("*") if place.stem == "a"]


@EVERY_FORMAT
def test_two_images_that_differ_in_suffix_only_are_refused(tmp_path: Path, name: str) -> None:
    items = [("a.png", Teeth.empty(SIZE)), ("a.jpg", Teeth.empty(SIZE))]
    with pytest.raises(AnnotationError, match=r"a\.png and a\.jpg would both be written as"):
        formats.get(name).write(tmp_path, items)


@EVERY_FORMAT
def test_one_radiograph_is_in_memory_at_a_time(tmp_path: Path, name: str) -> None:
    alive: list[weakref.ref[Teeth]] = []

    def items() -> Iterator[tuple[str, Teeth]]:
        for number in range(4):
            teeth = teeth_within(BY_NAME[name].limits)
            alive.append(weakref.ref(teeth))
            yield f"{number}.png", teeth
            del teeth
            assert sum(known() is not None for known in alive) <= 1

    formats.get(name).write(tmp_path, items())
    assert len(alive) == 4


@EVERY_FORMAT
def test_no_radiographs_make_an_empty_data_set(tmp_path: Path, name: str) -> None:
    chosen = formats.get(name)
    chosen.write(tmp_path / "out", [])
    # A format with a file for each radiograph has nothing to be recognised by.
    assert not chosen.recognises(tmp_path / "out") or chosen.read(tmp_path / "out") == []


@pytest.mark.parametrize(
    ("name", "geometry"), [(i.name, g) for i in BY_NAME.values() for g in i.geometries]
)
def test_every_geometry_keeps_every_pixel(tmp_path: Path, name: str, geometry: str) -> None:
    teeth = teeth_within(BY_NAME[name].limits)
    chosen = written(tmp_path, name, ("a.png", teeth), geometry=geometry)
    assert chosen.read(tmp_path)[0].read() == teeth
    with pytest.raises(UnknownNameError, match=f"known: {', '.join(BY_NAME[name].geometries)}"):
        chosen.write(tmp_path, [], {"geometry": "round"})


@pytest.mark.parametrize("name", [i.name for i in BY_NAME.values() if i.numberings])
@pytest.mark.parametrize("numbering", ["universal", "palmer"])
def test_class_names_can_be_in_another_numbering(tmp_path: Path, name: str, numbering: str) -> None:
    teeth = Teeth.from_masks(SIZE, [(11, BLOCK, (1, 1)), (75, BLOCK, (10, 10))])
    chosen = written(tmp_path, name, ("a.png", teeth), numbering=numbering)
    found = chosen.read(tmp_path, {**READING, "numbering": numbering})[0].read()
    assert sorted(found.fdi.tolist()) == [11, 75]


@EVERY_FORMAT
def test_radiographs_keep_their_key_and_their_folder(tmp_path: Path, name: str) -> None:
    place = formats.get(name).image_place("sub/b.png")
    assert ".." not in place
    assert not place.startswith("/")
    assert key_of(place).endswith("sub__b_0000" if name == "nnunet" else "sub/b")


# --- what is lost -------------------------------------------------------------------------------


def tooth(fdi: int = 36, mask: np.ndarray = BLOCK, corner: tuple[int, int] = (1, 1)) -> Any:
    return fdi, mask, corner


@pytest.mark.parametrize(
    ("items", "limits", "lost"),
    [
        ([], Limits(shape="boxes", overlap=False), []),
        ([tooth()], Limits(), []),
        ([tooth()], Limits(shape="boxes"), ["outlines (boxes only)"]),
        ([tooth(mask=HOLE)], Limits(holes=False), ["holes"]),
        ([tooth(mask=HOLE)], Limits(parts=False), []),
        ([tooth(mask=PARTS)], Limits(parts=False), ["several parts of a tooth"]),
        ([tooth(), tooth(37, corner=(3, 3))], Limits(overlap=False), ["overlap"]),
        ([tooth(), tooth(37, corner=(1, 6))], Limits(overlap=False), []),
        ([tooth(0)], Limits(unnumbered=False), ["unnumbered teeth"]),
        ([tooth(), tooth()], Limits(repeated=False), ["second teeth of one number"]),
        ([tooth(0), tooth(0, corner=(9, 9))], Limits(repeated=False), []),
    ],
)
def test_losses_by_hand(items: list[Any], limits: Limits, lost: list[str]) -> None:
    assert losses(Teeth.from_masks(SIZE, items), limits) == lost


@pytest.mark.parametrize(
    ("score", "flags", "limits", "lost"),
    [
        (0.5, (), Limits(), ["scores"]),
        (0.5, (), Limits(scores=True), []),
        (1.0, ("edited",), Limits(), ["flags"]),
        (1.0, ("box",), Limits(shape="boxes"), []),
    ],
)
def test_losses_of_scores_and_flags(
    score: float, flags: tuple[str, ...], limits: Limits, lost: list[str]
) -> None:
    assert losses(Teeth.from_masks(SIZE, [tooth()], [score], [flags]), limits) == lost
