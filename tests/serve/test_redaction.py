"""Log lines name the place of an error, not its message."""

from __future__ import annotations

from panodent.serve.redaction import FRAMES, redacted


def fail(depth: int) -> None:
    if depth:
        fail(depth - 1)
    raise ValueError("Waltraud Schmidt")


def caught(depth: int) -> ValueError:
    try:
        fail(depth)
    except ValueError as error:
        return error
    raise AssertionError


def test_the_type_and_the_innermost_frames_are_named() -> None:
    text = redacted(caught(9))
    assert text.startswith("ValueError at fail (test_redaction.py:")
    assert text.count("fail (") == FRAMES
    assert "Waltraud" not in text


def test_an_error_that_was_not_raised_has_no_place() -> None:
    assert redacted(ValueError("Waltraud")) == "ValueError at an unknown place"
