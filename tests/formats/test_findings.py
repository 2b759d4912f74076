"""Findings in annotation formats: written and read again, by kind and tooth, teeth unchanged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from panodent import formats
from panodent.errors import AnnotationError
from panodent.formats.base import Annotated, finding_losses
from panodent.formats.faults import FaultList
from panodent.formats.registry import BY_NAME, FORMATS, Limits
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SIZE = (40, 60)
BLOCK = np.ones((10, 8), bool)
DOT = np.ones((2, 3), bool)
HOLE = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
PARTS = np.array([[1, 0, 1]], bool)
TEETH = Teeth.from_masks(
    SIZE, [(36, BLOCK, (2, 2)), (48, BLOCK, (2, 20)), (0, DOT, (30, 2)), (36, BLOCK, (20, 40))]
)
FINDINGS = Findings.from_masks(
    SIZE,
    [
        ("filling", 36, DOT, (2, 2)),
        ("filling", 36, DOT, (8, 4)),  # a second one on the same tooth
        ("crown", 48, HOLE, (3, 21)),
        ("root_filling", 48, PARTS, (9, 21)),
        ("implant", 46, DOT, (30, 30)),  # its tooth is missing
        ("appliance", 0, DOT, (3, 3)),  # of no single tooth
    ],
)
HOLDING = [info.name for info in FORMATS if info.writable and info.limits.findings != "no"]
WAYS = [(name, way) for name in HOLDING for way in BY_NAME[name].geometries or ("",)]


def expected(name: str) -> Findings:
    """What comes back from a format: without teeth where it cannot hold them."""
    if BY_NAME[name].limits.findings == "tooth":
        return FINDINGS
    return Findings.from_masks(SIZE, [(f.kind, 0, f.mask, f.box[:2]) for f in FINDINGS])


def written(folder: Path, name: str, *items: Any, **options: Any) -> list[Annotated]:
    chosen = formats.get(name)
    chosen.write(folder, items, options)
    for image, *_ in items:
        place = folder / chosen.image_place(image)
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(SIZE, np.uint8)).save(place)
    return chosen.read(folder)


def read_findings(item: Annotated) -> Findings:
    assert item.findings is not None
    return item.findings().findings


@pytest.mark.parametrize(("name", "geometry"), WAYS)
def test_there_and_back(tmp_path: Path, name: str, geometry: str) -> None:
    options = {"geometry": geometry} if geometry else {}
    items = [("a.png", Teeth.empty(SIZE), Findings.empty(SIZE)), ("b.png", TEETH, FINDINGS)]
    first, second = written(tmp_path, name, *items, **options)
    assert second.read() == TEETH
    assert read_findings(second).sorted() == expected(name).sorted()
    assert read_findings(second) == read_findings(second)
    assert len(read_findings(first)) == 0
    assert formats.recognise(tmp_path) == name


@pytest.mark.parametrize("name", ["labels", "voc", "nnunet", "supervisely", "via", "coco-panoptic"])
def test_findings_that_a_format_does_not_read_are_noted(tmp_path: Path, name: str) -> None:
    chosen, faults = formats.get(name), FaultList()
    crowned = Teeth.from_masks(SIZE, [(36, BLOCK, (2, 2)), (48, BLOCK, (2, 20))])
    chosen.write(tmp_path, [("a.png", crowned)], {"map": {"crown": 36}})
    if name == "coco-panoptic":  # is written with FDI numbers
        file = tmp_path / "panoptic.json"
        file.write_text(file.read_text().replace('"name": "36"', '"name": "crown"'))
    place = tmp_path / chosen.image_place("a.png")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(place)
    (item,) = chosen.read(tmp_path, {"faults": faults})
    assert item.read().fdi.tolist() == [48]
    (note,) = (note.problem for note in faults.notes if "findings" in note.problem)
    assert note.startswith("class names 'crown' are findings")
    assert "coco, cvat, label-studio" in note


@pytest.mark.parametrize("name", HOLDING)
@pytest.mark.parametrize("empty", [True, False])
def test_without_findings_the_files_are_those_of_teeth(
    tmp_path: Path, name: str, empty: bool
) -> None:
    chosen = formats.get(name)
    chosen.write(tmp_path / "teeth", [("b.png", TEETH)])
    rest = (Findings.empty(SIZE),) if empty else ()
    (item,) = written(tmp_path / "both", name, ("b.png", TEETH, *rest))
    files = [file for file in (tmp_path / "teeth").rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert (tmp_path / "both" / file.relative_to(tmp_path / "teeth")).read_bytes() == (
            file.read_bytes()
        )
    assert item.findings is None


@pytest.mark.parametrize("name", [name for name in HOLDING if name != "coco"])
def test_names_of_the_map_are_written_and_read(tmp_path: Path, name: str) -> None:
    """COCO is written with FDI numbers and the names of the kinds."""
    names = {"Krone": "finding:crown", "Fuellung": "finding:filling", "caries": None}
    formats.get(name).write(tmp_path, [("b.png", TEETH, FINDINGS)], {"map": names})
    place = tmp_path / formats.get(name).image_place("b.png")
    place.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros(SIZE, np.uint8)).save(place)
    text = "".join(f.read_text() for f in tmp_path.rglob("*.*") if f.suffix != ".png")
    assert "Krone" in text
    assert "crown" not in text
    (item,) = formats.get(name).read(tmp_path, {"map": names})
    assert sorted(read_findings(item).kinds) == sorted(FINDINGS.kinds)
    assert item.read() == TEETH


@pytest.mark.parametrize("name", formats.WRITTEN)
def test_formats_that_hold_no_findings_write_the_teeth(tmp_path: Path, name: str) -> None:
    block = np.ones((4, 5), bool)
    teeth = Teeth.from_masks((20, 30), [(36, block, (1, 1))])
    found = Findings.from_masks((20, 30), [("crown", 36, block, (1, 1))])
    chosen = formats.get(name)
    chosen.write(tmp_path, [("a.png", teeth, found)])
    if name not in HOLDING:
        place = tmp_path / chosen.image_place("a.png")
        place.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.zeros(teeth.size, np.uint8)).save(place)  # may have to tell the size
        (item,) = chosen.read(tmp_path, {"values": "fdi"})
        assert item.findings is None
        assert item.read().fdi.tolist() == [36]


def test_findings_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="expected the same"):
        formats.get("coco").write(tmp_path, [("a.png", TEETH, Findings.empty((8, 8)))])


@pytest.mark.parametrize(
    ("limits", "lost"),
    [
        (Limits(), {"findings": 6}),
        (Limits(findings="kind"), {"the teeth of findings": 5}),
        (Limits(findings="tooth"), {}),
    ],
)
def test_losses_by_hand(limits: Limits, lost: dict[str, int]) -> None:
    assert finding_losses(FINDINGS, limits) == lost


def test_losses_of_scores_and_flags() -> None:
    found = Findings.from_masks(
        SIZE, [("post", 11, DOT, (1, 1)), ("post", 12, DOT, (9, 9))], [0.5, 1], [(), ("edited",)]
    )
    lost = {"scores of findings": 1, "flags of findings": 1}
    assert finding_losses(found, Limits(findings="tooth")) == lost
    assert finding_losses(found, Limits(findings="tooth", scores=True)) == {"flags of findings": 1}


# --- files by hand ------------------------------------------------------------------------------


def coco(folder: Path, categories: list[Any], annotations: list[Any], name: str = "a.json") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    square = [[1, 1, 4, 1, 4, 4, 1, 4]]
    data = {
        "images": [{"id": 1, "file_name": "opg.png", "height": 9, "width": 12}],
        "categories": categories,
        "annotations": [
            {"id": n, "image_id": 1, "segmentation": square, **entry}
            for n, entry in enumerate(annotations)
        ],
    }
    (folder / name).write_text(json.dumps(data))
    return folder / name


@pytest.mark.parametrize(
    ("entry", "fdi"),
    [
        ({"fdi": 36}, 36),
        ({"fdi": "36"}, 36),
        ({"fdi": 0}, 0),
        ({}, 0),
        ({"attributes": {"fdi": 47}}, 47),
        ({"attributes": {"occluded": False}}, 0),
    ],
)
def test_coco_names_the_tooth_in_two_places(tmp_path: Path, entry: Any, fdi: int) -> None:
    categories = [{"id": 1, "name": "36"}, {"id": 2, "name": "Crown"}]
    annotations = [{"category_id": 1}, {"category_id": 2, **entry}]
    (item,) = formats.get("coco").read(coco(tmp_path, categories, annotations))
    assert item.read().fdi.tolist() == [36]
    assert read_findings(item).fdi.tolist() == [fdi]
    assert read_findings(item).kinds == ("crown",)


@pytest.mark.parametrize("wrong", [99, "molar", 36.5, True, [36]])
def test_coco_a_number_that_is_no_tooth_is_refused_with_the_finding(
    tmp_path: Path, wrong: Any
) -> None:
    categories = [{"id": 36, "name": "36"}, {"id": 2, "name": "crown"}]
    annotations = [{"category_id": 36}, {"category_id": 2, "fdi": wrong}]
    (item,) = formats.get("coco").read(coco(tmp_path, categories, annotations))
    assert item.read().fdi.tolist() == [36]  # the teeth can be used all the same
    with pytest.raises(AnnotationError, match="the tooth of a finding is"):
        read_findings(item)


def test_coco_findings_of_no_kind_and_those_to_be_ignored_are_unclear(tmp_path: Path) -> None:
    categories = [
        {"id": 1, "name": "36"},
        {"id": 2, "name": "bridge"},
        {"id": 3, "name": "root_remnant", "supercategory": "finding"},
        {"id": 4, "name": "crown"},
    ]
    square = [[6, 6, 8, 6, 8, 8, 6, 8]]
    for extra in ({"category_id": 2}, {"category_id": 3}, {"category_id": 4, "ignore": 1}):
        annotations = [{"category_id": 1}, {**extra, "segmentation": square}]
        (item,) = formats.get("coco").read(coco(tmp_path, categories, annotations))
        assert item.read().fdi.tolist() == [36]
        assert item.findings is not None
        annotated = item.findings()
        assert len(annotated.findings) == 0
        assert int(annotated.unclear.sum()) == 4


def test_coco_findings_may_have_a_file_of_their_own(tmp_path: Path) -> None:
    coco(tmp_path, [{"id": 36, "name": "36"}], [{"category_id": 36}])
    kinds = [{"id": 1, "name": "filling", "supercategory": "finding"}]
    coco(tmp_path, kinds, [{"category_id": 1, "fdi": 36}], "findings.json")
    (item,) = formats.get("coco").read(tmp_path)
    assert read_findings(item).kinds == ("filling",)
    assert read_findings(item).fdi.tolist() == [36]
    (alone,) = formats.get("coco").read(tmp_path / "a.json")
    assert alone.findings is None


def test_a_second_file_of_findings_is_not_left_out_in_silence(tmp_path: Path) -> None:
    categories = [{"id": 36, "name": "36"}, {"id": 2, "name": "crown"}]
    coco(tmp_path, categories, [{"category_id": 2, "fdi": 36}])
    kinds = [{"id": 1, "name": "filling", "supercategory": "finding"}]
    coco(tmp_path, kinds, [{"category_id": 1, "fdi": 36}], "findings.json")
    faults = FaultList()
    (item,) = formats.get("coco").read(tmp_path, {"faults": faults})
    assert read_findings(item).kinds == ("crown",)
    (warning,) = faults
    assert warning.is_warning
    assert "findings.json: was not read, because the annotations" in str(warning)


def test_coco_ids_of_teeth_are_read_beside_findings(tmp_path: Path) -> None:
    categories = [{"id": 36, "name": "molar"}, {"id": 2, "name": "implant"}]
    (item,) = formats.get("coco").read(coco(tmp_path, categories, [{"category_id": 36}]))
    assert item.read().fdi.tolist() == [36]


def test_labelme_a_group_joins_a_finding_with_its_tooth(tmp_path: Path) -> None:
    square = [[1, 1], [4, 1], [4, 4], [1, 4]]
    shapes = [
        {"label": "36", "points": square, "group_id": 7, "shape_type": "polygon"},
        {"label": "filling", "points": square, "group_id": 7},
        {"label": "filling", "points": square, "group_id": 7, "description": "FDI 11"},
        {"label": "implant", "points": square, "group_id": 8, "description": "fdi 46"},
        {"label": "post", "points": square, "description": "long"},
    ]
    data = {"shapes": shapes, "imagePath": "opg.png", "imageHeight": 9, "imageWidth": 12}
    (tmp_path / "opg.json").write_text(json.dumps(data))
    (item,) = formats.get("labelme").read(tmp_path)
    assert item.read().fdi.tolist() == [36]
    assert read_findings(item).fdi.tolist() == [36, 36, 46, 0]


def test_label_studio_a_choice_names_the_tooth(tmp_path: Path) -> None:
    (item,) = written(tmp_path, "label-studio", ("b.png", TEETH, FINDINGS), numbering="universal")
    data = json.loads((tmp_path / "tasks.json").read_text())
    results = data[0]["annotations"][0]["result"]
    chosen = [entry for entry in results if entry["type"] == "choices"]
    numbers = [entry["value"]["choices"] for entry in chosen]
    assert numbers == [["19"], ["19"], ["32"], ["32"], ["30"]]
    assert all(entry["from_name"] == "tooth" for entry in chosen)
    regions = {entry["id"]: entry["value"] for entry in results if entry["type"] == "brushlabels"}
    assert regions[chosen[-1]["id"]]["brushlabels"] == ["implant"]
    (item,) = formats.get("label-studio").read(tmp_path, {"numbering": "universal"})
    assert read_findings(item).fdi.tolist() == FINDINGS.fdi.tolist()


def test_label_studio_choices_about_teeth_are_not_read(tmp_path: Path) -> None:
    """Other projects have a choice 'tooth' that says something else."""
    written(tmp_path, "label-studio", ("b.png", TEETH))
    data = json.loads((tmp_path / "tasks.json").read_text())
    results = data[0]["annotations"][0]["result"]
    choice = {"id": results[0]["id"], "type": "choices", "from_name": "tooth"}
    results.append({**choice, "to_name": "image", "value": {"choices": ["carious"]}})
    (tmp_path / "tasks.json").write_text(json.dumps(data))
    (item,) = formats.get("label-studio").read(tmp_path)
    assert item.read() == TEETH


def test_label_studio_keeps_scores(tmp_path: Path) -> None:
    found = Findings.from_masks(SIZE, [("crown", 36, DOT, (1, 1))], [0.25])
    (item,) = written(tmp_path, "label-studio", ("b.png", TEETH, found))
    assert read_findings(item).scores.tolist() == [0.25]


def test_cvat_declares_the_attribute_of_findings(tmp_path: Path) -> None:
    written(tmp_path, "cvat", ("b.png", TEETH, FINDINGS))
    text = (tmp_path / "annotations.xml").read_text()
    assert text.index("<name>implant</name>") < text.index("<image")
    assert '<attribute name="fdi">46</attribute>' in text


def test_yolo_classes_of_findings_follow_those_of_teeth(tmp_path: Path) -> None:
    import yaml

    written(tmp_path, "yolo", ("b.png", TEETH, FINDINGS))
    names = yaml.safe_load((tmp_path / "data.yaml").read_text())["names"]
    assert [names[index] for index in (52, 53, 59)] == ["unnumbered", "filling", "appliance"]
    assert len(names) == 60


def test_voc_a_class_of_findings_is_not_an_unknown_tooth(tmp_path: Path) -> None:
    written(tmp_path, "voc", ("a.png", Teeth.from_masks(SIZE, [(36, BLOCK, (2, 2))])))
    (file,) = (tmp_path / "Annotations").glob("*.xml")
    text = file.read_text()
    found = text[text.index("<object>") : text.index("</object>") + len("</object>")]
    more = found.replace("36", "dental_implant")
    file.write_text(text.replace(found, found + more))
    (item,) = formats.get("voc").read(tmp_path)
    assert item.read().fdi.tolist() == [36]


def results(folder: Path) -> Path:
    """An output folder as `panodent predict` writes it; returns the record of its radiograph."""
    from panodent.outputs.case import write_case
    from panodent.radiograph.radiograph import Radiograph

    radiograph = Radiograph(np.zeros(SIZE, np.float32))
    teeth = TEETH.select([0, 1])
    write_case(folder / "opg", radiograph, teeth, pictures=False, findings=FINDINGS)
    (folder / "findings.json").write_text("[]")
    return folder / "opg" / "teeth.json"


def test_findings_of_results_are_read(tmp_path: Path) -> None:
    record = results(tmp_path)
    (item,) = formats.get("labels").read(tmp_path)
    assert read_findings(item) == FINDINGS
    data = json.loads(record.read_text())
    del data["findings"]
    record.write_text(json.dumps(data))
    assert len(read_findings(item)) == 0
    (tmp_path / "findings.json").unlink()
    (item,) = formats.get("labels").read(tmp_path)
    assert item.findings is None


@pytest.mark.parametrize(
    "change", [{"kind": "caries"}, {"fdi": 99}, {"rle": "!"}, {"score": "high"}, {"flags": ["odd"]}]
)
def test_damaged_findings_of_results_are_refused(tmp_path: Path, change: Any) -> None:
    record = results(tmp_path)
    data = json.loads(record.read_text())
    data["findings"][0] |= change
    record.write_text(json.dumps(data))
    (item,) = formats.get("labels").read(tmp_path)
    with pytest.raises(AnnotationError, match=r"teeth\.json: not the findings of a result"):
        read_findings(item)
