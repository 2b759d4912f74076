"""Conversion of every format to every other: losses are counted, interruptions continued."""

from __future__ import annotations

import itertools
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from panodent import formats, phantom
from panodent.datasets.checking import left_out
from panodent.datasets.convert import JOURNAL, Conversion, convert
from panodent.datasets.dataset import find
from panodent.datasets.splits import SHARE, grouped, split
from panodent.errors import (
    AnnotationError,
    ConfigError,
    DatasetError,
    FaultyItemsError,
    OutputError,
    UnknownNameError,
)
from panodent.evaluation.case_scores import score_pair
from panodent.teeth.teeth import Teeth

WHOLE = [name for name in formats.WRITTEN if formats.get(name).limits.shape != "boxes"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("phantoms")
    phantom.write(root, 2, seed=3, size=(256, 512))
    return root


def truths(root: Path, name: str, **options: str) -> dict[str, Teeth]:
    return {case.key: case.teeth() for case in find(root, name, options).cases}


def dice(truth: Teeth, found: Teeth) -> float:
    value = score_pair(truth, found).dice
    assert value is not None
    return value


Converted = Callable[[str], tuple[Path, Conversion]]


def converted_once(source: Path, target: Path) -> Converted:
    """Converts `source` to each format that is asked for, once."""

    @cache
    def to(name: str) -> tuple[Path, Conversion]:
        return target / name, convert(source, target / name, name)

    return to


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One phantom: pairs of formats are many, and several radiographs are in the other tests."""
    root = tmp_path_factory.mktemp("phantom")
    phantom.write(root, 1, seed=3, size=(128, 256))
    return root


@pytest.fixture(scope="module")
def there(single: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return converted_once(single, tmp_path_factory.mktemp("there"))


@pytest.fixture(scope="module")
def truth(single: Path) -> dict[str, Teeth]:
    return truths(single, "coco")


@pytest.mark.parametrize(("first", "second"), list(itertools.product(WHOLE, WHOLE)))
def test_there_and_onwards(
    there: Converted, truth: dict[str, Teeth], tmp_path: Path, first: str, second: str
) -> None:
    one, _ = there(first)
    values = {"values": "fdi"} if first == "labels" else {}
    done = convert(one, tmp_path / "two", second, format_name=first, read_options=values)
    assert (done.written, done.failed, done.without_image) == (1, {}, 0)
    found = truths(tmp_path / "two", second, **({"values": "fdi"} if second == "labels" else {}))
    assert found.keys() == truth.keys()
    for key, teeth in found.items():
        assert sorted(teeth.fdi.tolist()) == sorted(truth[key].fdi.tolist())
        assert dice(truth[key], teeth) > 0.97  # overlaps are lost where a format has none
    assert not (tmp_path / "two" / JOURNAL).exists()


@pytest.fixture(scope="module")
def named_by_uid(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms in DICOM; the names of their files are instance UIDs."""
    root = tmp_path_factory.mktemp("uids")
    phantom.write(root, 2, size=(128, 256), dicom=True)
    card = root / "truth.json"
    text = card.read_text()
    for number, file in enumerate(sorted((root / "images").iterdir())):
        file.rename(file.with_name(f"1.2.840.{number}"))
        text = text.replace(file.name, f"1.2.840.{number}")
    card.write_text(text)
    return root


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_an_instance_uid_as_a_file_name_has_no_suffix(
    named_by_uid: Path, tmp_path: Path, name: str
) -> None:
    done = convert(named_by_uid, tmp_path / "out", name)
    assert (done.written, done.failed, done.without_image) == (2, {}, 0)
    found = truths(tmp_path / "out", name, **({"values": "fdi"} if name == "labels" else {}))
    assert sorted(found) == ["1.2.840.0", "1.2.840.1"]


ODD = os.fsdecode(b"Mu\xf1oz")


@pytest.fixture(scope="module")
def oddly_named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms (labels); file and folder of one have a name that is not UTF-8."""
    root = tmp_path_factory.mktemp("names") / "data"
    phantom.write(root.with_name("phantoms"), 2, seed=3, size=(128, 256))
    convert(root.with_name("phantoms"), root, "labels")
    for kind in ("images", "labels"):
        place = root / kind
        (place / ODD).mkdir()
        (place / "phantom-00003.png").rename(place / ODD / f"{ODD}.png")
    return root


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_names_that_are_not_utf8(oddly_named: Path, tmp_path: Path, name: str) -> None:
    done = convert(oddly_named, tmp_path / "out", name, read_options={"values": "fdi"})
    values = {"values": "fdi"} if name == "labels" else {}
    key = f"{ODD}__{ODD}" if name == "nnunet" else f"{ODD}/{ODD}"
    if formats.get(name).limits.odd_names:
        assert (done.written, done.failed) == (2, {})
        assert sorted(truths(tmp_path / "out", name, **values)) == sorted([key, "phantom-00004"])
    else:
        assert (done.written, list(done.failed)) == (1, [key])
        assert "rename the radiograph" in done.failed[key]


def test_boxes_are_written_and_the_loss_is_counted(folder: Path, tmp_path: Path) -> None:
    done = convert(folder, tmp_path / "voc", "voc")
    assert done.lost["outlines (boxes only)"] == 2
    for key, teeth in truths(tmp_path / "voc", "voc").items():
        expected = truths(folder, "coco")[key]
        assert sorted(map(tuple, teeth.boxes.tolist())) == sorted(
            map(tuple, expected.boxes.tolist())
        )


def test_overlap_is_counted_where_labels_lose_it(folder: Path, tmp_path: Path) -> None:
    assert convert(folder, tmp_path / "l", "labels").lost == {"overlap": 2}


def test_numberings(folder: Path, tmp_path: Path) -> None:
    convert(folder, tmp_path / "u", "cvat", write_options={"numbering": "universal"})
    found = truths(tmp_path / "u", "cvat")  # 1 to 32 prove themselves
    truth = truths(folder, "coco")
    assert {k: sorted(t.fdi.tolist()) for k, t in found.items()} == {
        k: sorted(t.fdi.tolist()) for k, t in truth.items()
    }


def test_a_conversion_cut_off_goes_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"
    seen: list[str] = []

    def stop(done: int, total: int) -> None:
        seen.append(f"{done}/{total}")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(folder, target, "coco", progress=stop)
    with (target / JOURNAL).open("a") as journal:
        journal.write('{"key": "cut')  # as a crash leaves it
    with pytest.raises(ConfigError, match="something else"):
        convert(folder, target, "labels", resume=True)
    done = convert(folder, target, "coco", resume=True)
    assert (done.resumed, done.written) == (1, 2)
    truth = truths(folder, "coco")
    assert all(np.array_equal(t.fdi, truth[k].fdi) for k, t in truths(target, "coco").items())


def test_teeth_are_changed_on_the_way(folder: Path, tmp_path: Path) -> None:
    def change(key: str, teeth: Teeth) -> Teeth:
        if key == "phantom-00003":
            raise AnnotationError("not this one")
        return teeth.select([0])

    done = convert(folder, tmp_path / "out", "coco", change=change)
    assert done.failed == {"phantom-00003": "not this one"}
    assert {key: len(teeth) for key, teeth in truths(tmp_path / "out", "coco").items()} == {
        "phantom-00004": 1
    }


def _many(root: Path, count: int) -> Path:
    """A COCO data set without pictures: a small file a radiograph would cost more than the test."""
    shapes = np.indices((24, 12)).sum(axis=0) % 5 > 0
    teeth = Teeth.from_masks(
        (96, 192), [(fdi, shapes, (30, 4 * (fdi % 40))) for fdi in range(31, 34)]
    )
    formats.get("coco").write(
        root / "truth.json", ((f"{i:05}.png", teeth) for i in range(count)), {}
    )
    return root


PEAK = """
import resource, sys
from pathlib import Path
from panodent.datasets.convert import convert
done = convert(Path(sys.argv[1]), Path(sys.argv[2]), "cvat")
print(done.written, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def test_memory_does_not_grow_with_the_number_of_radiographs(tmp_path: Path) -> None:
    peaks = []
    for count in (50, 1000):
        source = _many(tmp_path / f"in{count}", count)
        command = [sys.executable, "-c", PEAK, str(source), str(tmp_path / f"out{count}")]
        written, peak = subprocess.run(
            command, capture_output=True, text=True, check=True
        ).stdout.split()
        assert int(written) == count
        peaks.append(float(peak))
    assert peaks[1] < peaks[0] + 8


KILLED = """
import os, signal, sys
from pathlib import Path
from panodent.datasets.convert import convert

def kill(done, total):
    if done == 100:
        os.kill(os.getpid(), signal.SIGKILL)

convert(Path(sys.argv[1]), Path(sys.argv[2]), "cvat", progress=kill)
"""


def test_a_conversion_killed_in_the_middle_goes_on(tmp_path: Path) -> None:
    source, target = _many(tmp_path / "in", 200), tmp_path / "out"
    killed = subprocess.run([sys.executable, "-c", KILLED, str(source), str(target)])
    assert killed.returncode == -signal.SIGKILL
    assert (target / JOURNAL).exists()
    command = [sys.executable, "-m", "panodent", "convert", str(source), str(target)]
    command += ["--to", "cvat"]
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, check=True)
    found = re.search(r"200 radiographs with 600 teeth .* (\d+) of them by an earlier", done.stdout)
    assert found is not None
    assert int(found[1]) == 100
    convert(source, tmp_path / "at once", "cvat")
    assert _content(target) == _content(tmp_path / "at once")


def _content(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): re.sub(
            rb"<(dumped|created)>.*?</", b"", file.read_bytes()
        )
        for file in folder.rglob("*")
        if file.is_file()
    }


