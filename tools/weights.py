"""Makes a default bundle from the two public data sets, step by step.

    python tools/weights.py --ufba UFBA --hitl HITL [--output weights]
        [--from default|scratch|teacher]

`UFBA` is a folder with UFBA-425, `HITL` one with Humans in the Loop, both as published; with
`--corrected`, their annotations are corrected already. Every step is a panodent command, which is
printed and writes to a folder of its name in `--output`. Finished steps are skipped, an interrupted
training is resumed: run the same command again. Steps run at low priority.

`--from default` trains the bundle inside the package further, which has seen these radiographs
before. `--from scratch` makes all passes from random weights; each holds out the same radiographs.
`--from teacher` trains a large network, lets the one inside the package imitate it, and averages
both states of that; it needs a GPU (KERAS_BACKEND=jax, and `--train "--workers 8"`).
The last step's folder is the bundle, with eight-bit networks for `--fast`; that of a training
contains `bundle/`. `--until children` ends with scores of held-out radiographs; the last training
holds nothing out.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

STEPS_FILE = "steps.json"
BFLOAT16 = 'precision = "mixed_bfloat16"\n'
BATCH16 = f"{BFLOAT16}batch_size = 16\nignore_unlabelled = 0.0\n"
SETTINGS = {
    "bfloat16": BFLOAT16,
    "batch16": BATCH16,
    "wide": f'{BATCH16}network = "wide"\n',
}

RECORDS = {"train": "config.json", "refiner": "refiner.json", "findings": "findings.json"}
"""The file by which a folder is known as a training that can be resumed, by its command."""

CORRECT = {
    "ufba": "correct {given-ufba} --with ufba425",
    "hitl": "correct {given-hitl} --values hitl --with hitl",
}
PHANTOMS_OF_CHILDREN = {
    "phantoms-of-children": "phantom --ages 5,14 --seed 5000 --count 70 --size 512x1024",
}
CHILDREN = (
    "train {ufba} {hitl} {phantoms-of-children} --recipe children --repeat 1,4,1 "
    "--repeat-mixed 4,4,1 --split-seed 5"
)
FINDINGS = "findings {ufba} --findings ufba425 --precision mixed_bfloat16"
FINDINGS_ALL = {
    "findings-all": f"{FINDINGS} --bundle {{all}} --from {{findings}} --epochs 40 "
    "--learning-rate 2e-3 --val 0"
}
"""The network for findings again, with nothing held out; it keeps limits and calibration."""
LAST = {
    "refiner": "refiner {ufba} {hitl} --bundle {children} --split-seed 5 --variants 3 --epochs 8 "
    "--precision mixed_bfloat16",
    "all": f"{CHILDREN} --from {{refiner}} --epochs 24 --learning-rate 1.2e-3 --seed 21 --val 0",
    "findings": f"{FINDINGS} --bundle {{children}} --epochs 100 --val 0.25 --split-seed 5",
    **FINDINGS_ALL,
}
"""The network for outlines, a pass that holds nothing out and keeps that network, findings."""
FAST = {"fast": "quantise {ufba} {hitl} --bundle {findings-all} --beside"}
"""The bundle that ships: eight-bit networks beside those of the step before."""
ADULTS = "train {ufba} {hitl} --repeat 1,5 --split-seed 5"
MIXED = (
    "train {ufba} {hitl} {phantoms} --repeat 1,5,1 --split-seed 5 --recipe refine "
    "--config {bfloat16}"
)
ALL_KINDS = (
    "train {ufba} {hitl} {phantoms-of-children} {phantoms} --recipe children --split-seed 5 "
)
WIDE = f"{ALL_KINDS} --config {{wide}} --repeat 12,48,4,4 --repeat-mixed 48,48,4,4"
PLANS: Mapping[str, Mapping[str, str]] = {
    "default": {
        **CORRECT,
        **PHANTOMS_OF_CHILDREN,
        "children": f"{CHILDREN} --from default",
        **LAST,
        **FAST,
    },
    "scratch": {
        **CORRECT,
        **PHANTOMS_OF_CHILDREN,
        "phantoms": "phantom --seed 1000 --count 200",
        "a": f"{ADULTS} --from scratch",
        "d": f"{ADULTS} --recipe refine --from {{a}}",
        "h": f"{ADULTS} --recipe refine --from {{d}} --epochs 13 --learning-rate 1e-3",
        "dh": "average {h} {d}",
        "k": f"{ADULTS} --recipe refine --from {{dh}} --epochs 8 --learning-rate 1e-3 "
        "--config {bfloat16}",
        "dhk": "average {k} {dh}",
        "l": f"{MIXED} --from {{dhk}} --epochs 30",
        "n": f"{MIXED} --from {{l}} --epochs 34",
        "ln": "average {l} {n}",
        "m": f"{MIXED} --from {{ln}} --epochs 24 --seed 7",
        "b": f"{MIXED} --from {{ln}} --epochs 32 --seed 9",
        "s": "average {b} {ln} {m} --shares 1,1,2",
        "c": f"{MIXED} --from {{s}} --epochs 24 --seed 11",
        "cs": "average {c} {s}",
        "children": f"{CHILDREN} --from {{cs}}",
        **LAST,
        **FAST,
    },
    "teacher": {
        **CORRECT,
        **PHANTOMS_OF_CHILDREN,
        "phantoms": "phantom --seed 1000 --count 40 --size 512x1024",
        "teacher": f"{WIDE} --epochs 8 --learning-rate 2e-3",
        "teacher-all": f"{WIDE} --from {{teacher}} --epochs 7 --learning-rate 7e-4 --seed 3 "
        "--val 0",
        "pupil": f"{ALL_KINDS} --config {{batch16}} --repeat 3,12,1,1 --repeat-mixed 12,12,1,1 "
        "--from default --teacher {teacher-all} --epochs 16 --learning-rate 1.5e-3 --seed 5 "
        "--val 0",
        "all": "average {pupil} default",
        "findings": f"{FINDINGS} --bundle default --epochs 100 --val 0.25 --split-seed 5",
        "findings-wide": f"{FINDINGS} --bundle {{all}} --filters 32,64,128,192,256 --epochs 170 "
        "--val 0",
        "findings-all": f"{FINDINGS_ALL['findings-all']} --teacher {{findings-wide}} "
        "--start-share 0.5",
        **FAST,
    },
}
"""The commands of each plan by the folder that they write to; `{NAME}` is the folder of a step."""
REMARKS = {
    "default": "the bundle that training started from has seen all radiographs of both data sets, "
    "so scores of the held-out ones are a little too good",
    "teacher": "the last steps hold nothing out, so radiographs of both data sets cannot score it",
    "scratch": "no pass but the last has seen the held-out radiographs; they also chose the epoch",
}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--ufba", type=Path, required=True, help="folder of UFBA-425")
    parser.add_argument("--hitl", type=Path, required=True, help="folder of Humans in the Loop")
    parser.add_argument("--output", type=Path, default=Path("weights"))
    parser.add_argument("--from", dest="start", choices=PLANS, default="default")
    parser.add_argument("--corrected", action="store_true", help="both are corrected already")
    parser.add_argument(
        "--until", default="fast", help="the last step: children, refiner, all or fast"
    )
    parser.add_argument("--train", default="", help="options added to each training, to try out")
    parser.add_argument("--phantoms", type=int, help="phantoms of each kind, to try out")
    given = parser.parse_args(arguments)
    if given.until not in PLANS[given.start]:
        sys.exit(f"weights: no step {given.until!r}; --until takes {', '.join(PLANS[given.start])}")
    for folder in (given.ufba, given.hitl):
        # The empty path of a variable that is not set is the working directory.
        if folder == Path() or not folder.is_dir():
            sys.exit(
                f"weights: {str(folder)!r} is not a folder; give --ufba and --hitl (UFBA, HITL)"
            )
    if hasattr(os, "nice"):
        os.nice(max(10 - os.nice(0), 0))
    steps = commands(given)
    for number, (name, command) in enumerate(steps.items(), start=1):
        print(f"[{number}/{len(steps)}] {name}: panodent {shlex.join(command)}", flush=True)
        make(given.output, name, command)
    last = given.output / list(steps)[-1]
    print(f"bundle {last if last.name == 'fast' else last / 'bundle'}: {REMARKS[given.start]}")


def commands(given: argparse.Namespace) -> dict[str, list[str]]:
    """The arguments of panodent for each step, by its name."""
    plan = dict(PLANS[given.start])
    places = {name: str(given.output / name) for name in plan}
    places |= {name: str(given.output / f"{name}.toml") for name in SETTINGS}
    if given.corrected:
        plan = {name: text for name, text in plan.items() if name not in CORRECT}
        places |= {"ufba": str(given.ufba), "hitl": str(given.hitl)}
    places |= {"given-ufba": str(given.ufba), "given-hitl": str(given.hitl)}
    made = {}
    for name, text in plan.items():
        # Places are filled in afterwards, since they may contain spaces.
        command = [part.format_map(places) for part in text.split()]
        if command[0] == "train":
            command += shlex.split(given.train)
        if command[0] == "phantom" and given.phantoms:
            command += ["--count", str(given.phantoms)]
        made[name] = [*command, "--output", str(given.output / name)]
        if name == given.until:
            break
    return made


def make(output: Path, name: str, command: list[str]) -> None:
    """Runs one step unless it is finished; exits with the command's code if it fails."""
    file = output / STEPS_FILE
    steps = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    before = steps.get(name, {"command": command, "finished": False})
    if before["command"] != command:
        sys.exit(
            f"weights: {output / name} was made by another command, panodent "
            f"{shlex.join(before['command'])}; name another --output (OUTPUT)"
        )
    if before["finished"]:
        print("  finished before")
        return
    folder = output / name
    record = RECORDS.get(command[0])
    if record and (folder / record).exists():
        print("  resumed")
        todo = [command[0], "--resume", "--output", str(folder)]
    else:
        if name in steps:  # interrupted
            shutil.rmtree(folder, ignore_errors=True)
        todo = command
    output.mkdir(parents=True, exist_ok=True)
    for settings, text in SETTINGS.items():
        (output / f"{settings}.toml").write_text(text, encoding="utf-8")
    _note(file, steps, name, command, finished=False)
    if code := _run([sys.executable, "-m", "panodent", *todo]):
        print(f"weights: {name} stopped with exit code {code}; the same command continues")
        sys.exit(code)
    _note(file, steps, name, command, finished=True)


def _note(file: Path, steps: dict, name: str, command: list[str], finished: bool) -> None:
    steps[name] = {"command": command, "finished": finished}
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(steps, indent=1) + "\n", encoding="utf-8")
    beside.replace(file)


def _run(command: list[str]) -> int:
    """The exit code of a command. Ctrl-C reaches it too; it saves its state and ends by itself."""
    with subprocess.Popen(command) as process:
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue


if __name__ == "__main__":
    main()
