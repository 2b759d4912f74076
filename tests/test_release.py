"""What a release must agree on: versions, changelog, make targets, and what is built."""

from __future__ import annotations

import io
import re
import tarfile
import tomllib
from pathlib import Path

import pytest
import yaml

import wheel_check
from panodent.version import __version__

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.skipif(
    not (ROOT / ".ci/run").exists(), reason="a source distribution has no CI files"
)
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "docs/how-to/release.md"]


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["cff-version"] == "1.2.0"
    assert citation["version"] == __version__
    assert citation["license"] == tomllib.loads(text("pyproject.toml"))["project"]["license"]
    assert all(citation[key] for key in ("title", "message", "authors"))


def test_the_top_section_of_the_changelog_is_of_this_version() -> None:
    sections = re.findall(r"^## (.*)$", text("CHANGELOG.md"), re.MULTILINE)
    for section in sections:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (Unreleased|\d{4}-\d\d-\d\d)", section)
    assert sections[0].startswith(f"[{__version__}] - ")
    assert not [section for section in sections[1:] if "Unreleased" in section]


def test_the_changelog_has_the_headings_of_keep_a_changelog() -> None:
    known = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    headings = re.findall(r"^### (.*)$", text("CHANGELOG.md"), re.MULTILINE)
    assert headings
    assert set(headings) <= known


@pytest.mark.parametrize("name", DOCUMENTS)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", text("Makefile"), re.MULTILINE))
    # In code: after a backtick, or at the start of a line.
    named = set(re.findall(r"(?:`|^\s*)make ([a-z][a-z-]*)", text(name), re.MULTILINE))
    assert named
    assert named <= targets


def test_continuous_integration_checks_the_wheel_and_runs_the_tests() -> None:
    lines = [line for line in text(".ci/run").splitlines() if line.strip()]
    assert lines[-1].startswith("exec make -j2 wheel-check test ")
    workflow = yaml.safe_load(text(".github/workflows/ci.yml"))
    commands = [step.get("run") for step in workflow["jobs"]["test"]["steps"]]
    assert "bash .ci/run" in commands


def test_pre_commit_runs_what_continuous_integration_lints() -> None:
    (local,) = yaml.safe_load(text(".pre-commit-config.yaml"))["repos"]
    entries = [hook["entry"] for hook in local["hooks"]]
    assert "make --silent lint" in entries
    assert re.search(r"^test: .*\n\t\$\(MAKE\) .* docs lint$", text("Makefile"), re.MULTILINE)


@pytest.mark.parametrize("name", ["bug", "feature", "wrong-result"])
def test_issue_forms_ask_for_no_radiograph_of_a_patient(name: str) -> None:
    form = " ".join(text(f".github/ISSUE_TEMPLATE/{name}.yml").split())
    refusal, picture = (
        "(?:Never|Do not) attach|Attach no",
        "patient's radiograph|radiograph of a patient",
    )
    assert re.search(f"(?:{refusal}) (?:a )?(?:{picture})", form)


def test_the_wheel_check_reads_the_version() -> None:
    assert wheel_check.version() == __version__


def archive(folder: Path, *names: str) -> Path:
    file = folder / f"panodent-{__version__}.tar.gz"
    with tarfile.open(file, "w:gz") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(f"panodent-{__version__}/{name}"), io.BytesIO())
    return file


def test_source_and_phantoms_may_be_distributed(tmp_path: Path) -> None:
    wheel_check.check_archive(archive(tmp_path, "PKG-INFO", "src/a.py", "docs/phantom.jpg"))


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("shared/notes.md", r"\['shared'\]"),
        ("demo/phantom/truth.json", r"\['demo'\]"),
        ("runs/first/config.json", r"\['runs'\]"),
        ("tests/opg.png", r"pictures: \['tests/opg.png'\]"),
        ("docs/scan.DCM", "pictures"),
    ],
)
def test_data_and_radiographs_may_not(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(wheel_check.ReleaseError, match=reason):
        wheel_check.check_archive(archive(tmp_path, "src/a.py", name))
