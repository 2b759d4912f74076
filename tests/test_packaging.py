"""What is ready to publish elsewhere agrees with the project: conda, Hugging Face, the notebook."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from panodent.version import __version__

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(
    not (ROOT / "packaging").exists(), reason="a source distribution has no packaging files"
)
NOTEBOOK = ROOT / "docs/notebooks/first-teeth.ipynb"
CONDA_NAMES = {
    "opencv-python-headless": "py-opencv",
    "matplotlib": "matplotlib-base",
    "isal": "python-isal",
}
"""Packages whose name on conda-forge differs from that on PyPI."""


def requirement(text: str) -> tuple[str, str]:
    """(name, versions) of a requirement as PyPI or conda write it."""
    name, versions = re.fullmatch(r"([\w.-]+) ?(.*)", text).groups()  # type: ignore[union-attr]
    return CONDA_NAMES.get(name, name), versions


def test_the_conda_recipe_needs_what_the_package_needs() -> None:
    recipe = yaml.safe_load((ROOT / "packaging/conda/recipe.yaml").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert recipe["context"]["version"] == __version__
    wanted = {requirement(text) for text in project["dependencies"]}
    wanted.add(("python", project["requires-python"]))
    assert {requirement(text) for text in recipe["requirements"]["run"]} == wanted
    (command,) = project["scripts"].items()
    assert recipe["build"]["python"]["entry_points"] == [" = ".join(command)]
    assert recipe["about"]["license"] == project["license"]


def test_the_hugging_face_card_describes_the_default_bundle() -> None:
    text = (ROOT / "packaging/huggingface/card.md").read_text(encoding="utf-8")
    head, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
    front = yaml.safe_load(head)
    assert front["license"] == "apache-2.0"
    assert front["pipeline_tag"] == "image-segmentation"
    assert "Research use only" in body
    listed = set(re.findall(r"^\| `([\w.-]+)` \|", body, re.MULTILINE))
    assert listed == {file.name for file in (ROOT / "src/panodent/bundle/default").iterdir()}


def test_the_notebook_holds_no_results() -> None:
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    assert all(not cell.get("outputs") for cell in cells)
    assert all(cell.get("execution_count") is None for cell in cells)
    assert "Research use only" in "".join(cells[0]["source"])


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient = pytest.importorskip("nbclient", reason="needs the dev extra")
    nbformat = pytest.importorskip("nbformat", reason="needs the dev extra")
    # The kernel must not write to the user's folders.
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.setenv(
        "PYTHONPATH", str(ROOT / "src") + os.pathsep + os.environ.get("PYTHONPATH", "")
    )
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=120, resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", [])
    )
    assert "2 radiographs" in printed
    assert "numbering" in printed
    pages = [
        output["data"]["text/html"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert len(pages) == 2
    assert all("data:image/png" in page for page in pages)
    assert (tmp_path / "out-mine").is_dir()
    assert (tmp_path / "scores/index.html").is_file()
