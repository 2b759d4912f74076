"""Options that several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

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


def reading(values: str | None, numbering: str | None, table: Path | None) -> dict[str, Any]:
    """Options of annotation formats for reading."""
    return {"values": values, "numbering": numbering, "map": table}
