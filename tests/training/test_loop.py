"""Training for real, small: files, falling loss, resuming after a kill, stopping by Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from click.testing import Result
from typer.testing import CliRunner

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle
from panodent.cli import app
from panodent.training import history as history_files
from panodent.training.loop import fit
from panodent.training.recipes import recipe
from panodent.training.run import prepare
from panodent.training.run_data import DataSource
from panodent.training.train_config import Stage
from panodent.training.unet import NETWORKS, UNetConfig

Train = Callable[..., Result]

SMALL = UNetConfig(filters=(8, 16), encoder_convolutions=1, offsets=True)
"""A network for runs that are about files and interruptions, not about the network."""
SETTINGS = ("--size", "64x128", "--val", "0.3")
SCRATCH = ("--from", "scratch", "--learning-rate", "0.02", "--batch-size", "2", *SETTINGS)
ONE_STEP = ("--epochs", 1, "--batch-size", 4)
"""One epoch of one step: each of the default network takes a second where it is not traced."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 6, size=(128, 256))
    return root


@pytest.fixture(scope="module")
def train(untraced: Callable[[], AbstractContextManager[None]]) -> Train:
    """Runs `panodent train ARGUMENTS` in this process, step by step."""

    def run(*arguments: object) -> Result:
        given = ["train", *map(str, arguments)]
        with untraced():
            return CliRunner().invoke(app, given, catch_exceptions=False)

    return run


