"""The public names of the package."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import resolve_name

import pytest

import panodent
from panodent.version import __version__

NAMES = (
    "PanodentError",
    "Prediction",
    "Predictor",
    "Radiograph",
    "Teeth",
    "__version__",
    "load",
    "predict",
    "read",
)


PAGE = Path(__file__).parent.parent / "docs" / "reference" / "python.md"
DOCUMENTED = sorted(set(re.findall(r":: (panodent[\w.]*\b)", PAGE.read_text(encoding="utf-8"))))
"""Names of which the page of the Python interface shows the docstring."""


def test_the_public_names_are_those_promised() -> None:
    assert tuple(panodent.__all__) == NAMES
    assert dir(panodent) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_can_be_imported_and_explains_itself(name: str) -> None:
    item = getattr(panodent, name)
    if name == "__version__":
        assert item == __version__
        return
    assert item.__doc__
    assert item.__module__ == "panodent" or item.__module__.startswith("panodent.")
    assert getattr(import_module(item.__module__), name) is item


def test_a_star_import_has_every_name() -> None:
    names: dict[str, object] = {}
    exec("from panodent import *", names)  # noqa: S102
    assert set(NAMES) <= set(names)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'panodent' has no attribute 'predicct'"):
        panodent.predicct  # noqa: B018


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = "import sys, panodent; print({'numpy', 'cv2', 'onnxruntime'} & set(sys.modules) or '')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


def test_the_module_of_each_documented_name_has_an_example_that_runs() -> None:
    pytest.importorskip("httpx", reason="needs the client extra")
    modules = {inspect.getmodule(resolve_name(name)) for name in DOCUMENTED}
    assert len(modules) > 12
    assert not [
        module.__name__
        for module in modules
        if module and not re.search(r">>> (?!.*\+SKIP)", inspect.getsource(module))
    ]
