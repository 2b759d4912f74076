from __future__ import annotations

import json
from pathlib import Path

import pytest

from panodent.datasets.public_findings import PUBLIC, findings_file
from panodent.dentition import TEETH
from panodent.errors import UnknownNameError
from panodent.formats.finding_annotations import read_findings
from panodent.teeth.finding_kinds import KINDS


@pytest.mark.parametrize("name", PUBLIC)
def test_included_findings_belong_to_teeth(name: str, tmp_path: Path) -> None:
    content = json.loads(findings_file(name).read_text(encoding="utf-8"))
    assert all(content["info"][name] for name in ("license", "attribution"))
    kinds = {entry["id"]: entry["name"] for entry in content["categories"]}
    assert set(KINDS) <= set(kinds.values())
    assert all(item["fdi"] in (0, *TEETH) for item in content["annotations"])
    # One radiograph by the reader: reading all takes seconds.
    first = content["annotations"][0]["image_id"]
    content["images"] = [image for image in content["images"] if image["id"] == first]
    content["annotations"] = [x for x in content["annotations"] if x["image_id"] == first]
    (tmp_path / "one.json").write_text(json.dumps(content))
    [found] = read_findings(tmp_path / "one.json").values()
    clear = [x for x in content["annotations"] if kinds[x["category_id"]] in KINDS]
    assert len(found.findings) == len(clear)


def test_other_sources_are_files(tmp_path: Path) -> None:
    file = tmp_path / "findings.json"
    with pytest.raises(UnknownNameError, match="ufba425, a COCO file"):
        findings_file(file)
    file.write_text("{}")
    assert findings_file(file) == file
