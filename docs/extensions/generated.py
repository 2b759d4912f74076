"""Fills blocks of the form ```{generated} NAME``` in pages with what the generator NAME returns.

The text is put into the source of the page before Markdown is parsed, so that its headings belong
to the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from extensions import commands, http_api, layers, metrics, result_tables, root_files, settings

GENERATORS: Mapping[str, Callable[[], str]] = {
    "commands": commands.markdown,
    "metrics": metrics.markdown,
    "http-api": http_api.markdown,
    "layers": layers.markdown,
    "result-tables": result_tables.markdown,
    "settings": settings.markdown,
    **{name: partial(root_files.markdown, name) for name in root_files.PAGES},
}
BLOCK = re.compile(r"^```\{generated\} (\S+)\n```$", re.M)


def setup(app: Any) -> dict[str, Any]:
    """Connects `fill` to the reading of pages."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True}


def fill(app: Any, page: str, source: list[str]) -> None:
    """Replaces the blocks of a page, in place. Raises `KeyError` for an unknown generator."""
    source[0] = BLOCK.sub(lambda block: GENERATORS[block[1]](), source[0])
