"""The output contract of folders, bad input among good, and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from panodent import phantom
from panodent.bundle import bundle
from panodent.drawing.overlay import to_png_bytes
from panodent.errors import BundleError, OutputError
from panodent.inference.folder import predict_files
from panodent.inference.one_input import Options, Status
from panodent.outputs.earlier_results import SUMMARIES
from panodent.teeth.run_lengths import from_rle
from panodent.utils.output_folder import LOCK, occupied


@pytest.fixture
def folder(tmp_path: Path, drawn) -> Path:
    """Good radiographs, one in a sub-folder."""
    radiograph, _ = drawn
    image = np.round(radiograph.pixels * 255).astype(np.uint8)
    (tmp_path / "in" / "sub").mkdir(parents=True)
    for name in ("a.png", "sub/a.png"):
        (tmp_path / "in" / name).write_bytes(to_png_bytes(image))
    return tmp_path / "in"


def predict_teeth(paths: Sequence[Path], output: Path, **settings: Any) -> list[Status]:
    """`predict_files` without further networks, which take half of the time."""
    teeth = bundle.load().without_refiner().without_findings()
    return predict_files(paths, output, bundle=teeth, **settings)


def spoil(folder: Path) -> dict[str, str]:
    """Bad files, and what the error must say of each."""
    good = (folder / "a.png").read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "text.png").write_text("this is no picture")
    ok, jpeg = cv2.imencode(".jpg", cv2.imread(str(folder / "a.png")))
    assert ok
    (folder / "cut.jpg").write_bytes(jpeg.tobytes()[: jpeg.size // 2])
    (folder / "cut.png").write_bytes(good[: len(good) // 2])
    Image.new("L", (1, 1)).save(folder / "one.png")
    Image.new("1", (20000, 20000)).save(folder / "huge.png")
    mask = np.zeros((64, 64), np.uint8)
    mask[10:20, 10:20] = 36
    (folder / "mask.png").write_bytes(to_png_bytes(mask))
    Image.new("L", (300, 200), 7).save(folder / "blank.png")
    return {
        "empty.png": "empty",
        "text.png": "not a picture",
        "cut.jpg": "damaged or cut off",
        "cut.png": "damaged or cut off",
        "one.png": "too small",
        "huge.png": "400.0 megapixels",
        "mask.png": "looks like a mask",
        "blank.png": "blank",
    }


def test_the_output_contract(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    statuses = predict_files([folder], out)
    assert [s.status for s in statuses] == ["done", "done"]
    for name in ("a", "sub/a"):
        assert sorted(f.name for f in (out / name).iterdir() if f.is_file()) == [
            "labels.png",
            "overlay.png",
            "teeth.json",
        ]
        labels = cv2.imread(str(out / name / "labels.png"), cv2.IMREAD_UNCHANGED)
        assert labels.shape == (512, 1024)
        assert labels.dtype == np.uint8
    record = json.loads((out / "a" / "teeth.json").read_text())
    numbers = [tooth["fdi"] for tooth in record["teeth"]]
    assert len(set(numbers)) == len(numbers) > 20
    results = json.loads((out / "predictions.json").read_text())
    assert {r["file_name"] for r in results} == {"a.png", "sub/a.png"}
    first = results[0]
    assert set(first) >= {"image_id", "file_name", "category_id", "segmentation", "bbox", "score"}
    mask = from_rle(first["segmentation"]["counts"], tuple(first["segmentation"]["size"]))
    left, top, width, height = first["bbox"]
    assert mask[top : top + height, left : left + width].sum() == mask.sum() > 0
    rows = (out / "teeth.csv").read_text().splitlines()
    assert len(rows) == 1 + len(results)
    run = json.loads((out / "run.json").read_text())
    assert run["bundle"]["sha256"] == bundle.load().digest
    assert [f["status"] for f in run["files"]] == ["done", "done"]


def test_bad_files_are_reported_and_the_good_ones_written(folder: Path, tmp_path: Path) -> None:
    reasons = spoil(folder)
    statuses = predict_teeth([folder, folder / "nothing"], tmp_path / "out")
    found = {Path(s.file).name: s for s in statuses}
    for name, reason in reasons.items():
        assert found[name].status == "failed"
        assert reason in found[name].error
        assert name in found[name].error
        assert "\n" not in found[name].error
    assert found["nothing"].status == "failed"
    assert sum(s.status == "done" for s in statuses) == 2
    assert (tmp_path / "out" / "sub" / "a" / "teeth.json").exists()
    assert not (tmp_path / "out" / "cut").exists()
    assert not list((tmp_path / "out").rglob(".*"))


def test_resume_skips_what_is_done_and_only_that(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = predict_teeth([folder], out)
    before = (out / "predictions.json").read_bytes(), (out / "teeth.csv").read_bytes()
    (out / "sub" / "a" / "teeth.json").unlink()
    again = predict_teeth([folder], out, resume=True)
    assert [s.status for s in again] == ["skipped", "done"]
    assert ((out / "predictions.json").read_bytes(), (out / "teeth.csv").read_bytes()) == before
    assert [s.teeth for s in again] == [s.teeth for s in first]
    # Other options, or another file under the name: done anew.
    changed = predict_teeth([folder], out, resume=True, options=Options(chart=True))
    assert [s.status for s in changed] == ["done", "done"]
    data = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(data + b"\0")
    third = predict_teeth([folder], out, resume=True, options=Options(chart=True))
    assert [s.status for s in third] == ["done", "skipped"]


def test_an_interruption_keeps_what_was_finished(folder: Path, tmp_path: Path) -> None:
    def stop(done: int, total: int, status: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        predict_teeth([folder], tmp_path / "out", report=stop)
    results = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert {r["file_name"] for r in results} == {"a.png"}


def test_an_output_that_cannot_be_written_is_one_error(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is a file"):
        predict_files([folder], tmp_path / "file")


def test_any_number_of_workers_writes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for seed in range(5):
        pixels = np.round(phantom.draw(seed, (256, 512))[0].pixels * 255).astype(np.uint8)
        cv2.imwrite(str(tmp_path / "in" / f"{seed}.jpg"), pixels)
    written = []
    for workers in (1, 2, 4):
        out = tmp_path / f"out-{workers}"
        predict_files([tmp_path / "in"], out, workers=workers)
        files = sorted(file for file in out.rglob("*") if file.is_file())
        written.append({file.relative_to(out): file.read_bytes() for file in files})
    assert len(written[0]) == 5 * 3 + 5
    assert written[0] == written[1] == written[2]


FORKS = """
import os, sys
from panodent.bundle.bundle import load
from panodent.inference import folder
from panodent.inference.predictor import Predictor
predict = Predictor.predict
def predicted(self, path, *limits):
    if path.name == "kills.png":
        os.abort()
    assert os.getpid() != parent, "not forked"
    return predict(self, path, *limits)
