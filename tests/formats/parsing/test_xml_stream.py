"""XML read element by element: the same elements as from a whole file, and nothing harmful."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from panodent.errors import AnnotationError
from panodent.formats.parsing.xml_stream import children, element_at, root_name

TEXT = """<?xml version="1.0" encoding="utf-8"?>
<annotations><!-- a comment --><meta><image>not this one</image></meta>
<image name="ä &amp; b"><mask rle="1, 2"/><note>one <b>two</b></note></image>
<track/><image name="c">text</image></annotations>"""


def saved(folder: Path, text: str | bytes) -> Path:
    file = folder / "a.xml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def test_children_are_those_of_the_whole_document(tmp_path: Path) -> None:
    file = saved(tmp_path, TEXT)
    found = list(children(file, "annotations", ("image",)))
    whole = ElementTree.fromstring(TEXT.encode()).findall("image")  # noqa: S314 - from above
    assert [element.attrib for _, element in found] == [element.attrib for element in whole]
    assert found[0][1].find("mask").get("rle") == "1, 2"
    assert found[1][1].text == "text"
    for place, element in found:
        assert file.read_bytes()[place:].startswith(b"<image")
        again = element_at(file, place, "image")
        assert ElementTree.tostring(again) == ElementTree.tostring(element)


def test_several_tags_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    file = saved(tmp_path, TEXT)
    found = [element.tag for _, element in children(file, "annotations", ("image", "track"))]
    assert found == ["image", "track", "image"]


def test_elements_longer_than_a_chunk_are_whole(tmp_path: Path) -> None:
    long = "1, " * 200_000
    file = saved(tmp_path, f"<a><i>{long}</i><i/>{' ' * 300_000}<i>x</i></a>")
    found = list(children(file, "a", ("i",)))
    assert [len(element.text or "") for _, element in found] == [len(long), 0, 1]
    assert element_at(file, found[2][0], "i").text == "x"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (TEXT, "annotations"),
        ("<a", None),
        ("<a>", "a"),
        ("", None),
        ("text", None),
        ('<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>', None),
        ("<a/>x", "a"),
    ],
)
def test_the_name_of_the_root(tmp_path: Path, text: str, name: str | None) -> None:
    assert root_name(saved(tmp_path, text)) == name
    assert root_name(tmp_path / "gone.xml") is None


ENTITIES = '<!DOCTYPE a [<!ENTITY a "36"><!ENTITY b "&a;&a;&a;&a;">]><a><i>&b;</i></a>'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", r"not well-formed XML in UTF-8 \(no element found"),
        (b"<a><i></a>", r"not well-formed XML in UTF-8 \(mismatched tag"),
        (b"<a><i>", "ends in the middle, at byte 6, in line 1; copy or export it again"),
        (b"<a>\n<i b='", "ends in the middle, at byte 10, in line 2"),
        (b"<a>&x;</a>", "not well-formed XML in UTF-8"),
        (b"<a>\xff</a>", "is not text in UTF-8 .* --encoding"),
        ("<a/>".encode("utf-16-le"), ".*may be utf-16-le"),
        (b"<b/>", "the root element is <b>; expected <a>"),
        (b"<a>" + b"<g>" * 100, "elements nested deeper than 64"),
        (ENTITIES.encode(), "declares a document type .*expected plain XML without it"),
        (
            b'<!DOCTYPE a [<!ENTITY c SYSTEM "file:///etc/passwd">]><a>&c;</a>',
            "declares a document",
        ),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    with pytest.raises(AnnotationError, match=rf"a\.xml: {reason}"):
        list(children(saved(tmp_path, text), "a", ("i",)))


def test_a_file_that_changed_or_is_gone(tmp_path: Path) -> None:
    file = saved(tmp_path, "<a><i/></a>")
    ((place, _),) = children(file, "a", ("i",))
    saved(tmp_path, "<a><b/></a>")
    with pytest.raises(AnnotationError, match=r"a\.xml: (changed while it was read|not well)"):
        element_at(file, place, "i")
    file.unlink()
    with pytest.raises(AnnotationError, match=r"a\.xml: cannot be read"):
        element_at(file, place, "i")
