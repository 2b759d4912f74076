"""Unlabelled teeth: which are found, which pixels are ignored, and that the list is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import TrainingError
from panodent.teeth.teeth import Teeth
from panodent.training import unlabelled
from panodent.training.augmentation.augment import IGNORED
from panodent.training.batches import load
from panodent.training.recipes import recipe
from panodent.training.run import Run, prepare
from panodent.training.run_data import DataSource
from panodent.training.unlabelled import IGNORED_FILE, ignore, unlabelled_teeth

SIZE = (128, 256)
BLOCK = np.ones((20, 10), bool)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    phantom.write(tmp_path / "data", 2, seed=3, size=SIZE)
    config = replace(recipe("children"), validation=0.0, ignore_unlabelled=0.8)
    told: list[tuple[str, dict[str, float]]] = []
    made = prepare(
        tmp_path / "run",
        [DataSource(tmp_path / "data")],
        config,
        lambda event, row: told.append((event, row)),
        "default",
    )
    made.told = told  # type: ignore[attr-defined]
    return made


def found_by(monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """The bundle finds every annotated tooth and three more at the left, above all others."""

    def predict(made: bundle.Bundle, pixels: np.ndarray) -> Teeth:
        case = next(c for c in run.training if np.array_equal(c.radiograph().pixels, pixels))
        drawn = [(fdi, mask, tuple(box[:2])) for fdi, box, mask in case.teeth()]
        more = [(75, BLOCK, (0, 0)), (74, BLOCK, (0, 12)), (0, BLOCK, (0, 24))]
        scores = [0.99] * len(drawn) + [0.9, 0.7, 0.9]
        return Teeth.from_masks(pixels.shape, [*drawn, *more], scores)

    monkeypatch.setattr(unlabelled, "predict_teeth", predict)


def test_sure_numbered_teeth_without_annotation_are_found(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    found_by(monkeypatch, run)
    found = unlabelled_teeth(run)
    assert found is not None
    assert [(item.case, item.key) for item in found] == [
        (place, case.key) for place, case in enumerate(run.training)
    ]
    for item in found:
        assert (item.fdi, item.box, item.score, item.size) == (75, (0, 0, 20, 10), 0.9, SIZE)
    listed = json.loads((run.folder / IGNORED_FILE).read_text())
    assert listed[0].keys() >= {"key", "fdi", "box", "score"}

    monkeypatch.setattr(unlabelled, "predict_teeth", lambda *_: pytest.fail("predicted again"))
    assert unlabelled_teeth(run) == found

    examples = [load(case, run.config.classes, (64, 128)) for case in run.training]
    before = [example.labels.copy() for example in examples]
    ignore(examples, found)
    for example, old in zip(examples, before, strict=True):
        assert (example.labels[:10, :5] == IGNORED).all()
        changed = example.labels != old
        assert changed.sum() == 50
        assert (old[changed] == 0).all()


@pytest.mark.parametrize(("share", "ignored"), [(1, True), (3, True), (4, False), (20, False)])
def test_a_fifth_of_a_tooth_drawn_is_an_annotation(
    share: int, ignored: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Drawn:
        def radiograph(self) -> Drawn:
            return self

        pixels = np.zeros(SIZE, np.float32)

        def teeth(self) -> Teeth:
            return Teeth.from_masks(SIZE, [(36, BLOCK[:share], (0, 0))])

    monkeypatch.setattr(
        unlabelled, "predict_teeth", lambda *_: Teeth.from_masks(SIZE, [(75, BLOCK, (0, 0))], [1.0])
    )
    found = unlabelled.unlabelled_in(Drawn(), bundle.load(), 0.5)  # type: ignore[arg-type]
    assert bool(len(found)) == ignored


def test_annotated_pixels_of_an_unlabelled_tooth_stay(run: Run) -> None:
    example = load(run.training[0], run.config.classes, SIZE)
    teeth = Teeth.from_masks(SIZE, [(75, np.ones(SIZE, bool), (0, 0))])
    item = unlabelled.Unlabelled(0, example.key, 75, (0, 0, *SIZE), 1.0, SIZE, teeth.rle(0))
    old = example.labels.copy()
    ignore([example], [item])
    assert np.array_equal(example.labels, np.where(old == 0, IGNORED, old))


@pytest.mark.parametrize(("start", "known"), [("", 0), ("permanent", 32)])
def test_only_a_bundle_that_knows_all_teeth_is_asked(
    run: Run, monkeypatch: pytest.MonkeyPatch, start: str, known: int
) -> None:
    whole = bundle.load()
    monkeypatch.setattr(unlabelled.bundles, "load", lambda _: replace(whole, classes=PERMANENT))
    run.start = start
    assert unlabelled_teeth(run) is None
    assert run.told == [("not_searched", {"known": known})]  # type: ignore[attr-defined]
    assert not (run.folder / IGNORED_FILE).exists()
    assert set(whole.classes) == set(TEETH)


def test_it_is_off_by_default(run: Run) -> None:
    assert recipe("default").ignore_unlabelled == recipe("finetune").ignore_unlabelled == 0
    run.config = replace(run.config, ignore_unlabelled=0.0)
    assert unlabelled_teeth(run) is None


def test_a_damaged_list_is_an_error(run: Run) -> None:
    (run.folder / IGNORED_FILE).write_text('[{"key": "a"}]')
    with pytest.raises(TrainingError, match="remove it to have it made again"):
        unlabelled_teeth(run)
