"""Makes the mistakes that people make with panodent, and writes down what it answers.

Each mistake is a real call of the command on phantoms, in a new folder. The table is
docs/reference/mistakes.md; a test compares the two:

    python tools/mistakes.py > docs/reference/mistakes.md

What an earlier commit answered is in tools/mistakes_before.json, which that commit's source makes;
docs/experiments/earlier-messages.md shows it:

    git worktree add ../before ad7ff94
    PYTHONPATH=../before/src python tools/mistakes.py --before > tools/mistakes_before.json
    python tools/mistakes.py --earlier > docs/experiments/earlier-messages.md
"""

from __future__ import annotations

import contextlib
import errno
import html
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mistake_steps import (
    Before,
    all_of,
    call,
    changed_truth,
    copied_bundle,
    cut_off,
    drawn,
    failing_disk,
    labelled,
    labels,
    odd_class,
    picture,
    predicted,
    read_only,
    renamed_classes,
    run_folder,
    taken,
    without,
    written,
)

HEAD = """# Mistakes and their messages

What panodent answers to frequent mistakes: the exit code, and what it prints on standard error.
Each message says what was given, what was expected and what to do. `tools/mistakes.py` makes every
mistake on phantoms and writes this page.
"""
HEAD_BEFORE = """# Earlier messages for mistakes

**Question.** What did panodent answer to frequent mistakes before its messages were revised?

**Answer.** Most messages named the fault; fewer said what to do. In five cases the command said
nothing and ended with exit code 0: files were replaced or mixed in silence.

The first line that commit `ad7ff94` answered to the calls of [mistakes and their
messages](../reference/mistakes.md), which has today's answers:
"""
BEFORE: dict[str, dict[str, tuple[int, str]]] = json.loads(
    Path(__file__).with_name("mistakes_before.json").read_text("utf-8")
)
"""(exit code, answer) by heading and mistake."""


@dataclass(frozen=True)
class Mistake:
    """A call of the command that goes wrong.

    what : the mistake in words.
    command : what is typed after `panodent`.
    before : what makes it a mistake besides the command.
    """

    what: str
    command: str
    before: Before = lambda: None


