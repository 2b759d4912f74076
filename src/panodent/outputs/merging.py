"""Joins the files about all radiographs that the parts of a call of `panodent predict` wrote.

The result is the same as that of one call for all radiographs. Rows are copied from file to file in
the order of the radiographs, so memory does not grow with their number; only the run.json of the
parts are held.
"""

from __future__ import annotations

import csv
import heapq
import json
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

from panodent.errors import OutputError
from panodent.outputs.earlier_results import RUN
from panodent.outputs.parquet_tables import merge_tables
from panodent.outputs.parts import PARTS, Part, parts_in
from panodent.outputs.summary_files import FINDINGS, FINDINGS_TABLE, PREDICTIONS, TABLE
from panodent.utils.atomic_files import PendingFile, write_whole
from panodent.utils.output_folder import occupied
from panodent.utils.wording import counted

_SAME = ("panodent", "bundle", "options")
"""Entries of run.json in which all parts must agree, or their results are not those of one call."""
_IMAGE = re.compile(r'\{"image_id": (\d+)')


@dataclass(frozen=True)
class PartRun:
    """The run.json of one part."""

    part: Part
    folder: Path
    run: dict[str, Any]


def merge_parts(output: Path, *, incomplete: bool = False) -> dict[str, Any]:
    """Writes run.json and the tables of an output folder from those of its parts.

    Returns the content of run.json. With `incomplete`, parts that are missing or not finished are
    left out, and `complete` in run.json is false. Raises `OutputError` if parts are missing, were
    made with another version, bundle or options, or saw another list of files, and while a part is
    predicted.
    """
    if not parts_in(output):
        raise OutputError(
            f"{output}: has no parts to merge; name the --output folder of panodent predict --part"
        )
    with occupied(output, "merge"):
        runs = _runs(output, incomplete)
        _check_equal(runs)
        merged = _merged_run(runs)
        _join(output, runs)
        merge_tables(output, {item.folder.name: item.folder for item in runs})
        write_whole(output / RUN, json.dumps(merged, indent=1, ensure_ascii=False) + "\n")
    return merged


def _runs(output: Path, incomplete: bool) -> list[PartRun]:
    """The finished parts; raises `OutputError` if there are others and not `incomplete`."""
    found = {}
    for part in parts_in(output):
        run = _read_run(part.folder(output), part)
        if run is not None:
            found[part] = PartRun(part, part.folder(output), run)
    counts = sorted({part.count for part in found})
    if len(counts) > 1:
        raise OutputError(
            f"{output / PARTS}: has parts of {' and of '.join(map(str, counts))}; delete those "
            "that are no longer needed"
        )
    wanted = [Part(n, count) for count in counts for n in range(1, count + 1)]
    finished = {part: item for part, item in found.items() if item.run.get("complete")}
    lacking = [part for part in wanted if part not in finished]
    if incomplete and not finished:
        raise OutputError(f"{output}: no part is finished; predict each with --part and --resume")
    if lacking and not incomplete:
        names = ", ".join(map(str, lacking[:5])) + (" and more" if len(lacking) > 5 else "")
        raise OutputError(
            f"{output}: {counted(len(lacking), 'part is', 'parts are')} missing or not finished "
            f"({names}); predict each with --part and --resume, or merge the others with "
            "--incomplete"
        )
    return [finished[part] for part in sorted(finished)]


def _read_run(folder: Path, part: Part) -> dict[str, Any] | None:
    """The run.json of a part; None where there is none yet.

    Raises `OutputError` if it is damaged, or that of another part under the name of this one.
    """
    try:
        run = json.loads((folder / RUN).read_text(encoding="utf-8"))
        if isinstance(run["files"], list) and isinstance(run["part"]["listing"], str):
            made = Part(int(run["part"]["number"]), int(run["part"]["of"]))
            if made == part:
                return run
            raise OutputError(
                f"{folder}: holds part {made} under the name of part {part}; delete the folder and "
                f"predict with --part {part} --resume"
            )
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        pass
    raise OutputError(
        f"{folder / RUN}: is not the run.json of a part; predict this part again with --resume"
    )


def _check_equal(runs: Sequence[PartRun]) -> None:
    first = runs[0]
    for other in runs[1:]:
        for name in _SAME:
            mine, its = (_comparable(item.run.get(name)) for item in (first, other))
            if mine != its:
                raise OutputError(
                    f"parts {first.part} and {other.part} differ in {name} "
                    f"({_difference(mine, its)}); predict part {other.part} again with --resume "
                    f"and what part {first.part} was predicted with"
                )
        if first.run["part"]["listing"] != other.run["part"]["listing"]:
            inputs = [item.run["part"]["inputs"] for item in (first, other)]
            raise OutputError(
                f"parts {first.part} and {other.part} saw different files ({inputs[0]} and "
                f"{inputs[1]} in number); files were added or removed in between: predict all "
                "parts again with --resume, which keeps what is finished"
            )