def _broken(folder: Path, root: Path) -> Path:
    """The data with an annotation that cannot be read, and one of no radiograph."""
    data = json.loads((folder / "truth.json").read_text())
    data["annotations"][0]["segmentation"] = {"size": [1, 1], "counts": "1"}
    data["annotations"][1]["image_id"] = 99
    root.mkdir()
    (root / "truth.json").write_text(json.dumps(data))
    return root


def test_faults_stop_a_conversion_before_anything_is_written(folder: Path, tmp_path: Path) -> None:
    root = _broken(folder, tmp_path / "broken")
    with pytest.raises(FaultyItemsError) as caught:
        convert(root, tmp_path / "out", "cvat")
    first, second = caught.value.faults
    assert "truth.json: annotation 2: image_id 99 is not among the images" in first
    assert "truth.json: phantom-00003.png: annotation 1: run lengths of size" in second
    assert caught.value.summary.startswith("2 items cannot be used, and nothing was done yet; ")
    assert not (tmp_path / "out").exists()


def test_skip_bad_leaves_out_what_is_faulty_and_counts_it(folder: Path, tmp_path: Path) -> None:
    root = _broken(folder, tmp_path / "broken")
    expected = convert(folder / "truth.json", tmp_path / "whole", "cvat")
    done = convert(root, tmp_path / "out", "cvat", skip_bad=True)
    assert (done.written, done.teeth, done.failed) == (2, expected.teeth - 2, {})
    assert left_out(done.faults) == "2 annotations"