MISTAKES: dict[str, tuple[Mistake, ...]] = {
    "The command": (
        Mistake("a misspelt command", "predct scans -o out"),
        Mistake("a misspelt option", "predict scans --ouput out"),
        Mistake("no output folder", "predict scans"),
        Mistake("a number that is none", "predict scans -o out --workers two"),
    ),
    "Radiographs": (
        Mistake("a wrong path", "predict scan -o out"),
        Mistake(
            "a folder without radiographs", "predict empty -o out", lambda: Path("empty").mkdir()
        ),
        Mistake(
            "pictures of another kind",
            "predict gifs -o out",
            written("gifs/a.gif", b"GIF89a"),
        ),
        Mistake("a text file", "predict notes.txt -o out", written("notes.txt", "no picture")),
        Mistake("an empty file", "predict a.png -o out", written("a.png")),
        Mistake(
            "a file that is cut off",
            "predict scans/phantom-00000.png -o out",
            lambda: cut_off(Path("scans/phantom-00000.png")),
        ),
        Mistake("a blank picture", "predict a.png -o out", picture("a.png", (200, 300))),
        Mistake("a picture of one pixel", "predict a.png -o out", picture("a.png", (1, 1))),
        Mistake("a label image", "predict a.png -o out", labels("a.png", 36)),
        Mistake("a limit that is too low", "predict scans -o out --max-pixels 1000"),
        Mistake(
            "a link that leads nowhere",
            "predict more -o out",
            lambda: (Path("more").mkdir(), Path("more/a.png").symlink_to("../old/a.png")),
        ),
        Mistake("DICOM results of a PNG", "predict scans -o out --dicom-seg"),
        Mistake(
            "results instead of radiographs",
            "predict out/phantom-00000 -o new",
            predicted,
        ),
    ),
    "The output folder": (
        Mistake("a file", "predict scans -o out", written("out")),
        Mistake("results of an earlier call", "predict scans -o out", predicted),
        Mistake(
            "another choice of radiographs with --resume",
            "predict scans/phantom-00000.png -o out --resume",
            predicted,
        ),
        Mistake("files of your own", "predict scans -o .", labels("phantom-00000/labels.png")),
        Mistake("another command works there", "predict scans -o out", taken),
        Mistake("read-only", "predict scans -o out", lambda: read_only()),
        Mistake("a full disk", "predict scans -o out", failing_disk(errno.ENOSPC)),
        Mistake("both of two", "predict scans -o out --resume --overwrite"),
    ),
    "Bundles": (
        Mistake("a wrong path", "predict scans -o out --bundle runs/mine"),
        Mistake("a folder without a bundle", "predict scans -o out --bundle scans"),
        Mistake(
            "a damaged network",
            "predict scans -o out --bundle mine",
            copied_bundle(lambda folder: cut_off(folder / "network.onnx")),
        ),
        Mistake(
            "a card that is cut off",
            "predict scans -o out --bundle mine",
            copied_bundle(lambda folder: cut_off(folder / "bundle.json")),
        ),
        Mistake("one bundle to join", "ensemble default -o joined"),
        Mistake(
            "a bundle that exists",
            "ensemble default default -o mine",
            copied_bundle(lambda folder: None),
        ),
        Mistake("no radiograph to measure on", "quantise none -o small"),
    ),
    "Annotations": (
        Mistake("a wrong path", "inspect dat"),
        Mistake("radiographs without annotations", "inspect scans"),
        Mistake("a misspelt format", "inspect data --format cocco"),
        Mistake("another format than named", "inspect data --format yolo"),
        Mistake("two formats in one folder", "inspect data", labels("data/masks/a.png")),
        Mistake(
            "annotations of other radiographs",
            "inspect data",
            lambda: [
                file.rename(file.with_name(f"x{file.name}"))
                for file in sorted(Path("data/images").iterdir())
            ],
        ),
        Mistake("JSON that is cut off", "inspect data", lambda: cut_off(Path("data/truth.json"))),
        Mistake("label images of unknown meaning", "inspect marked", labelled()),
        Mistake("a misspelt value map", "inspect marked --values univrsal", labelled()),
        Mistake("the wrong value map", "inspect marked --values universal", labelled(48)),
        Mistake(
            "class names that could be two numberings",
            "inspect data",
            changed_truth(renamed_classes),
        ),
        Mistake("a class that is not a tooth", "inspect data", changed_truth(odd_class)),
        Mistake("no such map", "inspect data --map names.json"),
        Mistake(
            "a map to numbers that are not teeth",
            "inspect data --map names.json",
            written("names.json", '{"caries": 99}'),
        ),
        Mistake(
            "two radiographs of one name",
            "inspect data",
            picture("data/images/phantom-00000.jpg"),
        ),
        Mistake(
            "an annotation of another size",
            "inspect marked --values fdi",
            all_of(labelled(), labels("marked/masks/phantom-00000.png", size=(64, 64))),
        ),
        Mistake("a misspelt target format", "convert data new --to labelm"),
        Mistake("a target with other files", "convert data scans --to coco"),
        Mistake("the same source and target", "convert data data --to coco"),
        Mistake("outlines in a format of boxes", "convert data new --to voc --geometry polygon"),
        Mistake("misspelt corrections", "correct data --with ufba -o new"),
    ),
    "Training": (
        Mistake("no data", "train -o run"),
        Mistake("a wrong path", "train dat -o run"),
        Mistake("a misspelt recipe", "train data -o run --recipe finetun"),
        Mistake("a size that does not fit", "train data -o run --size 100x200"),
        Mistake("a size without height", "train data -o run --size 512"),
        Mistake("a fold that does not exist", "train data -o run --fold 6/5"),
        Mistake("classes that are not teeth", "train data -o run --classes 11,19"),
        Mistake("no such start", "train data -o run --from runs/old"),
        Mistake("no such settings", "train data -o run --config my.toml"),
        Mistake(
            "a misspelt setting",
            "train data -o run --config my.toml",
            written("my.toml", "epoch = 3\n"),
        ),
        Mistake("a run that exists", "train data -o run", run_folder),
        Mistake("nothing to resume", "train --resume -o run"),
        Mistake("other settings with --resume", "train --resume -o run --batch-size 9"),
        Mistake("without the extra", "train data -o run", without("keras")),
    ),
    "Scores and measurements": (
        Mistake("no predictions", "evaluate out data"),
        Mistake(
            "predictions of other radiographs",
            "evaluate out marked --values fdi",
            all_of(
                predicted,
                picture("marked/images/x.png"),
                labels("marked/masks/x.png"),
            ),
        ),
        Mistake("an unknown group", "evaluate out data --by age", predicted),
        Mistake("no run", "folds run1 run2"),
        Mistake("no results", "measure scans"),
        Mistake("a misspelt numbering", "measure scans --numbering palmar"),
    ),
    "Phantoms and services": (
        Mistake("a size without height", "phantom -o new --size 512"),
        Mistake("ages outside the range", "phantom -o new --ages 30,40"),
        Mistake("a folder with phantoms", "phantom -o data --size 128x256"),
        Mistake("a folder with radiographs", "phantom -o mine", picture("mine/images/opg.png")),
        Mistake("without the extra", "serve --store studies", without("fastapi", "uvicorn")),
    ),
}


