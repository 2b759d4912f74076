"""Training for real, small: files, falling loss, resuming after a kill, stopping by Ctrl-C."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

pytest.importorskip("keras", reason="needs the train extra")

from panodent import phantom
from panodent.bundle import bundle

SETTINGS = ("--size", "64x128", "--val", "0.3", "--batch-size", "2")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    phantom.write(root, 6, size=(128, 256))
    return root


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "panodent", "train", *map(str, arguments)]


def train(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=900, check=False
    )


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
runpy.run_module("panodent", run_name="__main__")
"""
"""Runs panodent until there is this file and another is opened; then it waits for SIGCONT."""


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
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of the default recipe that nothing interrupted."""
    run = tmp_path_factory.mktemp("runs") / "whole"
    found = train(data, "--output", run, "--epochs", 4, "--from", "scratch", *SETTINGS)
    assert found.returncode == 0, found.stderr
    assert "4 radiographs to train on, 2 held out" in found.stdout
    return run


def test_a_run_leaves_what_it_promises(whole: Path) -> None:
    rows = history(whole)
    assert [row["epoch"] for row in rows] == ["1", "2", "3", "4"]
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
    assert made.provenance["epoch"] in (1, 2, 3, 4)
    kept = [file.name for file in (whole / "epochs").iterdir()]
    assert kept == [f"{made.provenance['epoch']:03d}.npz"]


def test_trained_in_half_precision_it_is_exported_in_whole(data: Path, tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text('precision = "mixed_bfloat16"\nlearning_rate = 1e-5\n')
    given = ("--from", "default", "--epochs", 1, "--config", settings, *SETTINGS)
    found = train(data, "--output", tmp_path / "run", *given)
    # The logits of a trained network are large enough for bfloat16 to round them visibly.
    assert found.returncode == 0, found.stderr
    exported = bundle.load(tmp_path / "run").provenance["export"]
    assert exported["largest_logit_difference"] < 0.05


def test_killed_and_resumed_it_ends_as_if_it_never_stopped(
    data: Path, whole: Path, tmp_path: Path
) -> None:
    run = tmp_path / "killed"
    process = begin(run, data, "--epochs", 4, "--from", "scratch", *SETTINGS)
    process.send_signal(signal.SIGKILL)
    process.wait()
    found = train("--resume", "--output", run)
    assert found.returncode == 0, found.stderr
    assert "epoch 2/4" in found.stdout
    assert "epoch 1/4" not in found.stdout
    for ours, theirs in zip(history(run), history(whole), strict=True):
        assert ours["learning_rate"] == theirs["learning_rate"]
        assert float(ours["loss"]) == pytest.approx(float(theirs["loss"]), rel=0.02)


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_leaves_a_usable_run(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "stopped"
    process = begin(run, data, "--epochs", 60, "--from", "scratch", *SETTINGS)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=600) == 130
    assert bundle.load(run).frame.height == 64  # of the stage that it was stopped in
    assert 1 <= len(history(run)) < 60


def test_fine_tuning_says_what_is_frozen(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "tuned"
    found = train(
        data, "--from", "default", "--freeze", "encoder", "--classes", "11,21,16,26",
        "--epochs", 1, "--output", run, *SETTINGS,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert "4 teeth and 'none', 1 epoch\n" in found.stdout
    assert "frozen: " in found.stdout
    assert "encoder_0_0" in found.stdout
    assert bundle.load(run).classes == (11, 21, 16, 26)


def test_the_seed_recipe_runs(data: Path, tmp_path: Path) -> None:
    found = train(data, "--recipe", "seed", "--size", "64x128", "--epochs", 1, "-o", tmp_path / "s")
    assert found.returncode == 0, found.stderr
    assert "from scratch: 1,941,361 parameters, 32 teeth and 'none'" in found.stdout
    assert "6 radiographs to train from scratch, which needs about 300" in found.stderr
