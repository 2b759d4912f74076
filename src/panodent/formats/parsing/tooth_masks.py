"""Pictures of one tooth each, `<image>_<FDI>.png` or `<image>/<FDI>.png`, told from label maps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from panodent.dentition import TEETH
from panodent.formats.parsing.file_search import visible_below
from panodent.formats.parsing.label_map import MAP_SUFFIXES
from panodent.radiograph.radiograph import SUFFIXES

FOLDERS = ("masks", "labels", "annotations")
"""The first that exists is looked at."""
_NAME = re.compile(r"(?P<key>.*[^_/])[_/](?P<fdi>\d\d)\.\w+")


class ToothMask(NamedTuple):
    """The key of a radiograph, an FDI number, and the picture of this tooth."""

    key: str
    fdi: int
    file: Path


def tooth_masks(path: Path) -> list[ToothMask]:
    """The pictures in an annotation folder of `path`, sorted, if each shows one tooth by its name.

    Empty unless all are named by FDI numbers, and after radiographs in `path` that do not have the
    picture's own name: `masks/a_11.png` beside a radiograph `a_11` is a label map.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for name in ("images/a.jpg", "masks/a/11.png", "masks/a_48.png"):
    ...         Path(folder, name).parent.mkdir(parents=True, exist_ok=True)
    ...         Path(folder, name).touch()
    ...     [(mask.key, mask.fdi) for mask in tooth_masks(Path(folder))]
    [('a', 11), ('a', 48)]
    """
    root = next((path / name for name in FOLDERS if (path / name).is_dir()), None)
    if root is None:
        return []
    found = []
    for file in visible_below(root, *MAP_SUFFIXES):
        match = _NAME.fullmatch(file.relative_to(root).as_posix())
        if match is None or int(match["fdi"]) not in TEETH:
            return []
        found.append(ToothMask(match["key"], int(match["fdi"]), file))
    if not found:
        return []
    names = {file.stem for file in visible_below(path, *SUFFIXES) if root not in file.parents}
    fit = all(mask.key.rpartition("/")[2] in names for mask in found)
    return found if fit and not any(mask.file.stem in names for mask in found) else []
