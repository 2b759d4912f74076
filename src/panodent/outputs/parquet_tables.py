"""Parquet tables of all radiographs of one call: statuses, teeth and findings.

They are OUT/tables/NAME/*.parquet, so that a call writes one file of each table, parts and workers
one each. `panodent.outputs.table_schema` has the columns. Rows are written as they come: memory
does not grow with the number of radiographs.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from panodent.errors import MissingExtraError, OutputError
from panodent.outputs.table_schema import TABLES, VERSION, ColumnType, Table
from panodent.utils.atomic_files import PendingFile
from panodent.version import __version__

if TYPE_CHECKING:
    import pyarrow

FOLDER = "tables"
"""Folder of the tables, below the output folder."""
WHOLE = "all"
"""Name of the files of a call for all radiographs."""
_ROWS = 20_000
"""Rows that are kept before they are written as one group."""


def require_pyarrow() -> None:
    """Raises `MissingExtraError` if pyarrow is not installed. Does not import it."""
    if importlib.util.find_spec("pyarrow") is None:
        raise MissingExtraError("parquet", "writing Parquet tables", "pyarrow")


def schema(table: Table) -> pyarrow.Schema:
    """The Arrow schema of a table; its metadata has the version of the tables."""
    import pyarrow as pa

    types: Mapping[ColumnType, Any] = {
        "string": pa.string(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "float32": pa.float32(),
        "bool": pa.bool_(),
        "strings": pa.list_(pa.string()),
    }
    return pa.schema(
        [pa.field(column.name, types[column.type]) for column in table.columns],
        {"panodent": __version__, "panodent_tables_version": str(VERSION)},
    )


class ParquetTables:
    """Writes one file of each table; a context manager.

    Parameters
    ----------
    files : the file of each table by its name, see `table_files`.

    `finish` puts the files in place; without it, nothing is left. Raises `MissingExtraError` if
    pyarrow is not installed, and `OutputError` if the files cannot be written.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        require_pyarrow()
        self._places = files
        self._stack = ExitStack()
        self._files: dict[str, _TableFile] = {}

    def __enter__(self) -> ParquetTables:
        with ExitStack() as stack:
            for table in TABLES:
                file = _TableFile(table, self._places[table.name])
                self._files[table.name] = stack.enter_context(file)
            self._stack = stack.pop_all()
        return self

    def add(
        self, name: str, file_name: str, status: Mapping[str, Any], record: Mapping[str, Any] | None
    ) -> None:
        """Adds one input.

        `name` is the folder of its results, `status` has the fields of
        `panodent.inference.one_input.Status`, `record` is the content of teeth.json if it has
        results.
        """
        self._files["statuses"].add([status_row(name, file_name, status, record)])
        if record is not None:
            self._files["teeth"].add(tooth_rows(name, record))
            self._files["findings"].add(finding_rows(name, record))

    def finish(self) -> None:
        """Puts all files in place, statuses last; call it once, after the last radiograph."""
        for file in reversed(self._files.values()):
            file.commit()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()


class _TableFile:
    """One Parquet file that gets its name at the end."""

    def __init__(self, table: Table, place: Path) -> None:
        import pyarrow.parquet as pq

        self._schema = schema(table)
        self._pending = PendingFile(place, "wb")
        self._writer = pq.ParquetWriter(self._pending.stream, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> _TableFile:
        return self

    def add(self, rows: Iterable[dict[str, Any]]) -> None:
        """Adds rows by column; writes them when they are many."""
        self._rows += rows
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        import pyarrow as pa

        try:
            if self._rows:
                self._writer.write_table(pa.Table.from_pylist(self._rows, self._schema))
        except OSError as error:
            raise self._pending.failure(error) from None
        self._rows = []

    def commit(self) -> None:
        """Writes what is left, and gives the file its name."""
        self._flush()
        try:
            self._writer.close()
        except OSError as error:
            raise self._pending.failure(error) from None
        self._pending.commit()

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._writer.close()
        self._pending.discard()


def table_files(output: Path, name: str = WHOLE) -> dict[str, Path]:
    """The file of each table in an output folder; `name` is that of the files, without suffix."""
    return {table.name: output / FOLDER / table.name / f"{name}.parquet" for table in TABLES}


def part_files(folder: Path) -> dict[str, Path]:
    """The file of each table in the folder of a part."""
    return {table.name: folder / f"{table.name}.parquet" for table in TABLES}


def existing_tables(output: Path) -> list[Path]:
    """The files of tables that are in an output folder."""
    return [
        file
        for table in TABLES
        for file in sorted((output / FOLDER / table.name).glob("*.parquet"))
    ]


def remove_tables(output: Path, kept: Iterable[Path] = ()) -> None:
    """Deletes files of tables, which belong to an earlier call, but those `kept`."""
    keep = set(kept)
    for file in existing_tables(output):
        if file not in keep:
            file.unlink(missing_ok=True)
    for place in (*(output / FOLDER / table.name for table in TABLES), output / FOLDER):
        with suppress(OSError):  # not empty, or not there
            place.rmdir()


def merge_tables(output: Path, parts: Mapping[str, Path]) -> bool:
    """Copies the tables of parts (folders by the names of files) into the output folder.

    Tables of an earlier call are deleted. Returns False, and deletes nothing else, if no part has
    tables. Raises `OutputError` if only some parts have them.
    """
    have = {name for name, folder in parts.items() if part_files(folder)["statuses"].exists()}
    if have and len(have) < len(parts):
        lacking = next(name for name in parts if name not in have)
        raise OutputError(
            f"part {lacking} has no Parquet tables and others have; predict it again with "
            "--parquet and --resume, which keeps what is finished"
        )
    kept = []
    for name in sorted(have):
        for table, file in table_files(output, name).items():
            with PendingFile(file, "wb") as target:
                source = part_files(parts[name])[table]
                if not source.exists():
                    raise OutputError(
                        f"{source}: is missing; predict this part again with --parquet and "
                        "--resume, which keeps what is finished"
                    )
                try:
                    with source.open("rb") as stream:
                        shutil.copyfileobj(stream, target.stream)
                except OSError as error:
                    raise target.failure(error) from None
                target.commit()
            kept.append(file)
    remove_tables(output, kept)
    return bool(have)


def status_row(
    name: str, file_name: str, status: Mapping[str, Any], record: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The row of an input; see `ParquetTables.add`."""
    found = record or {}
    spacing = found.get("spacing_mm") or (None, None)
    return {
        "radiograph": _text(name) if record is not None else None,
        "file_name": _text(file_name),
        "file": _text(status["file"]),
        # Whether a result is of this call or an earlier one says nothing about the radiograph.
        "status": "done" if status["status"] == "skipped" else status["status"],
        "error": _text(status["error"]) or None,
        "warning": _text(status["warning"]) or None,
        "row_spacing_mm": spacing[0],
        "column_spacing_mm": spacing[1],
        "teeth": len(found["teeth"]) if record is not None else None,
        "doubtful": status["doubtful"] if record is not None else None,
        "findings": len(found["findings"]) if "findings" in found else None,
        **{
            key: found.get(key)
            for key in (
                *("width", "height", "quality", "dentition", "dentition_certainty"),
                *("panodent", "bundle"),
            )
        },
    }


def tooth_rows(name: str, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a radiograph's teeth."""
    for tooth in record["teeth"]:
        impaction = tooth.get("impaction") or {}
        yield {
            **_shared(name, tooth),
            "name": tooth["name"],
            "alternative": tooth["alternative"] or None,
            "reason": tooth.get("reason") or None,
            "erupted": tooth.get("erupted"),
            "remnant": tooth.get("remnant"),
            "impacted": bool(impaction) if "impaction" in tooth else None,
            "angulation": impaction.get("angulation"),
            "angle": impaction.get("angle"),
            "depth": impaction.get("depth"),
        }


def finding_rows(name: str, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a radiograph's findings."""
    for finding in record.get("findings", ()):
        yield {**_shared(name, finding), "kind": finding["kind"]}


def _shared(name: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The columns that teeth and findings share."""
    left, top, right, bottom = entry["box"]
    return {
        "radiograph": _text(name),
        "fdi": entry["fdi"] or None,
        "score": entry["score"],
        "left": left,
        "top": top,
        "right": right,
        "bottom": bottom,
        "area": entry["area"],
        "flags": entry["flags"],
    }


def _text(name: str) -> str:
    """Text that UTF-8 can store; bytes of names that are not UTF-8 become escapes, as in CSV."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")
