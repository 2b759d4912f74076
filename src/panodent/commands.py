"""What the commands of `panodent.cli` do with their arguments; each returns the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panodent.console import TrainingView, bar, say, warn
from panodent.dentition import PERMANENT, TEETH
from panodent.errors import ConfigError, MissingExtraError, UnknownToothError

if TYPE_CHECKING:
    from panodent.evaluate import Evaluation
    from panodent.recipes import TrainConfig
    from panodent.runs import Run


# --- train -------------------------------------------------------------------------------------


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
    _need_keras()
    from panodent.recipes import load_config
    from panodent.runs import Source, prepare, reopen

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
            Source(root, format_name, _given(options), times)
            for root, times in zip(data, repeats, strict=True)
        ]
        view = TrainingView(config.epochs)
        run = prepare(output, sources, config, view.report, start)
    return _train(run, view, resume)


def _train(run: Run, view: TrainingView, resume: bool) -> int:
    from panodent.finish import finish
    from panodent.train import describe, fit

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
        bundle, evaluations = finish(run)
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
    from dataclasses import replace

    from panodent import recipes
    from panodent.transfer import kind

    config = recipes.recipe(recipe or ("finetune" if start else "default"))
    if start and recipe is None:
        network, classes, frame = kind(start)
        config = replace(config, network=network, classes=classes).with_size(*frame)
    if config_file is not None:
        config = recipes.from_toml(config_file, config)
    settings = dict(settings)
    epochs, size = settings.pop("epochs", None), settings.pop("size", None)
    if "fold" in settings:
        settings["fold"] = _numbers(settings["fold"], "/", "--fold", "K/N", 2)
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
    found = tuple(_numbers(text, ",", "--classes", "FDI numbers such as 11,12,13", None))
    for fdi in found:
        if fdi not in TEETH:
            raise UnknownToothError(f"--classes: {fdi} is no FDI number")
    return found


def _repeats(text: str, folders: int, config: TrainConfig) -> list[int]:
    if not text:
        return list(config.repeat) or [1] * folders
    found = _numbers(text, ",", "--repeat", "a number for each folder", folders)
    if min(found) < 1:
        raise ConfigError(f"--repeat is {text!r}; expected numbers of at least 1")
    return found


def _numbers(text: str, separator: str, option: str, wanted: str, count: int | None) -> list[int]:
    try:
        found = [int(part) for part in text.split(separator)]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise ConfigError(f"{option} is {text!r}; expected {wanted}")
    return found


def parse_size(text: str) -> tuple[int, int]:
    """'256x512' -> (256, 512), height first; raises `ConfigError`."""
    height, width = _numbers(text.lower(), "x", "--size", "HEIGHTxWIDTH such as 256x512", 2)
    return height, width


def _epochs_done(run: Path) -> int:
    table = run / "history.csv"
    return max(len(table.read_text(encoding="utf-8").splitlines()) - 1, 0) if table.exists() else 0


def _need_keras() -> None:
    import importlib.util
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    if importlib.util.find_spec("keras") is None:
        raise MissingExtraError("train", "training", "keras")


HEADLINE = ("dice", "dice_obb", "numbering", "detection_f1", "ap50")


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
    from panodent import report
    from panodent.folds import evaluate_folds

    with bar("scoring") as update:
        each, together, pictures = evaluate_folds(runs, update)
    for name, evaluation in each.items():
        say(f"held out of {name} ({len(evaluation.cases)}): {_headline(evaluation)}")
    say(f"all {len(together.cases)}: {_headline(together)}")
    if output is not None:
        say(f"page: {report.write(together, output, cases=pictures, title='Cross-validation')}")
    return 0


def ensemble(members: Sequence[Path], output: Path) -> int:
    """Joins bundles into one."""
    from panodent import bundle
    from panodent.ensemble import ensemble as join

    made = join([bundle.load(member) for member in members])
    bundle.save(made, output)
    megabytes = len(made.network) / 1e6
    say(f"bundle {output}: {len(members)} networks, {megabytes:.1f} MB")
    return 0


def measure(results: Path, sheets: bool) -> int:
    """Measures a folder of results; the code is 1 when one of them is broken."""
    from panodent.measure_files import CSV, measure_folder

    with bar("measuring") as update:
        done, failed = measure_folder(results, sheets, update)
    say(f"{done} radiographs measured; table: {results / CSV}")
    for reason in failed.values():
        warn(reason)
    return 1 if failed else 0


def quantise(paths: Sequence[str], output: Path, bundle: str, count: int) -> int:
    """Quantises a bundle on evenly chosen radiographs."""
    from panodent.bundle import load, save
    from panodent.inputs import collect
    from panodent.quantise import quantise as run
    from panodent.radiograph import read

    files = [item.path for item in collect(paths) if not item.problem]
    chosen = files[:: max(len(files) // count, 1)][:count]
    made = run(load(bundle), [read(file).pixels for file in chosen])
    save(made, output)
    note = made.provenance["quantised"]
    say(
        f"bundle {output}: {len(made.network) / 1e6:.1f} MB, ranges from {len(chosen)} "
        f"radiographs, the same tooth in {note['agreement']:.1%} of tooth pixels"
    )
    return 0


# --- evaluate, inspect, phantom, unet ------------------------------------------------------------


def evaluate(
    predictions: Path,
    truth: Path,
    output: Path | None,
    format_name: str | None,
    options: Mapping[str, Any],
    surfaces: bool,
    resize: bool,
    samples: int,
) -> int:
    """Scores a folder of predictions; the code is 1 when a case has none."""
    from panodent.pairing import evaluate_pairs, pair_folders

    pairing = pair_folders(predictions, truth, format=format_name, options=_given(options))
    with bar("scoring") as update:
        evaluation = evaluate_pairs(
            pairing,
            surfaces=surfaces,
            resize=resize,
            samples=samples,
            progress=lambda done, total, key: update(done, total),
        )
    for name, figure in evaluation.figures.items():
        if figure.value is not None:
            ends = "" if figure.low is None else f"  ({figure.low:.4f} to {figure.high:.4f})"
            say(f"{name:20} {figure.value:.4f}{ends}")
    for kind, figures in evaluation.by_type.items():
        parts = [
            f"{name} {figures[name].value:.4f}"
            for name in ("dice", "dice_obb", "numbering")
            if name in figures and figures[name].value is not None
        ]
        say(f"{kind:20} {'  '.join(parts)}")
    for note in evaluation.notes:
        warn(note)
    if output is not None:
        from panodent import report

        page = report.write(evaluation, output, cases=pairing.pictures())
        say(f"page: {page}")
    if missing := evaluation.without_prediction:
        warn(f"{len(missing)} cases have no prediction and count as 0; the first is {missing[0]}")
        return 1
    return 0


def convert(
    source: Path,
    target: Path,
    to: str,
    format_name: str | None,
    read_options: Mapping[str, Any],
    write_options: Mapping[str, Any],
    images: str,
    resume: bool,
) -> int:
    """Converts a folder; the code is 1 when some of it could not be taken over."""
    from panodent.convert import convert as run

    with bar("converting") as update:
        done = run(
            source,
            target,
            to,
            format_name=format_name,
            read_options=_given(read_options),
            write_options=_given(write_options),
            images=images,
            resume=resume,
            progress=update,
        )
    say(
        f"{done.written} radiographs with {done.teeth} teeth from {done.source_format} to {to}"
        + (f", {done.resumed} of them by an earlier call" if done.resumed else "")
        + f"; {len(done.failed)} failed; in {target}"
    )
    for what, count in sorted(done.lost.items()):
        warn(f"{to} cannot hold {what}: lost in {count} of {done.written}")
    if done.without_image:
        warn(f"{done.without_image} annotations have no radiograph beside them")
    for key, reason in done.failed.items():
        warn(f"{key} was left out: {reason}")
    return 1 if done.failed else 0


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}


def dicom_node(
    forward: str,
    spool: Path,
    aet: str,
    host: str,
    port: int,
    allow: Sequence[str],
    results: Sequence[str],
    bundle: str,
    threads: int,
) -> int:
    """Runs a DICOM node until it is told to stop (Ctrl-C, SIGTERM)."""
    import signal
    import threading

    from panodent.bundle import load
    from panodent.dicom.files import KINDS
    from panodent.dicom_node import Node, Peer
    from panodent.errors import UnknownNameError

    if unknown := [kind for kind in results if kind not in KINDS]:
        raise UnknownNameError("DICOM result", unknown[0], KINDS)
    peer = Peer.parse(forward)
    node = Node(
        spool, peer, load(bundle, threads), aet, host, port, allow, tuple(results), report=say
    )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    node.start()
    say(f"{node.title} listens on {node.host}:{node.port}; results go to {peer.title}")
    stop.wait()
    say("stopping; what is not done yet stays in the spool")
    node.stop()
    return 0


def serve(
    store: Path,
    host: str,
    port: int,
    *,
    database: str,
    bundle: str,
    workers: int,
    retain: float,
    token_file: Path | None,
    no_token: bool,
    names: Sequence[str],
    max_bytes: int,
    max_pixels: int,
    seconds: float,
    waiting: int,
    label_studio: str,
    verbose: bool,
) -> int:
    """Runs the page and the API until told to stop (Ctrl-C, SIGTERM)."""
    import os

    try:
        from panodent.serve.app import Settings
        from panodent.serve.guard import Bounds, is_loopback
        from panodent.serve.label_studio import Origin
        from panodent.serve.run import listen, run
    except ModuleNotFoundError as error:
        if str(error.name).startswith("panodent"):
            raise
        raise MissingExtraError("serve", "serving", str(error.name)) from None
    from panodent.pipeline import available_cores

    token = _token(token_file)
    open_to_others = not is_loopback(host)
    if open_to_others and token is None and not no_token:
        raise ConfigError(
            f"serving on {host} would let anybody there in; set PANODENT_TOKEN or --token-file, "
            "or say --no-token where something else keeps strangers out"
        )
    hosts = {"localhost", "127.0.0.1", "::1", host, *names} if names or not open_to_others else None
    settings = Settings(
        store=store,
        database=database,
        bundle=bundle,
        workers=workers or available_cores(),
        max_pixels=max_pixels,
        seconds=seconds,
        waiting=waiting,
        retain=retain,
        token=token,
        hosts=None if hosts is None else frozenset(name.lower() for name in hosts),
        bounds=Bounds(upload=max_bytes),
        label_studio=Origin(label_studio, os.environ.get("LABEL_STUDIO_API_KEY", "")),
    )
    line = listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    say(f"panodent is at http://{shown}:{line.getsockname()[1]}/ (Ctrl-C ends it)")
    say(f"it keeps studies in {store}; research use only, not a medical device")
    run(settings, line, verbose)
    return 0


def _token(file: Path | None) -> str | None:
    import os

    if file is None:
        return os.environ.get("PANODENT_TOKEN", "").strip() or None
    try:
        token = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise ConfigError(f"{file}: cannot be read as a token ({error})") from None
    if not token:
        raise ConfigError(f"{file}: holds no token")
    return token


_LISTED = 20


def inspect(
    data: Path, output: Path | None, format_name: str | None, options: Mapping[str, Any]
) -> int:
    """Checks a data folder; the code is 1 when some of it cannot be used."""
    from panodent import inspection_page
    from panodent.inspection import inspect as look

    with bar("reading") as update:
        found = look(data, format_name, _given(options), update)
    say(f"{len(found.findings)} radiographs in format {found.dataset.format}, {found.teeth} teeth")
    for keys, what in (
        (found.dataset.images_without_labels, "images without labels"),
        (found.dataset.labels_without_images, "labels without images"),
    ):
        if keys:
            warn(f"{len(keys)} {what}: {_some(keys)}")
    say("sizes: " + _some([f"{w} x {h} ({n})" for (h, w), n in found.sizes.items()]))
    rare = sorted(found.per_number.items(), key=lambda item: item[1])[:4]
    say("rarest teeth: " + ", ".join(f"{fdi} ({count})" for fdi, count in rare))
    for same in found.duplicates:
        say(f"the same radiograph: {' = '.join(same)}")
    for finding in found.suspicious[:_LISTED]:
        say(f"look at {finding.key}: {'; '.join(s.message for s in finding.suspicions)}")
    if (more := len(found.suspicious) - _LISTED) > 0:
        say(f"look at {more} more: they are on the page (--output)")
    for finding in found.problems:
        warn(f"{finding.key} cannot be used: {finding.problem}")
    if output is not None:
        say(f"page: {inspection_page.write(found, output)}")
    return 1 if found.problems else 0


def _some(names: Sequence[str], most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def benchmark(
    images: Path | None,
    against: Sequence[str],
    peer_python: str,
    bundle: str,
    rounds: int,
    count: int,
    scaling: bool,
    as_json: bool,
) -> int:
    """Measures this computer."""
    import json
    import sys

    from panodent.benchmark.report import Settings, measure
    from panodent.benchmark.text import lines

    settings = Settings(
        images=images,
        against=tuple(against),
        python=peer_python or sys.executable,
        bundle=bundle,
        rounds=rounds,
        count=count,
        scaling=scaling,
    )
    report = measure(settings, lambda text: print(f"measuring: {text}", file=sys.stderr))
    say(json.dumps(report.to_dict(), indent=1) if as_json else "\n".join(lines(report)))
    return 0


def phantom(output: Path, count: int, seed: int, size: str, dicom: bool) -> int:
    """Draws phantoms as a data folder."""
    from panodent.phantom import write

    with bar("drawing") as update:
        write(output, count, seed, parse_size(size), update, dicom)
    say(f"{count} phantoms with truth in {output}")
    return 0


def unet(network: str, size: str, summary: bool, output: Path) -> int:
    """Prints a network and draws it."""
    _need_keras()
    from panodent.architecture import draw
    from panodent.files import write_whole
    from panodent.unet import build, named

    config = named(network)
    model = build(config, parse_size(size))
    if summary:
        model.summary(line_length=110, print_fn=say)
    write_whole(output, draw(model, network))
    say(f"{network}: {model.count_params():,} parameters; picture in {output}")
    return 0


__all__ = [
    "benchmark",
    "convert",
    "dicom_node",
    "ensemble",
    "evaluate",
    "inspect",
    "measure",
    "parse_size",
    "phantom",
    "quantise",
    "train",
    "unet",
    "warn",
]
