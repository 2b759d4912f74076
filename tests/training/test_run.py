"""A run as a folder: its split is kept, duplicates never straddle it, strangers are refused."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from panodent import phantom
from panodent.errors import (
    BundleError,
    ConfigError,
    DatasetError,
    FaultyItemsError,
    TrainingError,
)
from panodent.training.recipes import recipe
from panodent.training.run import Run, fold_folders, prepare, prepare_folds, reopen
from panodent.training.run_data import DataSource, data_notes


def quiet(*_: object) -> None:
    pass


@pytest.fixture
def data(tmp_path: Path) -> Path:
    phantom.write(tmp_path / "data", 6, size=(64, 128))
    return tmp_path / "data"


def run_of(folder: Path, *roots: Path, **settings: float) -> Run:
    config = replace(recipe("default"), **{"validation": 0.3, **settings})
    return prepare(folder, [DataSource(root) for root in roots], config, quiet)


def keys(run: Run) -> tuple[list[str], list[str]]:
    return [case.key for case in run.training], [case.key for case in run.validation]


def test_the_split_is_kept(tmp_path: Path, data: Path) -> None:
    made = run_of(tmp_path / "run", data)
    training, validation = keys(made)
    assert sorted(training + validation) == [f"phantom-{n:05d}" for n in range(6)]
    assert len(validation) == 2
    phantom.write(tmp_path / "more", 2, seed=50, size=(64, 128))
    assert keys(reopen(tmp_path / "run", quiet)) == (training, validation)
    record = json.loads((tmp_path / "run" / "config.json").read_text())
    assert record["data"][0]["validation"] == validation


def test_one_split_goes_with_many_seeds(tmp_path: Path, data: Path) -> None:
    first = keys(run_of(tmp_path / "first", data))
    assert keys(run_of(tmp_path / "again", data, seed=1)) == first
    assert keys(run_of(tmp_path / "other", data, split_seed=1)) != first


def test_a_folder_that_holds_a_run_is_refused(tmp_path: Path, data: Path) -> None:
    run_of(tmp_path / "run", data)
    with pytest.raises(TrainingError, match="--resume"):
        run_of(tmp_path / "run", data)


def test_data_that_went_away_is_told(tmp_path: Path, data: Path) -> None:
    run_of(tmp_path / "run", data)
    (data / "images" / "phantom-00003.png").unlink()
    with pytest.raises(DatasetError, match="phantom-00003 was there when the run began"):
        reopen(tmp_path / "run", quiet)


def test_nothing_left_to_train_on_is_told(tmp_path: Path) -> None:
    phantom.write(tmp_path / "one", 1, size=(64, 128))
    with pytest.raises(TrainingError, match=r"1 radiograph is held out .* --val 0"):
        run_of(tmp_path / "run", tmp_path / "one")
    assert not (tmp_path / "run").exists()


def test_more_folds_than_radiographs_are_refused(tmp_path: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match=r"fold 1/40: the data has 6 .* at most 6 folds"):
        run_of(tmp_path / "run", data, fold=(1, 40))
    assert not (tmp_path / "run").exists()


def test_the_runs_of_all_folds_are_prepared_at_once(tmp_path: Path, data: Path) -> None:
    runs = prepare_folds(tmp_path / "cv", [DataSource(data)], recipe("default"), 3, quiet)
    assert [run.folder for run in runs] == fold_folders(tmp_path / "cv")
    assert [run.folder.name for run in runs] == ["fold-1", "fold-2", "fold-3"]
    held = [key for run in runs for key in keys(run)[1]]
    assert sorted(held) == [f"phantom-{n:05d}" for n in range(6)]
    assert keys(runs[1]) == keys(run_of(tmp_path / "second", data, fold=(2, 3)))


def test_frozen_random_layers_are_refused(tmp_path: Path, data: Path) -> None:
    with pytest.raises(ConfigError, match="--from default"):
        run_of(tmp_path / "run", data, freeze="encoder")


def test_only_the_weights_of_named_epochs_are_kept(tmp_path: Path, data: Path) -> None:
    made = run_of(tmp_path / "run", data)
    for epoch in (1, 2, 3):
        made.epoch_file(epoch).parent.mkdir(exist_ok=True)
        made.epoch_file(epoch).write_bytes(b"")
    made.remove_epochs([2])
    assert [file.name for file in (made.folder / "epochs").iterdir()] == ["002.npz"]


def test_a_copied_run_can_be_opened(tmp_path: Path, data: Path) -> None:
    made = run_of(tmp_path / "run", data)
    shutil.copytree(tmp_path / "run", tmp_path / "copy")
    assert keys(reopen(tmp_path / "copy", quiet)) == keys(made)


def test_faults_stop_before_a_run_is_made_or_are_left_out(tmp_path: Path, data: Path) -> None:
    (data / "images" / "phantom-00001.png").unlink()
    (data / "images" / "phantom-00002.png").write_bytes(b"")
    (file,) = data.glob("*.json")
    truth = json.loads(file.read_text())
    image = next(i["id"] for i in truth["images"] if i["file_name"] == "phantom-00003.png")
    broken = next(item for item in truth["annotations"] if item["image_id"] == image)
    broken["segmentation"] = [[1, 2, 3]]
    file.write_text(json.dumps(truth))
    run = tmp_path / "run"
    with pytest.raises(FaultyItemsError) as caught:
        run_of(run, data)
    assert not run.exists()
    assert [f"annotation {broken['id']}: " in text for text in caught.value.faults].count(True) == 1
    assert ["phantom-00002.png: " in text for text in caught.value.faults].count(True) == 1

    config = replace(recipe("default"), validation=0.3)
    made = prepare(run, [DataSource(data, skip_bad=True)], config, quiet)
    used = ["phantom-00000", "phantom-00004", "phantom-00005"]
    for training, validation in (keys(made), keys(reopen(run, quiet))):
        assert sorted(training + validation) == used
    assert data_notes(made.data) == [
        f"{data}: --skip-bad left out 2 radiographs: phantom-00002, phantom-00003",
    ]


def test_a_folder_of_which_nothing_is_trained_on_is_named(tmp_path: Path, data: Path) -> None:
    phantom.write(tmp_path / "one", 1, seed=50, size=(64, 128))
    sources = [DataSource(data), DataSource(tmp_path / "one")]
    made = prepare(tmp_path / "run", sources, recipe("default"), quiet)
    assert data_notes(made.data) == [
        f"{tmp_path / 'one'}: its only radiograph is held out to score the result, so nothing is "
        "learned from this folder; --val 0 trains on all"
    ]


def test_teachers_that_do_not_fit_leave_no_run(tmp_path: Path, data: Path) -> None:
    config = replace(recipe("default"), validation=0.3)  # 32 teeth, the default bundle 52
    given = ([DataSource(data)], config)
    for teacher, error, said in (
        ("nowhere", BundleError, "nowhere"),
        ("default", ConfigError, "--teacher default knows 52 teeth, this recipe 32"),
    ):
        with pytest.raises(error, match=said):
            prepare(tmp_path / "run", *given, quiet, "", [teacher])
        with pytest.raises(error, match=said):
            prepare_folds(tmp_path / "run", *given, 2, quiet, "", [teacher])
    assert not (tmp_path / "run").exists()


def test_a_fold_that_is_needed_keeps_all_folds(tmp_path: Path, data: Path) -> None:
    given = (tmp_path / "cv", [DataSource(data)], recipe("default"), 2, quiet)
    made = prepare_folds(*given)
    with pytest.raises(TrainingError, match="fold-2: the new training reads it"):
        prepare_folds(*given, start=str(made[1].folder), overwrite=True)
    assert [(run.folder / "config.json").exists() for run in made] == [True, True]
