from __future__ import annotations

from pathlib import Path

import pytest

from panodent.client.uploads import Uploads
from panodent.errors import RadiographError


def test_progress_counts_all_files(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"x" * 10)
    seen: list[tuple[int, int]] = []
    sources = [("b.png", b"y" * 5), tmp_path / "a.png"]
    with Uploads("files", sources, lambda *pair: seen.append(pair)) as parts:
        assert [(field, name) for field, (name, _) in parts] == [
            ("files", "b.png"), ("files", "a.png"),
        ]  # fmt: skip
        stream = parts[1][1][1]
        assert stream.read(4) + stream.read() + stream.read() == b"x" * 10  # type: ignore[union-attr]
    assert seen[-1] == (15, 15)


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RadiographError, match=r"none\.png: cannot be read"):
        Uploads("file", [tmp_path / "none.png"]).__enter__()
