"""Messages, progress bars and figures."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

from panodent.cli import console
from panodent.evaluation.bootstrap import Estimate


def test_messages_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error("a\n  b [bold]")
    console.print_warning("c")
    console.print_line("d")
    assert capsys.readouterr() == ("d\n", "error: a b [bold]\nwarning: c\n")


def test_long_messages_are_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error("word " * 100)
    assert capsys.readouterr().err.count("\n") == 1


def test_names_of_files_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    for show in (console.print_line, console.print_warning, console.print_error):
        show("Mu\udcf1oz\x1b[2J")
    console.print_lines("two\nlines \x1b[2J\n")
    found = capsys.readouterr()
    assert found.out == "Mu\\xf1oz\\x1b[2J\ntwo\nlines \\x1b[2J\n"
    assert found.err == "warning: Mu\\xf1oz\\x1b[2J\nerror: Mu\\xf1oz\\x1b[2J\n"


def test_no_bar_is_drawn_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    with console.progress_bar("predicting") as update:
        update(1, 2)
    assert capsys.readouterr() == ("", "")


def test_lines_tell_of_progress_in_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    with console.progress_bar("predicting") as update:
        for done, seconds in enumerate((9.0, 11.0, 12.0, 22.0, 40.0), start=1):
            now = seconds
            update(done, 5)
    assert capsys.readouterr() == ("", "predicting: 2 of 5\npredicting: 4 of 5\n")


def test_a_bar_is_drawn_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rich.console import Console

    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    terminal = Console(stderr=True, force_terminal=True, width=120)
    monkeypatch.setattr(console, "_stderr", lambda: terminal)
    with console.progress_bar("predicting") as update:
        update(1, 2)
        console.print_line("a line")
    out, err = capsys.readouterr()
    assert out == "a line\n"
    assert "predicting" in err
    assert "1/2" in err


def test_main_figures_have_their_intervals() -> None:
    evaluation = SimpleNamespace(
        figures={
            "dice": Estimate(0.91, 0.9, 0.92),
            "numbering": Estimate(0.5),
            "ap50": Estimate(None, reason="no teeth"),
            "hd95": Estimate(3.0),
        }
    )
    assert console.main_figures(evaluation) == "dice 0.910 (0.900 to 0.920), numbering 0.500"
    assert console.main_figures(SimpleNamespace(figures={})) == "nothing to count"


def test_progress_of_a_resumed_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 100.0
    monkeypatch.setattr(console.time, "monotonic", lambda: now)
    frame = {"width": 512, "height": 256}
    with console.TrainingProgress(epochs=4, done=1) as progress:
        progress.report("network", {"text": "network 'default'\nfrozen: 3 layers"})
        progress.report("reading", {"cases": 7})
        now = 105.0
        progress.report("step", {"epoch": 1, "step": 5, "steps": 10, "loss": 1.5})
        assert progress._remaining(1.5) == "0:00:25"  # 2.5 epochs at 10 s
        progress.report("scoring", {"done": 1, "cases": 2})
        now = 3700.0
        progress.report(
            "epoch",
            {"epoch": 2, "loss": 1.25, "val_loss": 1.5, "val_dice": 0.5, "seconds": 9.6, **frame},
        )
        nan = float("nan")
        progress.report(
            "epoch",
            {"epoch": 4, "loss": 1, "val_loss": nan, "val_dice": nan, "seconds": 9.6, **frame},
        )
        progress.report("stopped_early", {"patience": 2, "best": 2})
    assert capsys.readouterr().out == (
        "network 'default'\n"
        "frozen: 3 layers\n"
        "reading 7 annotated radiographs\n"
        "epoch 2/4  256x512  loss 1.2500  validation loss 1.5000  dice 0.5000  10 s  left 2:00:00\n"
        "epoch 4/4  256x512  loss 1.0000  10 s  left 0:00:00\n"
        "stopped early: no epoch since 2 improved the Dice (2 in a row)\n"
    )


def test_the_remaining_time_is_unknown_at_first() -> None:
    assert console.TrainingProgress(epochs=4)._remaining(0) == "?"
