"""The fuzzer of readers: a small run finds nothing, and a fault that is there is found."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import fuzz
import fuzz_mutations


def test_a_small_run_finds_nothing(tmp_path: Path) -> None:
    for number in range(40):
        place = tmp_path / str(number)
        place.mkdir()
        assert fuzz.check(0, number, place) == ""


def test_an_input_can_be_made_again(tmp_path: Path) -> None:
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        _, kinds = fuzz.build(0, 7, tmp_path / name)
        files = [file for file in sorted((tmp_path / name).rglob("*")) if file.is_file()]
        made.append((kinds, [file.read_bytes() for file in files]))
    assert made[0] == made[1]


@pytest.mark.parametrize("suffix", ["json", "xml", "txt", "png", "dcm"])
def test_every_mutation_takes_any_content(suffix: str) -> None:
    for number, content in enumerate((b"", b"\xff", b"{}", b"<a/>", b"0 1", b"\x89PNG")):
        kind, changed = fuzz_mutations.mutated(
            random.Random(number), f"a.{suffix}", content or b"x"
        )
        assert kind
        assert isinstance(changed, bytes)


@pytest.mark.parametrize(
    ("error", "expected"),
    [(KeyError("lost"), "KeyError: 'lost'"), (None, "are missing without a word")],
)
def test_what_is_wrong_is_said(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    expected: str,
) -> None:
    seed = next(seed for seed in fuzz._seeds() if seed.name == "coco polygon")
    fuzz._whole(seed.name)

    def read(*_: object) -> tuple[int, list[str]]:
        if error is not None:
            raise error
        return 1, []

    monkeypatch.setattr(fuzz, "read_folder", read)
    monkeypatch.setattr(fuzz, "build", lambda *_: (seed, ["odd annotations.json"]))
    assert expected in fuzz.check(0, 0, tmp_path)
