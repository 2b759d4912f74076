"""A `Teeth` record as an HTML table, which notebooks show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panodent.dentition import TEETH
from panodent.utils.wording import counted

if TYPE_CHECKING:
    from panodent.teeth.teeth import Teeth


def html_table(teeth: Teeth) -> str:
    """A line that opens to a table with a row a tooth: FDI number, name, score, pixels, flags.

    >>> from panodent.teeth.teeth import Teeth
    >>> html_table(Teeth.empty((2, 3)))[:51]
    '<details><summary>0 teeth, 2 x 3 pixels: none</summ'
    """
    rows = "".join(
        f"<tr><td>{fdi or '?'}</td><td>{TEETH[fdi].name if fdi else 'unnumbered tooth'}</td>"
        f"<td>{score:.2f}</td><td>{area}</td><td>{', '.join(sorted(flags))}</td></tr>"
        for fdi, area, score, flags in zip(
            teeth.fdi.tolist(), teeth.areas.tolist(), teeth.scores, teeth.flags, strict=True
        )
    )
    return (
        f"<details><summary>{in_short(teeth)}</summary><table><thead><tr>"
        "<th>FDI</th><th>tooth</th><th>score</th><th>pixels</th><th>flags</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def in_short(teeth: Teeth) -> str:
    """How many teeth there are, the size of the radiograph (height x width), and the numbers.

    >>> import numpy as np
    >>> from panodent.teeth.teeth import Teeth
    >>> block = np.ones((1, 1))
    >>> numbers = [11, 12, 13, 36, 38, 0, 0]
    >>> in_short(Teeth.from_masks((4, 9), [(fdi, block, (0, fdi % 9)) for fdi in numbers]))
    '7 teeth, 4 x 9 pixels: 11-13, 36, 38, 2 without a number'
    """
    parts: list[list[int]] = []
    for fdi in sorted({fdi for fdi in teeth.fdi.tolist() if fdi}):
        if parts and fdi == parts[-1][-1] + 1:
            parts[-1].append(fdi)
        else:
            parts.append([fdi])
    texts = [f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts]
    unnumbered = int((teeth.fdi == 0).sum())
    texts += [f"{unnumbered} without a number"] if unnumbered else []
    height, width = teeth.size
    counts = f"{counted(len(teeth), 'tooth', 'teeth')}, {height} x {width} pixels"
    return f"{counts}: {', '.join(texts) or 'none'}"
