"""Tests of `panodent inspect --audit` with the default bundle."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from panodent import formats, phantom
from panodent.bundle import bundle
from panodent.bundle.seen import Seen
from panodent.cli import app
from panodent.datasets.dataset import find
from panodent.errors import BundleError, ConfigError
from panodent.formats.finding_annotations import write_findings
from panodent.teeth.findings import Findings
from panodent.teeth.teeth import Teeth

SEED = 40


def run(*arguments: object):
    return CliRunner().invoke(app, [str(item) for item in arguments])


def numbers(root: Path) -> dict[str, list[int]]:
    return {case.key: case.teeth().sorted().fdi.tolist() for case in find(root).cases}


@pytest.fixture(scope="module")
def truth(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms, annotated correctly."""
    root = tmp_path_factory.mktemp("truth")
    phantom.write(root, 2, seed=SEED, size=(256, 512))
    return root


@pytest.fixture(scope="module")
def wrong(truth: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same; 34 and 35 are exchanged in the first, 11 is not annotated in the second.

    The first has an annotated crown.
    """
    root = tmp_path_factory.mktemp("wrong")
    first, second = find(truth).cases
    teeth = first.teeth()
    exchanged = [{34: 35, 35: 34}.get(fdi, fdi) for fdi in teeth.fdi.tolist()]
    items = [
        Teeth(teeth.size, np.array(exchanged), teeth.boxes, teeth.masks, teeth.scores),
        second.teeth().select(second.teeth().fdi != 11),
    ]
    (root / "images").mkdir()
    for case in (first, second):
        (root / "images" / case.image.name).write_bytes(case.image.read_bytes())
    named = zip((first.image.name, second.image.name), items, strict=True)
    formats.get("coco").write(root / "truth.json", named)
    crown = Findings.from_masks(teeth.size, [("crown", 36, np.ones((3, 4), bool), (9, 9))])
    write_findings(root / "findings.json", [(first.image.name, crown)])
    return root


def test_an_audit_finds_names_and_proposes(truth: Path, wrong: Path, tmp_path: Path) -> None:
    done = run("inspect", wrong, "--audit", "--output", tmp_path / "report")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "2 likely mistakes in 2 radiographs" in said
    assert "2 radiographs: predicted by a network that did not learn from it" in said
    with (tmp_path / "report" / "audit.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    found = {row["key"]: (row["kind"], row["suggested"], row["trained_on"]) for row in rows}
    assert found[f"phantom-{SEED:05d}"][0] == "swapped"
    assert found[f"phantom-{SEED + 1:05d}"] == ("missing", "11", "no")
    page = (tmp_path / "report" / "index.html").read_text()
    assert "34 and 35 are exchanged" in page or "35 and 34 are exchanged" in page
    assert 'src="pictures/audit-2.jpg"' in page
    proposals = tmp_path / "report" / "corrections.json"
    assert len(json.loads(proposals.read_text())["radiographs"]) == 2
    fixed = tmp_path / "fixed"
    done = run("correct", wrong, "--with", proposals, "--output", fixed)
    assert done.exit_code == 0, done.output
    assert numbers(fixed) == numbers(truth) != numbers(wrong)


def test_of_a_bundle_without_a_list_it_is_unknown_what_it_learnt_from(
    truth: Path, tmp_path: Path
) -> None:
    bundle.save(replace(bundle.load(), seen=Seen()), tmp_path / "b")
    done = run("inspect", truth, "--audit", "--bundle", tmp_path / "b")
    assert done.exit_code == 0, done.output
    said = " ".join(done.output.split())
    assert "radiographs: whether the network learnt from it cannot be known" in said
    assert "b is not part of a training run" in said


def test_correct_annotations_have_no_mistake(truth: Path) -> None:
    done = run("inspect", truth, "--audit")
    assert done.exit_code == 0, done.output
    assert "0 likely mistakes in 0 radiographs" in done.output


def test_mistakes_go_to_the_page_of_the_service(wrong: Path, tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    from panodent.serve.store.store import Store

    done = run("inspect", wrong, "--audit", "--store", tmp_path / "store")
    assert done.exit_code == 0, done.output
    assert f"2 radiographs to review in {tmp_path / 'store'}" in "".join(done.output.splitlines())
    store = Store(tmp_path / "store")
    try:
        store.recover()  # as at the start of the service
        total, listed = store.worklist.page(10, 0)
        studies = {item["name"]: store.get(item["id"]) for item in listed}
    finally:
        store.close()
    assert total == 2
    study = studies[f"phantom-{SEED:05d}.png"]
    marked = sorted(tooth["fdi"] for tooth in study.teeth if "doubtful" in tooth["flags"])
    assert (marked, study.saved) == ([34, 35], False)
    reasons = {tooth["fdi"]: tooth["reason"] for tooth in study.teeth if tooth["reason"]}
    assert sorted(reasons) == [34, 35]
    assert all("exchanged" in reason for reason in reasons.values())
    assert "are exchanged" in study.about["warning"]
    assert [(one["id"], one["kind"], one["fdi"]) for one in study.findings] == [("f1", "crown", 36)]
    assert not study.findings_saved
    files = tmp_path / "store" / "files" / study.id
    assert sorted(file.name for file in files.iterdir()) == ["image.png", "original.png"]


@pytest.mark.parametrize("option", ["--bundle", "--store"])
def test_options_of_the_audit_need_it(truth: Path, option: str) -> None:
    done = run("inspect", truth, option, "default")
    assert isinstance(done.exception, ConfigError)
    assert "--audit" in str(done.exception)


def test_a_bundle_that_is_not_there(truth: Path, tmp_path: Path) -> None:
    done = run("inspect", truth, "--audit", "--bundle", tmp_path / "none")
    assert isinstance(done.exception, BundleError)
