"""The columns of a `Teeth` record as an HTML table, which notebooks show."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from panodent.dentition import TEETH
from panodent.utils.wording import counted


def html_table(
    size: tuple[int, int],
    fdi: Sequence[int],
    areas: Iterable[int],
    scores: Iterable[float],
    flags: Iterable[Collection[str]],
) -> str:
    """A line that opens to a table with a row a tooth: FDI number, name, score, pixels, flags.

    `size` is the radiograph's (height, width); the others have a value for each tooth.

    >>> html_table((2, 3), [], [], [], [])[:51]
    '<details><summary>0 teeth, 2 x 3 pixels: none</summ'
    """
    rows = "".join(
        f"<tr><td>{number or '?'}</td><td>{TEETH[number].name if number else 'unnumbered tooth'}"
        f"</td><td>{score:.2f}</td><td>{area}</td><td>{', '.join(sorted(marks))}</td></tr>"
        for number, area, score, marks in zip(fdi, areas, scores, flags, strict=True)
    )
    return (
        f"<details><summary>{in_short(size, fdi)}</summary><table><thead><tr>"
        "<th>FDI</th><th>tooth</th><th>score</th><th>pixels</th><th>flags</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></details>"
    )


def in_short(size: tuple[int, int], fdi: Sequence[int]) -> str:
    """How many teeth there are, the size of the radiograph (height x width), and the numbers.

    >>> in_short((4, 9), [11, 12, 13, 36, 38, 0, 0])
    '7 teeth, 4 x 9 pixels: 11-13, 36, 38, 2 without a number'
    """
    parts: list[list[int]] = []
    for number in sorted(set(fdi) - {0}):
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    texts = [f"{part[0]}-{part[-1]}" if len(part) > 1 else str(part[0]) for part in parts]
    unnumbered = sum(number == 0 for number in fdi)
    texts += [f"{unnumbered} without a number"] if unnumbered else []
    height, width = size
    counts = f"{counted(len(fdi), 'tooth', 'teeth')}, {height} x {width} pixels"
    return f"{counts}: {', '.join(texts) or 'none'}"
