"""Training, and the scores of a cross-validation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panodent.cli.console import TrainingView, bar, say
from panodent.commands.arguments import given, numbers, parse_size
from panodent.commands.extras import need_keras
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, UnknownToothError

if TYPE_CHECKING:
    from panodent.evaluation.evaluate import Evaluation
    from panodent.training.recipes import TrainConfig
    from panodent.training.run import Run

HEADLINE = ("dice", "dice_obb", "numbering", "detection_f1", "ap50")


def train(
    data: Sequence[Path],
    output: Path,
    *,
    recipe: str | None,
    config_file: Path | None,
    format_name: str | None,
    options: Mapping[str, Any],
    repeat: str,
    settings: dict[str, Any],
    start: str,
    resume: bool,
) -> int:
    """Trains, or resumes; Ctrl-C leaves a usable run."""
    need_keras()
    from panodent.training.recipes import load_config
    from panodent.training.run import DataSource, prepare, reopen

    if resume:
        if data or recipe or config_file or settings or start:
            raise ConfigError(
                "--resume takes data and settings from the run itself; give --output alone"
            )
        trained_for = load_config(output)[0].epochs
        view = TrainingView(trained_for, _epochs_done(output))
        run = reopen(output, view.report)
    else:
        if not data:
            raise ConfigError("train needs at least one DATA folder")
        config = _configured(recipe, config_file, settings, start)
        repeats = _repeats(repeat, len(data), config)
        sources = [
            DataSource(root, format_name, given(options), times)
            for root, times in zip(data, repeats, strict=True)
        ]
        view = TrainingView(config.epochs)
        run = prepare(output, sources, config, view.report, start)
    return _train(run, view, resume)


def _train(run: Run, view: TrainingView, resume: bool) -> int:
    from panodent.training.finalise import finalise
    from panodent.training.loop import describe, fit

    say(f"{len(run.training)} radiographs to train on, {len(run.validation)} held out")
    interrupted = False
    with view:
        try:
            say(describe(run))
            fit(run, resume)
        except KeyboardInterrupt:
            interrupted = True
            if not run.best.exists():
                say("interrupted before the first epoch was finished; nothing to keep yet")
                return 130
            say("interrupted; the best finished epoch becomes the bundle")
        bundle, evaluations = finalise(run)
    exported = bundle.provenance["export"]
    say(
        f"bundle {run.folder / 'bundle'}: epoch {bundle.provenance['epoch']}, largest difference "
        f"from Keras {exported['largest_logit_difference']} on "
        f"{exported['radiographs_compared']} radiographs"
    )
    for name, evaluation in evaluations.items():
        say(f"held out of {name}: {_headline(evaluation)}")
    if evaluations:
        say(f"panels in {run.folder / 'panels'}, curves in {run.folder / 'curves.png'}")
    if interrupted:
        say(f"go on with: panodent train --resume --output {run.folder}")
    return 130 if interrupted else 0


def _configured(
    recipe: str | None, config_file: Path | None, settings: dict[str, Any], start: str
) -> TrainConfig:
    from panodent.training import recipes
    from panodent.training.transfer import kind

    config = recipes.recipe(recipe or ("finetune" if start else "default"))
    if start and recipe is None:
        network, classes, frame = kind(start)
        config = replace(config, network=network, classes=classes).with_size(*frame)
    if config_file is not None:
        config = recipes.from_toml(config_file, config)
    settings = dict(settings)
    epochs, size = settings.pop("epochs", None), settings.pop("size", None)
    if "fold" in settings:
        settings["fold"] = numbers(settings["fold"], "/", "--fold", "K/N", 2)
    if "classes" in settings:
        settings["classes"] = _classes(settings["classes"])
    config = recipes.from_dict(settings, config)
    if size is not None:
        config = config.with_size(*parse_size(size))
    return config if epochs is None else config.with_epochs(epochs)


def _classes(text: str) -> tuple[int, ...]:
    if text == "all":
        return tuple(TEETH)
    if text == "permanent":
        return PERMANENT
    found = tuple(numbers(text, ",", "--classes", "FDI numbers such as 11,12,13", None))
    for fdi in found:
        if fdi not in TEETH:
            raise UnknownToothError(f"--classes: {fdi} is no FDI number")
    return found


def _repeats(text: str, folders: int, config: TrainConfig) -> list[int]:
    if not text:
        return list(config.repeat) or [1] * folders
    found = numbers(text, ",", "--repeat", "a number for each folder", folders)
    if min(found) < 1:
        raise ConfigError(f"--repeat is {text!r}; expected numbers of at least 1")
    return found


def _epochs_done(run: Path) -> int:
    table = run / "history.csv"
    return max(len(table.read_text(encoding="utf-8").splitlines()) - 1, 0) if table.exists() else 0


def _headline(evaluation: Evaluation) -> str:
    """The chief figures in a line, with their intervals."""
    parts = []
    for name in HEADLINE:
        figure = evaluation.figures.get(name)
        if figure is not None and figure.value is not None:
            ends = "" if figure.low is None else f" ({figure.low:.3f} to {figure.high:.3f})"
            parts.append(f"{name} {figure.value:.3f}{ends}")
    return ", ".join(parts) or "nothing to count"


def folds(runs: Sequence[Path], output: Path | None) -> int:
    """Scores the runs of a cross-validation together."""
    from panodent.reports.evaluation import write
    from panodent.training.cross_validation import evaluate_folds

    with bar("scoring") as update:
        each, together, pictures = evaluate_folds(runs, update)
    for name, evaluation in each.items():
        say(f"held out of {name} ({len(evaluation.cases)}): {_headline(evaluation)}")
    say(f"all {len(together.cases)}: {_headline(together)}")
    if output is not None:
        say(f"page: {write(together, output, cases=pictures, title='Cross-validation')}")
    return 0


def average(members: Sequence[Path], output: Path, shares: str) -> int:
    """Makes one network of several; the first names the data to score it on."""
    need_keras()
    from panodent.training.recipes import CONFIG_FILE
    from panodent.training.run import reopen
    from panodent.training.weight_averaging import average as mean

    if (output / CONFIG_FILE).exists():
        raise ConfigError(f"{output}: holds a training run; name another --output")
    wanted = "a whole number for each member"
    parts = numbers(shares, ",", "--shares", wanted, len(members)) if shares else []
    run = reopen(members[0], lambda *_: None)
    say(f"scored on the {len(run.validation)} radiographs that {members[0]} held out")
    made, evaluations = mean(replace(run, folder=output), [str(path) for path in members], parts)
    size = f"{len(made.network) / 1e6:.1f} MB"
    say(f"bundle {output / 'bundle'}: {len(members)} networks as one of {size}")
    for name, evaluation in evaluations.items():
        say(f"held out of {name}: {_headline(evaluation)}")
    return 0
