"""Outlines and numbers as a softcopy presentation state, for viewers without segmentations.

A presentation state replaces the LUTs and window of the radiograph, so a grayscale state repeats
them; colour images get a colour state. Graphics are in PIXEL units: the upper left corner of the
first pixel is (0, 0). Source: DICOM PS3.3 A.33 and C.10.5.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from panodent.dentition import TEETH
from panodent.dicom.source import SourceImage, using_highdicom
from panodent.errors import OutputLimitError
from panodent.radiograph.dicom_pixels import rescale
from panodent.radiograph.dicom_voi import (
    Lut,
    has_voi_lut,
    read_voi_lut,
    window,
    window_function,
)
from panodent.teeth.teeth import UNNUMBERED

LAYER = "TEETH"
MAX_POINTS = 4000
"""Points in a polyline: each takes eight bytes, and an element with a short length 64 KiB."""


def presentation(source: SourceImage) -> Any:
    """The data set: closed outlines of all teeth, and their numbers, at least one tooth.

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

        layer = pr.GraphicLayer(
            LAYER,
            order=1,
            description="Teeth with FDI numbers",
            display_color=highdicom.color.CIELabColor.from_rgb(255, 220, 0),
        )
        annotation = pr.GraphicAnnotation(
            referenced_images=[source.header],
            graphic_layer=layer,
            graphic_objects=_outlines(source, pr),
            text_objects=_numbers(source, pr),
        )
        shared = {
            "referenced_images": [source.header],
            "content_label": LAYER,
            "content_description": "Teeth with FDI numbers",
            "graphic_annotations": [annotation],
            "graphic_layers": [layer],
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


def _srgb() -> bytes:
    """An sRGB profile of class "scnr" (input device), which DICOM requires."""
    from PIL import ImageCms

    display = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return display[:12] + b"scnr" + display[16:]


def _outlines(source: SourceImage, pr: Any) -> list[Any]:
    found = []
    for index in range(len(source.teeth)):
        for part in source.teeth.polygons(index, tolerance=0.5):
            for ring in part:
                step = -(-len(ring) // MAX_POINTS)
                points = np.asarray(ring, np.float64)[::step]
                closed = np.concatenate([points, points[:1]])
                found.append(pr.GraphicObject("POLYLINE", closed, "PIXEL"))
    return found


def _numbers(source: SourceImage, pr: Any) -> list[Any]:
    height, width = source.teeth.size
    found = []
    for (row, col), fdi in zip(source.teeth.centroids(), source.teeth.fdi.tolist(), strict=True):
        text = str(TEETH[fdi].fdi) if fdi != UNNUMBERED else "?"
        half_wide, half_high = width / 80, height / 60
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
        item = header.ModalityLUTSequence[0]
        return highdicom.ModalityLUTTransformation(
            modality_lut=highdicom.ModalityLUT(
                lut_type=str(item.get("ModalityLUTType", "US")),
                first_mapped_value=int(item.LUTDescriptor[1]),
                lut_data=_lut_data(item),
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
        if lut.first < 0:
            raise OutputLimitError(
                f"the radiograph has a VOI LUT for signed values, from {lut.first}, which a "
                "presentation state cannot hold; use the segmentation"
            )
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
    bits, signed = int(header.get("BitsStored") or 16), header.get("PixelRepresentation") == 1
    ends = np.array([-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1])
    slope, intercept = rescale(header) or (1.0, 0.0)
    low, high = sorted((ends * slope + intercept).tolist())
    try:
        return read_voi_lut(header, low, high)
    except ValueError:
        return None


def _lut_data(item: Any) -> Any:
    data, bits = item.LUTData, int(item.LUTDescriptor[2])
    if isinstance(data, bytes):
        values = np.frombuffer(data, "<u2" if len(data) >= 2 * _entries(item) else "u1")
    else:
        values = np.atleast_1d(np.asarray(data, np.uint16))
    return values[: _entries(item)].astype(np.uint8 if bits == 8 else np.uint16)


def _entries(item: Any) -> int:
    return int(item.LUTDescriptor[0]) or 65536