def answer(mistake: Mistake, drawing: Path) -> tuple[int, list[str]]:
    """Exit code and lines on standard error; `drawing` holds what every mistake finds."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder).resolve()
        shutil.copytree(drawing, place, dirs_exist_ok=True)
        with contextlib.chdir(place):
            context = mistake.before()
            with context if hasattr(context, "__enter__") else contextlib.nullcontext():
                code, text = call(mistake.command)
    text = re.sub(r"process \d+ on \S+, since [-\d]+ [\d:]+", "process 42 on HOST, since T", text)
    lines = [line for line in text.replace(f"{place}/", "").splitlines() if line.strip()]
    if lines and lines[0].startswith("Usage: "):
        lines = lines[-1:]  # before it are the usage and where to find help
    return code, lines


Answered = tuple[str, Mistake, int, list[str]]


def answers() -> Iterator[Answered]:
    """(heading, mistake, exit code, lines) of each mistake."""
    with tempfile.TemporaryDirectory() as folder:
        drawn(Path(folder))
        for heading, mistakes in MISTAKES.items():
            for mistake in mistakes:
                yield heading, mistake, *answer(mistake, Path(folder))


def page(made: Iterable[Answered] | None = None) -> str:
    """The table as Markdown, of all mistakes or of those that were made."""
    parts, last = [HEAD], ""
    for heading, mistake, code, lines in answers() if made is None else made:
        if heading != last:
            parts.append(f"\n## {heading}\n\n| mistake | `panodent ...` | code | answer |\n")
            parts.append("|---|---|---|---|\n")
            last = heading
        said = "<br>".join(map(_code, lines))
        parts.append(f"| {mistake.what} | {_code(mistake.command)} | {code} | {said} |\n")
    return "".join(parts)


def page_before() -> str:
    """The page of what was answered before."""
    rows = (
        f"| {heading}: {what} | {code} | {_code(said) if said else 'nothing'} |\n"
        for heading, answered in BEFORE.items()
        for what, (code, said) in answered.items()
    )
    return HEAD_BEFORE + "\n| mistake | code | answer |\n|---|---|---|\n" + "".join(rows)


def first_lines() -> dict[str, dict[str, tuple[int, str]]]:
    """What the installed version answers, as `BEFORE`; what it does not catch is a traceback."""
    found: dict[str, dict[str, tuple[int, str]]] = {heading: {} for heading in MISTAKES}
    with tempfile.TemporaryDirectory() as folder:
        drawn(Path(folder))
        for heading, mistakes in MISTAKES.items():
            for mistake in mistakes:
                try:
                    code, lines = answer(mistake, Path(folder))
                except Exception as error:
                    code, lines = 1, [f"traceback: {type(error).__name__}: {error}"]
                line = lines[0] if lines else ""
                found[heading][mistake.what] = code, re.sub(r"/\S*/tmp\w+/", "", line)
    return found


def _code(text: str) -> str:
    """The text as code in a cell of a table: messages have backticks and pipes."""
    escaped = html.escape(text, quote=False).replace("`", "&#96;").replace("|", "&#124;")
    return f"<code>{escaped}</code>"


if __name__ == "__main__":
    if sys.argv[1:] == ["--before"]:
        sys.stdout.write(json.dumps(first_lines(), indent=1) + "\n")
    elif sys.argv[1:] == ["--earlier"]:
        sys.stdout.write(page_before())
    else:
        sys.stdout.write(page())
