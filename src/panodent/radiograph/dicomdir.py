"""DICOMDIR: the list of the files on a disc, whose names change when the disc is copied.

Systems that copy a disc write names in lower case, add `.dcm`, or keep the version `;1` of
ISO 9660. Source: DICOM PS3.10 section 8, PS3.12 annex F.
"""

from __future__ import annotations

import re
from pathlib import Path

from panodent.errors import RadiographError
from panodent.radiograph.dicom_file import SUFFIXES, decoding, read_header

NAME = "DICOMDIR"
_VERSION = re.compile(r";\d+$")


def is_directory_file(name: str) -> bool:
    """Whether a file name is that of a DICOMDIR.

    >>> [is_directory_file(name) for name in ("DICOMDIR", "dicomdir;1", "DICOMDIR.dcm", "a.dcm")]
    [True, True, True, False]
    """
    return plain(name) == plain(NAME)


def without_version(name: str) -> str:
    """A file name without the version of ISO 9660.

    >>> without_version("IM1.DCM;1")
    'IM1.DCM'
    """
    return _VERSION.sub("", name)


def plain(name: str) -> str:
    """A name without what copying a disc changes.

    >>> plain("IM000001"), plain("im000001.dcm;1"), plain("1.2.840.17")
    ('im000001', 'im000001', '1.2.840.17')
    """
    kept = without_version(name).rstrip(".").casefold()
    for suffix in SUFFIXES:
        kept = kept.removesuffix(suffix)
    return kept


def directory_files(file: Path) -> list[Path]:
    """The files that a DICOMDIR lists, in its order, by the names that they have on the disk.

    A listed file that does not exist is returned with its listed name. Raises `RadiographError` if
    the DICOMDIR is damaged or lists a file outside its own folder.
    """
    root = file.resolve().parent
    folders: dict[Path, list[str]] = {}
    found: list[Path] = []
    with decoding(file):
        for record in read_header(file).DirectoryRecordSequence:
            value = record.get("ReferencedFileID")
            if not value:
                continue
            parts = [value] if isinstance(value, str) else [str(part) for part in value]
            # Some writers put the whole path in one value.
            names = [name for part in parts for name in re.split(r"[\\/]", part) if name]
            if not root.joinpath(*names).resolve().is_relative_to(root):
                raise RadiographError(f"{file}: lists a file outside its own folder")
            place = _on_disk(root, names, folders)
            if not place.is_relative_to(root):
                raise RadiographError(f"{file}: lists a file outside its own folder")
            if place != file.resolve() and place not in found:
                found.append(place)
    return found


def _on_disk(root: Path, names: list[str], folders: dict[Path, list[str]]) -> Path:
    """The file with these names below `root`, each as listed or else changed by copying.

    folders : names in each folder, filled as they are needed.
    """
    place = root
    for name in names:
        if (place / name).exists():
            place = place / name
            continue
        if place not in folders:
            folders[place] = sorted(p.name for p in place.iterdir()) if place.is_dir() else []
        same = [other for other in folders[place] if plain(other) == plain(name)]
        # The least changed name first, such as IM1 before IM1.dcm.
        place /= min(same, key=lambda other: (len(other), other), default=name)
    return place.resolve()
