"""Outlines and numbers as a softcopy presentation state, for viewers without segmentations.

Teeth are one layer, and each kind of finding is one, in the colour of its segments.
A presentation state replaces the LUTs and window of the radiograph, so a grayscale state repeats
them; colour images get a colour state. Graphics are in PIXEL units: the upper left corner of the
first pixel is (0, 0). Source: DICOM PS3.3 A.33 and C.10.5.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from panodent.dicom.source import SourceImage, using_highdicom
from panodent.errors import OutputLimitError
from panodent.radiograph.dicom_pixels import rescale
from panodent.radiograph.dicom_voi import (
    Lut,
    has_voi_lut,
    read_lut,
    read_voi_lut,
    window,
    window_function,
)
from panodent.teeth.finding_codes import CODES
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth

LAYER = "TEETH"
TEETH_COLOUR: tuple[int, int, int] = (255, 220, 0)
MAX_POINTS = 4000
"""Points in a polyline: each takes eight bytes, and an element with a short length 64 KiB."""


def presentation(source: SourceImage) -> Any:
    """The data set: closed outlines of all teeth and findings, at least one of them, with texts.

    The texts are the numbers of teeth and the names of findings.

    Raises `MissingExtraError` without highdicom, `OutputLimitError` for a VOI LUT that it cannot
    hold, and `RadiographError` for an unsuitable header.

    >>> from panodent import phantom
    >>> from panodent.dicom.source import Model
    >>> from panodent.phantom.dicom import to_dicom
    >>> radiograph, teeth = phantom.draw(1, (128, 256))
    >>> source = SourceImage(to_dicom(radiograph), teeth, Model("example", "5d1f"))
    >>> texts = presentation(source).GraphicAnnotationSequence[0].TextObjectSequence
    >>> [int(text.UnformattedTextValue) for text in texts] == teeth.fdi.tolist()
    True
    """
    with using_highdicom("writing a DICOM presentation state", source.header):
        import highdicom
        from highdicom import pr

        layers, annotations = _graphics(source, pr, highdicom)
        also = ", and findings" if source.findings else ""
        shared = {
            "referenced_images": [source.header],
            "content_label": LAYER,
            "content_description": f"Teeth with FDI numbers{also}",
            "graphic_annotations": annotations,
            "graphic_layers": layers,
            **source.uids("pr"),
            **source.common,
        }
        if int(source.header.get("SamplesPerPixel", 1)) == 3:
            made = pr.ColorSoftcopyPresentationState(**shared, icc_profile=_srgb())
        else:
            made = pr.GrayscaleSoftcopyPresentationState(
                **shared,
                modality_lut_transformation=_modality(source.header, highdicom),
                voi_lut_transformations=_voi(source.header, pr, highdicom),
                presentation_lut_transformation=highdicom.PresentationLUTTransformation(
                    presentation_lut_shape="INVERSE" if _inverse(source.header) else "IDENTITY"
                ),
            )
        made.Laterality = ""  # type 2C: a panoramic shows both sides
        return made


def _graphics(source: SourceImage, pr: Any, highdicom: Any) -> tuple[list[Any], list[Any]]:
    """The layers, and the outlines and texts on each of them, as highdicom's objects."""
    layers: list[Any] = []
    annotations: list[Any] = []
    for name, description, colour, graphics, texts in _layers(source, pr):
        layer = pr.GraphicLayer(
            name,
            order=len(layers) + 1,
            description=description,
            display_color=highdicom.color.CIELabColor.from_rgb(*colour),
        )
        layers.append(layer)
        annotations.append(
            pr.GraphicAnnotation(
                referenced_images=[source.header],
                graphic_layer=layer,
                graphic_objects=graphics,
                text_objects=texts,
            )
        )
    return layers, annotations


def _srgb() -> bytes:
    """An sRGB profile of class "scnr" (input device), which DICOM requires."""
    from PIL import ImageCms

    display = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return display[:12] + b"scnr" + display[16:]


def _layers(
    source: SourceImage, pr: Any
) -> Iterator[tuple[str, str, tuple[int, int, int], list[Any], list[Any]]]:
    """(name, description, colour, outlines, texts) of each layer: teeth, then kinds."""
    teeth = source.teeth
    if len(teeth):
        words = [str(fdi) if fdi != UNNUMBERED else "?" for fdi in teeth.fdi.tolist()]
        description = "Teeth with FDI numbers"
        yield LAYER, description, TEETH_COLOUR, _outlines(teeth, pr), _texts(teeth, words, pr)
    findings = source.findings or Findings.empty(teeth.size)
    for kind, entry in KINDS.items():
        marks = findings.of_kind(kind).marks
        if len(marks):
            texts = _texts(marks, [entry.title] * len(marks), pr)
            description = entry.plural.capitalize()
            yield kind.upper(), description, CODES[kind].colour, _outlines(marks, pr), texts


