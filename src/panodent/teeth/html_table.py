"""A `Teeth` record as an HTML table, which notebooks show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from panodent.dentition import TEETH

if TYPE_CHECKING:
    from panodent.teeth.teeth import Teeth


def html_table(teeth: Teeth) -> str:
    """One row a tooth: FDI number, name, score, pixels, flags.

    >>> from panodent.teeth.teeth import Teeth
    >>> html_table(Teeth.empty((2, 3)))[:39]
    '<p>0 teeth on 3 &times; 2 pixels</p><ta'
    """
    rows = "".join(
        f"<tr><td>{fdi or '?'}</td><td>{TEETH[fdi].name if fdi else 'unnumbered tooth'}</td>"
        f"<td>{score:.2f}</td><td>{area}</td><td>{', '.join(sorted(flags))}</td></tr>"
        for fdi, area, score, flags in zip(
            teeth.fdi.tolist(), teeth.areas.tolist(), teeth.scores, teeth.flags, strict=True
        )
    )
    height, width = teeth.size
    return (
        f"<p>{len(teeth)} teeth on {width} &times; {height} pixels</p><table><thead><tr>"
        "<th>FDI</th><th>tooth</th><th>score</th><th>pixels</th><th>flags</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )
