"""The options of `panodent predict`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def _written_as(place: str) -> str:
    """The place of the results as messages name it: a path without a slash at its end."""
    return place if "://" in place else str(Path(place))


Paths = Annotated[
    list[str], typer.Argument(metavar="PATH", help="Radiographs, or folders of them.")
]
Resume = Annotated[
    bool,
    typer.Option("--resume", help="Keep results that exist for the same file, bundle and options."),
]
Overlay = Annotated[
    bool, typer.Option(help="Write overlay.png: the radiograph with coloured, numbered teeth.")
]
Chart = Annotated[
    bool, typer.Option("--chart", help="Also write the dental chart (odontogram) as SVG and PNG.")
]
Mirror = Annotated[
    bool,
    typer.Option(
        "--tta",
        help="Also predict on the mirrored image and average: slightly better, twice the "
        "network's time.",
    ),
]
Refine = Annotated[
    bool,
    typer.Option(
        help="Refine outlines with the bundle's second network, if it has one; without it "
        "prediction is faster.",
    ),
]
LookForFindings = Annotated[
    bool,
    typer.Option(
        "--findings/--no-findings",
        help="Also find fillings, crowns, implants and more, if the bundle has a findings network.",
    ),
]
DrawFindings = Annotated[
    bool,
    typer.Option(
        "--overlay-findings/--no-overlay-findings",
        help="Draw findings on overlay.png; the odontogram and the tables always show them.",
    ),
]
Fast = Annotated[
    bool,
    typer.Option(
        "--fast",
        help="Use the bundle's eight-bit networks: slightly less accurate, faster on "
        "processors with 8-bit instructions (VNNI).",
    ),
]
MinScore = Annotated[
    float,
    typer.Option(
        min=0, max=1, help="Leave out teeth with a lower score (probability of being right)."
    ),
]
Device = Annotated[
    str,
    typer.Option(
        help="What the networks run on: cpu, or cuda, rocm, openvino, directml or coreml with an "
        "ONNX Runtime that supports it.",
    ),
]
DicomSeg = Annotated[
    bool, typer.Option("--dicom-seg", help="Also write a DICOM Segmentation; for DICOM input.")
]
DicomSegOhif = Annotated[
    bool,
    typer.Option(
        "--dicom-seg-ohif",
        help="Also write a DICOM Segmentation that the viewer OHIF shows; for DICOM input.",
    ),
]
DicomPr = Annotated[
    bool,
    typer.Option(
        "--dicom-pr", help="Also write outlines as a DICOM Presentation State; for DICOM input."
    ),
]
DicomSr = Annotated[
    bool, typer.Option("--dicom-sr", help="Also write a DICOM Structured Report; for DICOM input.")
]
Parquet = Annotated[
    bool,
    typer.Option(
        "--parquet", help="Also write Parquet tables of teeth, findings and statuses to tables/."
    ),
]
PartText = Annotated[
    str | None,
    typer.Option(
        "--part",
        metavar="K/N",
        help="Predict only part K of N, so that N machines share one output folder; `panodent "
        "merge` joins their tables.",
    ),
]


RayAddress = Annotated[
    str | None,
    typer.Option(
        "--ray",
        metavar="ADDRESS",
        help="Predict on a Ray cluster: its address, auto, or local for this machine alone. PATHs "
        "and --output may be URLs such as s3://bucket/images.",
    ),
]
ResultsPlace = Annotated[
    str,
    typer.Option(
        "--output",
        "-o",
        metavar="PATH",
        callback=_written_as,
        help="Folder for the results; with --ray also a URL.",
    ),
]
Threads = Annotated[
    int,
    typer.Option(
        min=0, help="Threads of the network; 0: all cores for one worker, 1 each for several."
    ),
]
