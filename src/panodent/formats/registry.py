"""The table of annotation formats: plain data that costs nothing to import.

A row says what a format is called, which module reads and writes it, what its files look like and
what they can hold. The command line's help, the table in docs/reference/formats.md and the checks
of `panodent.datasets.convert` are made from it. `panodent.formats.base` explains how to add one.

>>> BY_NAME["voc"].limits.shape, BY_NAME["coco"].geometries
('boxes', ('rle', 'polygon'))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

READ_OPTIONS = ("values", "numbering", "map", "attribute", "encoding", "predictions")
"""Options for reading that not every format uses; on the command line with `--` before them."""
_WITH_ATTRIBUTE = ("numbering", "map", "encoding", "attribute")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a format can hold. The rest is lost in writing, see `losses` in `formats.base`.

    Parameters
    ----------
    shape : 'pixels' where every pixel of a mask is kept, 'polygons' where outlines are kept,
        'boxes' where bounding boxes are.
    overlap : whether masks of two teeth may share pixels.
    holes : whether a mask may have holes.
    parts : whether a mask may have several separate parts.
    scores : whether scores are kept.
    unnumbered : whether a tooth may have no number.
    repeated : whether two teeth may have the same number.
    findings : 'tooth' where findings are kept with the tooth that carries them, 'kind' where their
        kinds are, 'no' where they are not.
    states : whether what a person saw of a tooth is kept, see `panodent.teeth.validation.STATES`.
    odd_names : whether the name of a radiograph may have bytes that are not UTF-8. It may in names
        of files and in JSON, which escapes them, but not in XML and plain text.
    """

    shape: Literal["pixels", "polygons", "boxes"] = "pixels"
    overlap: bool = True
    holes: bool = True
    parts: bool = True
    scores: bool = False
    unnumbered: bool = True
    repeated: bool = True
    findings: Literal["no", "kind", "tooth"] = "no"
    states: bool = False
    odd_names: bool = True


@dataclass(frozen=True, kw_only=True)
class FormatInfo:
    """One row of the table.

    Parameters
    ----------
    name : what `--format` and `panodent.formats.get` call it.
    module : the module whose `FORMAT` reads and writes it, see `panodent.formats.base`.
    description : what its files look like.
    limits : what it can hold.
    geometries : values of the option `geometry` for writing, the default first; empty if a tooth
        can be written in one way only.
    numberings : whether class names can be written in another numbering than FDI.
    options : names of `READ_OPTIONS` that reading uses.
    label_folders : folders in which it keeps label maps. Pictures there are not radiographs.
    splits : whether it says which radiographs to validate with, by the option `validation`.
    writable : whether it can be written; the others are read only.
    """

    name: str
    module: str
    description: str
    limits: Limits
    geometries: tuple[str, ...] = ()
    numberings: bool = True
    options: tuple[str, ...] = ("numbering", "map", "encoding")
    label_folders: tuple[str, ...] = ()
    splits: bool = False
    writable: bool = True


FORMATS: tuple[FormatInfo, ...] = (
    FormatInfo(
        name="coco",
        module="panodent.formats.coco",
        description="one JSON with images, annotations, categories; also DENTEX's "
        "(categories_1, categories_2)",
        limits=Limits(states=True, findings="tooth"),
        geometries=("rle", "polygon"),
        numberings=False,
        options=_WITH_ATTRIBUTE,
    ),
    FormatInfo(
        name="coco-panoptic",
        module="panodent.formats.coco_panoptic",
        description="COCO panoptic: a JSON with segments_info, PNGs of segment ids in panoptic/",
        limits=Limits(overlap=False),
        numberings=False,
        label_folders=("panoptic",),
    ),
    FormatInfo(
        name="labels",
        module="panodent.formats.labels",
        description="one PNG, TIFF or BMP for each radiograph in masks_machine/, masks/ or "
        "labels/, or NAME/labels.png as predict writes them",
        limits=Limits(overlap=False, unnumbered=False, repeated=False),
        label_folders=("masks_machine", "masks", "labels", "masks_human"),
        options=("numbering", "map", "encoding", "values"),
    ),
    FormatInfo(
        name="ome-tiff",
        module="panodent.formats.ome_tiff",
        description="one NAME_FDI.ome.tiff for each tooth, as UFBA-425 is published; a mask of "
        "each tooth, NAME_FDI.png or NAME/FDI.png in masks/, is read too",
        limits=Limits(unnumbered=False, repeated=False),
        numberings=False,
        options=(),
    ),
    FormatInfo(
        name="cvat",
        module="panodent.formats.cvat",
        description="CVAT for images 1.1, annotations.xml",
        limits=Limits(states=True, findings="tooth", odd_names=False),
        geometries=("mask", "polygon"),
        options=_WITH_ATTRIBUTE,
    ),
    FormatInfo(
        name="voc",
        module="panodent.formats.voc",
        description="Pascal VOC, Annotations/*.xml; read as filled boxes with the flag box",
        limits=Limits(shape="boxes", holes=False, parts=False, odd_names=False),
    ),
    FormatInfo(
        name="label-studio",
        module="panodent.formats.label_studio",
        description="an export with brushes or polygons: JSON, JSON-MIN or CSV",
        limits=Limits(scores=True, findings="tooth"),
        geometries=("brush", "polygon"),
        options=(*_WITH_ATTRIBUTE, "predictions"),
    ),
    FormatInfo(
        name="yolo",
        module="panodent.formats.yolo",
        description="Ultralytics segmentation: a YAML file with names or classes.txt, labels/*.txt",
        limits=Limits(shape="polygons", findings="kind"),
        splits=True,
    ),
    FormatInfo(
        name="nnunet",
        module="panodent.formats.nnunet",
        description="nnU-Net v2 raw data: dataset.json, imagesTr/, labelsTr/ (PNG, TIFF, BMP or "
        "NIfTI of one plane)",
        limits=Limits(overlap=False, unnumbered=False, repeated=False),
        label_folders=("labelsTr", "labelsTs"),
    ),
    FormatInfo(
        name="dicom-seg",
        module="panodent.formats.dicom_seg",
        description="DICOM Segmentations of type BINARY beside the radiographs; read only",
        limits=Limits(findings="tooth"),
        numberings=False,
        writable=False,
        options=("numbering", "map"),
    ),
    FormatInfo(
        name="supervisely",
        module="panodent.formats.supervisely",
        description="a project: meta.json, ann/ beside img/",
        limits=Limits(),
    ),
    FormatInfo(
        name="labelme",
        module="panodent.formats.labelme",
        description="a JSON file beside each radiograph",
        limits=Limits(findings="tooth"),
    ),
    FormatInfo(
        name="via",
        module="panodent.formats.via",
        description="VGG Image Annotator 2, a project or its export, JSON or CSV",
        limits=Limits(shape="polygons", holes=False, parts=False),
        options=_WITH_ATTRIBUTE,
    ),
)
"""All formats, in the order in which help and documentation list them."""

BY_NAME: Mapping[str, FormatInfo] = MappingProxyType({info.name: info for info in FORMATS})
NAMES: tuple[str, ...] = tuple(BY_NAME)
WRITTEN: tuple[str, ...] = tuple(info.name for info in FORMATS if info.writable)
"""The names of the formats that can be written."""


def listed(names: tuple[str, ...] = NAMES) -> str:
    """The names for a sentence.

    >>> listed(("coco", "labels", "voc"))
    'coco, labels or voc'
    """
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))
