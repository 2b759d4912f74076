"""The options of `panodent predict`: how messages name the place of the results."""

from __future__ import annotations

import pytest

from panodent.cli.predict_options import _written_as


@pytest.mark.parametrize(
    ("given", "named"),
    [("out/", "out"), ("./out", "out"), ("s3://bucket/out/", "s3://bucket/out/")],
)
def test_a_folder_is_named_without_its_slash_and_a_url_as_it_is(given: str, named: str) -> None:
    assert _written_as(given) == named
