"""Docstrings and signatures as this project writes them, for autodoc.

Lines of the form `name : text`, alone or in a section "Parameters" or "Attributes", describe one
parameter each; further lines of the text are indented. Signatures show annotations as the source
has them, aliases unresolved.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from typing import Any

KINDS = {"Parameters": "param", "Attributes": "ivar"}
ENTRY = re.compile(r"(\w+(?:, \w+)*) : (.+)")


def setup(app: Any) -> dict[str, Any]:
    """Connects both functions to autodoc."""
    app.connect("autodoc-process-docstring", process_docstring)
    app.connect("autodoc-process-signature", process_signature)
    return {"parallel_read_safe": True}


def process_docstring(
    app: Any, what: str, name: str, item: object, options: object, lines: list[str]
) -> None:
    """Turns the sections of a docstring into field lists, in place."""
    lines[:] = with_fields(lines)


def with_fields(lines: Sequence[str]) -> list[str]:
    """The lines, with `:param name: text` for each line `name : text`, in a section or not.

    >>> with_fields(["Parameters", "----------", "size : (height,", "    width)", "Then."])
    [':param size: (height, width)', '', 'Then.']
    """
    result: list[str] = []
    kind, names, rule = "param", 0, False
    for line in lines:
        if line in KINDS:
            kind, rule = KINDS[line], True
        elif rule:
            rule = False  # the hyphens below the title
        elif entry := ENTRY.match(line):
            if result and result[-1] and not names:
                result.append("")
            fields = [f":{kind} {name}: {entry[2]}" for name in entry[1].split(", ")]
            names = len(fields)
            result += fields
        elif names and line.startswith("    "):
            result[-names:] = [f"{text} {line.strip()}" for text in result[-names:]]
        else:
            if names and line:
                result.append("")
            names = 0
            result.append(line)
    return result


def process_signature(
    app: Any, what: str, name: str, item: Any, options: object, signature: str, returned: str
) -> tuple[str, str] | None:
    """The signature with annotations as the source writes them, and what is returned."""
    if what not in ("function", "method", "class"):
        return None
    try:
        found = inspect.signature(item)
    except (TypeError, ValueError):
        return None
    parameters = list(found.parameters.values())
    if what == "method" and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    shown = [
        item.replace(annotation=_Text(item.annotation))
        if isinstance(item.annotation, str)
        else item
        for item in parameters
    ]
    plain = found.replace(parameters=shown, return_annotation=inspect.Signature.empty)
    answer = found.return_annotation
    if what == "class" or answer is inspect.Signature.empty:
        return str(plain), ""
    return str(plain), answer if isinstance(answer, str) else inspect.formatannotation(answer)


class _Text:
    """An annotation that is shown without quotes."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text