def test_what_an_interrupted_conversion_left_out_is_counted(folder: Path, tmp_path: Path) -> None:
    root = _broken(folder, tmp_path / "broken")

    def stop(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(root, tmp_path / "out", "cvat", skip_bad=True, progress=stop)
    done = convert(root, tmp_path / "out", "cvat", skip_bad=True, resume=True)
    assert (done.resumed, left_out(done.faults)) == (2, "2 annotations")


@pytest.mark.parametrize("way", ["copy", "link", "none"])
def test_radiographs_come_along(folder: Path, tmp_path: Path, way: str) -> None:
    convert(folder, tmp_path / "out", "voc", images=way)
    copies = sorted((tmp_path / "out").rglob("*.png"))
    assert len(copies) == (0 if way == "none" else 2)
    for copy in copies:
        original = folder / "images" / copy.name
        assert copy.read_bytes() == original.read_bytes()
        assert copy.samefile(original) == (way == "link")


def test_places_that_are_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        convert(folder, tmp_path, "coco")
    with pytest.raises(ConfigError, match="source and target are the same folder"):
        convert(folder, folder, "coco")
    with pytest.raises(UnknownNameError, match="copy"):
        convert(folder, tmp_path / "o", "coco", images="move")
    with pytest.raises(UnknownNameError, match="rle, polygon"):
        convert(folder, tmp_path / "p", "coco", write_options={"geometry": "round"})
    for to, options, reason in (
        ("coco", {"numbering": "universal"}, "written with FDI numbers"),
        ("coco", {"numbering": "roman"}, "unknown numbering"),
        ("voc", {"geometry": "polygon"}, "one kind of outline"),
    ):
        with pytest.raises((ConfigError, UnknownNameError), match=reason):
            convert(folder, tmp_path / "p", to, write_options=options)
    assert not (tmp_path / "p").exists()


# --- findings -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def treated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms and findings.json beside their teeth."""
    root = tmp_path_factory.mktemp("treated")
    phantom.write(root, 2, seed=3, size=(256, 512), findings=True)
    return root


def found_in(root: Path, name: str) -> dict[str, list[tuple[str, int, int]]]:
    """(kind, FDI number, pixels) of the findings by key, sorted."""
    listed = {}
    for item in formats.get(name).read(root):
        assert item.findings is not None
        found = item.findings().findings
        areas = found.marks.areas.tolist()
        listed[item.key] = sorted(zip(found.kinds, found.fdi.tolist(), areas, strict=True))
    return listed


HOLDING = [name for name in formats.WRITTEN if formats.get(name).limits.findings == "tooth"]


@pytest.fixture(scope="module")
def treated_there(treated: Path, tmp_path_factory: pytest.TempPathFactory) -> Converted:
    return converted_once(treated, tmp_path_factory.mktemp("treated_there"))


@pytest.mark.parametrize(("first", "second"), list(itertools.product(HOLDING, HOLDING)))
def test_findings_there_and_onwards(
    treated: Path, treated_there: Converted, tmp_path: Path, first: str, second: str
) -> None:
    truth = found_in(treated, "coco")
    count = sum(map(len, truth.values()))
    assert count > 0
    one, done = treated_there(first)
    assert (done.findings, done.lost_findings) == (count, {})
    done = convert(one, tmp_path / "two", second)
    assert (done.findings, done.lost_findings) == (count, {})
    assert found_in(tmp_path / "two", second) == truth


@pytest.mark.parametrize(
    ("name", "what"), [("yolo", "the teeth of findings"), ("voc", "findings"), ("via", "findings")]
)
def test_lost_findings_are_counted(treated: Path, tmp_path: Path, name: str, what: str) -> None:
    count = sum(map(len, found_in(treated, "coco").values()))
    done = convert(treated, tmp_path, name)
    assert (done.findings, done.lost_findings) == (count, {what: count})
    assert done.failed == {}


def test_findings_survive_an_interruption(treated: Path, tmp_path: Path) -> None:
    convert(treated, tmp_path / "whole", "cvat", images="none")
    count = 0

    def stop(done: int, total: int) -> None:
        nonlocal count
        count += 1
        if count == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(treated, tmp_path / "again", "cvat", images="none", progress=stop)
    done = convert(treated, tmp_path / "again", "cvat", images="none", resume=True)
    assert done.resumed == 1
    expected = (tmp_path / "whole" / "annotations.xml").read_bytes()
    assert (tmp_path / "again" / "annotations.xml").read_bytes() == expected


def test_findings_of_another_size_fail_their_radiograph(treated: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for file in treated.glob("*.json"):
        (source / file.name).write_text(file.read_text())
    (other,) = [file for file in source.glob("*.json") if file.name == "findings.json"]
    data = json.loads(other.read_text())
    data["images"][0] |= {"height": 8, "width": 8}
    first = data["images"][0]["id"]
    data["annotations"] = [item for item in data["annotations"] if item["image_id"] != first]
    other.write_text(json.dumps(data))
    done = convert(source, tmp_path / "out", "cvat", skip_bad=True)
    assert done.written == 1
    assert "expected the same" in next(iter(done.failed.values()))


def test_radiographs_without_annotated_findings_are_counted(treated: Path, tmp_path: Path) -> None:
    """In one file of both they look like radiographs on which nothing was found."""
    source = tmp_path / "source"
    source.mkdir()
    for file in treated.glob("*.json"):
        (source / file.name).write_text(file.read_text())
    data = json.loads((source / "findings.json").read_text())
    (gone,) = data["images"][1:]
    data["images"].remove(gone)
    data["annotations"] = [a for a in data["annotations"] if a["image_id"] != gone["id"]]
    (source / "findings.json").write_text(json.dumps(data))
    done = convert(source, tmp_path / "cvat", "cvat")
    assert done.lost["that nobody looked for findings"] == 1
    assert "that nobody looked for findings" not in convert(source, tmp_path / "voc", "voc").lost


def test_yolo_lists_the_radiographs_that_a_training_would_hold_out(tmp_path: Path) -> None:
    phantom.write(tmp_path / "data", 6, size=(64, 128))
    convert(tmp_path / "data", tmp_path / "new", "yolo")
    listed = yaml.safe_load((tmp_path / "new" / "data.yaml").read_text())
    sides = [(tmp_path / "new" / listed[side]).read_text().split() for side in ("train", "val")]
    training, validation = split(grouped(find(tmp_path / "data").cases), SHARE)
    expected = ([f"./images/{case.key}.png" for case in side] for side in (training, validation))
    assert [sorted(side) for side in sides] == [sorted(side) for side in expected]
    assert all((tmp_path / "new" / place).is_file() for side in sides for place in side)
    assert len(find(tmp_path / "new").cases) == 6


def test_a_single_radiograph_is_on_both_sides_of_yolo(tmp_path: Path) -> None:
    phantom.write(tmp_path / "data", 1, size=(64, 128))
    convert(tmp_path / "data", tmp_path / "new", "yolo")
    listed = yaml.safe_load((tmp_path / "new" / "data.yaml").read_text())
    assert (listed["train"], listed["val"]) == ("images", "images")


def test_an_annotation_of_another_size_is_not_converted(tmp_path: Path) -> None:
    phantom.write(tmp_path / "in", 2, size=(64, 128))
    phantom.write(tmp_path / "small", 1, size=(64, 96))
    (tmp_path / "small/images/phantom-00000.png").replace(tmp_path / "in/images/phantom-00000.png")
    with pytest.raises(FaultyItemsError) as stopped:
        convert(tmp_path / "in", tmp_path / "out", "cvat")
    (fault,) = stopped.value.faults
    assert fault.endswith(
        "phantom-00000.png: the radiograph has 96 x 64 pixels, its annotation 128 x 64"
    )
    done = convert(tmp_path / "in", tmp_path / "out", "cvat", skip_bad=True)
    assert (done.written, list(done.failed)) == (1, ["phantom-00000"])


def test_a_radiograph_that_cannot_be_read_is_not_converted(tmp_path: Path) -> None:
    phantom.write(tmp_path / "in", 2, size=(64, 128))
    (tmp_path / "in" / "images" / "phantom-00001.png").write_bytes(b"")
    with pytest.raises(FaultyItemsError) as caught:
        convert(tmp_path / "in", tmp_path / "out", "cvat")
    assert (
        "phantom-00001.png: not a picture of a known format (it is empty)" in caught.value.faults[0]
    )
    done = convert(tmp_path / "in", tmp_path / "out", "cvat", skip_bad=True)
    assert (done.written, list(done.failed)) == (1, ["phantom-00001"])


def test_nothing_to_convert_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "in" / "labels").mkdir(parents=True)
    (tmp_path / "in" / "data.yaml").write_text("names: ['11', '48']")
    with pytest.raises(DatasetError, match=r"no annotated radiograph \(yolo\), so nothing to conv"):
        convert(tmp_path / "in", tmp_path / "out", "coco")
    assert not (tmp_path / "out").exists()