def _outlines(teeth: Teeth, pr: Any) -> list[Any]:
    found = []
    for index in range(len(teeth)):
        for part in teeth.polygons(index, tolerance=0.5):
            for ring in part:
                step = -(-len(ring) // MAX_POINTS)
                points = np.asarray(ring, np.float64)[::step]
                closed = np.concatenate([points, points[:1]])
                found.append(pr.GraphicObject("POLYLINE", closed, "PIXEL"))
    return found


def _texts(teeth: Teeth, words: Sequence[str], pr: Any) -> list[Any]:
    """A text in the middle of each tooth or finding."""
    height, width = teeth.size
    found = []
    for (row, col), text in zip(teeth.centroids(), words, strict=True):
        half_wide, half_high = max(len(text), 2) * width / 160, height / 60
        box = (
            max(col - half_wide, 0),
            max(row - half_high, 0),
            min(col + half_wide, width),
            min(row + half_high, height),
        )
        found.append(
            pr.TextObject(text, "PIXEL", bounding_box=tuple(round(float(v), 2) for v in box))
        )
    return found


def _inverse(header: Any) -> bool:
    shape = str(header.get("PresentationLUTShape", "") or "").strip().upper()
    return header.PhotometricInterpretation == "MONOCHROME1" or shape == "INVERSE"


def _modality(header: Any, highdicom: Any) -> Any:
    if header.get("ModalityLUTSequence"):
        try:
            lut = read_lut(header, "ModalityLUTSequence", *_stored_ends(header))
        except ValueError:
            return None  # left out of the pixels too
        _check_first(lut, "modality LUT")
        kind = header.ModalityLUTSequence[0].get("ModalityLUTType")
        return highdicom.ModalityLUTTransformation(
            modality_lut=highdicom.ModalityLUT(
                lut_type=str(kind or "US"),
                first_mapped_value=lut.first,
                lut_data=lut.values.astype(np.uint8 if lut.bits <= 8 else np.uint16),
            )
        )
    if (line := rescale(header)) is None:
        return None
    kind = str(header.get("RescaleType", "") or "US")
    return highdicom.ModalityLUTTransformation(
        rescale_slope=line[0],
        rescale_intercept=line[1],
        rescale_type=kind if len(kind) <= 16 else "US",
    )


def _voi(header: Any, pr: Any, highdicom: Any) -> Any:
    if (lut := _voi_lut(header)) is not None:
        _check_first(lut, "VOI LUT")
        # Scaled to 8 or 16 bits: its descriptor may say 10 or 12.
        bits = 8 if lut.bits <= 8 else 16
        data = (lut.values << (bits - lut.bits)).astype(np.uint8 if bits == 8 else np.uint16)
        table = highdicom.VOILUT(first_mapped_value=lut.first, lut_data=data)
        return [pr.SoftcopyVOILUTTransformation(voi_luts=[table])]
    if (ends := window(header)) is None:
        return None
    return [
        pr.SoftcopyVOILUTTransformation(
            window_center=ends[0], window_width=ends[1], voi_lut_function=window_function(header)
        )
    ]


def _voi_lut(header: Any) -> Lut | None:
    """The VOI LUT; None if there is none, or a broken one, which is left out of the pixels too."""
    if not has_voi_lut(header):
        return None
    slope, intercept = rescale(header) or (1.0, 0.0)
    low, high = sorted(end * slope + intercept for end in _stored_ends(header))
    try:
        return read_voi_lut(header, low, high)
    except ValueError:
        return None


def _stored_ends(header: Any) -> tuple[float, float]:
    """The lowest and the highest value that a pixel can have."""
    bits = int(header.get("BitsStored") or 16)
    if header.get("PixelRepresentation") == 1:
        return -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    return 0.0, 2.0**bits - 1


def _check_first(lut: Lut, what: str) -> None:
    if lut.first < 0:
        raise OutputLimitError(
            f"the radiograph has a {what} for signed values, from {lut.first}, which a "
            "presentation state cannot hold; use the segmentation"
        )