def history(run: Path) -> list[dict[str, str]]:
    try:
        with (run / "history.csv").open(encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    except FileNotFoundError:
        return []


STOPS = """
import os, runpy, signal, sys

table = sys.argv.pop(1)
stopped = []

def stop(event, arguments):
    if event == "open" and not stopped and os.path.exists(table):
        stopped.append(True)
        os.kill(os.getpid(), signal.SIGSTOP)

sys.addaudithook(stop)
from panodent.training import backend
import tensorflow
tensorflow.config.run_functions_eagerly(True)
from panodent.training.unet import NETWORKS, UNetConfig
NETWORKS["default"] = SMALL
runpy.run_module("panodent", run_name="__main__")
""".replace("SMALL", repr(SMALL))
"""Runs panodent step by step until this file is there and another is opened; then it waits.

The default network is small.
"""


@pytest.fixture(scope="module")
def train_small(train: Train) -> Train:
    """`train`, with a small default network."""

    def run(*arguments: object) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(NETWORKS, "default", SMALL)
            return train(*arguments)

    return run


def begin(run: Path, *arguments: object) -> subprocess.Popen[bytes]:
    """Starts a run that stops by itself at the end of its first epoch, and waits until it has."""
    table = run / "history.csv"
    process = subprocess.Popen(
        [sys.executable, "-c", STOPS, table, "train", *map(str, arguments), "--output", run],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A background job of a shell ignores Ctrl-C; this one must hear it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    end = time.monotonic() + 900
    while not (found := os.waitpid(process.pid, os.WUNTRACED | os.WNOHANG))[0]:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert os.WIFSTOPPED(found[1]), "it ended before it could be stopped"
    assert len(history(run)) == 1
    return process


@pytest.fixture(scope="module")
def whole(data: Path, train_small: Train, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the default recipe that nothing interrupted.

    Beside it lies `killed`: what its folder held at the end of the first epoch, after history.csv
    was written and before curves.png was.
    """
    run = tmp_path_factory.mktemp("runs") / "whole"
    draw = history_files._curves

    def copied(rows: list[dict[str, float]]) -> bytes:
        if not run.with_name("killed").exists():
            shutil.copytree(run, run.with_name("killed"))
        return draw(rows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(history_files, "_curves", copied)
        found = train_small(data, "--output", run, "--epochs", 3, *SCRATCH)
    assert found.exit_code == 0, found.output
    assert "4 radiographs to train on, 2 held out" in found.stdout
    return run


def test_a_run_leaves_what_it_promises(whole: Path) -> None:
    rows = history(whole)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
    assert all(0 < float(row["val_loss"]) < 20 for row in rows)
    assert cv2.imread(str(whole / "curves.png")) is not None
    assert list((whole / "tensorboard").iterdir())
    panels = list((whole / "panels").rglob("*.png"))
    assert len(panels) == 2
    height, width = cv2.imread(str(panels[0])).shape[:2]
    assert width > 2.5 * 256  # radiograph, prediction and truth side by side
    assert height >= 128
    scores = json.loads((whole / "scores.json").read_text())
    assert next(iter(scores.values()))["case_count"] == 2
    made = bundle.load(whole)
    assert made.frame.size == (64, 128)
    assert made.provenance["export"]["largest_logit_difference"] < 0.05
    assert made.provenance["epoch"] in (1, 2, 3)
    kept = [file.name for file in (whole / "epochs").iterdir()]
    assert kept == [f"{made.provenance['epoch']:03d}.npz"]


def test_trained_in_half_precision_it_is_exported_in_whole(train: Train, tmp_path: Path) -> None:
    data, settings = tmp_path / "data", tmp_path / "settings.toml"
    phantom.write(data, 2, size=(128, 256))
    settings.write_text('precision = "mixed_bfloat16"\nlearning_rate = 1e-5\n')
    given = ("--from", "default", "--config", settings, "--size", "64x128", "--val", "0.5")
    given += ("--epochs", 1, "--batch-size", 1)  # one step
    found = train(data, "--output", tmp_path / "run", *given)
    # The logits of a trained network are large enough for bfloat16 to round them visibly.
    assert found.exit_code == 0, found.output
    exported = bundle.load(tmp_path / "run").provenance["export"]
    assert exported["largest_logit_difference"] < 0.05


def test_killed_and_resumed_it_ends_as_if_it_never_stopped(train_small: Train, whole: Path) -> None:
    """`tools/first_hour.py`, which tests/test_first_hour.py runs, kills a training for real."""
    run = whole.with_name("killed")
    assert len(history(run)) == 1
    found = train_small("--resume", "--output", run)
    assert found.exit_code == 0, found.output
    assert "epoch 2/3" in found.stdout
    assert "epoch 1/3" not in found.stdout
    for ours, theirs in zip(history(run), history(whole), strict=True):
        assert ours["learning_rate"] == theirs["learning_rate"]
        assert float(ours["loss"]) == pytest.approx(float(theirs["loss"]), rel=0.02)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_a_usable_run(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "stopped"
    process = begin(run, data, "--epochs", 60, *SCRATCH)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=600) == 130
    assert bundle.load(run).frame.height == 32  # of the stage that it was stopped in
    assert 1 <= len(history(run)) < 60


def test_fine_tuning_says_what_is_frozen(
    data: Path, train: Train, tmp_path: Path, small_network: Path
) -> None:
    run = tmp_path / "tuned"
    found = train(
        data, "--from", small_network, "--freeze", "encoder", "--classes", "11,21,16,26",
        "--output", run, *ONE_STEP, *SETTINGS,
    )  # fmt: skip
    assert found.exit_code == 0, found.output
    assert "network 'default' for 4 teeth, " in found.stdout
    assert f"; 1 epoch from {small_network}\n" in found.stdout
    assert "frozen: " in found.stdout
    assert "encoder_0_0" in found.stdout
    assert bundle.load(run).classes == (11, 21, 16, 26)


def test_the_seed_recipe_runs(data: Path, train: Train, tmp_path: Path) -> None:
    found = train(data, "--recipe", "seed", "--size", "64x128", "--epochs", 1, "-o", tmp_path / "s")
    assert found.exit_code == 0, found.output
    said = "'seed' for 32 teeth, 1,941,361 parameters; 1 epoch from random weights (scratch)"
    assert f"network {said}\n" in found.stdout
    assert "6 radiographs to train from scratch, which needs about 300" in found.stderr


def test_a_traced_network_takes_the_frames_of_all_stages(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(NETWORKS, "default", SMALL)
    stages = (Stage(1, 32, 64), Stage(1, 64, 128))
    config = replace(recipe("default"), stages=stages, batch_size=2, validation=0.3)
    rows = fit(prepare(tmp_path / "run", [DataSource(data)], config, lambda *_: None))
    assert [(row["height"], row["width"]) for row in rows] == [(32, 64), (64, 128)]
    assert all(0 < row["loss"] < 10 for row in rows)
