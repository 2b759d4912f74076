"""An annotated radiograph in the store: what a person sees who reviews it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from panodent.errors import OutputError
from panodent.radiograph.radiograph import Radiograph
from panodent.serve.store.annotated import MOST_WORDS, add_annotated
from panodent.serve.store.store import Store
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (20, 40)
BLOCK = np.ones((6, 6), bool)
TEETH = Teeth.from_masks(SIZE, [(36, BLOCK, (10, 30)), (46, BLOCK, (10, 5))])
RADIOGRAPH = Radiograph(np.full(SIZE, 0.5, np.float32))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store(tmp_path / "store")
    yield made
    made.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "opg.png"
    cv2.imwrite(str(made), np.full(SIZE, 128, np.uint8))
    return made


def test_a_study_shows_the_annotation_and_why_teeth_are_marked(store: Store, file: Path) -> None:
    made = add_annotated(store, "a/opg", file, RADIOGRAPH, TEETH, {1: "looks like 47"}, "mistakes")
    kept = store.get(made.id)
    assert kept.name == "a_opg.png"
    assert [tooth["fdi"] for tooth in kept.teeth] == [36, 46]
    assert [tooth["reason"] for tooth in kept.teeth] == ["", "looks like 47"]
    assert ["doubtful" in tooth["flags"] for tooth in kept.teeth] == [False, True]
    assert kept.predicted == kept.teeth  # nobody has changed it yet
    assert (kept.width, kept.height) == (40, 20)
    assert kept.about["warning"] == "mistakes"
    assert store.original(made.id).read_bytes() == file.read_bytes()
    picture = cv2.imread(str(store.picture(made.id)), cv2.IMREAD_UNCHANGED)
    assert picture.shape[:2] == SIZE


def test_findings_are_kept_or_unknown(store: Store, file: Path) -> None:
    findings = Findings.from_masks(SIZE, [("crown", 36, BLOCK, (10, 30))])
    made = add_annotated(store, "a", file, RADIOGRAPH, TEETH, {}, "", findings)
    (found,) = store.get(made.id).findings or ()
    assert (found["id"], found["kind"], found["fdi"]) == ("f1", "crown", 36)
    other = add_annotated(store, "b", file, RADIOGRAPH, TEETH, {}, "")
    assert store.get(other.id).findings is None


def test_a_long_warning_is_cut(store: Store, file: Path) -> None:
    made = add_annotated(store, "a", file, RADIOGRAPH, TEETH, {}, "x" * 2 * MOST_WORDS)
    assert len(store.get(made.id).about["warning"]) == MOST_WORDS


def test_a_radiograph_that_went_away_leaves_nothing(store: Store, tmp_path: Path) -> None:
    gone = tmp_path / "gone.png"
    with pytest.raises(OutputError, match=r"gone\.png cannot be copied"):
        add_annotated(store, "a", gone, RADIOGRAPH, TEETH, {}, "")
    assert list(store.files.iterdir()) == []
