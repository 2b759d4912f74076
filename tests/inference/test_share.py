"""Several calls predict parts of one folder at a time and do not touch each other's files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent.errors import OutputError
from panodent.inference.share import Share
from panodent.outputs.parts import Part
from panodent.radiograph.discovery import Input
from panodent.utils.output_folder import LOCK, occupied

NAMES = [f"{letter}.png" for letter in "abcdefghijkl"]
INPUTS = [Input(Path(name), name[0], name) for name in NAMES]


def share(folder: Path, number: int, count: int = 3) -> Share:
    return Share.of(folder, INPUTS, Part(number, count))


def made(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("{}")


def test_shares_keep_the_positions_among_all_inputs(tmp_path: Path) -> None:
    shares = [share(tmp_path, number) for number in (1, 2, 3)]
    positions = [(n, x) for s in shares for n, x in zip(s.numbers, s.inputs, strict=True)]
    assert sorted(positions, key=lambda item: item[0]) == list(enumerate(INPUTS, start=1))
    assert len({s.listing for s in shares}) == 1
    turned = Share.of(tmp_path, INPUTS[::-1], Part(2, 3))
    assert sorted(x.name for x in turned.inputs) == sorted(x.name for x in shares[1].inputs)
    whole = Share.of(tmp_path, INPUTS, None)
    assert (list(whole.numbers), whole.summary, whole.in_run()) == ([*range(1, 13)], tmp_path, {})


def test_parts_work_side_by_side_and_others_wait(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with share(out, 1).occupied(), share(out, 2).occupied():
        with pytest.raises(OutputError, match=r"2-of-3: in use by `panodent predict --part`"):
            share(out, 2).occupied().__enter__()
        with pytest.raises(OutputError, match=r"in use by one or several calls of `panodent pr"):
            Share.of(out, INPUTS, None).occupied().__enter__()
        with pytest.raises(OutputError, match="cannot be mixed with --part 1/4"):
            share(out, 1, 4).occupied().__enter__()
    assert not out.exists()
    with occupied(out, "predict"), pytest.raises(OutputError, match="in use by `panodent predict`"):
        share(out, 1).occupied().__enter__()
    assert not out.exists()


def test_a_killed_part_removes_only_its_own_incomplete_files(tmp_path: Path) -> None:
    mine, others = share(tmp_path, 1), share(tmp_path, 2)
    left = [
        tmp_path / s.inputs[0].name / ".labels.png.99999999-0123abcd.part" for s in (mine, others)
    ]
    for file in (*left, mine.summary / LOCK):
        made(file.parent, file.name)
    with mine.occupied() as interrupted:
        assert interrupted
    assert [file.exists() for file in left] == [False, True]


def test_only_results_of_the_part_are_in_its_way(tmp_path: Path) -> None:
    mine, others = share(tmp_path, 1), share(tmp_path, 2)
    for one in (mine, others):
        made(one.summary, "run.json", "teeth.csv")
    made(tmp_path, f"{others.inputs[0].name}/teeth.json")
    (mine.summary / "run.json").unlink()
    (mine.summary / "teeth.csv").unlink()
    assert not mine.earlier(False)
    earlier = others.earlier(False)
    assert earlier.marked
    assert earlier.cases == (tmp_path / others.inputs[0].name,)
    whole = Share.of(tmp_path, INPUTS, None)
    assert whole.earlier(False).marked
    assert others.summary / "run.json" in whole.earlier(False).files
    whole.remove_parts()
    assert not (tmp_path / "parts").exists()


def test_run_json_says_which_part_it_is(tmp_path: Path) -> None:
    said = json.loads(json.dumps(share(tmp_path, 2).in_run()))["part"]
    assert (said["number"], said["of"], said["inputs"]) == (2, 3, 12)
