"""Names that try to break out of HTML, and a check of what every page must be."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest

from panodent.version import DISCLAIMER

HOSTILE = (
    "<script>alert(1)</script>",
    '" onerror="alert(1)" x=\'',
    "javascript:alert(1)",
    "</title></style><img src=//example.org/x.png>",
    "{{ 7 * 7 }}{% raw %}&amp;",
)
"""File and class names; none may become markup, an attribute, an address or a template."""

_VOID = ("meta", "img", "br")


class Page(HTMLParser):
    """The elements and the text of a page whose tags all close."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(str(html))
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def values(self, *attributes: str) -> list[str]:
        """The values of these attributes, in order."""
        return [str(a[name]) for _, a in self.elements for name in attributes if name in a]


def checked_page(html: str) -> Page:
    """A page that has no script, requests nothing and says that it is for research."""
    page = Page(html)
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.elements}
    assert not [name for _, a in page.elements for name in a if name.startswith("on")]
    for address in page.values("src", "href"):
        assert re.fullmatch(r"[\w-]+(/[\w-]+)*\.\w+|data:image/jpeg;base64,[\w+/=]+", address)
    style = re.search(r"<style>(.*?)</style>", html, re.S)
    assert style is not None
    assert not re.search(r"@import|url\(", style[1])
    assert DISCLAIMER in page.text
    return page


@pytest.fixture(name="checked_page")
def _checked_page() -> Callable[[str], Page]:
    return checked_page


@pytest.fixture(params=HOSTILE)
def hostile(request: pytest.FixtureRequest) -> str:
    """Each of `HOSTILE`."""
    return request.param
