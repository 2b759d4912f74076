"""Errors: one base class, and messages that say what was given, expected and to be done."""

from __future__ import annotations

import pytest

from panodent import errors
from panodent.errors import MissingExtraError, PanodentError, UnknownNameError

CLASSES = [
    item
    for item in vars(errors).values()
    if isinstance(item, type) and item.__module__ == errors.__name__
]


PUBLIC = [kind for kind in CLASSES if not kind.__name__.startswith("_")]


def test_the_module_lists_every_error_below_its_base():
    listed: dict[str, int] = {}
    for line in errors.__doc__.splitlines():
        branch = line.lstrip("│ ├└─")
        if "── " in line:
            listed[branch.split()[0]] = (len(line) - len(branch)) // 4
    assert set(listed) == {kind.__name__ for kind in PUBLIC} - {"PanodentError"}
    nested = {
        kind.__name__ for kind in PUBLIC if kind.__bases__[0] in set(PUBLIC) - {PanodentError}
    }
    assert {name for name, depth in listed.items() if depth == 2} == nested


@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_every_error_is_caught_by_one_except(kind):
    assert issubclass(kind, PanodentError)
    assert kind.__doc__


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("defualt", "'default'"), ("sead", "'seed'"), ("default ", "'default'")],
)
def test_an_unknown_name_lists_the_known_and_suggests_the_nearest(name, suggestion):
    message = str(UnknownNameError("recipe", name, ("default", "seed")))
    assert message == (f"unknown recipe {name!r}; known: default, seed. Did you mean {suggestion}?")


@pytest.mark.parametrize("name", ["", "zzz", 7, None])
def test_nothing_is_suggested_where_nothing_is_near(name):
    message = str(UnknownNameError("recipe", name, ("default", "seed")))
    assert message == f"unknown recipe {str(name)!r}; known: default, seed."


def test_an_unknown_name_is_a_value_error():
    with pytest.raises(ValueError, match="unknown format"):
        raise UnknownNameError("format", "x", ())


def test_a_missing_extra_says_how_to_install_it():
    error = MissingExtraError("train", "training", "keras")
    assert isinstance(error, ImportError)
    assert "'keras'" in str(error)
    assert "pip install 'panodent[train]'" in str(error)
