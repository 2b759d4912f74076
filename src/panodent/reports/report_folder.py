"""The folder of a report: an earlier one is replaced as a whole, and only on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from panodent.errors import OutputError
from panodent.utils.output_folder import occupied


@dataclass(frozen=True)
class ReportFiles:
    """What a command writes to the folder of its report.

    command : its name after `panodent`.
    mark : the file that shows that the folder holds such a report; it is written first.
    others : patterns of the other files, relative to the folder.
    """

    command: str
    mark: str
    others: tuple[str, ...]

    def found(self, folder: Path) -> list[Path]:
        """Those that are in a folder, the mark last."""
        return [
            file
            for pattern in (*self.others, self.mark)
            for file in sorted(folder.glob(pattern))
            if file.is_file() or file.is_symlink()
        ]


EVALUATION = ReportFiles(
    "evaluate",
    "cases.csv",
    (
        "index.html",
        "scores.json",
        "findings-scores.json",
        "attribute-scores.json",
        "cases/worst-*.jpg",
        "cases/best-*.jpg",
        "plates/[0-9][0-9].svg",
    ),
)
FOLDS = replace(EVALUATION, command="folds")
INSPECTION = ReportFiles(
    "inspect",
    "inspection.json",
    (
        "index.html",
        "audit.csv",
        "corrections.json",
        "pictures/suspicious-*.jpg",
        "pictures/usual-*.jpg",
        "pictures/audit-*.jpg",
    ),
)


def check_free(folder: Path | None, files: ReportFiles, overwrite: bool) -> None:
    """Raises `OutputError` if a report in the folder would be replaced without `overwrite`.

    Files of these names without the mark of a report may be of the user: they are not replaced
    in any case. None is no folder.
    """
    if folder is None or not (there := files.found(folder)):
        return
    if there[-1].name != files.mark:
        raise OutputError(
            f"{folder}: has {there[0].relative_to(folder)}, which no call of panodent "
            f"{files.command} left there; name another --output"
        )
    if not overwrite:
        raise OutputError(
            f"{folder}: already holds a report ({files.mark}); replace it with --overwrite, or "
            "name another --output"
        )


@contextmanager
def replacing(folder: Path, files: ReportFiles, overwrite: bool) -> Iterator[None]:
    """Holds the folder while a report is written, see `occupied`; removes an earlier one.

    Raises `OutputError` as `check_free` does, and if a file cannot be removed.
    """
    with occupied(folder, files.command):
        check_free(folder, files, overwrite)
        for file in files.found(folder):
            try:
                file.unlink()
            except OSError as error:
                raise OutputError(
                    f"{file}: cannot be replaced ({error.strerror}); name another --output"
                ) from None
        yield
