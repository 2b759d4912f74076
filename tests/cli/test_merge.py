"""`panodent merge`, and `panodent predict --part` before it."""

from __future__ import annotations

import json
from pathlib import Path

OPTIONS = ("--no-overlay", "--no-refine", "--no-findings", "--threads", 1)


def test_parts_are_predicted_and_merged(panodent, data: Path, tmp_path: Path) -> None:
    images = data / "images"
    for number in (1, 2):
        done = panodent(
            *("predict", images, "-o", tmp_path / "out", "--part", f"{number}/2", *OPTIONS)
        )
        assert done.code == 0
        assert done.out.endswith(f"after all parts, run panodent merge {tmp_path / 'out'}\n")
        if number == 1:
            early = panodent("merge", tmp_path / "out")
            assert early.code == 1
            assert "1 part is missing or not finished (2/2)" in early.err
    found = panodent("merge", tmp_path / "out")
    assert (found.code, found.err) == (0, "")
    assert found.out == f"2 parts: 3 radiographs, 0 failed; results in {tmp_path / 'out'}\n"
    assert panodent("predict", images, "-o", tmp_path / "whole", *OPTIONS).code == 0
    for name in ("predictions.json", "teeth.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    runs = [json.loads((tmp_path / name / "run.json").read_text()) for name in ("out", "whole")]
    assert runs[0]["files"] == runs[1]["files"]


def test_a_part_without_radiographs_is_no_failure(panodent, data: Path, tmp_path: Path) -> None:
    image = data / "images" / "phantom-00001.png"
    found = panodent("predict", image, "-o", tmp_path, "--part", "2/2", *OPTIONS)
    assert (found.code, found.out) == (0, "part 2/2 has none of the files; nothing to do\n")
    assert (tmp_path / "parts" / "2-of-2" / "run.json").exists()


def test_faults(panodent, tmp_path: Path) -> None:
    found = panodent("predict", tmp_path, "-o", tmp_path / "out", "--part", "3/2")
    assert found.code == 2
    assert "--part is '3/2'; expected K/N" in found.err
    assert "has no parts to merge" in panodent("merge", tmp_path).err
