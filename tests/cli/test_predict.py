"""`panodent predict`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path

import pytest

from panodent.dentition import TEETH
from panodent.inference.cluster.ray_run import RayOutcome
from panodent.inference.one_input import Status


@pytest.fixture
def image(data: Path) -> Path:
    return data / "images" / "phantom-00000.png"


def test_a_radiograph_is_predicted(panodent, image: Path, tmp_path: Path) -> None:
    found = panodent("predict", image, "-o", tmp_path)
    assert (found.code, found.err) == (0, "")
    assert found.out.startswith("1 radiograph, ")
    assert found.out.endswith(f"; 0 failed; results in {tmp_path}\n")
    assert (tmp_path / "phantom-00000" / "overlay.png").exists()
    options = json.loads((tmp_path / "run.json").read_text())["options"]
    assert options == {
        "pictures": True,
        "chart": False,
        "max_pixels": 100_000_000,
        "mirror": False,
        "dicom": [],
        "numbering": "fdi",
        "draw_findings": True,
        "min_score": 0.0,
    }


def test_numbers_in_another_numbering(panodent, image: Path, tmp_path: Path) -> None:
    found = panodent("predict", image, "-o", tmp_path, "--chart", "--numbering", "palmer")
    assert found.code == 0
    rows = list(csv.DictReader((tmp_path / "teeth.csv").read_text().splitlines()))
    assert rows
    assert all(row["palmer"] == TEETH[int(row["fdi"])].palmer for row in rows)
    assert "Palmer numbering" in (tmp_path / "phantom-00000" / "odontogram.svg").read_text()
    wrong = panodent("predict", image, "-o", tmp_path, "--numbering", "palmar")
    assert wrong.code != 0
    assert "known: fdi, universal, palmer" in wrong.err


def test_results_of_an_earlier_call_are_kept(panodent, image: Path, tmp_path: Path) -> None:
    options = ("--no-overlay", "--tta", "--workers", 1, "--threads", 1, "--resume")
    assert panodent("predict", image, "-o", tmp_path, *options).code == 0
    again = panodent("predict", image, "-o", tmp_path, *options)
    assert again.code == 0
    assert again.out.startswith("1 radiograph (1 of an earlier call), ")
    assert not (tmp_path / "phantom-00000" / "overlay.png").exists()
    assert json.loads((tmp_path / "run.json").read_text())["options"]["mirror"] is True


def test_a_bad_file_is_reported_and_the_others_go_on(panodent, image: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"")
    found = panodent("predict", image, bad, "-o", tmp_path / "out")
    assert found.code == 1
    assert found.out.startswith("1 radiograph, ")
    assert found.err.count("error:") == 1
    assert str(bad) in found.err


def test_a_picture_that_is_no_panoramic_radiograph_has_a_warning(
    panodent, data: Path, tmp_path: Path
) -> None:
    import cv2

    picture = cv2.imread(str(data / "images" / "phantom-00000.png"), cv2.IMREAD_GRAYSCALE)
    cv2.imwrite(str(tmp_path / "turned.png"), picture[::-1])
    found = panodent("predict", tmp_path / "turned.png", "-o", tmp_path / "out")
    assert found.code == 0
    assert found.err.startswith(f"warning: {tmp_path / 'turned.png'}: ")


def test_teeth_with_a_low_score_are_left_out(panodent, image: Path, tmp_path: Path) -> None:
    out, records = {}, {}
    for score in ("0.0", "0.997", "1"):
        found = panodent("predict", image, "-o", tmp_path / score, "--min-score", score)
        out[score] = found.out
        records[score] = json.loads((tmp_path / score / "phantom-00000" / "teeth.json").read_text())
    scores = [tooth["score"] for tooth in records["0.0"]["teeth"]]
    kept = [tooth["score"] for tooth in records["0.997"]["teeth"]]
    assert kept == [score for score in scores if score >= 0.997]
    assert 0 < len(kept) < len(scores)
    assert out["1"].startswith("1 radiograph, 0 teeth, ")
    for key in ("quality", "warning"):  # they judge the picture by all teeth
        assert len({record[key] for record in records.values()}) == 1


@pytest.mark.parametrize(("after", "message"), [(0, "before the first"), (1, "1 of 2 files; ")])
def test_an_interrupted_call_says_what_is_kept(
    panodent,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    after: int,
    message: str,
) -> None:
    def predict_files(*_: object, report, **__: object) -> None:
        if after:
            report(after, 2, Status("a", "done"))
        raise KeyboardInterrupt

    monkeypatch.setattr("panodent.inference.folder.predict_files", predict_files)
    found = panodent("predict", data / "images", "-o", tmp_path)
    assert (found.code, found.out) == (130, "")
    assert message in found.err
    assert ("--resume goes on" in found.err) == bool(after)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "Missing argument"),
        (("x.png",), 2, "Missing option '--output'"),
        (("x.png", "--ouput", "y"), 2, "--output"),
        (("x.png", "-o", "{tmp}/o", "--workers", "-1"), 2, "--workers"),
        (("x.png", "-o", "{tmp}/o", "--device", "cud"), 2, "Did you mean 'cuda'"),
        (("x.png", "-o", "{tmp}/o", "--min-score", "2"), 2, "--min-score"),
        (("nothing.png", "-o", "{tmp}/o"), 1, "no such file"),
        (
            ("s3://b/x.png", "-o", "{tmp}/o"),
            2,
            "s3://b/x.png: URLs are read and written with --ray",
        ),
        (("x.png", "-o", "s3://b/o"), 2, "s3://b/o: URLs are read and written with --ray"),
        (("x.png", "-o", "o", "--ray", "local", "--part", "1/2"), 2, "--part cannot be used with"),
        (("{tmp}", "-o", "{tmp}/o", "--bundle", "{tmp}/b"), 1, "no bundle there"),
    ],
)
def test_faults(panodent, tmp_path: Path, arguments: tuple, code: int, message: str) -> None:
    found = panodent("predict", *(part.replace("{tmp}", str(tmp_path)) for part in arguments))
    assert (found.code, found.out.startswith("0 radiographs")) == (code, message == "no such file")
    assert message in found.err


@pytest.mark.parametrize("failed", [0, 1])
def test_on_ray(panodent, monkeypatch: pytest.MonkeyPatch, failed: int) -> None:
    given: dict[str, object] = {}

    def predict_on_ray(paths: object, output: object, *, report, **how: object) -> RayOutcome:
        given.update(how, paths=paths, output=output)
        errors = ["x.png: empty"] * failed
        report(4, 9, {"errors": errors, "ignored_files": ["y: CT"], "warnings": ["z: turned"]})
        counts = Counter(done=3, skipped=2, failed=failed, ignored=1)
        return RayOutcome(counts, kept_batches=1, in_kept_batches=64)

    monkeypatch.setattr("panodent.inference.cluster.ray_run.predict_on_ray", predict_on_ray)
    found = panodent("predict", "s3://b/in", "-o", "s3://b/out", "--ray", "auto", "--resume")
    assert found.code == failed
    assert found.out == (
        f"3 radiographs predicted, 66 kept of an earlier call, {failed} failed, 1 ignored; "
        "results in s3://b/out\n"
    )
    assert found.err.splitlines() == [
        *["error: x.png: empty"] * failed,
        "warning: ignored: y: CT",
        "warning: z: turned",
    ]
    assert (given["paths"], given["output"]) == (["s3://b/in"], "s3://b/out")
    assert (given["address"], given["resume"], given["overwrite"]) == ("auto", True, False)
