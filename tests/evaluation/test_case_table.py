"""Tests of `panodent.evaluation.case_table`: rows matched by name, and faulty tables by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.errors import DatasetError, UnknownNameError
from panodent.evaluation.case_table import read_table

KEYS = ("a/1", "a/2", "1.2.840.3", "scan.v2")


def saved(folder: Path, text: str | bytes) -> Path:
    file = folder / "facts.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


@pytest.mark.parametrize("name", ["a/1", "a/1.png", "1", "1.PNG", "images/a/1.dcm", r"a\1.png"])
def test_names_match_with_and_without_folder_and_suffix(tmp_path: Path, name: str) -> None:
    table = read_table(saved(tmp_path, f"file,sex\n{name},f\n"), KEYS)
    assert table.values("sex") == {"a/1": "f"}
    assert (table.unmatched, table.notes) == ((), ())


@pytest.mark.parametrize("name", ["1.2.840.3", "1.2.840.3.dcm", "scan.v2", "scan.v2.png"])
def test_dots_in_names(tmp_path: Path, name: str) -> None:
    assert len(read_table(saved(tmp_path, f"file,sex\n{name},f\n"), KEYS).rows) == 1


def test_a_match_by_file_name_only_is_said(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "file,sex\nb/1.png,f\n"), KEYS)
    assert table.values("sex") == {"a/1": "f"}
    assert table.notes == ("a/1 was paired with the row b/1 only by file name",)


def test_rows_without_radiograph_are_named(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "file,sex\nx.png,f\n1.png,m\ny.png,\n"), KEYS)
    assert table.unmatched == ("x.png", "y.png")
    assert list(table.rows) == ["a/1"]


@pytest.mark.parametrize(
    "text",
    [
        "file;sex;age\r\n1;f;9,5\r\n\r\n2;m;10\r\n",
        "\ufefffile\tsex\tage\n1\tf\t9,5\n2\tm\t10\n",
        'file,sex,age\n1, f ,"9,5"\n2,m,10\n',
        'patient,sex,age,File_Name\n7,f,"9,5",1\n8,m,10,2\n',
        '\nname,sex,age\n1,f,"9,5"\n2,m,10',
    ],
)
def test_delimiters_and_name_columns(tmp_path: Path, text: str) -> None:
    table = read_table(saved(tmp_path, text), KEYS)
    assert table.values("sex") == {"a/1": "f", "a/2": "m"}
    assert table.values("age") == {"a/1": "9,5", "a/2": "10"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", r"has 0 columns \(\); expected the names of two or more"),
        ("file\n1\n", r"has 1 columns \(file\)"),
        ("file,sex,sex\n1,f,m\n", "'sex' stands twice; the columns are file, sex, sex"),
        ("file,sex\n1,f,9\n", r"line 2: 3 cells; expected 2 \(file, sex\)"),
        ("file,sex\n1\n", "line 2: 1 cells; expected 2"),
        ("file,sex\n1,f\n,m\n", "line 3: the column 'file' is empty"),
        ("file,sex\n1.png,f\n2,m\n1.jpg,f\n", "lines 2 and 4: two rows for '1'.*file, sex"),
        ("file,sex\na/1,f\nb/1,m\nc/a/1,m\n", None),
        ("file,sex\nb/1,f\nc/1,m\n", "rows 'b/1' and 'c/1' could belong to 'a/1'"),
        ('file,sex\n"1,f\n', "line 2: .*expected a CSV table"),
        ("file,sex\n1,männlich\n".encode("latin-1"), "byte 12 is not UTF-8.*save the table"),
        ("file,sex\n1,f\n".encode("utf-16"), "byte 0 is not UTF-8"),
    ],
)
def test_faulty_tables(tmp_path: Path, text: str | bytes, reason: str | None) -> None:
    file = saved(tmp_path, text)
    if reason is None:  # the equal path wins; the others belong to no radiograph
        assert read_table(file, KEYS).unmatched == ("b/1", "c/a/1")
        return
    with pytest.raises(DatasetError, match=reason) as caught:
        read_table(file, KEYS)
    assert str(caught.value).startswith(str(file))


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no\.csv: cannot be read .*expected a CSV"):
        read_table(tmp_path / "no.csv", KEYS)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_table(tmp_path, KEYS)


def test_an_unknown_column_lists_the_columns(tmp_path: Path) -> None:
    table = read_table(saved(tmp_path, "file,sex,age\n1,f,9\n"), KEYS)
    with pytest.raises(UnknownNameError, match=r"facts\.csv 'agee'; known: file, sex, age.*'age'"):
        table.values("agee")
