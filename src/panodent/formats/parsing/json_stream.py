"""Long JSON lists read item by item, so that memory holds one item and not the file."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError

Place = tuple[int, int]
"""First byte of an item in the file and the byte after its last."""
# A string as a whole (group 1 is empty where it does not end), or a bracket outside of strings.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"


def list_items(file: Path, within: Place | None = None) -> Iterator[tuple[Place, Any]]:
    """(place, item) of a file that is one list of objects or lists, or of a list `within` it.

    Raises `AnnotationError` naming the file and the first byte where it is something else.
    """
    data = _mapped(file)
    first, last = within or (0, len(data))
    depth, start, edge = 0, 0, first
    for token in _TOKEN.finditer(data, first, last):
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
                if data[edge:last].strip() != b"]":
                    raise _fault(file, edge)
                return
    raise _fault(file, edge)


def item_at(file: Path, place: Place) -> Any:
    """The item at this place of a file that `list_items` has been through."""
    (item,) = items_at(file, [place])
    return item


def items_at(file: Path, places: Iterable[Place]) -> Iterator[Any]:
    """The items at these places, one after the other."""
    try:
        with file.open("rb") as stream:
            for place in places:
                stream.seek(place[0])
                yield _parsed(file, place, stream.read(place[1] - place[0]))
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None


def members(file: Path, lists: Collection[str]) -> dict[str, Any]:
    """What a file that is one object holds, by name; of these lists the `Place` alone.

    Raises `AnnotationError` naming the file.
    """
    data = _mapped(file)
    return {
        name: place
        if name in lists and data[place[0] : place[0] + 1] == b"["
        else _parsed(file, place, data[place[0] : place[1]])
        for name, place in _member_places(file, data)
    }


def member_kinds(file: Path, within: Place | None = None) -> Iterator[tuple[str, str, Place]]:
    """(name, first character of its value, place) of the members, without reading the values.

    Of the file's one object, or of the object `within` it.
    """
    data = _mapped(file)
    for name, place in _member_places(file, data, within):
        yield name, data[place[0] : place[0] + 1].decode("latin-1"), place


def _member_places(
    file: Path, data: mmap.mmap, within: Place | None = None
) -> Iterator[tuple[str, Place]]:
    """The place of each member of the file's one object, or of the one `within` it."""
    first, last = within or (0, len(data))
    depth, start, edge = 0, first, first
    key: str | None = None
    is_first = True
    for token in _TOKEN.finditer(data, first, last):
        char = token[0][:1]
        if char == b'"' and not token[1]:
            break
        between = data[edge : token.start()].strip() if depth < 2 else b""
        if depth == 0:
            if char != b"{" or between not in (b"", _BOM):
                break
            depth, edge = 1, token.end()
        elif depth > 1:
            depth += {b"{": 1, b"[": 1, b"}": -1, b"]": -1}.get(char, 0)
            if depth == 1 and key is not None:
                yield key, (start, token.end())
                key, edge = None, token.end()
        elif char in b"{[":
            if key is None or between != b":":
                break
            start, depth = token.start(), 2
        elif key is not None and char == b'"' and between == b":":
            yield key, token.span()
            key, edge = None, token.end()
        else:  # the next name, or the end; before it a number or a word may be a value
            if key is not None and between[:1] == b":":
                raw, more = data[edge : token.start()], char == b'"'
                if more and between[-1:] != b",":
                    break
                yield (
                    key,
                    (edge + raw.index(b":") + 1, edge + (raw.rindex(b",") if more else len(raw))),
                )
                between = b"," if more else b""
            elif key is not None:
                break
            if char != b'"':
                if between or char != b"}" or data[token.end() : last].strip():
                    break
                return
            if between != (b"" if is_first else b","):
                break
            key, edge, is_first = str(_parsed(file, token.span(), token[0])), token.end(), False
    raise _fault(file, edge)


def _mapped(file: Path) -> mmap.mmap:
    try:
        with file.open("rb") as stream:
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None
    except ValueError:
        raise AnnotationError(f"{file}: is empty; expected JSON") from None


def _parsed(file: Path, place: Place, text: bytes) -> Any:
    try:
        return json.loads(text.decode())
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{file}: the item from byte {place[0]} to {place[1]} is no JSON ({error})"
        ) from None


def _fault(file: Path, byte: int) -> AnnotationError:
    return AnnotationError(f"{file}: no JSON of the expected form from byte {byte} on")
