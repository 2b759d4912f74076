"""A JSON list read item by item, so that memory holds one item and not the file."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError

Place = tuple[int, int]
"""First byte of an item in the file and the byte after its last."""
# A string as a whole (group 1 is empty where it does not end), or a bracket outside of strings.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def list_items(file: Path) -> Iterator[tuple[Place, Any]]:
    """(place, item) of a file that is one list of objects or lists.

    Raises `AnnotationError` naming the file and the first byte where it is something else.
    """
    try:
        with file.open("rb") as stream:
            data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise AnnotationError(f"{file}: is empty; expected a JSON list") from None
    depth = start = edge = 0
    for token in _TOKEN.finditer(data):
        char = token[0][:1]
        if char == b'"':
            if not token[1]:
                break
        elif char in b"{[":
            if depth < 2:
                before = (b"", _BOM) if depth == 0 else (b",",) if start else (b"",)
                if data[edge : token.start()].strip() not in before or (depth, char) == (0, b"{"):
                    raise _fault(file, edge)
                start, edge = (token.start(), edge) if depth else (0, token.end())
            depth += 1
        else:
            depth -= 1
            if depth == 1:
                edge = token.end()
                yield (start, edge), _parsed(file, (start, edge), data[start:edge])
            elif depth < 1:
                if data[edge:].strip() != b"]":
                    raise _fault(file, edge)
                return
    raise _fault(file, edge)


def item_at(file: Path, place: Place) -> Any:
    """The item at this place of a file that `list_items` has been through."""
    try:
        with file.open("rb") as stream:
            stream.seek(place[0])
            return _parsed(file, place, stream.read(place[1] - place[0]))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None


def _parsed(file: Path, place: Place, text: bytes) -> Any:
    try:
        return json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{file}: the item from byte {place[0]} to {place[1]} is no JSON ({error})"
        ) from None


def _fault(file: Path, byte: int) -> AnnotationError:
    return AnnotationError(f"{file}: no JSON list of objects from byte {byte} on")
