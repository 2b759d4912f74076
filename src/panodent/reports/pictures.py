"""Pictures of single cases for a page: drawn, written as JPEG, described for a template.

>>> CasePicture("case 1", "Teeth of case 1", problem="1.png: damaged").file
''
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from panodent.drawing.canvas import RGBImage, to_jpeg_bytes
from panodent.errors import PanodentError
from panodent.utils.atomic_files import write_whole


@dataclass(frozen=True, slots=True)
class CasePicture:
    """A picture of a case as the template `pictures.html.j2` shows it.

    Attributes
    ----------
    caption : text below the picture; plain text, escaped by the template.
    description : alternative text for readers who do not see the picture.
    file : path of the JPEG relative to the page, empty where there is none.
    width, height : size of the picture in pixels.
    problem : why there is no picture, empty where there is one.
    """

    caption: str
    description: str
    file: str = ""
    width: int = 0
    height: int = 0
    problem: str = ""


def write_picture(
    draw: Callable[[], RGBImage], folder: Path, file: str, caption: str, description: str
) -> CasePicture:
    """Draws a case and writes it to `folder / file` as JPEG.

    A `PanodentError` raised by `draw` (a radiograph that cannot be read) becomes the picture's
    `problem`, so that one damaged file does not prevent a report. Raises `OutputError` when the
    file cannot be written.
    """
    try:
        image = draw()
    except PanodentError as error:
        return CasePicture(caption, description, problem=str(error))
    write_whole(folder / file, to_jpeg_bytes(image))
    height, width = image.shape[:2]
    return CasePicture(caption, description, file, width, height)
