"""What the documents promise exists: commands, options, links, modules; and their examples run."""

from __future__ import annotations

import re
import shlex
from contextlib import chdir
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

import panodent
from panodent.cli import app

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
DOCUMENTS = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
OPTIONS = {"--help", "--version"} | {
    name
    for command in COMMANDS.values()
    for item in command.params
    for name in (*item.opts, *item.secondary_opts)
}
SCRIPTS = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "benchmarks").glob("*.py"))


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def name_of(document: Path) -> str:
    return document.relative_to(ROOT).as_posix()


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of a language, those in lists too.

    Blocks of the directive `code-block`, such as one that needs a service, are left out.
    """
    found = re.findall(rf"^( *)```{language}\n(.*?)^\1```", text_of(document), re.S | re.M)
    return [re.sub(rf"^{indent}", "", code, flags=re.M) for indent, code in found]


def command_lines() -> list[str]:
    """Lines of shell blocks that call panodent, without the environment variables before it."""
    found = []
    for document in DOCUMENTS:
        for block in blocks(document, "sh"):
            for line in block.replace("\\\n", " ").splitlines():
                call = re.match(r"(?:\w+=(?:\$\([^)]*\)|\S*) )*(panodent .*)", line)
                found += [call[1]] if call else []
    return found


@pytest.mark.parametrize("line", command_lines())
def test_commands_and_options_exist(line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[1:] == ["--version"]:
        return
    command = COMMANDS[words[1]]
    known = {name for item in command.params for name in (*item.opts, *item.secondary_opts)}
    for word in words[2:]:
        if word.startswith("-"):
            assert word in known, f"{words[1]} has no option {word}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_commands_and_options_in_sentences_exist(document: Path) -> None:
    prose = re.sub(r"^( *)```.*?^\1```", "", text_of(document), flags=re.S | re.M)
    for code in re.findall(r"`([^`]+)`", prose):
        words = code.split()
        if words[0] == "panodent" and len(words) > 1 and re.fullmatch("[a-z-]*[a-z]", words[1]):
            assert words[1] in COMMANDS or words[1] in OPTIONS, code
        for word in words:
            if re.fullmatch(r"--[a-z][a-z-]+", word):
                assert word in OPTIONS or f'"{word}"' in SCRIPTS, code


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", text_of(document)):
        if not target.startswith("http"):
            assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", [*DOCUMENTS, *sorted(DOCS.rglob("*.svg"))], ids=name_of)
def test_modules_scripts_and_files_exist(document: Path) -> None:
    text = text_of(document)
    packaged = {file.name for file in (ROOT / "packaging").rglob("panodent.*")}
    for name in re.findall(r"\bpanodent(?:\.[a-z_]\w*)+", text):
        assert name in packaged or exists(name), name
    if document.parent.name == "experiments":
        return  # they name files of older commits
    for name in re.findall(r"\b(?:src/panodent|tests|benchmarks)/[\w/.]*\w", text):
        assert (ROOT / name).exists(), name


def exists(name: str) -> bool:
    """Whether this dotted name is a module of panodent or something in one."""
    parts = name.split(".")
    for count in range(len(parts), 0, -1):
        module = ".".join(parts[:count])
        try:
            if find_spec(module) is None:
                continue
        except ModuleNotFoundError:
            continue
        found: object = import_module(module) if count < len(parts) else None
        for part in parts[count:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize(
    "file", [file for file in (ROOT / "src").rglob("*.py") if "docs/" in text_of(file)], ids=name_of
)
def test_documents_that_the_source_names_exist(file: Path) -> None:
    for name in re.findall(r"(?<![\w/])docs/[\w/-]+\.md", text_of(file)):
        assert (ROOT / name).exists(), name


def toctree(document: Path) -> list[Path]:
    """The pages that a page's tables of contents name."""
    pages: list[Path] = []
    for block in re.findall(r"^```\{toctree\}\n(.*?)^```", text_of(document), re.S | re.M):
        for entry in block.splitlines():
            if entry.strip() and not entry.startswith(":"):
                pages += document.parent.glob(f"{entry.strip()}.md")
    return [page.resolve() for page in pages if page != document]


def test_every_page_is_in_a_table_of_contents() -> None:
    first = (DOCS / "index.md").resolve()
    reached, waiting = {first}, [first]
    while waiting:
        for page in toctree(waiting.pop()):
            if page not in reached:
                reached.add(page)
                waiting.append(page)
    assert reached == {page.resolve() for page in DOCS.rglob("*.md")}


def test_the_readme_is_short_and_has_the_notice() -> None:
    text = text_of(ROOT / "README.md")
    assert len(text.splitlines()) <= 150
    assert "not a medical device" in text
    assert "make demo" in text
    assert "make test" in text


def test_public_names_are_documented() -> None:
    page = text_of(DOCS / "reference" / "python.md")
    for name in panodent.__all__:
        assert name.startswith("__") or f"panodent.{name}" in page, name


# --- examples ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A folder in which the commands of "Getting started" ran, and what each of them printed.

    Training is left out: it takes minutes.
    """
    folder = tmp_path_factory.mktemp("started")
    printed = {}
    for block in blocks(DOCS / "getting-started.md", "sh"):
        for line in block.splitlines():
            if not line.startswith("panodent ") or "train" in line or "runs/" in line:
                continue
            shorter = line.replace("--count 12", "--count 2")  # nothing is shown of the twelve
            with chdir(folder):
                done = CliRunner().invoke(app, shlex.split(shorter)[1:])
            assert done.exit_code == 0, f"{line}: {done.output}"
            printed[line] = done.stdout
    (folder / "opg.png").write_bytes((folder / "sample/images/phantom-00007.png").read_bytes())
    return folder, printed


def test_getting_started_shows_what_is_printed(started: tuple[Path, dict[str, str]]) -> None:
    folder, printed = started
    for shown in blocks(DOCS / "getting-started.md", "text"):
        assert shown in printed.values()
    for name in ("overlay.png", "labels.png", "teeth.json", "odontogram.svg", "odontogram.png"):
        assert (folder / "out" / "phantom-00007" / name).exists()
    for name in ("out/teeth.csv", "out/predictions.json", "scores/index.html"):
        assert (folder / name).exists()


@pytest.mark.parametrize(
    ("document", "code"),
    [
        pytest.param(document, code, id=name_of(document))
        for document in DOCUMENTS
        for code in blocks(document, "python")
    ],
)
def test_python_examples_run(
    document: Path,
    code: str,
    started: tuple[Path, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(started[0])
    exec(compile(code, name_of(document), "exec"), {})  # noqa: S102 - our own documents
