"""Tests of `panodent.reports.html`: values are escaped, templates are complete."""

from __future__ import annotations

import pytest
from jinja2 import TemplateNotFound, UndefinedError
from markupsafe import Markup

from panodent.reports.html import render
from panodent.version import DISCLAIMER, __version__


def test_values_are_escaped_once(checked_page, hostile: str) -> None:
    html = render("page.html.j2", title=hostile)
    page = checked_page(html)
    assert page.text.count(hostile) == 2  # in <title> and in <h1>


def test_markup_is_not_escaped_again() -> None:
    assert "<b>1</b>" in render("page.html.j2", title=Markup("<b>1</b>"))
    assert isinstance(render("page.html.j2", title=""), Markup)


def test_a_page_names_version_and_purpose(checked_page) -> None:
    page = checked_page(render("page.html.j2", title="Title"))
    assert f"{DISCLAIMER}. panodent {__version__}." in page.text


def test_a_missing_value_or_template_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="title"):
        render("page.html.j2")
    with pytest.raises(TemplateNotFound):
        render("none.html.j2")
