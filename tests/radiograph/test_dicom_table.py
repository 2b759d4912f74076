"""The table of what is read, in the documentation, is made from files that are read here."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("gdcm")
from pydicom import uid  # noqa: E402
from pydicom.encaps import encapsulate  # noqa: E402
from pydicom.pixels import convert_color_space  # noqa: E402

from panodent import phantom  # noqa: E402
from panodent.dicom_node.node import SYNTAXES  # noqa: E402
from panodent.errors import RadiographError  # noqa: E402
from panodent.phantom.dicom import to_dicom  # noqa: E402
from panodent.radiograph.dicom_kind import (  # noqa: E402
    RADIOGRAPH_CLASSES,
    RADIOGRAPH_MODALITIES,
    UNSPECIFIC_MODALITIES,
)
from panodent.radiograph.radiograph import read  # noqa: E402

PAGE = Path(__file__).parents[2] / "docs/reference/dicom.md"
BEGIN, END = "<!-- table of what is read: begin -->\n", "<!-- table of what is read: end -->"
PICTURE = phantom.draw(1, (64, 128))[0]


def plain() -> Any:
    return to_dicom(PICTURE)


def grey8(dataset: Any) -> Any:
    values = (dataset.pixel_array >> 4).astype(np.uint8)
    dataset.BitsAllocated = dataset.BitsStored = 8
    dataset.HighBit = 7
    dataset.WindowCenter, dataset.WindowWidth = 128, 256
    dataset.PixelData = values.tobytes()
    dataset["PixelData"].VR = "OB"
    return dataset


def coloured(kind: str) -> Any:
    dataset = grey8(plain())
    values = np.stack([dataset.pixel_array] * 3, axis=-1)
    if kind != "RGB":
        values = convert_color_space(values, "RGB", "YBR_FULL")
    if kind == "YBR_FULL_422":
        values = values.reshape(64, 64, 2, 3)
        mean = values[..., 1:].mean(axis=2).astype(np.uint8)
        values = np.concatenate([values[..., 0], mean], axis=-1)
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = (
        uid.SecondaryCaptureImageStorage
    )
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 3, kind
    dataset.PlanarConfiguration = 0
    dataset.PixelData = np.ascontiguousarray(values).tobytes()
    return dataset


def palette() -> Any:
    dataset = grey8(plain())
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for name in ("Red", "Green", "Blue"):
        setattr(dataset, f"{name}PaletteColorLookupTableDescriptor", [256, 0, 16])
        dataset[f"{name}PaletteColorLookupTableDescriptor"].VR = "US"
        table = (np.arange(256) * 257).astype("<u2").tobytes()
        setattr(dataset, f"{name}PaletteColorLookupTableData", table)
    return dataset


def native(syntax: str) -> bytes:
    dataset = plain()
    if syntax == uid.ExplicitVRBigEndian:
        dataset.PixelData = np.frombuffer(dataset.PixelData, "<u2").astype(">u2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    return content(dataset)


def content(dataset: Any) -> bytes:
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


def compressed(syntax: str) -> bytes:
    dataset = plain()
    dataset.compress(syntax, **({"j2k_cr": [2]} if syntax == uid.JPEG2000 else {}))
    return content(dataset)


def near_lossless(syntax: str) -> bytes:
    dataset = plain()
    dataset.compress(syntax, jls_error=2)
    return content(dataset)


def jpeg(syntax: str) -> bytes:
    from PIL import Image

    dataset = grey8(plain())
    stream = io.BytesIO()
    Image.fromarray(dataset.pixel_array).save(stream, "JPEG", quality=95)
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    return content(dataset)


def by_gdcm(name: str, folder: Path) -> bytes:
    import gdcm

    (folder / "plain.dcm").write_bytes(content(plain()))
    reader = gdcm.ImageReader()
    reader.SetFileName(str(folder / "plain.dcm"))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, name)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFileName(str(folder / "made.dcm"))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return (folder / "made.dcm").read_bytes()


SYNTAX_FILES: dict[str, Callable[[Path], bytes]] = {
    **{
        syntax: lambda folder, syntax=syntax: native(syntax)
        for syntax in (
            uid.ImplicitVRLittleEndian,
            uid.ExplicitVRLittleEndian,
            uid.ExplicitVRBigEndian,
            uid.DeflatedExplicitVRLittleEndian,
        )
    },
    uid.RLELossless: lambda folder: compressed(uid.RLELossless),
    uid.JPEGBaseline8Bit: lambda folder: jpeg(uid.JPEGBaseline8Bit),
    uid.JPEGExtended12Bit: lambda folder: by_gdcm("JPEGExtendedProcess2_4", folder),
    uid.JPEGLossless: lambda folder: by_gdcm("JPEGLosslessProcess14", folder),
    uid.JPEGLosslessSV1: lambda folder: by_gdcm("JPEGLosslessProcess14_1", folder),
    uid.JPEGLSLossless: lambda folder: compressed(uid.JPEGLSLossless),
    uid.JPEGLSNearLossless: lambda folder: near_lossless(uid.JPEGLSNearLossless),
    uid.JPEG2000Lossless: lambda folder: compressed(uid.JPEG2000Lossless),
    uid.JPEG2000: lambda folder: compressed(uid.JPEG2000),
}
PHOTOMETRIC: dict[str, Callable[[], Any]] = {
    "MONOCHROME2": plain,
    "MONOCHROME1": lambda: inverted(plain()),
    "PALETTE COLOR": palette,
    **{kind: (lambda kind=kind: coloured(kind)) for kind in ("RGB", "YBR_FULL", "YBR_FULL_422")},
}


def inverted(dataset: Any) -> Any:
    dataset.PixelData = (4095 - dataset.pixel_array).astype("<u2").tobytes()
    dataset.PhotometricInterpretation, dataset.PresentationLUTShape = "MONOCHROME1", "INVERSE"
    return dataset


def answer(data: bytes, folder: Path) -> str:
    """'yes', or 'no' for a file that is refused; pixels must be those of the phantom."""
    (folder / "a.dcm").write_bytes(data)
    try:
        found = read(folder / "a.dcm")
    except RadiographError:
        return "no"
    assert np.abs(found.pixels - PICTURE.pixels).max() < 0.1
    return "yes"


def with_modality(modality: str, sop_class: str) -> bytes:
    dataset = plain()
    dataset.Modality = modality
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = sop_class
    return content(dataset)


def table(folder: Path) -> str:
    lines = ["| transfer syntax | UID | read | the node accepts it |", "|---|---|---|---|"]
    for syntax, make in SYNTAX_FILES.items():
        name = uid.UID(syntax).name.partition(" (Process")[0].partition(", Non-")[0]
        accepts = "yes" if syntax in SYNTAXES else "no"
        lines.append(f"| {name} | {syntax} | {answer(make(folder), folder)} | {accepts} |")
    lines += ["", "| photometric interpretation | read |", "|---|---|"]
    lines += [f"| {k} | {answer(content(make()), folder)} |" for k, make in PHOTOMETRIC.items()]
    classes = {
        "Digital X-Ray": uid.DigitalXRayImageStorageForPresentation,
        "Computed Radiography": uid.ComputedRadiographyImageStorage,
        "Intra-Oral X-Ray": uid.DigitalIntraOralXRayImageStorageForPresentation,
        "Secondary Capture": uid.SecondaryCaptureImageStorage,
        "CT": uid.CTImageStorage,
    }
    assert set(list(classes.values())[:-1]) <= set(RADIOGRAPH_CLASSES)
    lines += ["", f"| modality | {' | '.join(classes)} |", f"|---|{'---|' * len(classes)}"]
    rows = {m: m for m in (*RADIOGRAPH_MODALITIES, *UNSPECIFIC_MODALITIES)}
    rows |= {"px": "px (lower case)", "": "none", "PANO": "an unknown one"}
    rows |= {"RF": "RF", "US": "US, CT, MR and other known ones"}
    for modality, shown in rows.items():
        cells = (answer(with_modality(modality, c), folder) for c in classes.values())
        lines.append(f"| {shown} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


@pytest.mark.filterwarnings("ignore")
def test_the_documentation_has_the_table(tmp_path: Path) -> None:
    """If it fails, put the expected table into the page."""
    page = PAGE.read_text(encoding="utf-8")
    assert page.partition(BEGIN)[2].partition(END)[0] == table(tmp_path)
