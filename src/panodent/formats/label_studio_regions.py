"""Teeth and findings as regions of Label Studio, for its JSON export and for predictions.

The specification is https://labelstud.io/guide/task_format. A region is a result with an outline
and a label. The tooth that carries a finding is another result with the id of its region, of a
control tag <Choices name="tooth" toName="image" perRegion="true">.
"""

from __future__ import annotations

from panodent.formats.naming import Naming
from panodent.formats.parsing.brush_rle import encode
from panodent.formats.parsing.json_record import Record
from panodent.formats.parsing.shapes import rings_without_holes
from panodent.teeth.findings import NOWHERE, Findings
from panodent.teeth.teeth import Teeth

TOOTH = "tooth"
"""Name of the control tag with the tooth of a finding."""


def result(teeth: Teeth, index: int, naming: Naming, geometry: str = "brush") -> Record:
    """Tooth `index` as a region of Label Studio, without an id. A score of 1 is left out.

    `geometry` is 'brush' or 'polygon'.
    """
    return _region(teeth, index, naming.name(int(teeth.fdi[index])), geometry)


def finding_results(
    findings: Findings, naming: Naming, geometry: str = "brush", prefix: str = "finding"
) -> list[Record]:
    """The findings as regions, each followed by the choice of its tooth if it has one.

    Their ids begin with `prefix`. `geometry` is 'brush' or 'polygon'.
    """
    found = []
    for index, finding in enumerate(findings):
        label = naming.kind_name(finding.kind)
        region = {
            "id": f"{prefix}{index + 1}",
            **_region(findings.marks, index, label, geometry),
        }
        found.append(region)
        if finding.fdi != NOWHERE:
            found.append(tooth_choice(region, naming.name(finding.fdi)))
    return found


def tooth_choice(region: Record, name: str) -> Record:
    """The result that says which tooth carries the finding of a region with an id."""
    shared = ("id", "to_name", "original_width", "original_height", "image_rotation")
    return {
        **{key: region[key] for key in shared},
        "type": "choices",
        "from_name": TOOTH,
        "value": {"choices": [name]},
    }


def _region(teeth: Teeth, index: int, name: str, geometry: str) -> Record:
    height, width = teeth.size
    label = [name]
    rings = rings_without_holes(teeth, index) if geometry == "polygon" else []
    if len(rings) == 1:
        kind, points = "polygon", rings[0] * 100 / (width, height)
        value = {"points": points.tolist(), "closed": True, "polygonlabels": label}
    else:
        kind, rle = "brush", encode(teeth.full_mask(index))
        value = {"format": "rle", "rle": rle, "brushlabels": label}
    score = float(teeth.scores[index])
    return {
        "type": f"{kind}labels",
        "from_name": kind,
        "to_name": "image",
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "value": value,
        **({"score": score} if score < 1 else {}),
    }
