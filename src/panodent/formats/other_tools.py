"""Exports of annotation tools that no format reads: whose they are, and which export to choose.

>>> from tempfile import TemporaryDirectory
>>> with TemporaryDirectory() as folder:
...     size = Path(folder, "a.json").write_text('[{"task_id": "1", "response": {}}]')
...     of_json(Path(folder, "a.json")), of_suffix(Path("a.datum"))
('JSON of Scale; convert it to COCO', "Datumaro's own format; export COCO")
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from panodent.errors import AnnotationError
from panodent.formats.parsing.excerpt import shown
from panodent.formats.parsing.json_stream import list_items, member_kinds

Tools = tuple[tuple[tuple[str, ...], str], ...]
"""(members that a JSON object must have, what it is and what to do) of each tool."""
_GEOJSON = "GeoJSON, as QuPath exports it; convert it to COCO"
_OBJECTS: Tools = (
    (("dm_format_version",), "Datumaro's own format; export COCO"),
    (("categories", "items"), "Datumaro's own format; export COCO"),
    (("item", "annotations"), "Darwin JSON of V7; export COCO"),
    (("dataset", "image", "annotations"), "Darwin JSON of V7; export COCO"),
    (("metadata", "instances"), "JSON of SuperAnnotate; export COCO"),
    (("export_format_version", "label_classes"), "Hasty's JSON; export COCO"),
    (("data_row", "projects"), "JSON of Labelbox; convert it to COCO"),
    (("data_units", "label_hash"), "JSON of Encord; export COCO"),
    (("features", "type"), _GEOJSON),
    (("name", "objects"), "the list of MONAI Label; lay its label maps out as nnU-Net has them"),
    (("samples",), "FiftyOne's own format; export COCO"),
    (("assets", "tags"), "JSON of VoTT; convert it to COCO"),
    (("markups",), "markups of 3D Slicer; make a segmentation, and save it as NIfTI (.nii.gz)"),
    (("imgHeight", "imgWidth", "objects"), "JSON of Cityscapes; convert it to COCO"),
    (("metadata", "view"), "a project of VIA 3; export it as VIA 2, or draw in VIA 2"),
    (("asset", "regions"), "JSON of VoTT; convert it to COCO"),
    (("info", "objects"), "JSON of ISAT; export COCO"),
    (("dataset", "created_at", "description"), "a release of Segments.ai; export COCO"),
    (("itemMetadata", "annotations"), "JSON of Dataloop; export COCO"),
    (("labelGroups", "datasets"), "JSON of MD.ai; convert it to COCO"),
    (("image", "annotations"), "JSON of SA-1B, a file for each picture; convert it to COCO"),
)
_ITEMS: Tools = (
    (("data_row", "projects"), "JSON of Labelbox; convert it to COCO"),
    (("Labeled Data",), "JSON of Labelbox; convert it to COCO"),
    (("data_hash", "data_units"), "JSON of Encord; export COCO"),
    (("label_hash", "data_hash"), "JSON of Encord; export COCO"),
    (("externalId", "labels"), "JSON of Kili; export COCO"),
    (("className", "points"), "JSON of SuperAnnotate; export COCO"),
    (("metadata", "instances"), "JSON of SuperAnnotate; export COCO"),
    (("labelIdx", "points"), "JSON of EISeg; export COCO"),
    (("series", "name"), "JSON of RedBrick AI; lay its label maps out as nnU-Net has them"),
    (("name", "labels"), "JSON of Scalabel; convert it to COCO"),
    (("type", "geometry"), _GEOJSON),
    (("task_id", "response"), "JSON of Scale; convert it to COCO"),
    (("image", "annotations"), "JSON of CreateML, which has boxes only; export COCO with outlines"),
    (
        ("image_id", "category_id"),
        "a list of COCO annotations; give the whole file with its images",
    ),
)
"""Those for the first object of a JSON list."""
_LINES = (
    "JSON with an object on each line, as Labelbox, Roboflow (OpenAI) and others export it; export "
    "or convert it to COCO"
)
SUFFIXES = {
    ".jsonl": _LINES,
    ".ndjson": _LINES,
    ".manifest": _LINES,
    ".geojson": _GEOJSON,
    ".qpproj": "a project of QuPath; export GeoJSON, and convert it to COCO",
    ".roi": "a region of ImageJ; save label maps in masks/, or convert the regions to COCO",
    ".mat": "of MATLAB; write label maps into masks/ as PNG",
    ".npy": "an array of NumPy; write label maps into masks/ as PNG",
    ".npz": "arrays of NumPy; write label maps into masks/ as PNG",
    ".xlsx": "a table of Excel; export the annotations as JSON or XML",
    ".parquet": "a table; convert the annotations to COCO",
    ".nrrd": "NRRD, as 3D Slicer saves it; save it as NIfTI (.nii.gz), see nnU-Net",
    ".mha": "MetaImage; save it as NIfTI (.nii.gz), see nnU-Net",
    ".tfrecord": "records of TensorFlow; export COCO",
    ".datum": "Datumaro's own format; export COCO",
}
"""What files with these suffixes are."""
_NAMED = 4
_TABLES = (
    ("EncodedPixels", "a table of run lengths, as on Kaggle; convert it to COCO"),
    ("MaskPath", "the table of Open Images; convert it to COCO"),
    (
        "region_shape_attributes",
        "VIA's table, but not as VIA writes it, with commas; export it again, or as JSON",
    ),
    ("VGG Image Annotator", "a table of VIA 3; export it as VIA 2, or draw in VIA 2"),
    ("Pixel Value", "of Roboflow's semantic masks, which join teeth; export COCO Segmentation"),
)


def of_json(file: Path) -> str | None:
    """What a JSON file of another tool is, after 'NAME is'; None if unknown.

    Raises `AnnotationError` for what is not JSON.
    """
    try:
        members: Iterable[str] = [name for name, _, _ in member_kinds(file)]
        table = _OBJECTS
    except AnnotationError:
        members, table = _first(file), _ITEMS
    return _matching(members, table)


def of_suffix(file: Path) -> str | None:
    """The same of a file by its suffix; None for other suffixes."""
    if file.name.lower().endswith((".json.txt", ".xml.txt", ".yaml.txt")):
        return "named with .txt at the end; rename it without"
    return SUFFIXES.get(file.suffix.lower())


def of_table(file: Path) -> str:
    """The same of a CSV file, by its first line."""
    try:
        with file.open("rb") as stream:
            head = stream.readline(1 << 14).decode("utf-8", "replace")
    except OSError:
        head = ""
    found = (what for column, what in _TABLES if column in head)
    return next(found, "a table; export the annotations as JSON or XML")


def unknown_json(file: Path) -> str | None:
    """What is said of a JSON object that no tool here writes, after 'NAME is'; None if it is none.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     size = Path(folder, "a.json").write_text('{"teeth": [], "b": 1}')
    ...     unknown_json(Path(folder, "a.json"))
    'JSON of an unknown kind, with teeth and b; convert it to COCO if it has the annotations'
    """
    having: list[str] = []
    with suppress(AnnotationError):
        having = [shown(name) for name, _, _ in islice(member_kinds(file), _NAMED)]
    with suppress(AnnotationError):
        having = having or [shown(name) for name in islice(_first(file), _NAMED)]
    if not having:
        return None
    names = " and ".join(filter(None, [", ".join(having[:-1]), having[-1]]))
    return f"JSON of an unknown kind, with {names}; convert it to COCO if it has the annotations"


def _first(file: Path) -> Iterable[str]:
    first: Any = next((item for _, item in list_items(file)), None)
    return first if isinstance(first, dict) else ()


def _matching(members: Iterable[str], table: Tools) -> str | None:
    having = set(members)
    return next((what for wanted, what in table if having.issuperset(wanted)), None)
