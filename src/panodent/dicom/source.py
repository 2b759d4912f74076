"""What every derived object needs: the radiograph's header, who made it, and its own identity."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from panodent.dentition import TEETH
from panodent.dicom.header import prepare
from panodent.errors import MissingExtraError, PanodentError, RadiographError
from panodent.radiograph.dicom_file import decoding, is_dicom, quiet, read_header, reason
from panodent.radiograph.dicom_pixels import check_radiograph
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import __version__

MAKER = "panodent"
NOTICE = "Research use only, not a medical device"


@dataclass(frozen=True)
class Model:
    """What found the teeth: the name and SHA-256 of its bundle."""

    name: str
    digest: str

    @property
    def parameters(self) -> dict[str, str]:
        """What tells this algorithm from another of the same version."""
        return {"bundle": self.name or "unnamed", "bundle-sha256": self.digest}


@dataclass(frozen=True)
class Source:
    """A radiograph's DICOM header and the teeth found in it, in the file's own layout of pixels."""

    header: Any
    teeth: Teeth
    model: Model

    @property
    def common(self) -> dict[str, Any]:
        """Arguments that all objects of highdicom take."""
        return {
            "manufacturer": MAKER,
            "manufacturer_model_name": MAKER,
            "software_versions": __version__,
            "device_serial_number": self.model.digest[:16],
        }

    def uids(self, kind: str) -> dict[str, Any]:
        """Series and instance UID and number of the derived object of this kind."""
        number = {"seg": 9001, "pr": 9002, "sr": 9003}[kind]
        return {
            "series_instance_uid": self.uid(kind, "series"),
            "series_number": number,
            "sop_instance_uid": self.uid(kind, "instance"),
            "instance_number": 1,
        }

    def uid(self, *parts: str) -> str:
        """A UID for a part of the result: equal for equal radiograph, model and teeth."""
        teeth = self.teeth
        content = hashlib.sha256()
        for index in range(len(teeth)):
            state = (int(teeth.fdi[index]), round(float(teeth.scores[index]), 6))
            content.update(f"{state}{sorted(teeth.flags[index])}{teeth.rle(index)}".encode())
        text = "/".join(
            [str(self.header.SOPInstanceUID), __version__, self.model.digest, content.hexdigest()]
        )
        digest = hashlib.sha256(f"{text}/{'/'.join(parts)}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16])}"  # PS3.5 B.2: 2.25 and 128 bits


def demand_dicom(file: Path | None) -> None:
    """Raises `RadiographError` for what has no study that a DICOM result could belong to."""
    if file is None or not is_dicom(file):
        raise RadiographError(
            f"{file or 'pixels in memory'}: not a DICOM file, so there is no study that a DICOM "
            "result could belong to; use --dicom-seg, --dicom-pr and --dicom-sr on DICOM files"
        )


def source_of(radiograph: Radiograph, teeth: Teeth, model: Model) -> Source:
    """The DICOM side of a radiograph; raises `RadiographError` where it came from no DICOM file."""
    file = radiograph.source
    demand_dicom(file)
    assert file is not None  # noqa: S101 - demanded above
    header = read_header(file)
    with decoding(file):
        if problem := check_radiograph(header):
            raise RadiographError(problem)
        prepare(header)
    return Source(header, _in_file_layout(radiograph, teeth), model)


def _in_file_layout(radiograph: Radiograph, teeth: Teeth) -> Teeth:
    turn = radiograph.turn
    if not turn:
        return teeth
    height, width = teeth.size
    return Teeth.from_masks(
        (width, height) if turn.transposed else (height, width),
        [(int(fdi), turn.undo(teeth.full_mask(i))) for i, fdi in enumerate(teeth.fdi)],
        teeth.scores.tolist(),
        teeth.flags,
    )


@contextmanager
def highdicom_ready(what: str, header: Any) -> Iterator[None]:
    """Whether highdicom is there, without its warnings, which quote the patient's name.

    What it raises because of this radiograph's header becomes a `RadiographError`.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError:
        raise MissingExtraError("dicom", what, "highdicom") from None
    try:
        with quiet():
            yield
    except PanodentError:
        raise
    except Exception as error:  # values that break the standard's rules, of any kind
        raise RadiographError(
            f"{header.filename}: {what}: the radiograph's header "
            f"does not allow it ({reason(error)})"
        ) from None


def label(fdi: int) -> str:
    """'FDI 36', or 'unnumbered'."""
    return f"FDI {fdi}" if fdi != UNNUMBERED else "unnumbered"


def tooth_code(fdi: int) -> Any:
    """SNOMED CT code of a tooth (context groups 4018, 4019), of any tooth for 0."""
    from pydicom.sr.coding import Code

    if fdi == UNNUMBERED:
        return Code("38199008", "SCT", "Tooth")
    item = TEETH[fdi]
    return Code(item.snomed, "SCT", f"{item.name[0].upper()}{item.name[1:]} tooth")
