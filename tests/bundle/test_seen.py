"""The list of radiographs that a bundle was trained on: membership, union, and its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from panodent.bundle.seen import BITS, MAX_DIFFERENT, SEEN_FILE, Seen, read, write
from panodent.errors import BundleError

ZERO, ONES = "00" * (BITS // 8), "ff" * (BITS // 8)


def with_bits(count: int) -> str:
    """A digest of which so many bits are set."""
    return f"{(1 << count) - 1:0{BITS // 4}x}"


@pytest.mark.parametrize("count", [0, MAX_DIFFERENT, MAX_DIFFERENT + 1])
def test_a_few_bits_may_differ(count: int) -> None:
    assert (with_bits(count) in Seen((ZERO, ONES))) == (count <= MAX_DIFFERENT)


def test_nothing_is_in_an_empty_list() -> None:
    assert ZERO not in Seen()


def test_what_two_networks_have_seen_together() -> None:
    first, second = Seen((ONES, ZERO), complete=True), Seen((ZERO,), complete=True)
    assert first.joined([second]) == Seen((ZERO, ONES), complete=True)
    assert first.joined([second, Seen()]) == Seen((ZERO, ONES), complete=False)


def test_the_list_comes_back_from_its_file(tmp_path: Path) -> None:
    seen = Seen((ZERO, ONES), complete=True)
    entry = write(seen, tmp_path)
    assert entry == {"file": SEEN_FILE, "radiographs": 2, "complete": True}
    assert read(tmp_path, entry) == seen
    assert read(tmp_path, None) == Seen()
    assert write(Seen(), tmp_path) is None
    assert not (tmp_path / SEEN_FILE).exists()
    assert write(Seen(complete=True), tmp_path) is not None


@pytest.mark.parametrize("text", ["xy\n", "00\n", None])
def test_a_damaged_file_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / SEEN_FILE).write_text(text)
    with pytest.raises(BundleError, match="copy the whole bundle again"):
        read(tmp_path, {"complete": True})
