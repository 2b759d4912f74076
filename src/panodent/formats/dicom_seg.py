"""DICOM Segmentations as annotations, of panodent and of other programs; read only.

A segmentation (SOP class Segmentation Storage, type BINARY, DICOM PS3.3 A.51) holds the masks of
one radiograph, a segment for each tooth or finding; overlaps are kept. What a segment is, is said
by (1) the map, if it has the segment's label, (2) the codes of its property type, as `panodent
predict --dicom-seg` writes them, (3) its label, a class name as in other formats. The radiograph is
the DICOM file whose SOP Instance UID the segmentation refers to, or else the file of its name:
`opg.seg.dcm`, `opg_seg.dcm` and `opg/teeth.seg.dcm` belong to `opg`. Masks are in the layout of the
file, and are turned upright as the radiograph is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from panodent.errors import AnnotationError, ConfigError, RadiographError
from panodent.formats.annotated_findings import AnnotatedFindings
from panodent.formats.base import Annotated, Format, Items, Options
from panodent.formats.faults import FaultReport
from panodent.formats.naming import Naming
from panodent.formats.parsing.file_search import visible_below
from panodent.formats.parsing.image_search import FoundImage, ImageSearch, Sought
from panodent.formats.parsing.shapes import AnnotatedShape, Outline, findings_of, teeth_of
from panodent.formats.registry import WRITTEN, listed
from panodent.formats.result_record import RECORD
from panodent.radiograph.dicom_file import decoding, is_dicom, read_header
from panodent.radiograph.dicom_geometry import Turn, upright_turn
from panodent.radiograph.dicom_segmentation import (
    frame_segments,
    is_segmentation,
    mask_of_frame,
    read_segmentation,
    references,
    size_of,
)
from panodent.radiograph.radiograph import is_candidate, key_of
from panodent.teeth.masks import trimmed
from panodent.teeth.segment_codes import coded_carrier, coded_kind, coded_tooth
from panodent.teeth.teeth import Teeth

RESULT = "teeth.seg.dcm"
"""What `panodent predict` calls the segmentation of a radiograph."""
_ENDING = re.compile(r"(?<=.)[._\- ]seg(mentation)?$", re.IGNORECASE)


@dataclass(frozen=True)
class _Segment:
    """One segment: its label, and what its codes say of it, see `panodent.teeth.segment_codes`."""

    label: str
    fdi: int | None
    kind: str | None
    carrier: int


@dataclass(frozen=True)
class _Described:
    """The header of a segmentation: its segments by frame, and the images that it refers to."""

    file: Path
    size: tuple[int, int]
    segments: tuple[_Segment, ...]
    references: tuple[str, ...]
    turn: Turn


@dataclass(frozen=True)
class _Meaning:
    """FDI number and kind of finding by frame, as `teeth_of` and `findings_of` take them."""

    numbers: Mapping[int, int | None]
    kinds: Mapping[int, str]


class DicomSeg(Format):
    """A folder of DICOM Segmentations and the radiographs that they belong to."""

    name = "dicom-seg"

    def recognises(self, path: Path) -> bool:
        """A segmentation, or a folder with one that is not a result of `panodent predict`.

        Results have a record with more in it, and are read as `labels`.
        """
        return any(not file.with_name(RECORD).is_file() for file in _files(path))

    def read(self, path: Path, options: Options | None = None) -> list[Annotated]:
        """Segmentations by radiograph. Those of several images, or not BINARY, are faults."""
        described = []
        for file in _files(path):
            with FaultReport.of(options, file).catching(cost="radiograph"):
                described.append(_described(file))
        if not described:
            raise AnnotationError(
                f"{path}: no DICOM segmentation that can be read; expected files of the SOP class "
                "Segmentation Storage and type BINARY"
            )
        meanings = _meanings(described, Naming.of(options), path)
        with_findings = any(meaning.kinds for meaning in meanings)
        folder = path if path.is_dir() else path.parent
        images = _images(folder, path.is_dir(), described, options)
        by_key: dict[str, list[Annotated]] = {}
        for item, meaning, image in zip(described, meanings, images, strict=True):
            turn = _turn(item, image.file)
            taking = (item, meaning, turn, FaultReport.of(options, item.file))
            made = Annotated(
                image.key,
                partial(_read_teeth, *taking),
                _turned_size(item, turn),
                image.file,
                partial(_read_findings, *taking) if with_findings else None,
            )
            by_key.setdefault(image.key, []).append(made)
        _report_shared(zip(described, images, strict=True), options)
        return [items[0] for _, items in sorted(by_key.items()) if len(items) == 1]

    def write(self, path: Path, items: Items, options: Options | None = None) -> None:
        """Raises `ConfigError`: a segmentation needs the header of its radiograph."""
        raise ConfigError(
            "dicom-seg is read, but not written from annotations; `panodent predict --dicom-seg` "
            f"writes DICOM segmentations of DICOM radiographs. Choose {listed(WRITTEN)}"
        )


def _files(path: Path) -> Iterator[Path]:
    """The segmentations of a file or folder, sorted; hidden files do not count."""
    files = [path] if path.is_file() else visible_below(path, "")
    for file in files:
        if is_candidate(file) and is_segmentation(file):
            yield file


def _described(file: Path) -> _Described:
    header = read_segmentation(file, pixels=False)
    try:
        with decoding(file):
            named = references(header)
            if len(named) > 1:
                raise AnnotationError(
                    f"segments {len(named)} images; expected one, so export a segmentation for "
                    "each radiograph"
                )
            segments = [
                _Segment(
                    str(item.get("SegmentLabel", "")).strip(),
                    coded_tooth(item),
                    coded_kind(item),
                    coded_carrier(item),
                )
                for item in frame_segments(header)
            ]
            return _Described(
                file, size_of(header), tuple(segments), tuple(named), upright_turn(header)[0]
            )
    except RadiographError as error:
        raise AnnotationError(str(error)) from None


def _meanings(described: Iterable[_Described], naming: Naming, path: Path) -> list[_Meaning]:
    """What each segment is. Labels that are needed must be clear in all files together."""

    def is_coded(segment: _Segment) -> bool:
        mapped = segment.label in naming.table or segment.label in naming.findings
        return not mapped and (segment.fdi is not None or segment.kind is not None)

    listed = list(described)
    labels = [item.label for one in listed for item in one.segments if not is_coded(item)]
    numbers, kinds = naming.numbers(labels, path), naming.kinds(labels)
    made = []
    for one in listed:
        by_frame: dict[int, int | None] = {}
        findings: dict[int, str] = {}
        for frame, item in enumerate(one.segments):
            coded = is_coded(item)
            kind = item.kind if coded else kinds.get(item.label)
            by_frame[frame] = None if kind else item.fdi if coded else numbers[item.label]
            if kind:
                findings[frame] = kind
        made.append(_Meaning(by_frame, findings))
    return made


def _images(
    folder: Path, deep: bool, described: list[_Described], options: Options | None
) -> list[FoundImage]:
    """The radiograph of each segmentation: by its reference, or else by its name."""
    search = ImageSearch(folder, deep)
    by_uid: dict[str, list[Path]] = {}
    if any(item.references for item in described):
        for file in search.files:
            if is_dicom(file) and (uid := _uid(file)):
                by_uid.setdefault(uid, []).append(file)
    referred = [[f for uid in item.references for f in by_uid.get(uid, ())] for item in described]
    named = iter(
        search.find(
            Sought(_name(item.file.relative_to(folder)), where=str(item.file))
            for item, files in zip(described, referred, strict=True)
            if len(files) != 1
        )
    )
    found = []
    for item, files in zip(described, referred, strict=True):
        if len(files) == 1:
            found.append(FoundImage(search.key(files[0]), str(files[0])))
            continue
        image = next(named)
        report = FaultReport.of(options, item.file)
        if image.problem:
            report.add(image.problem, cost="radiograph")
        elif image.file is not None and item.references and is_dicom(image.file):
            report.warn(
                f"refers to another SOP Instance UID than that of {image.file.name}; paired by the "
                "name of the file"
            )
        found.append(image)
    return found


def _uid(file: Path) -> str:
    try:
        return str(read_header(file).get("SOPInstanceUID", "")).strip()
    except RadiographError:
        return ""  # reported when the radiograph is read


def _name(file: Path) -> str:
    """The name to look for; its suffix does not count.

    >>> _name(Path("a", "opg_seg.dcm")), _name(Path("a", "opg", "teeth.seg.dcm"))
    ('a/opg.png', 'a/opg.png')
    """
    if file.name == RESULT and file.parent.name:
        return f"{file.parent.as_posix()}.png"
    return f"{_ENDING.sub('', key_of(file))}.png"


def _turn(item: _Described, image: Path | None) -> Turn:
    """The turn of the radiograph; without a radiograph, as the segmentation says."""
    if image is None:
        return item.turn
    if not is_dicom(image):
        return Turn()
    try:
        header = read_header(image)
        with decoding(image):
            return upright_turn(header)[0]
    except RadiographError:
        return item.turn  # the radiograph is reported when it is read


def _report_shared(pairs: Iterable[tuple[_Described, FoundImage]], options: Options | None) -> None:
    """Reports segmentations of one radiograph: which of them counts cannot be told."""
    files: dict[str, list[Path]] = {}
    for item, image in pairs:
        files.setdefault(image.key, []).append(item.file)
    for key, shared in sorted(files.items()):
        if len(shared) > 1:
            FaultReport.of(options, shared[1]).add(
                f"segments {key}, as {shared[0].name} does; keep one of them, or merge them",
                cost="radiograph",
            )


def _shapes(item: _Described, turn: Turn) -> list[AnnotatedShape]:
    dataset = read_segmentation(item.file)
    if len(frame_segments(dataset)) != len(item.segments) or size_of(dataset) != item.size:
        raise AnnotationError(f"{item.file}: changed while it was read; read it again")

    def outline(frame: int) -> Outline:
        return Outline(trimmed(turn.apply(mask_of_frame(dataset, frame))))

    return [
        AnnotatedShape(
            frame,
            f"{item.file}: segment {segment.label or frame + 1}",
            partial(outline, frame),
            segment.carrier,
        )
        for frame, segment in enumerate(item.segments)
    ]


def _turned_size(item: _Described, turn: Turn) -> tuple[int, int]:
    height, width = item.size
    return (width, height) if turn.transposed else (height, width)


def _read_teeth(item: _Described, meaning: _Meaning, turn: Turn, report: FaultReport) -> Teeth:
    size = _turned_size(item, turn)
    return teeth_of(_shapes(item, turn), meaning.numbers, size, item.file, report)


def _read_findings(
    item: _Described, meaning: _Meaning, turn: Turn, report: FaultReport
) -> AnnotatedFindings:
    names = {frame: segment.label for frame, segment in enumerate(item.segments)}
    size = _turned_size(item, turn)
    return findings_of(_shapes(item, turn), meaning.kinds, size, report, names)


FORMAT = DicomSeg()