def _difference(one: Any, other: Any) -> str:
    """How two entries of run.json differ; of dictionaries only what differs."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return f"{one} and {other}"
    names = [name for name in {**one, **other} if one.get(name) != other.get(name)]
    return ", ".join(f"{name}: {one.get(name)} and {other.get(name)}" for name in names)


def _comparable(entry: Any) -> Any:
    """An entry of run.json without what may differ between machines: the bundle's folder."""
    return {k: v for k, v in entry.items() if k != "path"} if isinstance(entry, dict) else entry


def _merged_run(runs: Sequence[PartRun]) -> dict[str, Any]:
    """run.json for all radiographs, as one call would have written it, and a list of the parts."""
    first = runs[0].run
    listed = [entry for _, entry in _entries(runs)]
    files = [{k: v for k, v in entry.items() if k != "number"} for entry in listed]
    parts = [
        {
            "part": str(item.part),
            **{name: item.run.get(name) for name in ("onnxruntime", "numpy", "inputs", "complete")},
        }
        for item in runs
    ]
    complete = len(runs) == runs[0].part.count and all(item.run["complete"] for item in runs)
    return {
        **{key: value for key, value in first.items() if key not in ("part", "files")},
        "parts": parts,
        "inputs": first["part"]["inputs"],
        "complete": complete,
        "done": sum(item.run["done"] for item in runs),
        "failed": sum(item.run["failed"] for item in runs),
        "files": files,
    }


def _entries(runs: Sequence[PartRun]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(position in `runs`, entry of `files`) of all inputs, in the order of their numbers."""
    streams = [_numbered(index, item) for index, item in enumerate(runs)]
    for _, index, entry in heapq.merge(*streams, key=lambda item: item[0]):
        yield index, entry


def _numbered(index: int, item: PartRun) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for entry in item.run["files"]:
        yield entry["number"], index, entry


def _join(output: Path, runs: Sequence[PartRun]) -> None:
    """Writes predictions.json and teeth.csv, and those of findings where parts have them."""
    findings = "findings" in runs[0].run["bundle"]
    tables = [(PREDICTIONS, TABLE, "teeth")]
    tables += [(FINDINGS, FINDINGS_TABLE, "findings")] if findings else []
    for results, table, count in tables:
        with ExitStack() as stack:
            target = stack.enter_context(PendingFile(output / results))
            rows = stack.enter_context(PendingFile(output / table, newline=""))
            sources = [_Source(item.folder, results, table, stack) for item in runs]
            written = csv.writer(rows.stream)
            written.writerow(sources[0].head)
            before = "["
            for index, entry in _entries(runs):
                if entry["status"] not in ("done", "skipped"):
                    continue
                written.writerows(sources[index].rows(entry[count]))
                for text in sources[index].results(entry["number"]):
                    target.stream.write(f"{before}\n{text}")
                    before = ","
            target.stream.write(("[" if before == "[" else "") + "\n]\n")
            rows.commit()
            target.commit()
    if not findings:
        for name in (FINDINGS, FINDINGS_TABLE):
            (output / name).unlink(missing_ok=True)


class _Source:
    """The tables of one part, read once from beginning to end."""

    def __init__(self, folder: Path, results: str, table: str, stack: ExitStack) -> None:
        self.folder = folder
        self._lines = _Lookahead(self._open(results, stack))
        self._table = csv.reader(self._open(table, stack, newline=""))
        self.head = next(self._table, [])

    def _open(self, name: str, stack: ExitStack, newline: str | None = None) -> TextIO:
        try:
            return stack.enter_context((self.folder / name).open(encoding="utf-8", newline=newline))
        except OSError as error:
            raise self._broken(f"{name}: {error.strerror}") from None

    def _broken(self, reason: str) -> OutputError:
        return OutputError(
            f"{self.folder}: its tables do not belong to its run.json ({reason}); predict this "
            "part again with --resume"
        )

    def rows(self, count: int) -> list[list[str]]:
        """The next rows of the table."""
        rows = list(islice(self._table, count))
        if len(rows) < count:
            raise self._broken("rows are missing")
        return rows

    def results(self, number: int) -> Iterator[str]:
        """The next results that belong to the input of this number, as JSON text."""
        while (line := self._lines.first) is not None:
            match = _IMAGE.match(line)
            if match is None or int(match[1]) < number:
                raise self._broken(f"unexpected result {line[:40]!r}")
            if int(match[1]) > number:
                return
            yield line
            self._lines.advance()


class _Lookahead:
    """The entries of a JSON list that has each on a line of its own."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        next(stream, "")  # the bracket
        self.advance()

    def advance(self) -> None:
        """Goes to the next entry; `first` is None after the last one."""
        line = next(self._stream, "]").strip().removesuffix(",")
        self.first = None if line == "]" else line
