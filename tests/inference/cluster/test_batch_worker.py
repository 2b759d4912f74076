"""A worker predicts batches, on local folders and stores, and gives up files that kill it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pq = pytest.importorskip("pyarrow.parquet", reason="needs the parquet extra")
fsspec = pytest.importorskip("fsspec", reason="needs the ray extra")

from panodent import phantom  # noqa: E402
from panodent.bundle.bundle import load  # noqa: E402
from panodent.errors import ConfigError  # noqa: E402
from panodent.inference.cluster import batch_worker  # noqa: E402
from panodent.inference.cluster.batch_worker import (  # noqa: E402
    BatchSettings,
    BatchWorker,
    CountedAttempts,
    packed,
)
from panodent.inference.cluster.batches import Batch, batches_of, collected  # noqa: E402
from panodent.inference.folder import predict_files  # noqa: E402
from panodent.inference.one_input import Options  # noqa: E402


@pytest.fixture(scope="module")
def files(teeth_bundle: Path) -> dict[str, bytes]:
    return packed(load(teeth_bundle))


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two phantoms, and a file that cannot be read."""
    folder = tmp_path_factory.mktemp("phantoms")
    phantom.write(folder, 2, size=(128, 256))
    (folder / "images" / "broken.png").write_bytes(b"x")
    return folder / "images"


@pytest.fixture
def memory() -> Iterator[Any]:
    files = fsspec.filesystem("memory")
    yield files
    files.store.clear()


def worker(
    files: dict[str, bytes], output: object, attempts: CountedAttempts | None = None
) -> BatchWorker:
    settings = BatchSettings(files, str(output), Options(pictures=False), resume=True)
    return BatchWorker(settings, attempts or CountedAttempts())


def one_batch(paths: list[object], output: object) -> Batch:
    (batch,) = batches_of(collected([str(path) for path in paths], str(output)), "origin", 64)
    return batch


def test_a_batch_is_predicted_as_a_plain_call_does(
    files: dict[str, bytes], images: Path, tmp_path: Path, teeth_bundle: Path
) -> None:
    options, out = Options(pictures=False), tmp_path / "out"
    bundle = load(teeth_bundle)
    plain = predict_files(
        [images], tmp_path / "plain", bundle=bundle, options=options, parquet=True
    )
    batch = one_batch([images], out)
    attempts = CountedAttempts()
    found = worker(files, out, attempts).predict(batch)
    assert (found["done"], found["failed"], found["skipped"]) == (2, 1, 0)
    assert found["teeth"] == sum(status.teeth for status in plain)
    assert found["errors"] == [status.error for status in plain if status.status == "failed"]
    assert attempts.begun([source.shown for source in batch.sources]) == [0, 0, 0]
    for name in ("teeth.json", "labels.png"):
        here = {f.parent.name: f.read_bytes() for f in (tmp_path / "plain").rglob(name)}
        assert here == {f.parent.name: f.read_bytes() for f in out.rglob(name)}
    for table in ("statuses", "teeth", "findings"):
        tables = [pq.read_table(str(x / "tables" / table)) for x in (tmp_path / "plain", out)]
        assert tables[0].to_pylist() == tables[1].to_pylist()
    # The batch is known to have failures; when these are gone its tables get their other name.
    assert (out / "tables" / "statuses" / f"{batch.name}-failed.parquet").exists()
    again = worker(files, out).predict(Batch(0, batch.sources[1:], batch.name))
    assert (again["done"], again["skipped"]) == (0, 2)
    assert [f.name for f in (out / "tables" / "teeth").iterdir()] == [f"{batch.name}.parquet"]


def test_stores_are_read_and_written(files: dict[str, bytes], images: Path, memory: Any) -> None:
    for file in sorted(images.iterdir()):
        memory.pipe_file(f"/in/{file.name}", file.read_bytes())
    memory.pipe_file("/in/README", b"no DICOM file")
    batch = one_batch(["memory://in"], "memory://out")
    found = worker(files, "memory://out").predict(batch)
    assert (found["done"], found["failed"], found["ignored"]) == (2, 1, 1)
    assert found["errors"][0].startswith("memory://in/broken.png: not a picture")
    names = sorted(memory.find("/out"))
    assert names == [
        *(f"/out/phantom-0000{n}/{x}" for n in (0, 1) for x in ("labels.png", "teeth.json")),
        *(
            f"/out/tables/{x}/{batch.name}-failed.parquet"
            for x in ("findings", "statuses", "teeth")
        ),
    ]
    record = json.loads(memory.cat_file("/out/phantom-00000/teeth.json"))
    assert record["file_name"] == "phantom-00000.png"
    again = worker(files, "memory://out").predict(batch)
    assert (again["done"], again["skipped"], again["failed"]) == (0, 2, 1)


def test_from_a_store_to_a_folder(
    files: dict[str, bytes], images: Path, memory: Any, tmp_path: Path
) -> None:
    memory.pipe_file("/in/a.png", (images / "phantom-00000.png").read_bytes())
    batch = one_batch(["memory://in/a.png"], tmp_path)
    assert worker(files, tmp_path).predict(batch)["done"] == 1
    assert (tmp_path / "a" / "teeth.json").exists()
    assert worker(files, tmp_path).predict(batch)["skipped"] == 1


def test_a_file_that_kills_its_worker_is_given_up(
    files: dict[str, bytes], images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A death is raised here as an error that nothing catches; the next worker has the counts."""
    batch = one_batch([images], tmp_path)
    poison = str(images / "phantom-00000.png")
    predicted = batch_worker.predict_one

    def deadly(predictor: Any, item: Any, **options: Any) -> Any:
        if str(item.path) == poison:
            raise SystemExit(9)
        return predicted(predictor, item, **options)

    monkeypatch.setattr(batch_worker, "predict_one", deadly)
    attempts = CountedAttempts()
    for deaths in range(3):
        assert attempts.begun([poison]) == [deaths]
        with pytest.raises(SystemExit):
            worker(files, tmp_path, attempts).predict(batch)
    assert not (tmp_path / "tables").exists()
    found = worker(files, tmp_path, attempts).predict(batch)
    assert (found["done"] + found["skipped"], found["failed"]) == (1, 2)
    assert f"{poison}: a worker died 3 times" in found["errors"][1]
    assert attempts.begun([poison]) == [0]


def test_all_machines_need_the_same_version(files: dict[str, bytes]) -> None:
    settings = BatchSettings(files, "out", Options(), version="0.0.1")
    with pytest.raises(ConfigError, match=r"made with 0\.0\.1; install the same version"):
        BatchWorker(settings, CountedAttempts())
