"""Progress and resuming of `panodent refiner` and `panodent findings`."""

from __future__ import annotations

import pytest

from panodent.cli.further_networks import check_resumed, print_progress
from panodent.errors import ConfigError


def test_a_resumed_run_keeps_its_settings() -> None:
    check_resumed(False)
    with pytest.raises(ConfigError, match="no other option than --output"):
        check_resumed(True)


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        ("step", {"step": 100, "steps": 300, "loss": 0.25}, "  step 100/300  loss 0.2500\n"),
        ("step", {"step": 101, "steps": 300, "loss": 0.25}, ""),
        ("scoring", {"done": 50, "cases": 82}, "  scoring: 50 of 82 radiographs\n"),
        ("scoring", {"done": 51, "cases": 82}, ""),
    ],
)
def test_some_of_the_steps_are_printed(
    kind: str, row: dict[str, float], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    print_progress(kind, row, every=100)
    assert capsys.readouterr().out == expected
