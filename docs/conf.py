"""Sphinx configuration; `make docs` builds the site into build/docs, without network access."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "src")]

from panodent.version import __version__

project = "panodent"
author = "the panodent authors"
copyright = f"{author}, Apache-2.0"
version = release = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "extensions.docstrings",
    "extensions.generated",
]
exclude_patterns = ["extensions"]
smartquotes = False  # an option such as --from keeps its two hyphens

# Markdown: headings become anchors, so that links to sections are checked.
myst_heading_anchors = 4

# Docstrings are written in plain text with `code` in single backticks.
default_role = "literal"
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_typehints = "signature"
add_module_names = False

html_theme = "furo"
html_title = "panodent"
html_static_path = ["static"]
html_css_files = ["panodent.css"]
html_show_sphinx = False
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "announcement": "Research use only: panodent is not a medical device.",
    "navigation_with_keys": True,
}
