"""The reference of the Parquet tables, from their columns."""

from __future__ import annotations

from extensions.tables import sentence, table
from panodent.outputs.table_schema import TABLES

TYPES = {"strings": "list of string"}


def markdown() -> str:
    """A section for each table with its columns."""
    parts = []
    for item in TABLES:
        rows = [
            (f"`{column.name}`", TYPES.get(column.type, column.type), sentence(column.meaning))
            for column in item.columns
        ]
        heads = ("column", "type", "meaning")
        parts += [f"## {item.name}", f"A row is {item.row}.", table(heads, rows)]
    return "\n\n".join(parts)
