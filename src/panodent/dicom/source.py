"""What all derived objects share: the header of the radiograph, the model, and their UIDs."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from panodent.analysis.tooth_attributes import ToothAttributes, tooth_attributes
from panodent.dentition import TEETH
from panodent.dicom.header import prepare
from panodent.errors import MissingExtraError, PanodentError, RadiographError
from panodent.radiograph.dicom_file import decoding, is_dicom, quiet, read_header, reason
from panodent.radiograph.dicom_kind import find_problem
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.findings import Finding, Findings
from panodent.teeth.teeth import UNNUMBERED, Teeth
from panodent.version import __version__

MANUFACTURER = "panodent"
NOTICE = "Research use only, not a medical device"


@dataclass(frozen=True)
class Model:
    """Name and SHA-256 digest of the model bundle that found the teeth.

    >>> Model("", "5d1f").parameters
    {'bundle': 'unnamed', 'bundle-sha256': '5d1f'}
    """

    name: str
    digest: str

    @property
    def parameters(self) -> dict[str, str]:
        """Parameters that identify the model, for algorithm identification macros."""
        return {"bundle": self.name or "unnamed", "bundle-sha256": self.digest}


@dataclass(frozen=True)
class SourceImage:
    """A radiograph as the source of derived objects.

    header : its data set (pydicom) without pixels, prepared by `panodent.dicom.header`.
    teeth : the teeth in the layout of the file's pixels.
    model : the model that found them.
    notes : sentences that a reader of the results should know, those of the radiograph.
    findings : what was done to the teeth, in the layout of the file's pixels; None if nothing was
        looked for.
    attributes : what each tooth is like, judged on the upright radiograph; empty if not told.
    """

    header: Any
    teeth: Teeth
    model: Model
    notes: tuple[str, ...] = ()
    findings: Findings | None = None
    attributes: tuple[ToothAttributes, ...] = ()

    @property
    def common(self) -> dict[str, Any]:
        """Arguments that all classes of highdicom take."""
        return {
            "manufacturer": MANUFACTURER,
            "manufacturer_model_name": MANUFACTURER,
            "software_versions": __version__,
            "device_serial_number": self.model.digest[:16],
        }

    def uids(self, kind: str) -> dict[str, Any]:
        """Series and instance UIDs and numbers of a derived object, by kind such as 'seg'."""
        number = {"seg": 9001, "pr": 9002, "sr": 9003, "seg-ohif": 9004}[kind]
        return {
            "series_instance_uid": self.uid(kind, "series"),
            "series_number": number,
            "sop_instance_uid": self.uid(kind, "instance"),
            "instance_number": 1,
        }

    def tooth_tracking(self, index: int) -> str:
        """The UID by which segmentation and report name the same tooth of the record."""
        return self.uid("tracking", str(index))

    def finding_tracking(self, finding: Finding) -> str:
        """As `tooth_tracking`, of a finding; their order differs between the two objects."""
        return self.uid(
            "tracking", finding.kind, str(finding.fdi), str(tuple(map(int, finding.box)))
        )

    def uid(self, *parts: str) -> str:
        """A UID for a part of the result.

        It is the same for the same radiograph, model, teeth and findings.
        """
        radiograph = str(self.header.SOPInstanceUID)
        text = "/".join([radiograph, __version__, self.model.digest, self._content])
        digest = hashlib.sha256(f"{text}/{'/'.join(parts)}".encode()).digest()
        return f"2.25.{int.from_bytes(digest[:16])}"  # DICOM PS3.5 B.2: 2.25 and 128 bits

    @cached_property
    def _content(self) -> str:
        """A digest of teeth and findings; slow, and asked for by each of them."""
        content = hashlib.sha256(_state(self.teeth).encode())
        if self.findings is not None and len(self.findings):
            content.update(f"{self.findings.kinds}{_state(self.findings.marks)}".encode())
        return content.hexdigest()


def _state(teeth: Teeth) -> str:
    """All that a record says, as a text."""
    return "".join(
        f"{(int(teeth.fdi[index]), round(float(teeth.scores[index]), 6))}"
        f"{sorted(teeth.flags[index])}{teeth.rle(index)}"
        for index in range(len(teeth))
    )


def demand_dicom(file: Path | None) -> None:
    """Raises `RadiographError` for a file that is not DICOM: it has no study for DICOM results."""
    if file is None or not is_dicom(file):
        raise RadiographError(
            f"{file or 'pixels in memory'}: not a DICOM file, so there is no study for DICOM "
            "results; use --dicom-seg, --dicom-pr and --dicom-sr with DICOM files only"
        )


def source_of(
    radiograph: Radiograph, teeth: Teeth, model: Model, findings: Findings | None = None
) -> SourceImage:
    """The source image of a radiograph; raises `RadiographError` if its file is not DICOM."""
    file = radiograph.source
    demand_dicom(file)
    assert file is not None  # noqa: S101 - checked by demand_dicom
    header = read_header(file)
    with decoding(file):
        if problem := find_problem(header):
            raise RadiographError(problem)
        prepare(header)
    turned = _in_file_layout(radiograph, teeth)
    if findings is not None:
        findings = Findings(findings.kinds, _in_file_layout(radiograph, findings.marks))
    attributes = tooth_attributes(teeth)
    return SourceImage(header, turned, model, radiograph.notes, findings, attributes)


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


def is_left_out(note: str) -> bool:
    """Whether a note is one of `panodent.dicom.files.left_out`: of objects that were not made.

    >>> is_left_out("teeth.seg.dcm, teeth.pr.dcm were left out: no LUT"), is_left_out("mirrored")
    (True, False)
    """
    return note.startswith("teeth.") and " left out: " in note


@contextmanager
def using_highdicom(purpose: str, header: Any) -> Iterator[None]:
    """Context for calls of highdicom, without its warnings: they can quote patient data.

    Raises `MissingExtraError` if highdicom is not installed. Its own errors, caused by values in
    the radiograph's header, become a `RadiographError`.
    """
    try:
        import highdicom  # noqa: F401
    except ImportError:
        raise MissingExtraError("dicom", purpose, "highdicom") from None
    try:
        with quiet():
            yield
    except PanodentError:
        raise
    except Exception as error:  # highdicom raises many types for invalid values
        raise RadiographError(
            f"{header.filename}: {purpose} is not possible with the radiograph's header "
            f"({reason(error)})"
        ) from None


def tooth_label(fdi: int) -> str:
    """The label of a tooth.

    >>> tooth_label(36), tooth_label(0)
    ('FDI 36', 'unnumbered')
    """
    return f"FDI {fdi}" if fdi != UNNUMBERED else "unnumbered"


def tooth_code(fdi: int) -> Any:
    """SNOMED CT code of a tooth with the standard's name (context groups 4018, 4019).

    For 0 it is the code of "tooth": the codes of supernumerary teeth (context group 4025) name the
    tooth that they resemble, which a tooth without a number does not say.
    """
    if fdi == UNNUMBERED:
        from pydicom.sr.coding import Code

        return Code("38199008", "SCT", "Tooth")
    return _codes("CID4018", "CID4019")[TEETH[fdi].snomed]


@cache
def _codes(*groups: str) -> dict[str, Any]:
    """The codes of context groups by code value."""
    from pydicom.sr.codedict import Collection

    return {code.value: code for group in groups for code in Collection(group).concepts.values()}
