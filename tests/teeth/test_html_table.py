"""The table of teeth for notebooks."""

from __future__ import annotations

from panodent.teeth.html_table import html_table


def test_a_row_for_each_tooth() -> None:
    flags = [("edited", "doubtful"), ()]
    html = html_table((2, 2), [36, 0], [4, 4], [1, 0.456], flags)
    assert "<summary>2 teeth, 2 x 2 pixels: 36, 1 without a number</summary>" in html
    assert (
        "<td>36</td><td>lower left first molar</td><td>1.00</td><td>4</td>"
        "<td>doubtful, edited</td>" in html
    )
    assert "<td>?</td><td>unnumbered tooth</td><td>0.46</td><td>4</td><td></td>" in html


def test_no_teeth_make_an_empty_table() -> None:
    html = html_table((2, 3), [], [], [], [])
    assert "0 teeth, 2 x 3 pixels: none" in html
    assert "<tbody></tbody>" in html
