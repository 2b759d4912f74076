"""The command line: parse, call, report, exit code; nothing else.

Exit codes: 0 all done, 1 some input or the work failed, 2 usage.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from panodent.errors import ConfigError, PanodentError, UnknownNameError
from panodent.version import __version__

app = typer.Typer(
    name="panodent",
    help="Every tooth of a panoramic dental radiograph as its own mask with its FDI number.\n\n"
    "Research use only: panodent is not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)

FORMATS = (
    "coco, labels, ome-tiff, cvat, voc, label-studio, yolo, nnunet, supervisely, labelme or via"
)
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")]
FormatName = Annotated[
    str | None,
    typer.Option("--format", help=f"Annotation format ({FORMATS}); recognised if left out."),
]
Numbering = Annotated[
    str | None, typer.Option(help="Numbering of class names read: fdi, universal or palmer.")
]
NameMap = Annotated[
    Path | None,
    typer.Option("--map", help="JSON file: class name -> FDI number, 0 (unnumbered) or null."),
]
Values = Annotated[
    str | None,
    typer.Option(
        "--values",
        help="What pixel values of label images mean: fdi, universal, hitl, or a JSON file of "
        "class name -> grey value.",
    ),
]


def _reading(values: str | None, numbering: str | None, table: Path | None) -> dict[str, Any]:
    """Options of annotation formats for reading."""
    return {"values": values, "numbering": numbering, "map": table}


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"panodent {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
def predict(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Radiographs, or folders of them.")
    ],
    output: Output,
    bundle: Annotated[
        str, typer.Option(help="Bundle folder or training run to predict with.")
    ] = "default",
    resume: Annotated[bool, typer.Option("--resume", help="Skip what is done already.")] = False,
    overlay: Annotated[bool, typer.Option(help="Write overlay.png.")] = True,
    chart: Annotated[
        bool, typer.Option("--chart", help="Write the odontogram as SVG and PNG too.")
    ] = False,
    mirror: Annotated[
        bool,
        typer.Option("--tta", help="Ask of the mirror image too: a little better, slower."),
    ] = False,
    dicom_seg: Annotated[
        bool, typer.Option("--dicom-seg", help="Write a DICOM segmentation (DICOM input).")
    ] = False,
    dicom_pr: Annotated[
        bool, typer.Option("--dicom-pr", help="Write outlines as a DICOM presentation state.")
    ] = False,
    dicom_sr: Annotated[
        bool, typer.Option("--dicom-sr", help="Write a DICOM structured report.")
    ] = False,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Largest radiograph accepted, in pixels.")
    ] = 100_000_000,
    workers: Annotated[
        int, typer.Option(min=0, help="Radiographs in work at a time; 0: one a core.")
    ] = 0,
    threads: Annotated[
        int, typer.Option(min=0, help="Threads of the network; 0: what suits the workers.")
    ] = 0,
) -> None:
    """Find and number the teeth of radiographs."""
    from panodent.bundle import load
    from panodent.console import bar, fail, say, warn
    from panodent.prediction import Options, Status, predict_files

    wanted = {"seg": dicom_seg, "pr": dicom_pr, "sr": dicom_sr}
    options = Options(
        pictures=overlay,
        chart=chart,
        max_pixels=max_pixels,
        mirror=mirror,
        dicom=tuple(kind for kind, asked in wanted.items() if asked),
    )
    with bar("predicting") as update:

        def report(done: int, total: int, status: Status) -> None:
            update(done, total)
            if status.status == "failed":
                fail(status.error)
            elif status.status == "ignored":
                warn(f"left out: {status.error}")
            elif status.warning:
                warn(f"{status.file}: {status.warning}")

        statuses = predict_files(
            paths,
            output,
            bundle=load(bundle, threads),
            options=options,
            resume=resume,
            report=report,
            workers=workers,
        )
    failed = sum(status.status == "failed" for status in statuses)
    ignored = sum(status.status == "ignored" for status in statuses)
    good = [status for status in statuses if status.status in ("done", "skipped")]
    skipped = sum(status.status == "skipped" for status in statuses)
    already = f" ({skipped} were there already)" if skipped else ""
    say(
        f"{len(good)} radiographs{already}, {sum(s.teeth for s in good)} teeth, "
        f"{sum(s.doubtful for s in good)} doubtful; {failed} failed"
        + (f", {ignored} other files left out" if ignored else "")
        + f"; results in {output}"
    )
    if failed or not good:
        raise typer.Exit(1)


@app.command()
def train(
    data: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DATA...", help="Folders of annotated radiographs."),
    ] = None,
    output: Output = Path("run"),
    recipe: Annotated[
        str | None, typer.Option(help="default, refine, finetune or seed; see below.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="TOML file of settings over the recipe's.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    repeat: Annotated[
        str, typer.Option(help="How often an epoch shows each folder's cases: 1,5 for two folders.")
    ] = "",
    epochs: Annotated[int | None, typer.Option(help="Epochs of all stages.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Radiographs a step.")] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Highest learning rate.")] = None,
    size: Annotated[
        str | None, typer.Option(help="Final frame, HEIGHTxWIDTH, such as 256x512.")
    ] = None,
    val: Annotated[float | None, typer.Option(help="Share of radiographs held out.")] = None,
    fold: Annotated[str | None, typer.Option(help="Hold out fold K of N: K/N.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of split, weights and batches.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="Bundle or run to start from ('default').")
    ] = None,
    freeze: Annotated[
        str | None, typer.Option(help="'encoder' or how many first layers stay as they are.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help="FDI numbers to tell apart: 11,12,... or 'all' (52).")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --output.")
    ] = False,
) -> None:
    """Train a network on annotated radiographs, or fine-tune one with --from.

    Recipe 'seed' is the seed project's: its U-Net, 512 x 512, 33 classes, batch 4, 10 epochs, Adam
    0.001, rotation and zoom. It departs from the seed's faults: flips swap left and right numbers,
    nothing is turned upside down, and labels are resized by nearest neighbour instead of
    bilinearly.
    """
    from panodent import commands

    settings: dict[str, Any] = {
        "epochs": epochs,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "size": size,
        "validation": val,
        "fold": fold,
        "seed": seed,
        "freeze": freeze,
        "classes": classes,
    }
    raise typer.Exit(
        commands.train(
            data or [],
            output,
            recipe=recipe,
            config_file=config,
            format_name=format_name,
            options=_reading(values, numbering, table),
            repeat=repeat,
            settings={name: value for name, value in settings.items() if value is not None},
            start=start or "",
            resume=resume,
        )
    )


@app.command()
def evaluate(
    predictions: Annotated[Path, typer.Argument(help="Folder that `panodent predict` wrote.")],
    truth: Annotated[Path, typer.Argument(help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for scores.json and a page.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    surfaces: Annotated[bool, typer.Option(help="Measure HD95 and NSD too (slower).")] = False,
    resize: Annotated[
        bool, typer.Option("--resize", help="Resize predictions of another size than the truth.")
    ] = False,
    samples: Annotated[int, typer.Option(min=0, help="Bootstrap samples for intervals.")] = 1000,
) -> None:
    """Score predictions against the truth, with 95 % intervals."""
    from panodent import commands

    raise typer.Exit(
        commands.evaluate(
            predictions,
            truth,
            output,
            format_name,
            _reading(values, numbering, table),
            surfaces,
            resize,
            samples,
        )
    )


@app.command()
def folds(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Finished training runs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a page with the scores.")
    ] = None,
) -> None:
    """Score runs trained with --fold together, each on the radiographs that it held out."""
    from panodent import commands

    raise typer.Exit(commands.folds(runs, output))


@app.command()
def ensemble(
    members: Annotated[
        list[Path], typer.Argument(metavar="BUNDLE...", help="Bundles or training runs.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new bundle.")],
) -> None:
    """Join bundles of one kind, such as those of all folds, into one that averages them."""
    from panodent import commands

    raise typer.Exit(commands.ensemble(members, output))


@app.command()
def measure(
    results: Annotated[Path, typer.Argument(help="Folder that `panodent predict` wrote.")],
    report: Annotated[
        bool, typer.Option("--report", help="Write a page to print, as HTML and PDF.")
    ] = False,
) -> None:
    """Measure teeth, gaps and third molars of results."""
    from panodent import commands

    raise typer.Exit(commands.measure(results, report))


@app.command()
def quantise(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Radiographs to take ranges from.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the new bundle.")],
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    count: Annotated[int, typer.Option(min=1, help="How many radiographs at most.")] = 64,
) -> None:
    """Make a bundle that counts in eight-bit integers: smaller, faster on new processors."""
    from panodent import commands

    raise typer.Exit(commands.quantise(paths, output, bundle, count))


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="Folder of annotated radiographs, or a file.")],
    target: Annotated[Path, typer.Argument(help="New folder.")],
    to: Annotated[str, typer.Option(help=f"Format to write: {FORMATS}.")],
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
    write_numbering: Annotated[
        str | None, typer.Option(help="Numbering of class names to write: fdi, universal, palmer.")
    ] = None,
    geometry: Annotated[
        str | None,
        typer.Option(
            help="polygon writes outlines where a format (coco, cvat, label-studio) has masks too."
        ),
    ] = None,
    images: Annotated[str, typer.Option(help="Radiographs: copy, link or none.")] = "copy",
    resume: Annotated[bool, typer.Option("--resume", help="Go on after a call cut off.")] = False,
) -> None:
    """Convert annotations from one format to another, with their radiographs."""
    from panodent import commands

    read_options = _reading(values, numbering, table)
    write_options = {"numbering": write_numbering, "geometry": geometry}
    raise typer.Exit(
        commands.convert(
            source, target, to, format_name, read_options, write_options, images, resume
        )
    )


@app.command()
def inspect(
    data: Annotated[Path, typer.Argument(help="Folder of annotated radiographs.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder for a page with pictures.")
    ] = None,
    format_name: FormatName = None,
    values: Values = None,
    numbering: Numbering = None,
    table: NameMap = None,
) -> None:
    """Check a data folder before training on it."""
    from panodent import commands

    raise typer.Exit(
        commands.inspect(data, output, format_name, _reading(values, numbering, table))
    )


@app.command("dicom-node")
def dicom_node(
    forward: Annotated[
        str, typer.Option(help="Where results go: AETITLE@HOST:PORT.", metavar="PEER")
    ],
    spool: Annotated[Path, typer.Option(help="Folder for what is on its way.")],
    aet: Annotated[str, typer.Option(help="Our own AE title.")] = "PANODENT",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 11112,
    allow: Annotated[
        list[str] | None,
        typer.Option(help="Calling AE title to accept (repeat); demanded beyond loopback."),
    ] = None,
    results: Annotated[str, typer.Option(help="What to send: seg,pr,sr or some.")] = "seg,pr,sr",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    threads: Annotated[int, typer.Option(min=0, help="Threads of the network; 0: all.")] = 0,
) -> None:
    """Receive radiographs by DICOM, segment them, send the results on."""
    from panodent import commands

    raise typer.Exit(
        commands.dicom_node(
            forward, spool, aet, host, port, allow or [], results.split(","), bundle, threads
        )
    )


@app.command()
def serve(
    store: Annotated[
        Path, typer.Option(help="Folder for studies, corrections and results; made if missing.")
    ] = Path("panodent-store"),
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: a free one.")] = 8080,
    database: Annotated[
        str,
        typer.Option(
            help="URL of a database instead of a file in the store, as postgresql://...",
            envvar="PANODENT_DATABASE",
            show_envvar=True,
        ),
    ] = "",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    workers: Annotated[int, typer.Option(min=0, help="Radiographs at a time; 0: cores.")] = 0,
    retain: Annotated[
        float, typer.Option(min=0, help="Days after which untouched studies are deleted; 0: never.")
    ] = 0,
    token_file: Annotated[
        Path | None,
        typer.Option(help="File with the token to demand (or the variable PANODENT_TOKEN)."),
    ] = None,
    no_token: Annotated[
        bool, typer.Option("--no-token", help="Serve beyond loopback without a token.")
    ] = False,
    allow_host: Annotated[
        list[str] | None, typer.Option(help="Host name to answer to besides localhost (repeat).")
    ] = None,
    max_mib: Annotated[int, typer.Option(min=1, help="Largest file, in MiB.")] = 64,
    max_pixels: Annotated[int, typer.Option(min=1, help="Most pixels of a file.")] = 64_000_000,
    seconds: Annotated[
        float, typer.Option(min=0.1, help="Time that a radiograph may take; then it is stopped.")
    ] = 60,
    waiting: Annotated[
        int, typer.Option(min=1, help="Radiographs that may wait for a worker; more get 503.")
    ] = 32,
    label_studio: Annotated[
        str,
        typer.Option(help="URL of the Label Studio to fetch from (key: LABEL_STUDIO_API_KEY)."),
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Log every request.")] = False,
) -> None:
    """Open a page to look at teeth, correct and export them; and the same as an HTTP API."""
    from panodent import commands

    raise typer.Exit(
        commands.serve(
            store,
            host,
            port,
            database=database,
            bundle=bundle,
            workers=workers,
            retain=retain,
            token_file=token_file,
            no_token=no_token,
            names=allow_host or [],
            max_bytes=max_mib << 20,
            max_pixels=max_pixels,
            seconds=seconds,
            waiting=waiting,
            label_studio=label_studio,
            verbose=verbose,
        )
    )


@app.command()
def benchmark(
    images: Annotated[
        Path | None, typer.Option(help="Folder of radiographs; phantoms if left out.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            help="Peer to measure beside (repeat): seed-keras, yolo-onnx, yolo-onnx-boxes."
        ),
    ] = None,
    peer_python: Annotated[
        str, typer.Option(help="Python that has what the peers require; this one if left out.")
    ] = "",
    bundle: Annotated[str, typer.Option(help="Bundle folder or training run.")] = "default",
    rounds: Annotated[int, typer.Option(min=1, help="How often everything is measured.")] = 10,
    count: Annotated[
        int, typer.Option(min=0, help="Radiographs in the folder that is measured; 0: no folder.")
    ] = 40,
    scaling: Annotated[
        bool, typer.Option("--scaling", help="Folders of 1 to 1000 and widths of 512 to 6000 too.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of lines.")] = False,
) -> None:
    """Measure how fast panodent is here, stage by stage, warm and cold, beside its peers."""
    from panodent import commands

    raise typer.Exit(
        commands.benchmark(
            images, against or [], peer_python, bundle, rounds, count, scaling, as_json
        )
    )


@app.command()
def phantom(
    output: Output,
    count: Annotated[int, typer.Option(min=1, help="How many.")] = 1,
    seed: Annotated[int, typer.Option(help="Seed of the first.")] = 0,
    size: Annotated[str, typer.Option(help="HEIGHTxWIDTH in pixels.")] = "1024x2048",
    dicom: Annotated[bool, typer.Option("--dicom", help="As DICOM files instead of PNG.")] = False,
) -> None:
    """Draw synthetic panoramic radiographs with their truth (COCO)."""
    from panodent import commands

    raise typer.Exit(commands.phantom(output, count, seed, size, dicom))


@app.command()
def unet(
    network: Annotated[str, typer.Option(help="default or seed.")] = "default",
    size: Annotated[str, typer.Option(help="Frame, HEIGHTxWIDTH.")] = "256x512",
    summary: Annotated[bool, typer.Option("--summary", help="Print every layer.")] = False,
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Where the picture of the architecture goes.")
    ] = Path("architecture.png"),
) -> None:
    """Print a network's layers and draw its architecture."""
    from panodent import commands

    raise typer.Exit(commands.unet(network, size, summary, output))


def main() -> None:
    """The `panodent` command."""
    try:
        app()
    except (UnknownNameError, ConfigError) as error:
        _exit(error, 2)
    except PanodentError as error:
        _exit(error, 1)
    except KeyboardInterrupt:
        _exit("interrupted; what was finished is kept", 130)


def _exit(message: object, code: int) -> None:
    from panodent.console import fail

    fail(message)
    sys.exit(code)


if __name__ == "__main__":
    main()
