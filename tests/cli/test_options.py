"""Values of shared options."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
import typer.main

from panodent import formats
from panodent.cli import app, options
from panodent.errors import ConfigError, MissingExtraError, UnknownNameError


@pytest.mark.parametrize(
    ("command", "option"), [("convert", "format_name"), ("convert", "to"), ("correct", "to")]
)
def test_the_help_lists_the_formats_that_there_are(command: str, option: str) -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    (help_text,) = (item.help for item in commands[command].params if item.name == option)
    names = help_text.partition(": ")[2].rstrip(".")
    assert tuple(re.split(", | or ", names)) == (
        formats.NAMES if option == "format_name" else formats.WRITTEN
    )


@pytest.mark.parametrize("text", ["256x512", "256X512"])
def test_a_size_is_height_then_width(text: str) -> None:
    assert options.parse_size(text) == (256, 512)


@pytest.mark.parametrize("text", ["", "256", "256x", "256x512x3", "axb", "2.5x5"])
def test_a_size_of_another_form_is_an_error(text: str) -> None:
    with pytest.raises(ConfigError, match=r"--size is '.*'; expected HEIGHTxWIDTH such as 256x512"):
        options.parse_size(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("11", [11]), ("11,12", [11, 12]), ("-1,0", [-1, 0])]
)
def test_integers(text: str, expected: list[int]) -> None:
    assert options.parse_integers(text, ",", "--x", "numbers") == expected


@pytest.mark.parametrize(("text", "count"), [("", None), ("1,", None), ("1", 2), ("1,2,3", 2)])
def test_other_than_integers_is_an_error(text: str, count: int | None) -> None:
    with pytest.raises(ConfigError, match=f"--x is '{text}'; expected two numbers"):
        options.parse_integers(text, ",", "--x", "two numbers", count)


def test_options_left_out_are_dropped() -> None:
    assert options.read_options(None, None, None) == {}
    assert options.read_options("hitl", "fdi", Path("map.json")) == {
        "values": "hitl",
        "numbering": "fdi",
        "map": Path("map.json"),
    }
    assert options.drop_none({"zero": 0, "empty": "", "none": None}) == {"zero": 0, "empty": ""}


def test_training_needs_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"panodent\[train\]"):
        options.require_keras()


@pytest.mark.parametrize(
    ("variables", "error", "message"),
    [
        ({"KERAS_BACKEND": "jax"}, ConfigError, "pip install jax, or unset KERAS_BACKEND"),
        ({"KERAS_HOME": "{tmp}"}, ConfigError, "pip install torch"),
        ({"KERAS_BACKEND": "tensorflow"}, MissingExtraError, r"panodent\[train\]"),
        ({"KERAS_BACKEND": "tensorflw"}, UnknownNameError, "Did you mean 'tensorflow'"),
    ],
)
def test_training_needs_the_backend_of_keras(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    variables: dict[str, str],
    error: type[Exception],
    message: str,
) -> None:
    (tmp_path / "keras.json").write_text('{"backend": "torch"}')
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("{tmp}", str(tmp_path)))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "keras" or None)
    with pytest.raises(error, match=message):
        options.require_keras()