Predictor.predict, parent = predicted, os.getpid()
folder._LEAST_FOR_FORKS = 1
teeth = load().without_refiner().without_findings()
for status in folder.predict_files(sys.argv[1:2], sys.argv[2], bundle=teeth, workers=2, forks=True):
    print(status.status, status.error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux")
def test_forked_workers_write_the_same_and_a_file_that_ends_one_fails_alone(
    folder: Path, tmp_path: Path
) -> None:
    (folder / "kills.png").write_bytes(b"")
    predict_teeth([folder], tmp_path / "threads", workers=2)
    (folder / "kills.png").write_bytes((folder / "a.png").read_bytes())
    found = subprocess.run(
        [sys.executable, "-c", FORKS, folder, tmp_path / "forks"],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"},  # whose threads would forbid to fork
        capture_output=True,
        text=True,
    )
    assert found.stdout.splitlines() == [
        "done ",
        f"failed {folder}/kills.png: the process that predicted it ended (signal 6), perhaps for "
        "want of memory; try this file alone, or limit the size of radiographs with --max-pixels",
        "done ",
    ], found.stderr
    for file in ("a/teeth.json", "sub/a/overlay.png", "teeth.csv", "predictions.json"):
        written = [(tmp_path / how / file).read_bytes() for how in ("forks", "threads")]
        assert written[0] == written[1]


# --- what the output folder holds already --------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_results_are_not_replaced_without_a_word(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    predict_files([folder], out)
    (out / "notes.txt").write_text("mine")
    (out / "a" / "measures.csv").write_text("of the first call")
    before = tree(out)
    with pytest.raises(OutputError, match=r"holds results of an earlier call, .*--overwrite"):
        predict_files([folder / "a.png"], out)
    with pytest.raises(OutputError, match=r"1 result of radiographs that .* such as sub/a; name"):
        predict_files([folder / "a.png"], out, resume=True)
    assert tree(out) == before
    predict_files([folder / "a.png"], out, overwrite=True, options=Options(pictures=False))
    assert sorted(tree(out)) == sorted(["a/labels.png", "a/teeth.json", "notes.txt", *SUMMARIES])
    assert not (out / "sub").exists()


def test_files_of_the_user_are_not_replaced(folder: Path, tmp_path: Path) -> None:
    mine = folder / "a" / "labels.png"
    mine.parent.mkdir()
    mine.write_bytes(b"drawn by hand")
    for resume in (False, True):
        with pytest.raises(OutputError, match=r"labels\.png.*--overwrite"):
            predict_files([folder / "a.png"], folder, resume=resume)
    assert sorted(tree(folder)) == ["a.png", "a/labels.png", "sub/a.png"]
    assert mine.read_bytes() == b"drawn by hand"


def test_the_output_may_be_the_folder_of_the_radiographs(folder: Path) -> None:
    (folder / "a.png").rename(folder / "IM0001")  # a DICOM file without suffix has such a name
    (folder / "IM0001").write_bytes(bytes(128) + b"DICM")
    first = predict_teeth([folder], folder)
    assert {Path(s.file).name: (s.status, s.output) for s in first} == {
        "IM0001": ("failed", ""),
        "a.png": ("done", "sub/a"),
    }
    before = tree(folder)
    again = predict_teeth([folder], folder, resume=True)
    assert [s.status for s in again] == ["failed", "skipped"]
    (folder / "sub" / "a" / "teeth.json").unlink()  # as after an interruption
    third = predict_teeth([folder], folder, resume=True)
    assert [s.status for s in third] == ["failed", "done"]
    assert sorted(tree(folder)) == sorted(before)
    # Results alone are not radiographs, in whatever way they are named.
    named = [folder / "sub" / "a", folder / "sub" / "a" / "overlay.png", folder / "run.json"]
    statuses = predict_teeth(named, folder.parent / "out")
    assert [s.status for s in statuses] == ["ignored"] * 3


def test_what_is_not_read_is_reported(folder: Path, tmp_path: Path) -> None:
    (folder / "scan.gif").write_bytes(b"GIF89a")
    (folder / "gone.png").symlink_to("nothing")
    (folder / "old.zip").write_bytes(b"PK")
    (folder / "again").symlink_to(folder / "sub")
    statuses = predict_teeth([folder], tmp_path / "out", options=Options(pictures=False))
    assert {Path(s.file).name: s.status for s in statuses if s.error} == {
        "scan.gif": "failed",
        "gone.png": "failed",
        "old.zip": "ignored",
        "again": "ignored",
    }


def test_one_call_at_a_time(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    said = r"in use by `panodent predict` \(process \d+ on .*\); wait for its end"
    with occupied(out, "predict"), pytest.raises(OutputError, match=said):
        predict_files([folder], out)
    assert not out.exists()


def test_a_killed_call_leaves_nothing_for_ever(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = (
        "import os, sys\n"
        "from panodent.inference.folder import predict_files\n"
        "predict_files([sys.argv[1]], sys.argv[2], report=lambda *_: os.kill(os.getpid(), 9))\n"
    )
    process = subprocess.run([sys.executable, "-c", code, str(folder), str(out)])
    assert process.returncode == -signal.SIGKILL
    assert (out / LOCK).exists()
    assert list(out.rglob("*.part"))
    with pytest.raises(OutputError, match="--resume keeps those that are finished"):
        predict_files([folder], out)
    statuses = predict_files([folder], out, resume=True)
    assert "skipped" in {s.status for s in statuses}
    assert not list(out.rglob(".*"))
    assert json.loads((out / "run.json").read_text())["complete"]


def test_a_start_that_fails_leaves_no_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "made" / "out"
    broken = replace(bundle.load(), network=b"no network")
    with pytest.raises(BundleError):
        predict_files([folder], out, bundle=broken)
    assert not out.parent.exists()


def test_parquet_tables_are_those_of_the_last_call(
    folder: Path, tmp_path: Path, teeth_bundle: Path
) -> None:
    pq = pytest.importorskip("pyarrow.parquet", reason="needs the parquet extra")
    out, options = tmp_path / "out", Options(pictures=False)
    (folder / "bad.png").write_bytes(b"")
    loaded = bundle.load(teeth_bundle)
    statuses = predict_files([folder], out, bundle=loaded, options=options)
    assert not (out / "tables").exists()
    again = predict_files([folder], out, bundle=loaded, options=options, resume=True, parquet=True)
    rows = pq.read_table(str(out / "tables" / "statuses")).to_pylist()
    assert [(r["file"], r["teeth"] or 0) for r in rows] == [(s.file, s.teeth) for s in statuses]
    assert [r["status"] for r in rows] == [s.status for s in statuses] == ["done", "failed", "done"]
    assert [s.status for s in again] == ["skipped", "failed", "skipped"]
    assert len(pq.read_table(str(out / "tables" / "teeth"))) == sum(s.teeth for s in statuses)
    predict_files([folder], out, bundle=loaded, options=options, resume=True)
    assert not (out / "tables").exists()
