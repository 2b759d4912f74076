"""`panodent average`."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.bundle import bundle

pytest.importorskip("panodent.training.backend", reason="needs the train extra")


def test_weights_are_averaged(panodent, finished_run: Path, tmp_path: Path) -> None:
    output = tmp_path / "mean"
    found = panodent("average", finished_run, "default", "--shares", "1,3", "-o", output)
    assert found.code == 0, found.err
    scored, made, held_out = found.out.splitlines()
    assert scored == f"scored on 1 radiograph that {finished_run} held out"
    assert made.startswith(f"bundle {output / 'bundle'}: 2 networks as one of ")
    assert held_out.startswith("held out of ")
    shares = [member["share"] for member in bundle.load(output).provenance["mean_of"]]
    assert shares == [0.25, 0.75]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("a", "b"), 2, "--output"),
        (("a", "b", "-o", "{tmp}/r", "--shares", "1"), 2, "number for each RUN"),
        (("a", "b", "-o", "{tmp}/r", "--shares", "1,x"), 2, "1,x"),
        (("a", "b", "-o", "{tmp}/r"), 1, "holds no training run"),
        (("{run}", "default", "-o", "{run}"), 2, "give another folder with --output"),
    ],
)
def test_faults(
    panodent, finished_run: Path, tmp_path: Path, arguments: tuple, code: int, message: str
) -> None:
    places = {"tmp": tmp_path, "run": finished_run}
    found = panodent("average", *(part.format(**places) for part in arguments))
    assert (found.code, found.out) == (code, "")
    assert message in found.err
