"""Findings in DICOM objects: codes, masks and sites; without findings nothing changes."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pydicom = pytest.importorskip("pydicom")
highdicom = pytest.importorskip("highdicom")

from pydicom.sr.codedict import Collection  # noqa: E402

from panodent.dentition import TEETH  # noqa: E402
from panodent.dicom import files, seg, sr  # noqa: E402
from panodent.dicom.source import Model, SourceImage, source_of  # noqa: E402
from panodent.outputs.case import write_case  # noqa: E402
from panodent.radiograph.radiograph import Radiograph, read  # noqa: E402
from panodent.teeth.finding_codes import CODES, SCHEME  # noqa: E402
from panodent.teeth.finding_kinds import KINDS  # noqa: E402
from panodent.teeth.findings import Findings  # noqa: E402
from panodent.teeth.teeth import Teeth  # noqa: E402

PLACES = (36, 36, 46, 11, 11, 47, 0)
"""The tooth of one finding of each kind, in their order: 46 and 47 carry none themselves."""


@pytest.fixture(scope="module")
def findings(source: SourceImage) -> Findings:
    """One finding of each kind, and a second filling on the same tooth that is doubtful."""
    shape = np.array([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 1, 1]], bool)
    items = [
        (kind, fdi, shape, (10 + 5 * i, 20 + 2 * i))  # they overlap teeth and each other
        for i, (kind, fdi) in enumerate(zip(KINDS, PLACES, strict=True))
    ]
    items.append(("filling", 36, shape, (11, 21)))
    flags = [()] * len(KINDS) + [("doubtful",)]
    scores = np.linspace(0.5, 1, len(items)).tolist()
    return Findings.from_masks(source.teeth.size, items, scores, flags)


@pytest.fixture(scope="module")
def with_findings(source: SourceImage, findings: Findings) -> SourceImage:
    return replace(source, findings=findings)


@pytest.fixture(scope="module")
def results(with_findings: SourceImage, tmp_path_factory: Any) -> dict[str, Any]:
    """The three results, written and read again; libraries must not warn."""
    folder = tmp_path_factory.mktemp("results")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        files.write(folder, files.contents(with_findings, tuple(files.KINDS)))
    return {kind: pydicom.dcmread(folder / files.name_of(kind)) for kind in files.KINDS}


# --- codes --------------------------------------------------------------------------------------


def test_every_kind_has_a_code() -> None:
    assert tuple(CODES) == tuple(KINDS)
    assert len({(code.type, code.modifier) for code in CODES.values()}) == len(CODES)


@pytest.mark.parametrize("kind", KINDS)
def test_codes_are_those_of_the_standard_or_private(kind: str) -> None:
    known = Collection("CID7151").concepts.values()
    standard = {(code.value, code.scheme_designator, code.meaning) for code in known}
    code = CODES[kind]
    if code.type[1] == SCHEME:
        assert code.type[0] == kind
        assert code.modifier is None
    else:
        assert code.type in standard
    assert code.modifier is None or code.modifier[:2] == (kind, SCHEME)
    # DICOM PS3.5 6.2: a code value has at most 16 characters (SH), a meaning 64 (LO).
    for value, scheme, meaning in filter(None, (code.type, code.modifier)):
        assert len(value) <= 16
        assert len(scheme) <= 16
        assert len(meaning) <= 64


# --- segmentation -------------------------------------------------------------------------------


def test_a_segmentation_holds_teeth_and_findings(
    results: dict[str, Any], source: SourceImage, findings: Findings
) -> None:
    teeth = seg.to_teeth(results["seg"])
    assert teeth.fdi.tolist() == source.teeth.fdi.tolist()
    assert all(map(np.array_equal, teeth.masks, source.teeth.masks))
    found = seg.to_findings(results["seg"])
    assert found.kinds == findings.kinds
    assert found.fdi.tolist() == findings.fdi.tolist()
    assert all(map(np.array_equal, found.marks.masks, findings.marks.masks))
    assert np.array_equal(found.marks.boxes, findings.marks.boxes)


def test_highdicom_reads_the_segments(
    results: dict[str, Any], source: SourceImage, findings: Findings
) -> None:
    read_back = highdicom.seg.Segmentation.from_dataset(results["seg"])
    count = len(source.teeth)
    planes = read_back.get_pixels_by_source_instance([source.header.SOPInstanceUID])[0]
    assert planes.shape[2] == count + len(findings)
    for index in range(len(findings)):
        assert np.array_equal(planes[..., count + index].astype(bool), findings.full_mask(index))
    described = read_back.get_segment_description(count + list(KINDS).index("implant") + 1)
    assert described.segment_label == "FDI 47 implant"
    assert described.segmented_property_type.value == "40388003"
    assert described.segmented_property_category.meaning == "Physical object"
    assert described.anatomic_regions[0].value == TEETH[47].snomed


def test_a_crown_and_a_pontic_differ_in_their_modifier(
    results: dict[str, Any], source: SourceImage
) -> None:
    by_label = {item.SegmentLabel: item for item in results["seg"].SegmentSequence}
    crown = by_label["FDI 36 crown"].SegmentedPropertyTypeCodeSequence[0]
    pontic = by_label["FDI 46 pontic"].SegmentedPropertyTypeCodeSequence[0]
    assert crown.CodeValue == pontic.CodeValue == "27606000"
    values = [
        code.SegmentedPropertyTypeModifierCodeSequence[0].CodeValue for code in (crown, pontic)
    ]
    assert values == ["crown", "pontic"]
    assert "AnatomicRegionSequence" not in by_label["appliance"]


def test_a_jaw_without_teeth_may_have_findings(source: SourceImage, findings: Findings) -> None:
    bare = replace(source, teeth=Teeth.empty(source.teeth.size), findings=findings)
    assert set(files.make(bare, tuple(files.KINDS))) == {"seg", "seg-ohif", "pr", "sr"}
    made = files.make(bare, ("seg",))["seg"]
    assert len(seg.to_teeth(made)) == 0
    assert seg.to_findings(made).kinds == findings.kinds
    empty = replace(bare, findings=Findings.empty(source.teeth.size))
    assert set(files.make(empty, tuple(files.KINDS))) == {"sr"}


# --- report -------------------------------------------------------------------------------------


def test_segmentation_and_report_track_the_same_findings(results: dict[str, Any]) -> None:
    """Although their order differs."""
    content = highdicom.sr.ComprehensiveSR.from_dataset(results["sr"]).content
    groups = content.get_planar_roi_measurement_groups()
    tracked = {str(group.tracking_uid): group.tracking_identifier for group in groups}
    segments = results["seg"].SegmentSequence
    assert tracked == {item.TrackingUID: item.TrackingID for item in segments}


def test_a_report_lists_findings_by_tooth(
    results: dict[str, Any], source: SourceImage, findings: Findings
) -> None:
    content = highdicom.sr.ComprehensiveSR.from_dataset(results["sr"]).content
    groups = content.get_planar_roi_measurement_groups()[len(source.teeth) :]
    assert len(groups) == len(findings)
    expected = findings.sorted()
    for group, finding in zip(groups, expected, strict=True):
        code = CODES[finding.kind]
        assert group.finding_type.value == code.type[0]
        assert group.finding_category.value == "260787004"
        sites = [site.value.value for site in group.finding_sites]
        assert sites == ([TEETH[finding.fdi].snomed] if finding.fdi else [])
        said = {e.name.meaning: e.value for e in group.get_qualitative_evaluations()}
        assert said["Presence"].meaning == ("Indeterminate" if finding.flags else "Present")
        assert ("Kind of finding" in said) == (code.modifier is not None)
        if code.modifier is not None:
            assert said["Kind of finding"].value == finding.kind
        measured = {m.name.meaning: m.value for m in group.get_measurements()}
        assert measured == {
            "Area": float(finding.mask.sum()),
            "Certainty of Finding": pytest.approx(100 * finding.score, abs=0.01),
        }


def test_teeth_of_the_report_are_as_without_findings(
    results: dict[str, Any], source: SourceImage
) -> None:
    """Also those said to be absent: a place with an implant or a pontic has no tooth."""
    names = [_identifiers(report) for report in (sr.report(source), results["sr"])]
    assert names[1][: len(names[0])] == names[0]


def _identifiers(report: Any) -> list[str]:
    content = highdicom.sr.ComprehensiveSR.from_dataset(report).content
    absent = content.get_image_measurement_groups()
    groups = [*absent, *content.get_planar_roi_measurement_groups()]
    return [str(group.tracking_identifier) for group in groups]


# --- what stays as it is ------------------------------------------------------------------------


@pytest.mark.parametrize("kind", files.KINDS)
def test_without_findings_nothing_changes(source: SourceImage, kind: str) -> None:
    empty = replace(source, findings=Findings.empty(source.teeth.size))
    before, after = (_fixed(files.make(case, [kind])[kind]) for case in (source, empty))
    assert before == after


def _fixed(dataset: Any) -> str:
    """The data set as text, without the moment when it was made and highdicom's random UIDs."""
    lines = str(dataset).splitlines()
    moments = (" DA: ", " TM: ", " DT: ", "Dimension Organization UID")
    return "\n".join(line for line in lines if not any(text in line for text in moments))


