"""A web page that stands alone: its style inside, light and dark, nothing fetched, no script.

What goes in is HTML already: whoever has text from outside escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from panodent.version import DISCLAIMER

_STYLE = """
:root{color-scheme:light dark;--ink:#1c2026;--paper:#fff;--quiet:#5d6570;--line:#d5dae0;
--accent:#1668c7;--wrong:#c2510c;--soft:#f4f6f8}
@media(prefers-color-scheme:dark){:root{--ink:#e4e7eb;--paper:#14171c;--quiet:#9aa3ae;
--line:#363c45;--accent:#5aa5f5;--wrong:#f08a4b;--soft:#1c2128}}
body{margin:0 auto;padding:1.5rem;max-width:72rem;background:var(--paper);color:var(--ink);
font:16px/1.5 system-ui,"Segoe UI",Helvetica,Arial,sans-serif}
h1{margin:.2rem 0}h2{margin:2.2rem 0 .6rem}p{max-width:48rem}
.q,.note{color:var(--quiet)}.warn{border-left:4px solid var(--wrong);padding:.2rem .8rem}
.wide{overflow-x:auto}.key b{font-weight:600;color:var(--accent)}.key i{font-style:normal;
font-weight:600;color:var(--wrong)}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
th{font-weight:600}thead th{position:sticky;top:0;background:var(--paper)}
td.n,th.n{text-align:right;white-space:nowrap}td.k{overflow-wrap:anywhere;min-width:8rem}
td.l{min-width:7rem}
svg{display:block;height:auto;width:100%;font:12px system-ui,Helvetica,Arial,sans-serif}
td svg{width:220px}svg text{fill:currentColor}
svg text.q{fill:var(--quiet)}svg text.s{font-size:10px}
figure{margin:0 0 1.4rem}img{max-width:100%;height:auto;border-radius:6px;display:block}
figcaption{color:var(--quiet);overflow-wrap:anywhere}
details>summary{cursor:pointer}footer{margin-top:3rem;border-top:1px solid var(--line);
padding-top:.6rem;color:var(--quiet)}
"""


def page(title: str, intro: str, sections: Sequence[str], footer: str = "", style: str = "") -> str:
    """The page of these sections; empty ones are left out. `title` is plain text, `style` CSS."""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}{style}</style></head>\n<body>\n"
        f"<header><h1>{escape(title)}</h1>\n"
        f'<p class="note">{intro}</p></header>\n<main>\n'
        + "\n".join(filter(None, sections))
        + f"\n</main>\n<footer>{DISCLAIMER}. {footer}</footer>\n</body></html>\n"
    )


def section(title: str, body: str) -> str:
    """A section with its heading; nothing where there is no body."""
    return f"<section><h2>{title}</h2>\n{body}\n</section>" if body else ""


def table(head: str, rows: Sequence[str]) -> str:
    """A table that scrolls sideways on a narrow screen; `head` and `rows` are <tr> elements."""
    body = "\n".join(rows)
    return f'<div class="wide"><table><thead>{head}</thead>\n<tbody>{body}</tbody></table></div>'
