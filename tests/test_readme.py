"""What the documents promise exists: commands, options and linked files."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from panodent.cli import app

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def command_lines() -> list[str]:
    found = []
    for document in DOCUMENTS:
        for block in re.findall(r"```sh\n(.*?)```", document.read_text(encoding="utf-8"), re.S):
            joined = block.replace("\\\n", " ")
            found += [line for line in joined.splitlines() if line.startswith("panodent ")]
    return found


@pytest.mark.parametrize("line", command_lines())
def test_commands_and_options_exist(line: str) -> None:
    words = shlex.split(line, comments=True)
    command = COMMANDS[words[1]]
    known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    for word in words[2:]:
        if word.startswith("-"):
            assert word in known, f"{words[1]} has no option {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", document.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


def test_the_notice_is_where_people_see_it() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "not a medical device" in text
    assert "make demo" in text
    assert "make test" in text
