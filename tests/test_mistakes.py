"""Each mistake of docs/reference/mistakes.md is made, and its answer is the one of the page."""

from __future__ import annotations

from pathlib import Path

import pytest

import mistake_steps
import mistakes

ROOT = Path(__file__).resolve().parents[1]
TO_DO = "run python tools/mistakes.py > docs/reference/mistakes.md"
PAGE = ROOT / "docs" / "reference" / "mistakes.md"
EARLIER = ROOT / "docs" / "experiments" / "earlier-messages.md"

for package in ("panodent.training.backend", "fastapi", "pydicom"):
    pytest.importorskip(package, reason="needs the train, serve and dicom extras")


def test_what_was_said_before_stands_on_its_page() -> None:
    known = {head: [item.what for item in listed] for head, listed in mistakes.MISTAKES.items()}
    assert {head: [*answered] for head, answered in mistakes.BEFORE.items()} == known
    assert mistakes.page_before() == EARLIER.read_text("utf-8")


CASES = [(heading, mistake) for heading, listed in mistakes.MISTAKES.items() for mistake in listed]


@pytest.fixture(scope="module")
def drawing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drawing")
    mistake_steps.drawn(folder)
    return folder


@pytest.mark.parametrize(
    ("heading", "mistake"), CASES, ids=[f"{head}-{item.what}" for head, item in CASES]
)
def test_the_answer_stands_on_the_page(drawing: Path, heading: str, mistake: object) -> None:
    code, lines = mistakes.answer(mistake, drawing)
    assert code in (1, 2)
    assert lines
    row = mistakes.page([(heading, mistake, code, lines)]).splitlines()[-1]
    if lines[0].startswith("Error: "):
        # The words are those of click, whose versions differ.
        row = row[: row.index("Error: ")]
        assert row in PAGE.read_text("utf-8")
    else:
        assert row in PAGE.read_text("utf-8").splitlines(), TO_DO


def test_the_page_has_these_mistakes_only() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| mistake |")]
    assert len(rows) - len(heads) == len(CASES) >= 60
