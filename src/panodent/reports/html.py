"""HTML and SVG from templates: one Jinja2 environment that escapes every value.

Pages are self-contained: style inside, light or dark as the reader prefers, no script, and no
request to a network.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from panodent.utils.wording import counted, shown
from panodent.version import DISCLAIMER, __version__

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


_ODD = re.compile("[^\\n\\t\\r -~\\xa0-\\ud7ff\\ue000-\\U0010ffff]")
"""Characters of file names that a page cannot hold."""


def render(template: str, **values: object) -> Markup:
    """Fills a template of `panodent/reports/templates` with values.

    Every value is escaped unless it is `markupsafe.Markup`, so the result is Markup itself: SVG
    made by one template may be passed to another. Raises `jinja2.UndefinedError` when the template
    uses a value that was not given, `jinja2.TemplateNotFound` for an unknown template.

    Turn a whole page into plain text with `str`: methods of Markup escape what they are given.

    >>> "&lt;b&gt;" in render("page.html.j2", title="<b>")
    True
    """
    from markupsafe import Markup

    text = _environment().get_template(template).render(values)
    return Markup(_ODD.sub(lambda found: shown(found[0]), text))  # noqa: S704


@cache
def _environment() -> Environment:
    # Imported here: commands that write no report start faster without it.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("panodent.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(counted=counted, disclaimer=DISCLAIMER, version=__version__)
    return environment
