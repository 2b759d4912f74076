"""XML files of unknown origin, read element by element and without entities.

Entities make XML dangerous (https://docs.python.org/3/library/xml.html#xml-security): they can
expand a billion times, or name other files. Annotation formats do not need them, so a file that
declares a document type, and with it entities, is refused.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     file = Path(folder, "a.xml")
...     size = file.write_text("<annotations><image id='1'/><image id='2'/></annotations>")
...     places = {e.get("id"): place for place, e in children(file, "annotations", ["image"])}
...     root_name(file), places, element_at(file, places["2"], "image").get("id")
('annotations', {'1': 13, '2': 28}, '2')
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat

from panodent.errors import AnnotationError
from panodent.formats.parsing.json_stream import ends_early
from panodent.formats.parsing.text_encoding import fault as text_fault
from panodent.formats.parsing.text_encoding import opened

_CHUNK = 1 << 14  # elements of one chunk are in memory at once
_START = 1 << 18  # bytes in which the root element begins
_DEEPEST = 64
_CUT_OFF = {
    expat.errors.codes[name]
    for name in (
        expat.errors.XML_ERROR_NO_ELEMENTS,
        expat.errors.XML_ERROR_UNCLOSED_TOKEN,
        expat.errors.XML_ERROR_PARTIAL_CHAR,
        expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
    )
}
"""Faults at the end of a file of which more was expected."""


def root_name(file: Path) -> str | None:
    """The name of the root element.

    None if the file cannot be read, has no element in its first 256 KB or a document type.
    """
    builder = _Builder(file, 0, ())
    try:
        with opened(file) as stream:
            builder.parser.Parse(stream.read(_START), False)
    except (AnnotationError, expat.ExpatError, OSError):
        pass  # faults after the root element are reported when the file is read
    return builder.root


def children(file: Path, root: str, tags: Collection[str]) -> Iterator[tuple[int, Element]]:
    """(place, element) of the children of the root element that have one of these tags.

    The place is the element's first byte in the file. One element is in memory at a time. Raises
    `AnnotationError` for another root element, for XML that is not well-formed and for a document
    type.
    """
    yield from _built(_Builder(file, 1, tags, root), 0)


def element_at(file: Path, place: int, tag: str) -> Element:
    """The element `tag` that starts at a place which `children` has found."""
    for _, element in _built(_Builder(file, 0, (tag,)), place):
        return element
    raise AnnotationError(f"{file}: changed while it was read; read it again")


class _Builder:
    """Builds the elements of some tags at one depth of the document, and skips all others."""

    def __init__(
        self, file: Path, level: int, tags: Collection[str], expected: str | None = None
    ) -> None:
        self.file, self.level, self.tags, self.expected = file, level, tags, expected
        self.root: str | None = None
        self.finished: list[tuple[int, Element]] = []
        self._open: list[Element] = []
        self._text: list[str] = []
        self._place = self._depth = 0
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._data

    def _refuse(self, *_: object) -> None:
        raise AnnotationError(
            f"{self.file}: declares a document type (<!DOCTYPE>), which may hide entities; "
            "expected plain XML without it"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self.root is None:
            self.root = tag
            if tag != (self.expected or tag):
                raise AnnotationError(
                    f"{self.file}: the root element is <{tag}>; expected <{self.expected}>"
                )
        if self._depth > _DEEPEST:
            raise AnnotationError(f"{self.file}: elements nested deeper than {_DEEPEST}")
        if self._open:
            self._open.append(SubElement(self._open[-1], tag, attributes))
        elif self._depth == self.level and tag in self.tags:
            self._place = self.parser.CurrentByteIndex
            self._open.append(Element(tag, attributes))
        self._text.clear()
        self._depth += 1

    def _end(self, _: str) -> None:
        self._depth -= 1
        if not self._open:
            return
        element = self._open.pop()
        if not len(element):
            element.text = "".join(self._text)
        self._text.clear()
        if not self._open:
            self.finished.append((self._place, element))

    def _data(self, text: str) -> None:
        if self._open:
            self._text.append(text)


def _built(builder: _Builder, start: int) -> Iterator[tuple[int, Element]]:
    """The elements from byte `start` on, each as soon as the chunk with its end is parsed."""
    file = builder.file
    try:
        with opened(file) as stream:
            stream.seek(start)
            more = True
            while more:
                chunk = stream.read(_CHUNK)
                more = bool(chunk)
                if b"\0" in chunk:
                    raise AnnotationError(f"{file}: {text_fault(file) or 'holds zero bytes'}")
                fault: expat.ExpatError | None = None
                try:
                    builder.parser.Parse(chunk, not more)
                except expat.ExpatError as error:
                    fault = error
                # `element_at` starts in the middle of the file: what follows its element is not
                # XML by itself, so elements are given before the fault is raised.
                yield from builder.finished
                builder.finished.clear()
                if fault is not None:
                    reason = text_fault(file) or _reason(fault, stream, start or more)
                    raise AnnotationError(f"{file}: {reason}")
    except OSError as error:
        raise AnnotationError(f"{file}: cannot be read ({error.strerror})") from None


def _reason(fault: expat.ExpatError, stream: BinaryIO, in_part: int | bool) -> str:
    """The fault in words; `in_part` is whether the file was not parsed from start to end."""
    if not in_part and stream.tell() and fault.code in _CUT_OFF:
        return ends_early(stream.tell(), f"in line {fault.lineno}")
    return f"not well-formed XML in UTF-8 ({fault})"
