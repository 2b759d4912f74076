"""Planes become findings with the tooth or position that they belong to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle.bundle import Bundle
from panodent.bundle.findings_network import FindingsNetwork, KindLimits
from panodent.bundle.frame import Frame
from panodent.drawing.canvas import to_png_bytes
from panodent.inference.findings import decode, find
from panodent.inference.folder import predict_files
from panodent.inference.one_input import Options
from panodent.inference.rescaling import predict_all, predict_teeth
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth
from panodent.utils.arrays import Float32Array
from panodent.utils.wording import counted

PLANE = (96, 192)
SIZE = (192, 384)
NETWORK = FindingsNetwork(b"", Frame(192, 384), tuple(KINDS))
# Upper teeth end at row 44 of the plane, lower teeth begin at row 52. Each is 8 wide.
X = {17: 30, 16: 40, 15: 50, 14: 60, 13: 70, 12: 80, 11: 90, 21: 100, 22: 110, 23: 120, 24: 130}
TOOTH = np.ones((40, 16), bool)


def teeth(*missing: int) -> Teeth:
    """Upper and lower teeth of the right side and the front."""
    items = []
    for fdi, x in X.items():
        lower = fdi + 30 if fdi < 20 else fdi + 10
        if fdi not in missing:
            items.append((fdi, TOOTH, (48, 2 * x)))
        if lower not in missing:
            items.append((lower, TOOTH, (104, 2 * x)))
    return Teeth.from_masks(SIZE, items)


def logits(*drawn: tuple[str, int, int, int, int]) -> Float32Array:
    """Planes in which (kind, top, left, bottom, right) are drawn."""
    planes = np.full((1 + len(KINDS), *PLANE), -4, np.float32)
    planes[0] = 4
    for kind, top, left, bottom, right in drawn:
        window = (slice(top, bottom), slice(left, right))
        planes[:, window[0], window[1]] = -4
        planes[1 + list(KINDS).index(kind), window[0], window[1]] = 4
    return planes


def found(planes: Float32Array, present: Teeth) -> tuple[list[int], Findings]:
    return decode(NETWORK, planes, present, {})


def names(findings: Findings) -> list[tuple[str, int]]:
    return [(finding.kind, finding.fdi) for finding in findings]


def test_nothing() -> None:
    replaced, nothing = found(logits(), teeth())
    assert replaced == []
    assert nothing == Findings.empty(SIZE)


def test_a_filling_belongs_to_its_tooth_and_is_as_large_as_drawn() -> None:
    _, findings = found(logits(("filling", 38, 41, 44, 47)), teeth())
    assert names(findings) == [("filling", 16)]
    assert findings[0].box == (76, 82, 88, 94)
    assert findings[0].mask.all()
    assert findings[0].score == pytest.approx(1 / (1 + 8 * np.exp(-8) - np.exp(-8)), abs=1e-3)
    assert not findings[0].flags


def test_fillings_and_crowns_reach_a_little_further_than_the_best_logit() -> None:
    heights = {}
    for kind in ("filling", "crown", "post"):
        planes = logits((kind, 38, 41, 44, 47))
        planes[1 + list(KINDS).index(kind), 37, 41:47] = planes[0, 37, 41:47] - 0.6
        _, findings = found(planes, teeth())
        heights[kind] = findings[0].box[2] - findings[0].box[0]
    assert heights["filling"] == heights["crown"] > heights["post"]


def test_what_touches_is_cut_between_teeth() -> None:
    _, findings = found(logits(("filling", 38, 36, 44, 43), ("crown", 34, 50, 44, 78)), teeth())
    assert names(findings) == [
        ("crown", 13), ("crown", 14), ("crown", 15), ("filling", 16), ("filling", 17),
    ]  # fmt: skip
    assert np.count_nonzero(findings.union(["crown"])) == 4 * 10 * 28  # nothing is lost
    # A fragment of a crown joins its neighbour.
    _, findings = found(logits(("crown", 34, 50, 44, 61)), teeth())
    assert names(findings) == [("crown", 15)]


def test_an_implant_and_its_crown_stand_in_the_place_of_a_missing_tooth() -> None:
    planes = logits(("implant", 54, 92, 70, 96), ("crown", 46, 90, 54, 98))
    _, findings = found(planes, teeth(41))
    assert names(findings) == [("crown", 41), ("implant", 41)]


def test_a_bridge() -> None:
    planes = logits(
        ("crown", 34, 50, 44, 58), ("pontic", 34, 58, 44, 80), ("crown", 34, 80, 44, 88)
    )
    replaced, findings = found(planes, teeth(14, 13))
    assert replaced == []
    assert names(findings) == [("crown", 12), ("pontic", 13), ("pontic", 14), ("crown", 15)]


def test_a_tooth_that_is_an_implant_or_pontic_is_none() -> None:
    present = teeth()
    index = present.fdi.tolist().index(44)
    planes = logits(("implant", 56, 60, 72, 68))
    replaced, findings = found(planes, present)
    assert replaced == [index]
    assert names(findings) == [("implant", 44)]
    planes = logits(("crown", 52, 60, 63, 68), ("implant", 63, 60, 72, 68))
    replaced, findings = found(planes, present)
    assert replaced == [index]
    assert names(findings) == [("crown", 44), ("implant", 44)]
    # A crowned tooth stays.
    assert found(logits(("crown", 52, 60, 63, 68)), present)[0] == []


@pytest.mark.parametrize("kind", ["implant", "pontic"])
def test_the_other_teeth_keep_their_numbers(kind: str) -> None:
    present = teeth()
    replaced, findings = found(logits((kind, 53, 60, 71, 68)), present)
    assert [int(present.fdi[index]) for index in replaced] == [44]
    assert names(findings) == [(kind, 44)]
    # What stands where no tooth was found gets a position of its own.
    _, findings = found(logits((kind, 53, 60, 71, 68)), teeth(44))
    assert names(findings) == [(kind, 44)]


@pytest.mark.parametrize("limit", [KindLimits(area=0.02), KindLimits(score=0.9999)])
def test_what_is_no_finding_removes_no_tooth(limit: KindLimits) -> None:
    strict = replace(NETWORK, limits={"implant": limit})
    replaced, findings = decode(strict, logits(("implant", 56, 60, 72, 68)), teeth(), {})
    assert (replaced, len(findings)) == ([], 0)


def test_a_wire_belongs_to_no_tooth_but_brackets_do() -> None:
    _, findings = found(logits(("appliance", 40, 35, 41, 120)), teeth())
    assert names(findings) == [("appliance", 0)]
    _, findings = found(
        logits(("appliance", 40, 45, 41, 65), ("appliance", 38, 42, 43, 47),
               ("appliance", 38, 62, 43, 67)),
        teeth(),
    )  # fmt: skip
    assert names(findings) == [("appliance", 14), ("appliance", 16)]


@pytest.mark.parametrize("kind", ["filling", "root_filling", "post", "appliance"])
def test_letters_in_the_margin_are_no_findings(kind: str) -> None:
    near, far = (kind, 22, 42, 26, 46), (kind, 88, 150, 92, 156)
    assert names(found(logits(near, far), teeth())[1]) == [(kind, 16)]
    assert names(found(logits(far), Teeth.empty(SIZE))[1]) == []
    implant = ("implant", 67, 150, 87, 154)
    assert kind in [one.kind for one in found(logits(far, implant), teeth())[1]]
    large = replace(NETWORK, limits={"implant": KindLimits(area=81 / (96 * 192))})
    assert names(decode(large, logits(far, implant), teeth(), {})[1]) == []


@pytest.mark.parametrize("kind", ["crown", "pontic"])
def test_a_bridge_begins_at_a_tooth_or_an_implant(kind: str) -> None:
    first, second = (kind, 81, 148, 87, 158), (kind, 81, 160, 87, 170)
    assert names(found(logits(first, second), teeth())[1]) == []
    planes = logits(first, second, ("implant", 67, 150, 80, 154))
    kinds = [one.kind for one in found(planes, teeth())[1]]
    assert kinds.count(kind) == 2


def test_what_is_too_small_or_unsure_is_left_out() -> None:
    planes = logits(("filling", 38, 41, 44, 47), ("post", 30, 52, 34, 54))
    limits = {"filling": KindLimits(area=37 / (96 * 192)), "post": KindLimits(score=0.9999)}
    network = replace(NETWORK, limits=limits)
    assert len(decode(network, planes, teeth(), {})[1]) == 0
    limits = {"filling": KindLimits(area=36 / (96 * 192)), "post": KindLimits(score=0.9)}
    assert len(decode(replace(NETWORK, limits=limits), planes, teeth(), {})[1]) == 2


def test_unsure_fillings_of_a_radiograph_without_a_sure_finding_are_left_out() -> None:
    planes = logits(("filling", 38, 41, 44, 47), ("crown", 38, 51, 44, 57))
    unsure = 0.3 * planes  # scores of 1 / (1 + 7 exp(-2.4)) = 0.61 instead of 0.998
    assert names(found(unsure, teeth())[1]) == [("crown", 15)]
    unsure[:, :, 50:] = planes[:, :, 50:]
    assert names(found(unsure, teeth())[1]) == [("crown", 15), ("filling", 16)]


def test_what_lies_in_the_part_that_was_seen_is_found_as_in_the_whole() -> None:
    # A bridge over an implant, brackets with a wire, and a root filling away from any tooth.
    whole = logits(
        ("crown", 34, 50, 44, 58), ("pontic", 34, 58, 44, 80), ("implant", 56, 60, 72, 68),
        ("appliance", 40, 95, 41, 125), ("appliance", 38, 92, 43, 97),
        ("appliance", 38, 112, 43, 117), ("root_filling", 70, 120, 76, 124),
    )  # fmt: skip
    part = np.s_[32:160, 64:288]
    seen = whole[:, 16:80, 32:144]
    expected = found(whole, teeth(14, 13))
    assert len(expected[1]) > 6
    assert decode(NETWORK, seen, teeth(14, 13), {}, part) == expected


def test_without_teeth() -> None:
    planes = logits(("implant", 10, 60, 30, 64), ("implant", 60, 120, 80, 124),
                    ("pontic", 26, 65, 32, 73))  # fmt: skip
    _, findings = found(planes, Teeth.empty(SIZE))
    numbers = {finding.kind: finding.fdi for finding in findings if finding.kind == "pontic"}
    assert numbers["pontic"] // 10 in (1, 4)
    jaws = [finding.fdi // 10 for finding in findings if finding.kind == "implant"]
    assert jaws == [1, 3]


def test_a_radiograph(finding_bundle: Bundle) -> None:
    radiograph, truth, restored = phantom.draw_all(3, (256, 512))
    teeth_found, findings = predict_all(finding_bundle, radiograph.pixels)
    assert findings is not None
    assert findings.size == truth.size
    assert set(findings.kinds) <= {"filling"}
    metal = restored.union()
    overlap = np.count_nonzero(findings.union() & metal) / np.count_nonzero(metal)
    assert overlap > 0.5
    assert predict_teeth(finding_bundle, radiograph.pixels) == teeth_found
    plain, nothing = predict_all(finding_bundle.without_findings(), radiograph.pixels)
    assert nothing is None
    assert plain == teeth_found  # no implant there


def test_only_the_mouth_is_seen_where_the_network_takes_parts(
    finding_bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="needs the train extra")
    from open_sides import open_sides

    network = finding_bundle.findings
    assert network is not None
    parts = replace(network, network=open_sides(network.network))
    radiograph, truth, _ = phantom.draw_all(3, (256, 512))
    front = truth.select(truth.fdi % 10 < 5)
    seen = []
    before = FindingsNetwork.input
    monkeypatch.setattr(
        FindingsNetwork, "input", lambda *given: seen.append(made := before(*given)) or made
    )
    tooth = (front.label_image() > 0).astype(np.float32)
    whole, part = (
        find(one, radiograph.pixels, tooth, front, finding_bundle.sizes) for one in (network, parts)
    )
    assert [one.shape for one in seen] == [(2, 128, 256), (2, 128, 192)]
    assert len(whole[1]) > 0
    assert part == whole


def test_an_unusual_scale_is_seen_in_the_same_window(finding_bundle: Bundle) -> None:
    radiograph, _, restored = phantom.draw_all(3, (256, 512))
    wide = np.zeros((384, 768), np.float32)
    wide[64:320, 128:640] = radiograph.pixels
    found_teeth, findings = predict_all(finding_bundle, wide)
    assert findings is not None
    assert findings.size == (384, 768)
    assert len(found_teeth) > 20
    metal = restored.placed(64, 128, (384, 768)).union()
    assert np.count_nonzero(findings.union() & metal) > 0.5 * np.count_nonzero(metal)


def test_predictions_keep_their_findings(finding_bundle: Bundle, drawn) -> None:
    from panodent.inference.predictor import Predictor

    radiograph: Radiograph = drawn[0]
    made = Predictor(finding_bundle).predict(radiograph)
    assert made.findings is not None
    assert Predictor(finding_bundle.without_findings()).predict(radiograph).findings is None
    words = made.report("universal").splitlines()
    assert any("filling" in line for line in words)
    told = "; ".join(line for line in made.report().splitlines() if "filling" in line)
    assert repr(made).endswith(f"; {counted(len(made.findings), 'finding', 'findings')})")
    assert f"<p>{told}</p>" in made._repr_html_()
    assert not np.array_equal(made.overlay(), made.overlay(findings=False))
    plain = Predictor(finding_bundle.without_findings()).predict(radiograph)
    assert "filling" not in repr(plain) + plain.report()
    assert np.array_equal(made.overlay(findings=False), plain.overlay())


def test_pictures_of_a_folder_have_findings(finding_bundle: Bundle, drawn, tmp_path: Path) -> None:
    image = np.round(drawn[0].pixels * 255).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(to_png_bytes(image))
    made: dict[str, list[bytes]] = {}
    plain = finding_bundle.without_findings()
    runs = [(finding_bundle, True), (finding_bundle, False), (plain, True)]
    for number, (bundle, draw) in enumerate(runs):
        options = Options(chart=True, draw_findings=draw)
        out = tmp_path / str(number)
        (status,) = predict_files([tmp_path / "a.png"], out, bundle=bundle, options=options)
        assert (status.findings > 0) == (bundle is finding_bundle)
        for name in ("overlay.png", "odontogram.svg", "odontogram.png"):
            made.setdefault(name, []).append((out / "a" / name).read_bytes())
    assert made["overlay.png"][0] != made["overlay.png"][1]
    assert b"data-findings" in made["odontogram.svg"][0]
    for name in ("odontogram.svg", "odontogram.png"):
        assert made[name][0] == made[name][1] != made[name][2]
