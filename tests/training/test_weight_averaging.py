"""The mean of several networks' weights, as a bundle with all that belongs to it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle import bundle
from panodent.bundle.calibration import Calibration
from panodent.errors import BundleError
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import Teeth
from panodent.training.recipes import recipe
from panodent.training.run import Run, prepare
from panodent.training.run_data import DataSource

pytest.importorskip("panodent.training.backend")
onnx = pytest.importorskip("onnx")


ALL = bundle.load().classes


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("mean")
    phantom.write(root / "data", count=3, seed=20, size=(256, 512))
    config = replace(recipe("default"), classes=ALL, validation=0.3)
    return prepare(root / "run", [DataSource(root / "data")], config, lambda *_: None)


def moved(start: str | Path, folder: Path, by: float) -> Path:
    """This bundle with this added to every bias of its head, and so to every plane."""
    made = bundle.load(start)
    model = onnx.load_from_string(made.network)
    for item in model.graph.initializer:
        if item.name == "head_bias":
            value = onnx.numpy_helper.to_array(item) + np.float32(by)
            item.CopyFrom(onnx.numpy_helper.from_array(value, item.name))
    bundle.save(replace(made, network=model.SerializeToString()), folder)
    return folder


def test_the_mean_lies_between_and_has_scores_sizes_and_origin(
    run: Run, tmp_path: Path, drawn: tuple[Radiograph, Teeth]
) -> None:
    from panodent.training.weight_averaging import average

    made, evaluations = average(run, ["default", moved("default", tmp_path / "other", 2.0)])
    pixels = drawn[0].pixels
    # Kernels are unfolded and folded again, in half precision: logits move a little.
    assert (
        np.abs(made.predict_planes(pixels) - bundle.load().predict_planes(pixels) - 1).max() < 0.1
    )
    assert [member["name"] for member in made.provenance["mean_of"]] == ["default", "other"]
    assert made.provenance["mean_of"][0]["sha256"] == bundle.load().digest
    assert set(evaluations) == {"1-data"}
    assert made.sizes
    saved = bundle.load(run.folder)
    assert saved.digest == made.digest
    assert saved.scores.keys() == {"1-data"}
    assert "1-data" in json.loads((run.folder / "scores.json").read_text())


@pytest.mark.parametrize("started", [True, False])
def test_where_nothing_is_held_out_scores_stay_calibrated_as_at_the_start(
    run: Run, tmp_path: Path, small_network: Path, started: bool
) -> None:
    from panodent.training.weight_averaging import average

    everything = replace(run.config, validation=0.0)
    data = Path(run.data[0]["root"])
    start = str(small_network) if started else ""
    whole = prepare(tmp_path / "run", [DataSource(data)], everything, lambda *_: None, start)
    made, evaluations = average(
        whole, [small_network, moved(small_network, tmp_path / "other", 0.0)]
    )
    assert made.calibration == (bundle.load().calibration if started else Calibration())
    assert not evaluations
    assert made.sizes


def test_radiographs_of_one_name_in_two_folders_have_a_panel_each(
    tmp_path: Path, small_network: Path
) -> None:
    from panodent.training.weight_averaging import average

    phantom.write(tmp_path / "data", count=2, size=(128, 256))
    card = tmp_path / "data" / "truth.json"
    text = card.read_text()
    for number, file in enumerate(sorted((tmp_path / "data" / "images").iterdir())):
        (tmp_path / "data" / "images" / str(number)).mkdir()
        file.rename(file.with_name(str(number)) / "opg.png")
        text = text.replace(file.name, f"{number}/opg.png")
    card.write_text(text)
    config = replace(recipe("default"), classes=ALL, validation=0.5)
    made = prepare(tmp_path / "run", [DataSource(tmp_path / "data")], config, lambda *_: None)
    both = [case.key for case in (*made.training, *made.validation)]
    made = replace(
        made,
        validation=[*made.training, *made.validation],
        data=[{**made.data[0], "training": [], "validation": both}],
    )
    average(made, [small_network, small_network])
    panels = sorted((tmp_path / "run" / "panels").rglob("*.png"))
    assert [panel.parent.name for panel in panels] == ["0", "1"]


def test_members_may_count_unequally(
    run: Run, tmp_path: Path, drawn: tuple[Radiograph, Teeth], small_network: Path
) -> None:
    from panodent.training.weight_averaging import average

    whole = replace(run, folder=tmp_path)
    made, _ = average(whole, [small_network, moved(small_network, tmp_path / "other", 4.0)], [3, 1])
    pixels = drawn[0].pixels
    start = bundle.load(small_network)
    assert np.abs(made.predict_planes(pixels) - start.predict_planes(pixels) - 1).max() < 0.1
    assert [member["share"] for member in made.provenance["mean_of"]] == [0.75, 0.25]
    for wrong in ([1], [1, 0], [1, -1]):
        with pytest.raises(BundleError, match="expected 2 numbers above 0"):
            average(whole, [small_network, small_network], wrong)


def test_one_network_has_no_mean(run: Run) -> None:
    from panodent.training.weight_averaging import average

    with pytest.raises(BundleError, match="at least two"):
        average(run, ["default"])


def test_networks_of_two_kinds_have_none_either(run: Run) -> None:
    from panodent.training.weight_averaging import average

    other = replace(run, config=replace(run.config, classes=(11, 21)))
    with pytest.raises(BundleError, match="default: network 'default' for 52 teeth"):
        average(other, ["default", "default"])


def test_a_member_may_not_know_what_scores_the_mean(run: Run, tmp_path: Path) -> None:
    from panodent.training.weight_averaging import average

    data = Path(run.data[0]["root"])
    other = tmp_path / "other"
    everything = replace(recipe("default"), classes=ALL, validation=0.0)
    prepare(other, [DataSource(data)], everything, lambda *_: None)
    bundle.save(bundle.load(), other / "bundle")
    with pytest.raises(BundleError, match="which the first run held out"):
        average(run, ["default", other])
