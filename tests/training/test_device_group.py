"""Which devices train together, what each process computes, and that the result is the same."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("panodent.training.backend", reason="needs the train extra")

from panodent import phantom
from panodent.errors import ConfigError
from panodent.training.device_group import ALONE, DeviceGroup, chosen, device_group

EPOCHS = 2

SCRIPT = f"""
import shutil, sys
sys.modules["tensorflow"] = None  # Keras would import it too, for seconds
from pathlib import Path

from panodent.training.loop import fit
from panodent.training.run import prepare, reopen
from panodent.training.run_data import DataSource
from panodent.training.device_group import device_group
from panodent.training.group_run import broadcast_run, received_run, reporting_failure
from panodent.training.train_config import Stage, TrainConfig
from panodent.training.unet import NETWORKS, UNetConfig

NETWORKS["tiny"] = UNetConfig(filters=(4, 4))
config = TrainConfig(
    network="tiny", stages=(Stage({EPOCHS}, 32, 64),), batch_size=4, validation=0.4
)
folder, process = Path(sys.argv[1]), int(sys.argv[2])
everyone = device_group(None, 2, process, sys.argv[3])
assert len(everyone.names) == 4, everyone


def copy(event, row):
    if event == "epoch" and not (folder / "shared").exists():
        shutil.copytree(folder / "alone", folder / "shared")


if process == 0:
    with reporting_failure(everyone):
        fit(prepare(folder / "alone", [DataSource(folder / "data")], config, copy))
        run = reopen(folder / "shared", lambda *_: None)
        broadcast_run(run, everyone, resume=True)
        fit(run, resume=True, group=everyone)
else:
    with received_run(everyone) as run:
        fit(run, resume=True, group=everyone)
        assert list(run.folder.glob("*.npz")) == [run.last]
everyone.disconnect()
"""


def start(folder: Path, number: int, address: str) -> subprocess.Popen[str]:
    """A process with two virtual devices that trains on JAX."""
    environment = {**os.environ, "KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    environment["XLA_FLAGS"] = (
        "--xla_force_host_platform_device_count=2 --xla_backend_optimization_level=0 "
        "--xla_cpu_multi_thread_eigen=false"
    )
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder), str(number), address],
        env=environment, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def ended(process: subprocess.Popen[str]) -> None:
    _, error = process.communicate(timeout=300)
    assert process.returncode == 0, error[-3000:]


def state(run: Path) -> dict[str, np.ndarray]:
    with np.load(run / "last.npz") as data:
        return {name: data[name] for name in data.files if name != "progress"}


@pytest.mark.skipif(find_spec("jax") is None, reason="needs the jax extra")
def test_devices_and_processes_train_as_one_device_does(tmp_path: Path) -> None:
    """After an epoch on one device, two processes with two devices each go on."""
    phantom.write(tmp_path / "data", 10, size=(64, 128))
    with socket.socket() as free:
        free.bind(("localhost", 0))
        address = f"localhost:{free.getsockname()[1]}"
    for process in [start(tmp_path, number, address) for number in range(2)]:
        ended(process)
    alone = state(tmp_path / "alone")
    for key, value in state(tmp_path / "shared").items():
        np.testing.assert_allclose(value, alone[key], rtol=1e-4, atol=1e-5, err_msg=key)
    for name in ("alone", "shared"):
        assert len((tmp_path / name / "history.csv").read_text().splitlines()) == 1 + EPOCHS


@pytest.mark.parametrize(
    ("text", "expected"), [("all", [7, 8, 9]), ("2", [7, 8]), ("0,2", [7, 9]), ("1,", [8])]
)
def test_devices_are_counted_or_named(text: str, expected: list[int]) -> None:
    assert chosen([7, 8, 9], text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("two", "'all', or their numbers"),
        ("-1", "'all', or their numbers"),
        (",", "'all', or their numbers"),
        ("0", "at least one"),
        ("1,1", "each once"),
        ("4", "JAX finds 3 devices"),
        ("3,0", "JAX finds 3 devices"),
    ],
)
def test_other_devices_are_refused(text: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        chosen([7, 8, 9], text)


@pytest.mark.parametrize(("processes", "process"), [(1, 1), (2, 2), (2, -1)])
def test_the_number_of_a_process_fits_their_count(processes: int, process: int) -> None:
    with pytest.raises(ConfigError, match=f"since --processes is {processes}"):
        device_group(None, processes, process, "localhost:9")


def test_several_devices_need_jax() -> None:
    with pytest.raises(ConfigError, match="KERAS_BACKEND=jax"):
        device_group("2")
    assert device_group() is ALONE


def test_each_process_makes_its_rows_of_a_batch_that_all_devices_share() -> None:
    parts = [DeviceGroup(("cpu:0", "cpu:1"), processes=2, process=number) for number in range(2)]
    assert [part.rows(6) for part in parts] == [(0, 3), (3, 6)]
    assert [part.writes for part in parts] == [True, False]
    parts[0].check(6)
    with pytest.raises(ConfigError, match="give --batch-size 6"):
        parts[0].check(5)
    assert ALONE.rows(5) == (0, 5)
    ALONE.check(5)


def test_one_process_broadcasts_to_itself() -> None:
    assert ALONE.broadcast(b"run") == b"run"
    assert ALONE.gathered([0.5, 1]) == [0.5, 1]
    ALONE.disconnect()


def test_a_process_that_exits_at_once_waits_for_no_other() -> None:
    script = """
import atexit, time
from panodent.training.device_group import ALONE, DeviceGroup
atexit.register(time.sleep, 60)  # as JAX waits
DeviceGroup(processes=2).exit_at_once(7)
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=30).returncode == 7
    ALONE.exit_at_once(7)  # nothing
