"""Faults of annotation files: raised by default, collected on request."""

from __future__ import annotations

import pytest

from panodent.errors import AnnotationError
from panodent.formats.faults import OPTION, RAISING, Fault, FaultList, FaultReport


def test_nobody_collects_so_the_first_fault_is_raised() -> None:
    report = FaultReport.of({}, "a.json").about("opg.png")
    with pytest.raises(AnnotationError, match=r"^a\.json: opg\.png: shape 2: no label$"):
        report.add("no label", "shape 2")
    report.note("covers no pixel")  # a note is not an error


def test_a_list_keeps_each_fault_once_and_in_order() -> None:
    found = FaultList()
    report = FaultReport.of({OPTION: found}, "a.json")
    for _ in range(2):
        report.add("no label", "shape 2", "radiograph")
        report.note("covers no pixel", "shape 1")
    assert list(found) == [
        Fault("a.json", "", "shape 2", "no label", "radiograph"),
        Fault("a.json", "", "shape 1", "covers no pixel", "nothing", True),
    ]
    fault, note = found
    assert (found.serious, found.notes) == ([fault], [note])


@pytest.mark.parametrize(
    "message",
    ["no label", "a.json: no label", "a.json: opg.png: no label", "a.json: opg.png: 2: no label"],
)
def test_the_place_is_named_once(message: str) -> None:
    found = FaultList()
    with FaultReport.of({OPTION: found}, "a.json", "opg.png").catching("2"):
        raise AnnotationError(message)
    assert list(map(str, found)) == ["a.json: opg.png: 2: no label"]


def test_other_errors_go_through() -> None:
    found = FaultList()
    with pytest.raises(ZeroDivisionError), FaultReport.of({OPTION: found}, "a.json").catching():
        raise ZeroDivisionError
    assert not len(found)


def test_a_warning_is_a_note_that_is_marked() -> None:
    faults = FaultList()
    FaultReport(faults, "a.json").warn("3 teeth are boxes")
    (warning,) = faults.notes
    assert warning.is_warning
    FaultReport(RAISING, "a.json").warn("3 teeth are boxes")
