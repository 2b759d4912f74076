"""The help of all commands, and what the command line does before any command runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import typer.main

from panodent import cli
from panodent.version import __version__

GROUP = typer.main.get_command(cli.app)
COMMANDS = GROUP.commands  # type: ignore[attr-defined]
NAMES = (
    *(
        "predict",
        "merge",
        "train",
        "recipes",
        "evaluate",
        "folds",
        "average",
        "ensemble",
        "measure",
        "quantise",
        "refiner",
        "findings",
    ),
    *(
        "convert",
        "correct",
        "inspect",
        "dicom-node",
        "dicomweb",
        "deidentify",
        "serve",
        "benchmark",
        "phantom",
        "unet",
    ),
)
HEAVY = {"numpy", "cv2", "onnxruntime", "keras", "tensorflow", "PIL", "rich", "pydicom", "fastapi"}


def test_the_commands_are_listed_in_order(panodent) -> None:
    found = panodent("--help")
    assert found.code == 0
    assert "Research use only" in found.out
    listed = re.findall(r"^  ([a-z-]+) {2,}(\S.*)$", found.out.partition("Commands:")[2], re.M)
    assert tuple(name for name, _ in listed) == NAMES == tuple(COMMANDS)
    assert all(text.endswith(".") and not text.endswith("...") for _, text in listed)


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_explained(panodent, name: str) -> None:
    found = panodent(name, "--help")
    assert found.code == 0
    assert max(map(len, found.out.splitlines())) <= 80
    text = " ".join(found.out.split())
    for item in COMMANDS[name].params:
        assert item.help, item.name
        assert item.help.rstrip().endswith("."), item.name
        for option in (*item.opts, *item.secondary_opts):
            if option.startswith("--"):
                assert re.search(rf"{option}\b", text), option
        # Lines are broken at hyphens too.
        assert item.help.replace(" ", "") in text.replace(" ", ""), item.name


def test_a_command_that_is_named_is_made_alone() -> None:
    alone = typer.main.get_command(cli.made_app(("dicom_node",)))
    assert list(alone.commands) == ["dicom-node"]  # type: ignore[attr-defined]


def test_no_arguments_print_the_help(panodent) -> None:
    assert "Commands:" in panodent().out + panodent().err


def test_the_version_is_printed(panodent) -> None:
    found = panodent("--version")
    assert (found.code, found.out) == (0, f"panodent {__version__}\n")


def test_an_unknown_command_is_an_error(panodent) -> None:
    found = panodent("predicct")
    assert found.code == 2
    assert "predict" in found.err


def test_ctrl_c_has_an_exit_code_of_its_own(panodent, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "made_app", lambda _: interrupted)
    found = panodent("predict")
    assert (found.code, found.err) == (130, "error: interrupted; finished results are kept\n")


def test_the_command_line_imports_nothing_heavy() -> None:
    code = (
        f"import sys; from panodent import cli; cli.app; print({HEAVY!r} & set(sys.modules) or '')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def processor_seconds(*command: str) -> float:
    """Processor time of a Python process, which hardly depends on what else the computer does."""
    before = os.times()
    subprocess.run([sys.executable, *command], stdout=subprocess.DEVNULL, check=True)
    after = os.times()
    user = after.children_user - before.children_user
    return user + after.children_system - before.children_system


@pytest.mark.skipif(os.name == "nt", reason="Windows does not report times of child processes")
def test_help_is_fast() -> None:
    """0.3 s is the promise, most of which Python, Typer and Rich take: panodent adds no more."""
    asked, least = [], []
    for _ in range(4):
        asked.append(processor_seconds("-m", "panodent", "--help"))
        least.append(processor_seconds("-c", "import typer, rich.console"))
    assert 0 < min(asked) < 2 * min(least)
