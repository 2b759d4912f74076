"""Every command that writes a folder replaces nothing without --overwrite."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from panodent.bundle import bundle


def tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (
            ("predict", "{data}/images", "--no-overlay", "--bundle", "{teeth}", "-o", "{out}"),
            ("--chart",),
        ),
        (("phantom", "--size", "128x256", "--count", 2, "-o", "{out}"), ("--count", 1)),
        (("convert", "{data}", "{out}", "--to", "voc"), ("--to", "coco", "--images", "none")),
        (
            ("evaluate", "{found}", "{data}", "--samples", 0, "--plates", 1, "-o", "{out}"),
            ("--plates", 0),
        ),
        (("inspect", "{data}", "-o", "{out}"), ("--format", "coco")),
    ],
)
def test_outputs_are_replaced_on_request_only(
    panodent,
    data: Path,
    predicted: Path,
    teeth_bundle: Path,
    tmp_path: Path,
    first: tuple,
    second: tuple,
) -> None:
    out = tmp_path / "out"
    places = {"data": data, "found": predicted, "teeth": teeth_bundle, "out": out}
    command = [str(part).format(**places) for part in first]
    assert panodent(*command).code == 0
    before = tree(out)
    again = panodent(*command, *second)
    assert (again.code, again.out) == (1, "")
    assert "--overwrite" in again.err
    assert tree(out) == before
    assert panodent(*command, *second, "--overwrite").code == 0
    fresh = [part.replace(str(out), str(tmp_path / "fresh")) for part in command]
    assert panodent(*fresh, *second).code == 0
    assert tree(out).keys() == tree(tmp_path / "fresh").keys()


@pytest.mark.parametrize("command", ["predict x", "train x", "convert x y --to coco"])
def test_starting_anew_and_continuing_exclude_each_other(
    panodent, tmp_path: Path, command: str
) -> None:
    output = () if command.startswith("convert") else ("-o", tmp_path / "out")
    found = panodent(*command.split(), *output, "--overwrite", "--resume")
    assert found.code == 2
    assert "give only one of them" in found.err


def test_phantoms_are_not_mixed_with_radiographs(panodent, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "opg.png").touch()
    found = panodent("phantom", "-o", tmp_path, "--overwrite")
    assert found.code == 1
    assert "has images/opg.png, which is not a phantom; name another --output" in found.err


@pytest.mark.parametrize(
    "command", [("quantise", "{data}/images"), ("ensemble", "default", "default")]
)
def test_bundles(panodent, data: Path, tmp_path: Path, command: tuple) -> None:
    bundle.save(bundle.load(), tmp_path / "bundle")
    arguments = [part.format(data=data) for part in command]
    found = panodent(*arguments, "-o", tmp_path / "bundle")
    assert (found.code, found.out) == (1, "")
    assert "already holds a bundle (bundle.json); replace it with --overwrite" in found.err


@pytest.mark.parametrize("there", ["bundle/bundle.json", "config.json", "refiner.json"])
@pytest.mark.parametrize(
    "command", [("quantise", "{data}/images"), ("ensemble", "default", "default")]
)
def test_a_bundle_does_not_stand_before_that_of_a_run(
    panodent, data: Path, tmp_path: Path, command: tuple, there: str
) -> None:
    run = tmp_path / "run"
    (run / there).parent.mkdir(parents=True)
    (run / there).touch()
    arguments = [part.format(data=data) for part in command]
    found = panodent(*arguments, "-o", run, "--overwrite")
    assert (found.code, found.out) == (1, "")
    assert f"{run}: holds a training run ({there.split('/')[0]}), whose own bundle" in found.err
    assert list(tree(run)) == [there]


def test_a_mean_does_not_replace_a_refiner(panodent, tmp_path: Path) -> None:
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    for name in ("bundle/bundle.json", "refiner.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = panodent("average", "a", "b", "-o", tmp_path, "--overwrite")
    assert (found.code, found.out) == (2, "")
    assert "holds a training run; give another folder with --output" in found.err
    assert sorted(tree(tmp_path)) == ["bundle/bundle.json", "refiner.json"]


def test_a_bundle_is_not_mixed_with_an_earlier_one(tmp_path: Path) -> None:
    default = bundle.load()
    assert default.refiner
    bundle.save(default, tmp_path)
    bundle.save(default.without_refiner().without_findings(), tmp_path)
    assert sorted(tree(tmp_path)) == ["bundle.json", "network.onnx", "norms.npz", "seen.txt"]


def test_a_run_is_replaced(panodent, data: Path, finished_run: Path, tmp_path: Path) -> None:
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    found = panodent("train", data, "-o", run, "--epochs", 1)
    assert found.code == 1
    assert "replace it with --overwrite" in found.err
    started = panodent("train", data, "-o", run, "--from", run, "--overwrite")
    assert "reads it, so it cannot be replaced" in started.err
    assert (run / "bundle" / "bundle.json").exists()
    # A fault in the data is found before the earlier run is removed.
    broken = panodent("train", tmp_path / "none", "-o", run, "--overwrite")
    assert broken.code == 1
    assert tree(run) == tree(finished_run)


def test_a_command_that_is_terminated_cleans_up(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, signal, sys\n"
        "from panodent import cli\n"
        "from panodent.outputs import summary_files\n"
        "summary_files.SummaryFiles.add = lambda *_: os.kill(os.getpid(), signal.SIGTERM)\n"
        "cli.main()\n"
    )
    command = [sys.executable, "-c", code, "predict", str(data / "images"), "-o", str(out)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 128 + signal.SIGTERM
    assert ended.stderr == "error: terminated; finished results are kept\n"
    assert not list(out.rglob(".*"))
