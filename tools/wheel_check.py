"""Builds the source distribution and the wheel, and checks both as a user would receive them.

    python tools/wheel_check.py [--keep FOLDER]

Builds the wheel from the source distribution, checks what both contain, installs the wheel in a new
virtual environment outside the repository, segments a phantom with it, and runs the wheel once more
with uvx. Needs a Python with pip, and PyPI. Stops with exit code 1 at the first error. `--keep`
copies both files to a folder.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("benchmarks", "docs", "src", "tests", "tools")
"""The only folders in the source distribution: no shared/, demo/ or runs/."""
PICTURE = re.compile(r"\.(png|jpe?g|tiff?|bmp|webp|dcm|dicom)$", re.IGNORECASE)
PICTURES = ("docs/page.jpg", "docs/phantom.jpg")
"""The only pictures in the source distribution; both show a phantom."""
LEAST_TEETH = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keep", type=Path, help="copy both files to this folder")
    given = parser.parse_args()
    started = time.monotonic()
    try:
        with tempfile.TemporaryDirectory(prefix="panodent-wheel-") as place:
            folder = Path(place)
            if folder.resolve().is_relative_to(ROOT):
                raise ReleaseError(
                    f"{folder} lies in the repository; set TMPDIR to a place outside"
                )
            archive, wheel = build(folder)
            check_archive(archive)
            check_wheel(wheel)
            use(wheel, folder)
            use_once(wheel, folder)
            if given.keep:
                given.keep.mkdir(parents=True, exist_ok=True)
                for file in (archive, wheel):
                    shutil.copy2(file, given.keep)
    except ReleaseError as error:
        sys.exit(f"wheel check: {error}")
    print(f"wheel check: passed in {time.monotonic() - started:.0f} s")


class ReleaseError(Exception):
    """An error that forbids a release."""


def build(folder: Path) -> tuple[Path, Path]:
    """Builds the repository; returns (source distribution, wheel)."""
    with timed("build"):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        python = environment(folder / "build", "build", *project["build-system"]["requires"])
        dist = folder / "dist"
        run(python, "-m", "build", "--no-isolation", "--outdir", dist, ROOT, cwd=folder)
    names = sorted(file.name for file in dist.iterdir())
    expected = [f"panodent-{version()}-py3-none-any.whl", f"panodent-{version()}.tar.gz"]
    if names != expected:
        raise ReleaseError(f"built {names}; expected {expected}")
    return dist / expected[1], dist / expected[0]


def version() -> str:
    """The version in src/panodent/version.py."""
    text = (ROOT / "src" / "panodent" / "version.py").read_text(encoding="utf-8")
    found = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if found is None:
        raise ReleaseError('src/panodent/version.py has no line such as __version__ = "1.2.3"')
    return found[1]


def check_archive(archive: Path) -> None:
    """Raises `ReleaseError` if the source distribution contains data, results or radiographs."""
    with tarfile.open(archive) as tar:
        names = [name.partition("/")[2] for name in tar.getnames()]
    folders = {name.partition("/")[0] for name in names if "/" in name}
    if odd := sorted(folders - set(FOLDERS)):
        raise ReleaseError(
            f"the source distribution contains {odd}; expected no folder but {FOLDERS}"
        )
    if odd := sorted(name for name in names if PICTURE.search(name) and name not in PICTURES):
        raise ReleaseError(f"the source distribution contains pictures: {odd[:5]}; remove them")


def check_wheel(wheel: Path) -> None:
    """Raises `ReleaseError` if the wheel lacks a file of the package or contains another one."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package, card = "panodent/", f"panodent-{version()}.dist-info/"
    if odd := sorted(name for name in names if not name.startswith((package, card))):
        raise ReleaseError(f"the wheel contains {odd[:5]}; expected the package only")
    source = ROOT / "src"
    wanted = {
        file.relative_to(source).as_posix()
        for file in (source / "panodent").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    if missing := sorted(wanted - names):
        raise ReleaseError(
            f"the wheel lacks {missing[:5]}; see [tool.hatch.build] in pyproject.toml"
        )
    if f"{card}licenses/LICENSE" not in names:
        raise ReleaseError("the wheel lacks LICENSE; see license-files in pyproject.toml")


def use(wheel: Path, folder: Path) -> None:
    """Installs the wheel in a new environment and segments a phantom with it."""
    with timed("install"):
        constraints = ROOT / "constraints.txt"
        python = environment(folder / "clean", "-c", constraints, wheel)
    work = folder / "work"
    work.mkdir()
    with timed("use"):
        where = run(python, "-c", "import panodent; print(panodent.__file__)", cwd=work).strip()
        if not Path(where).resolve().is_relative_to((folder / "clean").resolve()):
            raise ReleaseError(f"panodent comes from {where}, not from the wheel")
        command = python.with_name("panodent")
        said = run(command, "--version", cwd=work).strip()
        if said != f"panodent {version()}":
            raise ReleaseError(f"panodent --version says {said!r}; expected 'panodent {version()}'")
        run(command, "phantom", "--count", "1", "--output", "phantoms", cwd=work)
        run(command, "predict", "phantoms/images", "--output", "found", cwd=work)
    (case,) = (work / "found").rglob("teeth.json")
    teeth = json.loads(case.read_text(encoding="utf-8"))["teeth"]
    if len(teeth) < LEAST_TEETH:
        raise ReleaseError(
            f"{len(teeth)} teeth found in a phantom; expected at least {LEAST_TEETH}"
        )
    for name in ("labels.png", "overlay.png"):
        if not (case.parent / name).stat().st_size:
            raise ReleaseError(f"{name} is empty")


def use_once(wheel: Path, folder: Path) -> None:
    """Runs the wheel without installing it, as `uvx` and `pipx run` do."""
    with timed("uvx"):
        python = environment(folder / "uv", "uv")
        limits = ("--constraints", ROOT / "constraints.txt", "--python", sys.executable)
        uvx = (python.with_name("uv"), "tool", "run", *limits, "--from", wheel)
        said = run(*uvx, "panodent", "--version", cwd=folder / "work").strip()
    if said != f"panodent {version()}":
        raise ReleaseError(f"uvx panodent --version says {said!r}")


def environment(folder: Path, *requirements: str | Path) -> Path:
    """Makes a virtual environment with these packages; returns its Python."""
    venv.create(folder)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python)
    # Byte-compiling all modules would take longer than importing the few that are used.
    run(*pip, "install", "--quiet", "--no-compile", *requirements, cwd=folder)
    return python


def run(*command: str | Path, cwd: Path) -> str:
    """Runs a command without the repository on its path; returns what it prints."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=kept, capture_output=True, text=True
    )
    if done.returncode:
        shown = " ".join(map(str, command))
        raise ReleaseError(f"{shown}\nended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Prints the duration of a step."""
    started = time.monotonic()
    yield
    print(f"wheel check: {what} {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
