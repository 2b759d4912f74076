"""The first hour of a new user runs through, and says what matters at each step."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest import mock

import pytest

import first_hour
from panodent.cli import console, main

ROOT = Path(__file__).resolve().parents[1]

for package in ("panodent.training.backend", "fastapi", "pydicom"):
    pytest.importorskip(package, reason="needs the train, serve and dicom extras")


UNTRACED = """
import runpy, warnings
from panodent.training import backend
import tensorflow
tensorflow.config.run_functions_eagerly(True)
warnings.filterwarnings("ignore", "Even though the `tf.config")
runpy.run_module("panodent", run_name="__main__")
"""
"""Runs panodent with a Keras that computes step by step; to trace its graph takes longer."""


def start(words: Sequence[str]) -> list[str]:
    how = ["-c", UNTRACED] if words[0] == "train" else ["-m", "panodent"]
    return [sys.executable, *how, *words]


class QuickUser(first_hour.Session):  # type: ignore[misc, name-defined]
    """Runs in this process what is neither killed nor a service, which saves half of the time."""

    def panodent(self, line: str, code: int = 0) -> str:
        self.say(f"\n$ panodent {line}")
        printed = io.StringIO()
        console._stderr.cache_clear()
        with (
            contextlib.chdir(self.folder),
            mock.patch.object(sys, "argv", ["panodent", *shlex.split(line)]),
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed),
            pytest.raises(SystemExit) as end,
        ):
            main()
        console._stderr.cache_clear()
        self.say(printed.getvalue())
        assert (end.value.code or 0) == code, f"{line}:\n{printed.getvalue()}"
        return printed.getvalue()


@pytest.fixture(scope="module")
def said(
    tmp_path_factory: pytest.TempPathFactory,
    untraced: Callable[[], contextlib.AbstractContextManager[None]],
) -> dict[str, list[str]]:
    """What each command printed, by what was typed; a `$` begins a command."""
    printed: list[str] = []
    user = QuickUser(tmp_path_factory.mktemp("hour"), start, printed.append)
    with (
        untraced(),
        mock.patch.object(first_hour, "TINY", "--size 64x128 --batch-size 11"),
        mock.patch.dict(os.environ, {"COLUMNS": "100", "NO_COLOR": "1"}),
    ):
        first_hour.run(user)
    commands: dict[str, list[str]] = {}
    for line in "\n".join(printed).splitlines():
        if line.startswith("$ "):
            found = commands.setdefault(re.sub(r"http\S+/v1", "v1", line[2:]), [])
        elif commands and line and not line.startswith("# "):
            found.append(line)
    return commands


def answer(said: dict[str, list[str]], command: str) -> str:
    """What the only command that begins so printed."""
    (found,) = [lines for typed, lines in said.items() if typed.startswith(command)]
    return "\n".join(found)


def test_no_line_shows_the_inside_of_the_program(said: dict[str, list[str]]) -> None:
    everything = "\n".join(line for lines in said.values() for line in lines)
    for unwanted in ("Traceback", "DeprecationWarning", "UserWarning", "tensorflow", "cuda"):
        assert unwanted not in everything


def test_each_odd_file_gets_a_word_and_the_others_are_predicted(said: dict[str, list[str]]) -> None:
    found = answer(said, "panodent predict scans --output out --resume")
    for part in (
        "cut-off.jpg: the file is damaged or cut off",
        "empty.png: the file is empty",
        "letter.png: not a picture of a known format",
        "photograph.jpg: no tooth found",
        "are there two radiographs in the picture?",
        "animation.gif: GIF is not read",
        "archive.zip: an archive is not searched",
        "moved-away.png: a link to elsewhere/moved-away.png, which does not exist",
        " of an earlier call)",
    ):
        assert part in found
    assert "hidden" not in found
    refused = said["panodent predict scans --output out"][-1]
    assert refused.startswith("error: out: holds results of an earlier call")
    # Phantoms, 16 bits, DICOM, two in one, the photograph, and names and folders that bind others.
    assert re.search(r"^[78] radiographs \([78] of an earlier call\)", found, re.M)
    assert re.search(r"; [56] failed, 1 other file ignored; results in out$", found, re.M)


def test_a_killed_training_is_resumed(said: dict[str, list[str]]) -> None:
    begun = answer(said, "panodent train twelve --output runs/first")
    assert "10 radiographs to train on, 2 held out" in begun
    places = [begun.index(text) for text in ("epoch 1/2", "(killed", "continue it with --resume")]
    assert places == sorted(places)
    resumed = answer(said, "panodent train --resume")
    assert "epoch 1/2" not in resumed
    assert "epoch 2/2" in resumed
    assert "bundle runs/first/bundle" in resumed


def test_scores_say_that_they_are_of_radiographs_that_were_trained_on(
    said: dict[str, list[str]],
) -> None:
    found = answer(said, "panodent evaluate found twelve")
    assert "10 of 12 scored radiographs were in the training" in found
    assert "page: scores/index.html" in found


def test_a_correction_becomes_training_data(said: dict[str, list[str]]) -> None:
    counts = [
        int(re.fullmatch(r"revision \d, (\d+) teeth", lines[0])[1])  # type: ignore[index]
        for typed, lines in said.items()
        if typed.startswith("curl")
    ]
    found, kept = counts[::2], counts[1::2]
    assert kept == [count - 1 for count in found]
    inspected = answer(said, "panodent inspect studies/training")
    assert f"2 radiographs in format coco, {sum(kept)} teeth" in inspected
    again = answer(said, "panodent train twelve studies/training")
    assert "11 radiographs to train on, 3 held out" in again
    assert "bundle runs/second/bundle" in again


def test_annotations_and_model_are_exported(said: dict[str, list[str]]) -> None:
    assert "12 radiographs with 352 teeth from coco to labelme; 0 failed" in answer(
        said, "panodent convert twelve"
    )
    assert " to coco; 0 failed; in coco" in answer(said, "panodent convert found")
    assert "results in found-again" in answer(said, "panodent predict twelve/images --bundle my")


def test_it_stops_at_the_first_unexpected_exit_code(tmp_path: Path) -> None:
    printed: list[str] = []
    user = first_hour.Session(tmp_path, start, printed.append)
    with pytest.raises(first_hour.UnexpectedEndError, match="ended with exit code 1, expected 0"):
        user.panodent("predict nowhere --output out")
    assert "no such file or folder" in "\n".join(printed)
