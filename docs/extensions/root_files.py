"""Pages of files that stand at the root of the repository, such as CONTRIBUTING.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changelog.md",
}
"""Name of the file -> its page in docs/project."""
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")


def markdown(name: str) -> str:
    """The text of the file, its links as they are from docs/project."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return LINK.sub(lambda link: f"]({from_project(link[1])}", text)


def from_project(target: str) -> str:
    """A path below the root as it is from a page in docs/project.

    >>> [from_project(path) for path in ("docs/index.md", "SECURITY.md", "LICENSE")]
    ['../index.md', 'security.md', '../../LICENSE']
    """
    if target in PAGES:
        return PAGES[target]
    return f"../{target[5:]}" if target.startswith("docs/") else f"../../{target}"
