"""`panodent deidentify`: copies DICOM radiographs without their patients."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from panodent.cli.console import print_error, print_line, print_warning, progress_bar
from panodent.cli.options import Output
from panodent.errors import ConfigError, NoRadiographError, PanodentError
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.dicom.deidentify import Deidentifier


def deidentify(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="DICOM files, or folders of them.")
    ],
    output: Output,
    key_file: Annotated[
        Path | None,
        typer.Option(
            "--key",
            show_default="a new one",
            help="File with a secret, created if it does not exist. Calls with the same file give "
            "a patient the same new identifier.",
        ),
    ] = None,
    keep_age_and_sex: Annotated[
        bool, typer.Option("--keep-age-and-sex", help="Keep age (90 at most) and sex.")
    ] = False,
) -> None:
    """Copy DICOM radiographs without their patients' data.

    Follows the basic profile of DICOM PS3.15. Text that is found at the border of a picture is
    masked, and the file is named; other text stays, so look at all pictures before you give them
    away. Copies are named by their new UIDs. Results of panodent are not copied: predict again.
    """
    from panodent.dicom.deidentify import Deidentifier
    from panodent.radiograph.discovery import collect
    from panodent.utils.output_folder import occupied

    _check_places(paths, output, key_file)
    key = _key(key_file)
    # Copies of an earlier call may lie in a folder below that of the radiographs.
    inputs = [item for item in collect(paths, output) if not _lies_in(item.path, output)]
    made: dict[str, Path] = {}
    counts = {"done": 0, "masked": 0, "failed": 0}
    deidentifier = Deidentifier(key, keep_age_and_sex)
    with occupied(output, "deidentify"), progress_bar("de-identifying") as update:
        for number, item in enumerate(inputs, start=1):
            try:
                if item.problem:
                    raise PanodentError(f"{item.path}: {item.problem}")
                _write(deidentifier, item.path, output, counts, made)
            except NoRadiographError as error:
                print_warning(f"left out: {error}")
            except PanodentError as error:
                counts["failed"] += not item.harmless
                print_error(error)
            update(number, len(inputs))
    print_line(
        f"{counted(counts['done'], 'radiograph', 'radiographs')} de-identified, text masked in "
        f"{counts['masked']}, {counts['failed']} failed; copies in {output}"
    )
    raise typer.Exit(1 if counts["failed"] or not counts["done"] else 0)


def _lies_in(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


def _check_places(paths: Sequence[Path], output: Path, key: Path | None) -> None:
    """Raises `ConfigError` where originals or the key would be given away with the copies."""
    for path in paths:
        if path.exists() and _lies_in(path, output):
            raise ConfigError(
                f"{path}: lies in --output {output}, where copies would be among the originals; "
                "name another --output"
            )
    if key is not None and _lies_in(key, output):
        raise ConfigError(
            f"{key}: lies in --output {output}, and would be given away with the copies; keep the "
            "key in another folder"
        )


def _write(
    deidentifier: Deidentifier,
    file: Path,
    output: Path,
    counts: dict[str, int],
    made: dict[str, Path],
) -> None:
    """Writes the copy of one file, and says where text was masked or may have stayed.

    `made` are the files whose copies were written before, by their new UIDs.
    """
    import io

    from panodent.errors import RadiographError
    from panodent.radiograph.dicom_file import is_dicom, quiet
    from panodent.utils.atomic_files import write_whole

    if not is_dicom(file):
        raise RadiographError(f"{file}: is not a DICOM file, so it has no header to de-identify")
    found = deidentifier.deidentify(file)
    stream, target = io.BytesIO(), output / f"{found.uid}.dcm"
    with quiet():  # warnings of pydicom have values of the header
        found.dataset.save_as(stream, enforce_file_format=True)
    if found.uid in made:
        if target.read_bytes() == stream.getvalue():
            raise NoRadiographError(f"{file}: the same radiograph as {made[found.uid]}")
        raise RadiographError(
            f"{file}: has the SOP instance UID of {made[found.uid]} and another content; give one "
            "of them a UID of its own"
        )
    write_whole(target, stream.getvalue())
    made[found.uid] = file
    counts["done"] += 1
    counts["masked"] += bool(found.masked)
    if found.masked:
        places = counted(len(found.masked), "place", "places")
        print_warning(f"{file}: text over the border masked in {places}; look at {found.uid}.dcm")
    if found.doubtful:
        print_warning(
            f"{file}: its header says that there is text in the picture, but none was found; look "
            f"at {found.uid}.dcm"
        )


def _key(file: Path | None) -> bytes:
    """The secret of a file, which is made if it does not exist; without a file a new one."""
    from panodent.utils.atomic_files import make_secret

    if file is None:
        return secrets.token_bytes(32)
    try:
        make_secret(file, secrets.token_hex(32) + "\n")
        key = file.read_bytes().strip()
    except OSError as error:
        raise ConfigError(f"{file}: cannot be used as a key ({error.strerror})") from None
    if len(key) < 32:
        raise ConfigError(f"{file}: too short for a key; expected at least 32 random characters")
    return key
