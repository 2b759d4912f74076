"""The command line: names, exit codes, one clear line for each fault."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from panodent.drawing.overlay import to_png_bytes

PANODENT = [sys.executable, "-m", "panodent"]


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PANODENT, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture
def image(tmp_path: Path, drawn) -> Path:
    radiograph, _ = drawn
    file = tmp_path / "opg.png"
    file.write_bytes(to_png_bytes((radiograph.pixels * 255).astype("uint8")))
    return file


def processor_seconds(*command: str) -> float:
    """What a process takes of the processor, which a busy machine does not change."""
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], check=True, capture_output=True, timeout=300)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_is_instant() -> None:
    """0.3 s is the promise, most of which Python, Typer and Rich take: no more comes from us."""
    asked, least = [], []
    for _ in range(5):
        asked.append(processor_seconds("-m", "panodent", "--help"))
        least.append(processor_seconds("-c", "import typer, rich.console"))
    assert min(asked) < 2 * min(least)
    listed = "import sys, panodent.cli; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True)
    assert not {"numpy", "cv2", "onnxruntime", "keras"} & set(found.stdout.split())
    assert "Research use only" in run("--help").stdout


@pytest.mark.parametrize("command", ["predict", "train", "evaluate", "inspect", "phantom", "unet"])
def test_every_command_explains_itself(command: str) -> None:
    found = run(command, "--help")
    assert found.returncode == 0
    assert "--output" in found.stdout


def test_convert_lists_every_format() -> None:
    from panodent import formats
    from panodent.cli.options import FORMATS

    assert tuple(FORMATS.replace(" or ", ", ").split(", ")) == formats.NAMES


def test_seed_recipe_says_where_it_departs() -> None:
    text = " ".join(run("train", "--help").stdout.split())
    assert "flips swap left and right tooth numbers" in text
    assert "upside down" in text
    assert "bilinearly" in text


def test_a_misspelt_option_fails_and_suggests() -> None:
    found = run("predict", "x.png", "--ouput", "y")
    assert found.returncode == 2
    assert "--output" in found.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("predict",), 2, "Missing argument"),
        (("predict", "nothing.png", "-o", "{tmp}/o"), 1, "no such file"),
        (("predict", "{tmp}", "-o", "{tmp}/o", "--bundle", "{tmp}/b"), 1, "no bundle there"),
        (("train", "--output", "{tmp}/r"), 2, "at least one DATA"),
        (("train", "{tmp}", "-o", "{tmp}/r", "--recipe", "sed"), 2, "Did you mean 'seed'"),
        (("train", "{tmp}", "-o", "{tmp}/r", "--size", "big"), 2, "HEIGHTxWIDTH"),
        (("train", "{tmp}", "-o", "{tmp}/r", "--size", "100x100"), 2, "multiple of 32"),
        (("train", "-o", "{tmp}/r", "--resume"), 1, "no training run"),
        (("average", "a", "b", "-o", "{tmp}/r", "--shares", "1"), 2, "number for each RUN"),
        (("average", "a", "b", "-o", "{tmp}/r", "--shares", "1,x"), 2, "1,x"),
        (("inspect", "{tmp}/none"), 1, "no such folder"),
        (("unet", "--network", "sead", "-o", "{tmp}/x.png"), 2, "Did you mean 'seed'"),
    ],
)
def test_faults_have_one_line_and_a_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, message: str
) -> None:
    found = run(*(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert found.returncode == code, found.stderr
    assert message in found.stderr
    assert "Traceback" not in found.stderr


def test_predict_says_what_it_did(image: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    found = run("predict", image, bad, "-o", tmp_path / "out")
    assert found.returncode == 1
    assert found.stdout.startswith("1 radiographs, ")
    assert found.stderr.count("error:") == 1
    assert (tmp_path / "out" / "opg" / "overlay.png").exists()


def test_unet_draws_its_architecture(tmp_path: Path) -> None:
    pytest.importorskip("keras", reason="needs the train extra")
    found = run(
        "unet", "--network", "seed", "--size", "64x64", "--summary", "-o", tmp_path / "a.png"
    )
    assert found.returncode == 0, found.stderr
    assert "1,941,361" in found.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