@pytest.mark.parametrize("kind", ["seg", "sr"])
def test_other_findings_make_another_object(
    source: SourceImage, findings: Findings, kind: str
) -> None:
    cases = [source, replace(source, findings=findings)]
    cases.append(replace(source, findings=findings.select([0])))
    assert len({case.uid(kind, "instance") for case in cases}) == 3


# --- files --------------------------------------------------------------------------------------


def test_findings_are_in_the_layout_of_the_file(
    scene: tuple[Radiograph, Teeth], store_file: Any, model: Model, tmp_path: Path
) -> None:
    def mirror(dataset: Any) -> None:
        dataset.PixelData = np.ascontiguousarray(dataset.pixel_array[:, ::-1]).tobytes()
        dataset.PatientOrientation = ["R", "F"]

    radiograph = read(store_file(tmp_path, mirror))
    found = Findings.from_masks(radiograph.size, [("post", 36, np.ones((3, 4)), (5, 7))])
    made = source_of(radiograph, scene[1], model, found)
    assert made.findings is not None
    assert made.findings.kinds == ("post",)
    assert np.array_equal(made.findings.full_mask(0), found.full_mask(0)[:, ::-1])


def test_predicted_findings_are_written(
    scene: tuple[Radiograph, Teeth], store_file: Any, tmp_path: Path, findings: Findings
) -> None:
    radiograph = read(store_file(tmp_path))
    out = tmp_path / "out"
    write_case(out, radiograph, scene[1], dicom=("seg",), pictures=False, findings=findings)
    found = seg.to_findings(pydicom.dcmread(out / files.name_of("seg")))
    assert found.kinds == findings.kinds


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="needs dciodvfy (dicom3tools)")
def test_dciodvfy_finds_no_error(results: dict[str, Any], tmp_path: Path) -> None:
    said = []
    for kind, dataset in results.items():
        dataset.save_as(tmp_path / files.name_of(kind))
        checked = subprocess.run(
            ["dciodvfy", str(tmp_path / files.name_of(kind))], capture_output=True, text=True
        )
        said += [f"{kind}: {line}" for line in (checked.stdout + checked.stderr).splitlines()]
    assert [line for line in said if "Error" in line] == []
