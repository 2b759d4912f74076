"""Large JSON files, read item by item: memory holds one item and never the whole file.

A file is searched for brackets and strings with a regular expression over a memory map; only the
items themselves are given to `json`. Their places are kept, so that an item can be read again.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "a.json")
...     size = file.write_text('{"year": 2026, "items": [{"id": 1}, {"id": 2}]}')
...     found = members(file, ["items"])
...     places = [place for place, _ in list_items(file, found["items"])]
...     found["year"], places, list(items_at(file, places[1:]))
(2026, [(25, 34), (36, 45)], [{'id': 2}])
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.parsing.text_encoding import decoded, mapped, opened
from panodent.formats.parsing.text_encoding import fault as text_fault
from panodent.utils.wording import counted

Place = tuple[int, int]
"""The first byte of an item in its file, and the byte after its last one."""
# A whole string (group 1 is empty if it does not end), or a bracket outside of strings.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\]]', re.DOTALL)
_BOM = b"\xef\xbb\xbf"
_KEPT = 1 << 19
"""Bytes of a mapped file that are searched before their pages are given back."""


def list_items(file: Path, within: Place | None = None) -> Iterator[tuple[Place, Any]]:
    """(place, item) of each item of a file that is one list of objects or lists.

    `within` is the place of a list inside the file, if the file is more than that list. Raises
    `AnnotationError`, which names the file and the byte at which the form is broken.
    """
    data = mapped(file)
    first, last = within or (0, len(data))
    depth, start, edge = 0, 0, first
    for token in _tokens(data, first, last):
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
    """The item at a place that `list_items` or `member_kinds` has found."""
    (item,) = items_at(file, [place])
    return item


def items_at(file: Path, places: Iterable[Place]) -> Iterator[Any]:
    """The items at these places, one after the other; raises `AnnotationError`."""
    for place, data in _bytes_at(file, places):
        yield _parsed(file, place, data)


def runs_at(file: Path, places: Iterable[Place]) -> Iterator[Any]:
    """The items of runs: a run is at the place from its first item on to the end of its last.

    Raises `AnnotationError`.
    """
    for place, data in _bytes_at(file, places):
        yield from _parsed(file, place, b"[%b]" % data)


def _bytes_at(file: Path, places: Iterable[Place]) -> Iterator[tuple[Place, bytes]]:
    with opened(file) as stream:
        try:
            for place in places:
                stream.seek(place[0])
                yield place, stream.read(place[1] - place[0])
        except OSError as error:
            raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None


def members(file: Path, lists: Collection[str]) -> dict[str, Any]:
    """The values of a file that is one object, by name.

    The values called `lists` are not read if they are lists: their places are given instead.
    Raises `AnnotationError`, which names the file.
    """
    data = mapped(file)
    return {
        name: place
        if name in lists and data[place[0] : place[0] + 1] == b"["
        else _parsed(file, place, data[place[0] : place[1]])
        for name, place in _member_places(file, data)
    }


def member_kinds(file: Path, within: Place | None = None) -> Iterator[tuple[str, str, Place]]:
    """(name, first character of the value, place of the value) of each member of an object.

    The object is the whole file, or lies at the place `within` it. Values are not read, so that a
    large one costs no memory. Raises `AnnotationError`.
    """
    data = mapped(file)
    for name, place in _member_places(file, data, within):
        yield name, data[place[0] : place[0] + 1].decode("latin-1"), place


def _member_places(
    file: Path, data: mmap.mmap | bytes, within: Place | None = None
) -> Iterator[tuple[str, Place]]:
    """(name, place of the value) of each member, see `member_kinds`.

    `edge` is the byte after what has been understood, `depth` the number of open brackets, `key`
    the name that waits for its value.
    """
    first, last = within or (0, len(data))
    depth, start, edge = 0, first, first
    key: str | None = None
    is_first = True
    for token in _tokens(data, first, last):
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
        else:  # the next name or the end; a number or a word before it is the value of `key`
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


def cut_off(file: Path) -> str:
    """Where a file ends in the middle of its JSON, in words; empty if it does not.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     size = Path(folder, "a.json").write_text('{"images": [{"id": 1')
    ...     cut_off(Path(folder, "a.json"))
    'ends in the middle, at byte 20, with 3 brackets open; copy or export it again'
    """
    try:
        data = mapped(file)
    except AnnotationError:
        return ""
    is_open = bytearray()
    for token in _tokens(data, 0, len(data)):
        char = token[0][:1]
        if char == b'"':
            if not token[1]:
                return ends_early(len(data), "within a text")
        elif char in b"{[":
            is_open += char
        elif bytes(is_open[-1:]) + char in (b"{}", b"[]"):
            is_open.pop()
            if not is_open:
                return ""  # what follows is another fault
        else:
            return ""
    if not is_open:
        return ""
    return ends_early(len(data), f"with {counted(len(is_open), 'bracket', 'brackets')} open")


def ends_early(size: int, how: str) -> str:
    """Says of a file of this many bytes that it was cut off."""
    return f"ends in the middle, at byte {size}, {how}; copy or export it again"


def _tokens(data: mmap.mmap | bytes, first: int, last: int) -> Iterator[re.Match[bytes]]:
    """The brackets and strings between two bytes; of a mapped file, few pages stay in memory."""
    mark = first + _KEPT
    for token in _TOKEN.finditer(data, first, last):
        if token.end() > mark:
            _give_back(data, mark - _KEPT, token.start())
            mark = token.start() + _KEPT
        yield token


def _give_back(data: mmap.mmap | bytes, first: int, last: int) -> None:
    """Takes the whole pages between two bytes out of memory; they are read again when needed."""
    if isinstance(data, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        start = -(-first // mmap.PAGESIZE) * mmap.PAGESIZE
        length = (last - start) // mmap.PAGESIZE * mmap.PAGESIZE
        if length > 0:
            data.madvise(mmap.MADV_DONTNEED, start, length)


def _parsed(file: Path, place: Place, text: bytes) -> Any:
    try:
        return json.loads(decoded(text, file))
    except (ValueError, RecursionError) as error:
        raise AnnotationError(
            f"{file}: the item from byte {place[0]} to {place[1]} is not JSON ({error})"
        ) from None


def _fault(file: Path, byte: int) -> AnnotationError:
    if reason := text_fault(file) or cut_off(file):
        return AnnotationError(f"{file}: {reason}")
    return AnnotationError(f"{file}: not JSON of the expected form from byte {byte} on")
