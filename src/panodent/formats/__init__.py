"""Annotation formats by name: each reads `Teeth`, and most write them.

>>> from panodent import formats
>>> formats.NAMES[:3]
('coco', 'coco-panoptic', 'labels')
>>> formats.get("coco").limits.overlap
True

Formats of `WRITTEN` can be written as well; the others are read only.

`panodent.formats.registry` is the table of all formats, `panodent.formats.base` says what a format
is and how to add one. Importing this package loads none of them.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.registry import BY_NAME, NAMES, READ_OPTIONS, WRITTEN, listed
from panodent.utils.wording import near_name

if TYPE_CHECKING:
    from panodent.formats.base import Annotated, Format, Options

__all__ = ["NAMES", "WRITTEN", "Annotated", "Format", "get", "read", "recognise"]


def get(name: str) -> Format:
    """The format of this name; raises `UnknownNameError`, which lists the names.

    >>> get("cocoo")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    panodent.errors.UnknownNameError: unknown format 'cocoo'; known: coco, ... Did you mean 'coco'?
    """
    if name not in BY_NAME:
        raise UnknownNameError("format", name, NAMES)
    found: Format = importlib.import_module(BY_NAME[name].module).FORMAT
    return found


def read(
    path: Path, name: str | None = None, options: Options | None = None
) -> tuple[str, list[Annotated]]:
    """The format of a file or folder, and its annotated radiographs.

    Parameters
    ----------
    path : a data folder, or a file of a format that has only one.
    name : one of `NAMES`; recognised if None.
    options : options of the format for reading, see `panodent.formats.base`. `encoding` is that of
        files that are neither UTF-8 nor UTF-16, for example 'cp1252'.

    Raises `AnnotationError` and `UnknownNameError` as `recognise` and `Format.read`.
    """
    from panodent.formats.parsing.text_encoding import declare

    given = options or {}
    declare(path, given.get("encoding"))
    chosen = name or recognise(path)
    found = get(chosen)
    _warn_of_unused(chosen, path, given)
    return chosen, found.read(path, given)


def _warn_of_unused(name: str, path: Path, given: Options) -> None:
    """Warns of options that reading a format does not use, so that none is ignored silently."""
    from panodent.formats.faults import FaultReport

    for option in READ_OPTIONS:
        if given.get(option) and option not in BY_NAME[name].options:
            using = tuple(info.name for info in BY_NAME.values() if option in info.options)
            FaultReport.of(given, path).warn_of_option(
                option, f"{name} has no use for it, only {listed(using)}"
            )


def recognise(path: Path) -> str:
    """The name of the only format that `path` can be in.

    Raises `AnnotationError` if there is no such file or folder, or if no format or several formats
    recognise it.
    """
    if not path.exists():
        raise AnnotationError(
            f"{path}: no such file or folder; expected annotations{near_name(path)}"
        )
    found = _recognising(path)
    if len(found) == 1:
        return found[0]
    if not found:
        from panodent.formats.near_misses import LOOKED_FOR, cut_files, near_misses

        if cut := "; ".join(cut_files(path)):
            raise AnnotationError(f"{path}: no annotations that are whole: {cut}")
        near = "; ".join(near_misses(path, _recognising)) or "nothing like it was found"
        raise AnnotationError(
            f"{path}: no annotation format recognised. Looked for {LOOKED_FOR}. Near: {near}. If "
            f"it is in one of these formats, name it with --format ({', '.join(NAMES)})"
        )
    raise AnnotationError(f"{path}: could be {' or '.join(found)}; name it with --format")


def _recognising(path: Path) -> list[str]:
    return [name for name in NAMES if get(name).recognises(path)]


def __getattr__(name: str) -> Any:
    # The contract imports NumPy, which the command line's help does not need.
    if name in ("Annotated", "Format"):
        return getattr(importlib.import_module("panodent.formats.base"), name)
    raise AttributeError(f"module 'panodent.formats' has no attribute {name!r}")
