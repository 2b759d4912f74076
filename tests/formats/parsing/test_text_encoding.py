"""Encodings: UTF-8 and UTF-16 are recognised, others declared, and nothing is guessed."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from panodent.errors import AnnotationError, UnknownNameError
from panodent.formats.parsing.json_record import load
from panodent.formats.parsing.json_stream import item_at, list_items, member_kinds, members
from panodent.formats.parsing.text_encoding import declare, fault, guess, opened, read_text
from panodent.formats.parsing.xml_stream import children, element_at, root_name

TEXT = json.dumps({"Zähne": [{"id": "歯"}]}, ensure_ascii=False)
XML = "<a><i name='Zähne'/></a>"
RECOGNISED = ("utf-8", "utf-8-sig", "utf-16")


@pytest.fixture
def declared(tmp_path: Path) -> Iterator[Path]:
    """A folder whose files are declared to be in Windows-1252."""
    declare(tmp_path, "cp1252")
    yield tmp_path
    declare(tmp_path, None)


def saved(folder: Path, text: str, encoding: str, name: str = "a.json") -> Path:
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


@pytest.mark.parametrize("encoding", RECOGNISED)
def test_json_in_utf_8_and_utf_16(tmp_path: Path, encoding: str) -> None:
    file = saved(tmp_path, TEXT, encoding)
    expected = {"Zähne": [{"id": "歯"}]}
    assert load(file) == members(file, ()) == expected
    ((name, kind, place),) = member_kinds(file)
    assert (name, kind, item_at(file, place)) == ("Zähne", "[", expected["Zähne"])
    assert [item for _, item in list_items(file, place)] == expected["Zähne"]
    assert fault(file) == ""


@pytest.mark.parametrize("encoding", RECOGNISED)
def test_xml_in_utf_8_and_utf_16(tmp_path: Path, encoding: str) -> None:
    file = saved(tmp_path, XML, encoding, "a.xml")
    ((place, element),) = children(file, "a", ("i",))
    assert root_name(file) == "a"
    assert element.get("name") == element_at(file, place, "i").get("name") == "Zähne"


@pytest.mark.parametrize("encoding", ["iso-8859-1", "windows-1252", "cp1252"])
def test_xml_may_declare_its_encoding(tmp_path: Path, encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n{XML}'
    ((_, element),) = children(saved(tmp_path, text, encoding, "a.xml"), "a", ("i",))
    assert element.get("name") == "Zähne"


@pytest.mark.parametrize("name", ["unicode_escape", "rot13", "zip", "no-such", "idna"])
def test_a_declaration_that_is_no_encoding_is_ignored(tmp_path: Path, name: str) -> None:
    text = f'<?xml version="1.0" encoding="{name}"?>\n{XML}'
    ((_, element),) = children(saved(tmp_path, text, "utf-8", "a.xml"), "a", ("i",))
    assert element.get("name") == "Zähne"
    with pytest.raises(UnknownNameError, match="unknown encoding"):
        declare(tmp_path, name)


@pytest.mark.parametrize(
    ("encoding", "likely"),
    [("cp1252", "cp1252"), ("utf-16-le", "utf-16-le"), ("utf-16-be", "utf-16-be")],
)
def test_other_encodings_are_an_error_with_the_likely_one(
    tmp_path: Path, encoding: str, likely: str
) -> None:
    file = saved(tmp_path, '{"Zähne": [{"a": 1}], "größe": 3}', encoding)
    expected = rf"a\.json: is not text in UTF-8.* may be {likely}; give --encoding {likely} if"
    for read in (load, lambda file: members(file, ()), lambda file: list(member_kinds(file))):
        with pytest.raises(AnnotationError, match=expected):
            read(file)
    assert f"--encoding {likely}" in fault(file)
    xml = saved(tmp_path, XML, encoding, "a.xml")
    with pytest.raises(AnnotationError, match=rf"a\.xml: is not text in UTF-8.*{likely}"):
        list(children(xml, "a", ("i",)))


def test_a_declared_encoding_is_that_of_files_that_are_not_utf_8(declared: Path) -> None:
    for encoding in ("cp1252", "utf-8", "utf-8-sig", "utf-16"):
        file = saved(declared, '{"Zähne": 1}', encoding)
        assert load(file) == {"Zähne": 1}
        assert [name for name, _, _ in member_kinds(file)] == ["Zähne"]
    assert read_text(saved(declared, "Zähne", "cp1252", "classes.txt")) == "Zähne"
    with pytest.raises(AnnotationError, match="--encoding cp1252"):
        load(saved(declared.parent, '{"Zähne": 1}', "cp1252"))


def test_a_declared_encoding_that_does_not_fit_is_an_error(declared: Path) -> None:
    (declared / "a.json").write_bytes(b'{"\x81": 1}')  # no character in Windows-1252
    with pytest.raises(AnnotationError, match=r"a\.json: is not text in cp1252 .*--encoding"):
        load(declared / "a.json")


def test_a_file_that_changed_is_read_again(declared: Path) -> None:
    assert load(saved(declared, '{"Zähne": 1}', "cp1252")) == {"Zähne": 1}
    assert load(saved(declared, '{"Zähne": 22}', "cp1252")) == {"Zähne": 22}


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match=r"gone\.json: cannot be read \(No such file"):
        opened(tmp_path / "gone.json")
    with pytest.raises(AnnotationError, match=r"gone\.json: cannot be read"):
        list(member_kinds(tmp_path / "gone.json"))


@pytest.mark.parametrize(
    ("text", "encoding", "likely"),
    [
        ("Zähne, Größe", "cp1252", "cp1252"),
        ("зуб 36, моляр", "cp1251", "cp1251"),
        ("牙齿编号", "gb18030", "gb18030"),
        ("歯の番号", "shift_jis", "shift_jis"),
        ('{"label": "36"}', "utf-16-le", "utf-16-le"),
        ('{"label": "36"}', "utf-16-be", "utf-16-be"),
    ],
)
def test_likely_encodings(text: str, encoding: str, likely: str) -> None:
    assert guess(text.encode(encoding)) == likely


def test_a_small_file_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("36")
    tracemalloc.start()
    try:
        assert read_text(tmp_path / "a.txt") == "36"
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
