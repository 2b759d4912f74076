"""Tests of `panodent.evaluation.pairing`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from panodent import formats
from panodent.errors import AnnotationError, DatasetError
from panodent.evaluation.pairing import evaluate_pairs, pair_folders, usable_pairs
from panodent.formats.faults import FaultList
from panodent.formats.parsing.label_map import write_png
from panodent.outputs.case import write_case
from panodent.outputs.summary_files import SummaryFiles
from panodent.radiograph.radiograph import from_array
from panodent.teeth.teeth import Teeth

SIZE = (40, 80)
IMAGE = np.linspace(0, 255, 40 * 80).astype(np.uint8).reshape(SIZE)


def tooth(fdi: int, left: int, size: int = 10):
    return fdi, np.ones((size, size), bool), (10, left)


def teeth(*items, size: tuple[int, int] = SIZE, scores=None) -> Teeth:
    return Teeth.from_masks(size, items, scores)


FIRST, SECOND = teeth(tooth(36, 10)), teeth(tooth(11, 40), tooth(12, 60))


def write_truth(folder: Path, cases: dict[str, Teeth]) -> Path:
    """Images under images/, annotations in truth.json."""
    for key in cases:
        file = folder / "images" / f"{key}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        write_png(file, IMAGE)
    formats.get("coco").write(
        folder / "truth.json", [(f"{key}.png", item) for key, item in cases.items()], {}
    )
    return folder


def write_predictions(folder: Path, cases: dict[str, Teeth]) -> Path:
    """As `panodent predict` leaves them."""
    with SummaryFiles(folder) as summary:
        for number, (key, item) in enumerate(cases.items(), start=1):
            pixels = from_array(np.zeros(item.size, np.uint8))
            record = write_case(folder / key, pixels, item, pictures=False)
            summary.add(number, f"{key}.png", record)
        summary.finish()
    return folder


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    return write_truth(tmp_path / "truth", {"a/1": FIRST, "a/2": SECOND})


def test_results_of_predict_are_paired_by_relative_path(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"a/2": SECOND, "a/1": FIRST})
    seen = []
    evaluation = evaluate_pairs(
        pair_folders(predictions, truth), progress=lambda *told: seen.append(told)
    )
    assert [(case.key, case.dice) for case in evaluation.cases] == [("a/1", 1.0), ("a/2", 1.0)]
    assert seen == [(1, 2, "a/1"), (2, 2, "a/2")]
    assert evaluation.notes == ()


def test_overlaps_and_scores_come_from_the_results(tmp_path: Path, truth: Path):
    found = teeth(tooth(36, 10), tooth(37, 12), tooth(0, 40), scores=[0.5, 0.25, 0.75])
    pairing = pair_folders(write_predictions(tmp_path / "out", {"a/1": found}), truth)
    # A COCO category is a number: teeth without one are in teeth.json alone.
    assert pairing.pairs[0].prediction() == found.select(found.fdi > 0)


def test_case_without_prediction_is_0_and_prediction_without_truth_is_named(
    tmp_path: Path, truth: Path
):
    predictions = write_predictions(tmp_path / "out", {"a/1": FIRST, "b/9": FIRST})
    evaluation = evaluate_pairs(pair_folders(predictions, truth))
    assert evaluation.figures["dice"].value == 1 / 3
    assert evaluation.without_prediction == ("a/2",)
    assert evaluation.without_truth == ("b/9",)


def test_radiograph_without_a_found_tooth_has_a_prediction(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"a/1": FIRST, "a/2": Teeth.empty(SIZE)})
    evaluation = evaluate_pairs(pair_folders(predictions, truth))
    assert evaluation.without_prediction == ()
    assert evaluation.cases[1].counts == (2, 0)


def test_label_image_left_from_another_call_is_refused(tmp_path: Path, truth: Path):
    write_predictions(tmp_path / "out", {"a/1": FIRST})
    predictions = write_predictions(tmp_path / "out", {"a/2": SECOND})
    with pytest.raises(AnnotationError, match=r"a/1/labels\.png.*left from another call"):
        evaluate_pairs(pair_folders(predictions, truth))


def test_predictions_in_an_annotation_format(tmp_path: Path, truth: Path):
    file = tmp_path / "found.json"
    formats.get("coco").write(file, [("a/1.png", FIRST)], {})
    assert evaluate_pairs(pair_folders(file, truth)).figures["dice"].value == 1 / 3
    folder = tmp_path / "labels-only"
    folder.mkdir()
    formats.get("labels").write(folder, [("a/1.png", FIRST), ("a/2.png", SECOND)], {})
    pairing = pair_folders(
        folder, truth, prediction_format="labels", prediction_options={"values": "fdi"}
    )
    assert evaluate_pairs(pairing).figures["dice"].value == 1.0


def test_truth_from_one_annotation_file(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"a/1": FIRST, "a/2": SECOND})
    pairing = pair_folders(predictions, truth / "truth.json")
    assert evaluate_pairs(pairing).figures["dice"].value == 1.0
    assert pairing.pictures() == {}


def test_another_size_is_an_error_unless_resizing_is_allowed(tmp_path: Path, truth: Path):
    large = FIRST.resized((80, 160))
    predictions = write_predictions(tmp_path / "out", {"a/1": large, "a/2": SECOND})
    with pytest.raises(DatasetError, match=r"a/1: .*\(80, 160\).*\(40, 80\).*--resize"):
        evaluate_pairs(pair_folders(predictions, truth))
    assert (
        evaluate_pairs(pair_folders(predictions, truth), resize=True).figures["dice"].value == 1.0
    )


def test_failures_of_the_prediction_run_are_noted(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"a/1": FIRST})
    files = [
        {"file": "a/1.png", "status": "done", "error": ""},
        {"file": "a/2.png", "status": "failed", "error": "a/2.png: damaged"},
    ]
    (predictions / "run.json").write_text(json.dumps({"files": files}))
    assert evaluate_pairs(pair_folders(predictions, truth)).notes == (
        "predict failed: a/2.png: damaged",
    )


def test_pictures_give_radiograph_truth_and_prediction(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"a/1": FIRST})
    pictures = pair_folders(predictions, truth).pictures()
    radiograph, wanted, found = pictures["a/1"]()
    assert (radiograph.size, wanted, found) == (SIZE, FIRST, FIRST)
    assert len(pictures["a/2"]()[2]) == 0


def test_nothing_pairs(tmp_path: Path, truth: Path):
    predictions = write_predictions(tmp_path / "out", {"x": FIRST})
    with pytest.raises(DatasetError, match=r"'x' and 'a/1'"):
        evaluate_pairs(pair_folders(predictions, truth))


def test_no_such_folder(tmp_path: Path, truth: Path):
    with pytest.raises(DatasetError, match="no such file or folder"):
        evaluate_pairs(pair_folders(tmp_path / "nowhere", truth))


def test_all_faults_are_listed_and_their_radiographs_left_out(truth: Path, tmp_path: Path) -> None:
    document = json.loads((truth / "truth.json").read_text())
    document["annotations"][0]["segmentation"] = [[1, 2]]  # of a/1
    (truth / "truth.json").write_text(json.dumps(document))
    other = teeth(tooth(11, 20), size=(20, 40))
    predictions = write_predictions(tmp_path / "found", {"a/1": FIRST, "a/2": other})
    faults = FaultList()
    pairing = pair_folders(predictions, truth, faults=faults)
    left = usable_pairs(pairing, faults)
    assert left.pairs == ()
    assert [fault.image for fault in faults] == ["a/1.png", ""]
    assert "(height, width) (20, 40), the ground truth of (40, 80)" in [*faults][1].problem
    scored = evaluate_pairs(usable_pairs(pairing, faults, resize=True), resize=True, samples=0)
    assert [case.key for case in scored.cases] == ["a/2"]
    with pytest.raises(AnnotationError, match="expected"):
        evaluate_pairs(pair_folders(predictions, truth), samples=0)
