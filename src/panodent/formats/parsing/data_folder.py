"""The radiographs of a data folder, told apart from its label maps.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     for name in ("images/a.png", "masks/a.png"):
...         Path(folder, name).parent.mkdir()
...         Path(folder, name).touch()
...     [file.relative_to(folder).as_posix() for file in radiographs_below(Path(folder))]
['images/a.png']
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from panodent.formats.parsing.image_entries import IMAGE_FOLDERS
from panodent.formats.registry import FORMATS
from panodent.radiograph.dicom_segmentation import is_segmentation
from panodent.radiograph.folder_search import Found, search
from panodent.radiograph.radiograph import key_of
from panodent.utils.path_list import PathList

LABEL_FOLDERS = tuple(folder for info in FORMATS for folder in info.label_folders)
"""Folders of label maps, which are not radiographs."""


def image_root(folder: Path) -> Path:
    """The folder of radiographs below a data folder: the first of `IMAGE_FOLDERS`, or `folder`."""
    return next((folder / name for name in IMAGE_FOLDERS if (folder / name).is_dir()), folder)


def key_in_split(folder: Path, image: Path) -> str:
    """The key of a radiograph: its path below the data folder, without a folder of images in it.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     Path(folder, "train", "images").mkdir(parents=True)
    ...     key_in_split(Path(folder), Path(folder, "train", "images", "sub", "a.png"))
    'train/sub/a'
    """
    for split in image.parents[: len(image.relative_to(folder).parts)]:
        root = image_root(split)
        if root != split and image.is_relative_to(root):
            return key_of(split.relative_to(folder) / image.relative_to(root))
    return key_of(image.relative_to(folder))


def searched_below(folder: Path) -> Found:
    """The files below a folder that may be radiographs, and what is not read, both sorted.

    Label maps, DICOM Segmentations, hidden files and pictures that panodent wrote are left out.
    Folders of label maps lie in the folder itself, beside radiographs or beside their folder.
    """
    found = search(folder)
    holding = {file.parent for file in found.files} | {folder}

    @cache
    def holds_labels(place: Path) -> bool:
        above = place.parent
        return place.name in LABEL_FOLDERS and (above in holding or image_root(above) != above)

    def is_label(file: Path) -> bool:
        below = file.parents[: len(file.relative_to(folder).parts) - 1]
        return any(map(holds_labels, below))

    def is_radiograph(file: Path) -> bool:
        other = is_label(file) or file.name.endswith((".ome.tif", ".ome.tiff"))
        return not (other or is_segmentation(file))

    found.files.texts = [text for text in found.files.texts if is_radiograph(Path(text))]
    found.unread = [item for item in found.unread if not is_label(item.path)]
    return found


def radiographs_below(folder: Path) -> PathList:
    """The files of `searched_below`."""
    return searched_below(folder).files
