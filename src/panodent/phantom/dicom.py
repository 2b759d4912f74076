"""A phantom as a DICOM file of modality PX, to test archives and viewers.

>>> from panodent.phantom import draw
>>> to_dicom(draw(0, (64, 128))[0]).Modality
'PX'
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from panodent.errors import MissingExtraError
from panodent.radiograph.radiograph import Radiograph

_DX = "1.2.840.10008.5.1.4.1.1.1.1"  # Digital X-Ray Image Storage - For Presentation
_ROOT = "2.25."  # root of UIDs made from numbers
BITS = 12
"""Bits of a pixel that are used; 16 are stored."""
SPACING = 0.1
"""Distance of pixel centres in mm, in both directions."""


def to_dicom(radiograph: Radiograph, seed: int = 0) -> Any:
    """A pydicom data set with 12 bits for a pixel, MONOCHROME2; equal seeds give equal UIDs.

    The patient is called PHANTOM; the study has this object only. Raises `MissingExtraError`
    without pydicom.
    """
    try:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ExplicitVRLittleEndian
    except ImportError:
        raise MissingExtraError("dicom", "a phantom in DICOM", "pydicom") from None
    uids = [f"{_ROOT}{7_000_000_000 + seed * 10 + place}" for place in range(3)]
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = _DX
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = uids[0]
    made.SeriesInstanceUID, made.StudyInstanceUID = uids[1], uids[2]
    made.PatientName, made.PatientID = "PHANTOM^", f"PHANTOM-{seed}"
    made.PatientBirthDate = made.PatientSex = made.AccessionNumber = ""
    made.StudyDate = made.SeriesDate = made.AcquisitionDate = made.ContentDate = "20260101"
    made.StudyTime = made.SeriesTime = made.AcquisitionTime = made.ContentTime = "120000"
    made.StudyID, made.SeriesNumber, made.InstanceNumber = "1", 1, 1
    made.ReferringPhysicianName = ""
    made.Modality, made.PresentationIntentType = "PX", "FOR PRESENTATION"
    made.Manufacturer = "panodent"
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.BodyPartExamined, made.ImageLaterality = "JAW", "U"
    made.PatientOrientation = ["L", "F"]
    region = Dataset()
    region.CodeValue, region.CodingSchemeDesignator = "661005", "SCT"
    region.CodeMeaning = "Jaw region"
    made.AnatomicRegionSequence = [region]
    made.DetectorType, made.AcquisitionContextSequence = "", []
    made.ImagerPixelSpacing = [SPACING, SPACING]
    made.PixelIntensityRelationship, made.PixelIntensityRelationshipSign = "LOG", -1
    made.RescaleIntercept, made.RescaleSlope, made.RescaleType = 0, 1, "US"
    made.PresentationLUTShape = "IDENTITY"
    made.LossyImageCompression, made.BurnedInAnnotation = "00", "NO"
    made.Rows, made.Columns = radiograph.size
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, BITS, 11, 0
    top = 2**BITS - 1
    made.WindowCenter, made.WindowWidth = 2 ** (BITS - 1), 2**BITS
    made.PixelData = np.round(radiograph.pixels * top).astype("<u2").tobytes()
    made["PixelData"].VR = "OW"
    return made


def dicom_bytes(radiograph: Radiograph, seed: int = 0) -> bytes:
    """The bytes of a DICOM file; arguments are those of `to_dicom`."""
    stream = io.BytesIO()
    to_dicom(radiograph, seed).save_as(stream, enforce_file_format=True)
    return stream.getvalue()
