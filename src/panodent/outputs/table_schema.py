"""The columns of the Parquet tables, as pure data.

>>> [table.name for table in TABLES]
['statuses', 'teeth', 'findings']
>>> TABLES[1].columns[1].name
'fdi'
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

VERSION = 1
"""Version of the tables: raised when a column changes its meaning or goes. New columns may come."""

ColumnType = Literal["string", "int16", "int32", "float32", "bool", "strings"]
"""Types of columns; 'strings' is a list of strings in each row. Any column may be null."""


@dataclass(frozen=True)
class Column:
    """One column: its name, its type, and what it means."""

    name: str
    type: ColumnType
    meaning: str


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, and its columns in order."""

    name: str
    row: str
    columns: tuple[Column, ...]


_RADIOGRAPH = Column(
    "radiograph", "string", "folder of the results below the output folder; unique"
)
_AREA = (
    Column("left", "int32", "first column of the box, in pixels of the input"),
    Column("top", "int32", "first row of the box"),
    Column("right", "int32", "column after the last one of the box"),
    Column("bottom", "int32", "row after the last one of the box"),
    Column("area", "int32", "pixels of the mask"),
    Column("flags", "strings", "what is doubtful, as in teeth.json"),
)

TABLES = (
    Table(
        "statuses",
        "one input",
        (
            Column(
                "radiograph",
                "string",
                "folder of the results below the output folder; null if there are none",
            ),
            Column("file_name", "string", "path of the input below the folder that was named"),
            Column("file", "string", "the input's path or URL"),
            Column("status", "string", "done, failed or ignored"),
            Column("error", "string", "why it failed or was ignored"),
            Column("warning", "string", "a problem with the whole picture"),
            Column("width", "int32", "columns of the input, in pixels"),
            Column("height", "int32", "rows of the input, in pixels"),
            Column("row_spacing_mm", "float32", "millimetres from row to row, at the detector"),
            Column("column_spacing_mm", "float32", "millimetres from column to column"),
            Column("quality", "float32", "confidence of the prediction, from 0 to 1"),
            Column("dentition", "string", "permanent, mixed or primary"),
            Column("dentition_certainty", "float32", "from 0 to 1"),
            Column("teeth", "int16", "number of teeth"),
            Column("doubtful", "int16", "number of teeth with flags"),
            Column("findings", "int16", "number of findings; null if nothing was looked for"),
            Column("panodent", "string", "version of panodent"),
            Column("bundle", "string", "SHA-256 of the bundle"),
        ),
    ),
    Table(
        "teeth",
        "one tooth",
        (
            _RADIOGRAPH,
            Column("fdi", "int16", "FDI number; null for a tooth without a number"),
            Column("name", "string", "name of the tooth"),
            Column("score", "float32", "probability that a tooth of this number is there"),
            *_AREA,
            Column("alternative", "int16", "number in the next best numbering; null if none"),
            Column("reason", "string", "why the tooth is doubtful"),
            Column("erupted", "bool", "whether its crown is as high as its neighbours'"),
            Column("remnant", "bool", "whether only its root is left"),
            Column("impacted", "bool", "whether it is impacted"),
            Column("angulation", "string", "of an impacted tooth, by Winter"),
            Column("angle", "float32", "degrees against its neighbours, positive mesially"),
            Column("depth", "string", "of an impacted tooth, by Pell and Gregory: A, B or C"),
        ),
    ),
    Table(
        "findings",
        "one finding",
        (
            _RADIOGRAPH,
            Column("kind", "string", "filling, crown, implant and so on"),
            Column("fdi", "int16", "tooth that carries it, or position; null for none"),
            Column("score", "float32", "probability that it is there"),
            *_AREA,
        ),
    ),
)
"""All tables in the order in which they are written."""
