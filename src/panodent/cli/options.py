"""Options that several commands share, and the parsing of their values."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from panodent import dentition
from panodent.errors import ConfigError, MissingExtraError, UnknownNameError
from panodent.formats.registry import listed
from panodent.training.backend_name import backend_name

BACKENDS = ("tensorflow", "jax", "torch")
"""Backends of Keras that panodent trains with."""

Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")]
NewBundle = Annotated[Path, typer.Option("--output", "-o", help="Folder for the new bundle.")]
DataFolders = Annotated[
    list[Path] | None, typer.Argument(metavar="DATA", help="Folders of annotated radiographs.")
]
HeldOut = Annotated[
    float, typer.Option("--val", help="Share of radiographs held out; 0: train on all.")
]
SplitSeed = Annotated[int, typer.Option(help="Random seed of the choice of held-out radiographs.")]
Workers = Annotated[
    int | None,
    typer.Option(show_default="0", help="Processes that make batches, such as 8 beside a GPU."),
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Largest radiograph accepted, in pixels.")]
RadiographWorkers = Annotated[
    int, typer.Option(min=0, help="Radiographs processed at the same time; 0: one per core.")
]
WeightSeed = Annotated[
    int | None, typer.Option(show_default="0", help="Random seed of weights and batches.")
]
Precision = Annotated[
    str | None,
    typer.Option(
        show_default="auto",
        help="What layers compute in: float32, mixed_bfloat16, or auto, which is mixed_bfloat16 "
        "on processors that have it.",
    ),
]
ResumeTraining = Annotated[
    bool, typer.Option("--resume", help="Continue the training in --output.")
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace what an earlier call wrote to --output.")
]
BundleName = Annotated[
    str,
    typer.Option(
        help="Bundle (the folder of a trained model) or training run; 'default' is the included "
        "bundle."
    ),
]
NetworkThreads = Annotated[int, typer.Option(min=0, help="Threads of the network; 0: all cores.")]
FormatName = Annotated[
    str | None,
    typer.Option(
        "--format", show_default="recognised", help=f"Format of the annotations: {listed()}."
    ),
]
Values = Annotated[
    str | None,
    typer.Option(
        "--values",
        help="Meaning of pixel values in label images: fdi, universal, hitl (the data set Humans "
        "in the Loop), or a JSON file that maps class names to grey values.",
    ),
]
Numbering = Annotated[
    str | None,
    typer.Option(
        show_default="recognised", help="Numbering of class names: fdi, universal or palmer."
    ),
]
WrittenNumbering = Annotated[
    str,
    typer.Option(
        "--numbering",
        help="Numbers in pictures and charts, and a further column of tables: fdi, universal or "
        "palmer.",
    ),
]
NameMap = Annotated[
    Path | None,
    typer.Option(
        "--map",
        help="JSON file that maps class names to FDI numbers; 0: unnumbered, null: ignored, "
        "finding:crown and so on: findings.",
    ),
]
Attribute = Annotated[
    str | None,
    typer.Option(
        show_default="recognised",
        help="VIA, CVAT, COCO, Label Studio: attribute that names the tooth.",
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option(
        show_default="UTF-8 or UTF-16",
        help="Encoding of annotation files that are neither UTF-8 nor UTF-16, such as cp1252.",
    ),
]
Predictions = Annotated[
    bool,
    typer.Option(
        "--predictions",
        help="Label Studio: read the predictions of tasks that have no annotation.",
    ),
]
SkipBad = Annotated[
    bool,
    typer.Option(
        "--skip-bad",
        help="Leave out annotations and radiographs that cannot be used, and say how many. "
        "Default: list them and stop before the work begins.",
    ),
]


def read_options(
    values: str | None,
    numbering: str | None,
    name_map: Path | None,
    predictions: bool = False,
    attribute: str | None = None,
    encoding: str | None = None,
) -> dict[str, Any]:
    """The options given for reading annotations, as `panodent.formats` takes them."""
    given: dict[str, Any] = {"values": values, "numbering": numbering, "map": name_map}
    given |= {"attribute": attribute, "encoding": encoding}
    return drop_none({**given, "predictions": predictions or None})


def drop_none(options: Mapping[str, Any]) -> dict[str, Any]:
    """The options that were given: those whose value is not None."""
    return {name: value for name, value in options.items() if value is not None}


def check_overwrite(overwrite: bool, resume: bool) -> None:
    """Raises `ConfigError` if both --overwrite and --resume are given."""
    if overwrite and resume:
        raise ConfigError("--overwrite starts anew and --resume continues; give only one of them")


def parse_size(text: str) -> tuple[int, int]:
    """'256x512' -> (256, 512), height first, in pixels. Raises `ConfigError`."""
    height, width = parse_integers(text.lower(), "x", "--size", "HEIGHTxWIDTH such as 256x512", 2)
    return height, width


def parse_integers(
    text: str, separator: str, option: str, expected: str, count: int | None = None
) -> list[int]:
    """'11,12' -> [11, 12].

    Raises `ConfigError`, which names `option` and says what is `expected`, for anything but
    integers, and where their number is not `count` (None: any number).
    """
    try:
        found = [int(part) for part in text.split(separator)]
    except ValueError:
        found = []
    if not found or (count is not None and len(found) != count):
        raise ConfigError(f"{option} is {text!r}; expected {expected}")
    return found


def require_keras() -> None:
    """Raises `MissingExtraError` when Keras or its backend is not installed. Imports neither."""
    if importlib.util.find_spec("keras") is None:
        raise MissingExtraError("train", "training", "keras")
    backend = backend_name()
    if backend not in BACKENDS:
        raise UnknownNameError("backend of Keras", backend, BACKENDS)
    if importlib.util.find_spec(backend) is None:
        if backend == "tensorflow":
            raise MissingExtraError("train", "training", "tensorflow")
        raise ConfigError(
            f"Keras is set to the backend {backend!r}, which is not installed; install it with: "
            f"pip install {backend}, or unset KERAS_BACKEND to train with TensorFlow"
        )


def checked_numbering(name: str) -> dentition.Numbering:
    """The numbering system of this name; raises `UnknownNameError` for another name."""
    for known in dentition.NUMBERINGS:
        if name == known:
            return known
    raise UnknownNameError("numbering", name, dentition.NUMBERINGS)


def checked_results(text: str) -> tuple[str, ...]:
    """Kinds of DICOM objects in a text such as 'seg,sr'; raises `UnknownNameError` for another."""
    from panodent.dicom.files import KINDS

    kinds = tuple(text.split(","))
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("DICOM result", kind, KINDS)
    return kinds
