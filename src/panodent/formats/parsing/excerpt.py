"""Values of a file as error messages quote them."""

from __future__ import annotations

from reprlib import Repr

_LONGEST = 200
_REPR = Repr()
_REPR.maxlevel = 3
_REPR.maxstring = _REPR.maxother = 60


def excerpt(value: object) -> str:
    """The value's `repr`, shortened: a line that can be printed, however long or deep it is.

    >>> excerpt("opg\\ud800.png"), excerpt([[1, 2], [3]]), excerpt(list(range(100)))
    ("'opg\\\\ud800.png'", '[[1, 2], [3]]', '[0, 1, 2, 3, 4, 5, ...]')
    """
    try:
        return _REPR.repr(value)
    except ValueError:  # an integer of more than 4,300 digits
        return f"a value of type {type(value).__name__}"


def shown(name: str) -> str:
    """The name of an image as errors have it: in one line, and not longer than a line.

    >>> shown("sub/opg.png"), shown("a\\ud800.png")
    ('sub/opg.png', "'a\\\\ud800.png'")
    """
    return name if name.isprintable() and len(name) <= _LONGEST else excerpt(name)
