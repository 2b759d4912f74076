"""Prediction with Ray itself, where `make extras` installed it.

A Ray takes long to start and end, so one test starts it. `benchmarks/ray_cluster.py` predicts 5,000
phantoms on three simulated nodes while a node and the driver are killed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from panodent import phantom
from panodent.bundle.bundle import Bundle, load
from panodent.errors import ConfigError, MissingExtraError, OutputError
from panodent.inference.cluster import ray_run
from panodent.inference.cluster.ray_run import predict_on_ray, require_ray
from panodent.inference.one_input import Options

OPTIONS = Options(pictures=False)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantoms")
    phantom.write(folder, 3, size=(128, 256))
    return folder / "images"


@pytest.fixture
def streamed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replaces the cluster by a loop in this process; the numbers of the batches it was given."""
    from panodent.inference.cluster.batch_worker import BatchWorker, CountedAttempts

    for package in ("pyarrow", "fsspec"):
        pytest.importorskip(package, reason="needs the ray extra")
    given: list[int] = []

    def loop(plan: Any, settings: Any, address: str, started: Any) -> Iterator[dict[str, Any]]:
        started()
        worker = BatchWorker(settings, CountedAttempts())
        for batch in plan.todo:
            given.append(batch.number)
            yield worker.predict(batch)

    monkeypatch.setattr(ray_run, "_streamed", loop)
    monkeypatch.setattr(ray_run, "require_ray", lambda: None)
    return given


def test_a_run_goes_on_where_it_was(
    streamed: list[int], images: Path, tmp_path: Path, teeth_bundle: Path
) -> None:
    bundle, out = load(teeth_bundle, threads=1), tmp_path / "out"
    told: list[tuple[int, int]] = []

    def run(stop: int = 9, **options: Any) -> Any:
        def report(done: int, total: int, batch: dict[str, Any]) -> None:
            told.append((done, total))
            if len(told) == stop:
                raise KeyboardInterrupt

        how = {"address": "local", "bundle": bundle, "options": OPTIONS, "batch": 1}
        return predict_on_ray([str(images)], str(out), report=report, **how, **options)

    with pytest.raises(KeyboardInterrupt):
        run(stop=2)
    assert told == [(1, 3), (2, 3)]
    assert json.loads((out / "run.json").read_text())["complete"] is False
    with pytest.raises(OutputError, match=r"--resume keeps.*--overwrite replaces them, or name"):
        run()
    found = run(resume=True)
    assert (streamed, told[2:]) == ([0, 1, 2], [(3, 3)])
    assert (found.counts["done"], found.kept_batches) == (1, 2)
    assert len(list(out.rglob("teeth.json"))) == 3
    # Other options: all batches are others, and the tables of the old ones go.
    how = {"address": "local", "bundle": bundle, "options": Options(pictures=False, min_score=0.5)}
    predict_on_ray([str(images)], str(out), resume=True, **how)
    assert len(list((out / "tables" / "statuses").iterdir())) == 1
    predict_on_ray([str(images)], str(out), overwrite=True, **how)
    run_json = json.loads((out / "run.json").read_text())
    assert (run_json["complete"], run_json["inputs"], run_json["last_call"]["done"]) == (True, 3, 3)


def test_places_that_cannot_be_used(
    streamed: list[int], images: Path, tmp_path: Path, teeth_bundle: Path
) -> None:
    how: dict[str, Any] = {"address": "local", "bundle": load(teeth_bundle), "options": OPTIONS}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "teeth.csv").write_text("mine")
    with pytest.raises(OutputError, match="no call of panodent predict left this file"):
        predict_on_ray([str(images)], str(tmp_path / "mine"), resume=True, **how)
    with pytest.raises(ConfigError, match="results on a store are not replaced"):
        predict_on_ray([str(images)], "memory://out", overwrite=True, **how)
    (tmp_path / "parts" / "1-of-2").mkdir(parents=True)
    with pytest.raises(OutputError, match="holds parts of --part"):
        predict_on_ray([str(images)], str(tmp_path), resume=True, **how)
    assert streamed == []


def test_ray_is_asked_for_by_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"panodent\[ray\]"):
        require_ray()


# --- with Ray -----------------------------------------------------------------------------------


@pytest.fixture
def s3(free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server of moto on loopback, which s3fs and Ray's workers find by the environment."""
    for package in ("ray", "moto.server", "s3fs"):
        pytest.importorskip(package, reason="needs what `make extras` installs")
    url = f"http://127.0.0.1:{free_port()}"
    port = url.rpartition(":")[2]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", port]
    server = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    settings = {"AWS_ENDPOINT_URL": url, "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    for name, value in {**settings, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(url, timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        import s3fs

        s3fs.S3FileSystem.clear_instance_cache()
        files = s3fs.S3FileSystem()
        files.mkdir("archive")
        yield files
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def small_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Ray of `--ray local` has one core and little memory."""
    ray = pytest.importorskip("ray", reason="needs what `make extras` installs")
    small = partial(ray.init, num_cpus=1, object_store_memory=80 * 2**20)
    monkeypatch.setattr(ray, "init", small)


@pytest.mark.usefixtures("small_ray")
def test_from_store_to_store_on_ray(s3: Any, images: Path, teeth_bundle: Path) -> None:
    for file in images.iterdir():
        s3.pipe_file(f"archive/in/{file.name}", file.read_bytes())
    bundle: Bundle = load(teeth_bundle, threads=1)
    how: dict[str, Any] = {"address": "local", "bundle": bundle, "options": OPTIONS, "batch": 2}
    found = predict_on_ray(["s3://archive/in"], "s3://archive/out", **how)
    assert found.counts["done"] == 3
    s3.invalidate_cache()
    names = s3.find("archive/out")
    assert sum(name.endswith("teeth.json") for name in names) == 3
    assert sum("/tables/teeth/" in name for name in names) == 2
    assert json.loads(s3.cat_file("archive/out/run.json"))["complete"]
    again = predict_on_ray(["s3://archive/in"], "s3://archive/out", resume=True, **how)
    assert (again.processed, again.kept_batches, again.in_kept_batches) == (0, 2, 3)


def test_a_cluster_that_is_not_there(images: Path, tmp_path: Path, teeth_bundle: Path) -> None:
    pytest.importorskip("ray", reason="needs the ray extra")
    how: dict[str, Any] = {"bundle": load(teeth_bundle), "options": OPTIONS}
    with pytest.raises(ConfigError, match=r"--ray 127\.0\.0\.1:1: cannot be reached"):
        predict_on_ray([str(images)], str(tmp_path / "out"), address="127.0.0.1:1", **how)
    assert not (tmp_path / "out").exists()


def test_a_worker_says_why_it_cannot_go_on() -> None:
    actor = object.__new__(ray_run._Actor)
    for error in (OutputError("x: disk is full"), OSError("x: disk is full")):
        worker = Mock(**{"predict.side_effect": error})
        actor.__dict__["_worker"] = worker
        found = actor({"batch": [None]})["summary"]
        assert json.loads(found[0]) == {"stopped": "x: disk is full"}
