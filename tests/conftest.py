"""What many tests share: phantoms, bundles, ports that nobody else takes, training in seconds."""

from __future__ import annotations

import contextlib
import gc
import shutil
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import cv2
import numpy as np
import pytest

from panodent import phantom
from panodent.analysis.arch_levels import LENGTHS
from panodent.bundle.bundle import Bundle, load, save
from panodent.bundle.findings_network import FindingsNetwork, KindLimits
from panodent.bundle.frame import Frame
from panodent.dentition import ARCHES, TEETH
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.teeth import Teeth
from panodent.training import precision

# Where `make extras` puts programs that judge what panodent writes, behind what is installed.
sys.path.append(str(Path(sys.prefix) / "oracles"))

gc.set_threshold(50_000)  # searched for as often as usual, garbage costs a twentieth of the time


def pytest_collection_finish() -> None:
    """What is there by now stays to the end; the garbage collector need not search it again."""
    gc.freeze()


TOGETHER = (
    (
        "tests/serve/page/test_page_findings.py",
        "tests/serve/page/test_page_looks.py",
        "tests/serve/page/test_page_taking_away.py",
    ),
    ("tests/serve/page/",),
    (
        "tests/serve/test_restart.py",
        "tests/serve/test_documented.py",
        "tests/serve/test_floods.py",
        "tests/serve/test_hostile.py",
        "tests/serve/test_openapi.py",
        "tests/serve/test_privacy.py",
        "tests/serve/test_through_client.py",
        "tests/serve/routes/test_studies.py",
        "tests/serve/routes/test_tooth_at.py",
        "tests/serve/routes/test_worklist.py",
    ),
)
"""Files that one worker runs one after the other: each worker would start their services anew.

A file belongs to the first row that has it or its folder.
"""

LONG = (
    "tests/serve/page/",
    "tests/serve/page/test_page_findings.py",
    "tests/test_first_hour.py",
    "tests/serve/test_restart.py",
    "tests/training/test_loop.py",
    "tests/serve/test_chaos.py",
    "tests/training/test_findings.py",
    "tests/training/test_refiner.py",
    "tests/training/test_weight_averaging.py",
    "tests/test_weights.py",
    "tests/test_contributing.py",
)
"""Files and the first names of rows of `TOGETHER` that take longest."""


def _unit(nodeid: str) -> str:
    """The file of a test, or the first name of its row of `TOGETHER`."""
    file = nodeid.partition("::")[0]
    return next((row[0] for row in TOGETHER if file.startswith(row)), file)


def pytest_configure(config: pytest.Config) -> None:
    """Each worker begins to collect at another place.

    In a fresh clone pytest compiles each file of tests with its assertions, 5 s in all; so a worker
    finds three quarters of them compiled by the others.
    """
    worker = getattr(config, "workerinput", None)
    if worker is None or config.args != config.getini("testpaths"):
        return
    tests = sorted(place for place in Path(__file__).parent.iterdir() if place.name[0] != "_")
    places = [*map(str, tests), *config.args[1:]]
    begin = len(places) * int(worker["workerid"].removeprefix("gw")) // worker["workercount"]
    config.args[:] = places[begin:] + places[:begin]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long comes first, at the end the other workers would wait for it; doctests last.

    The order is the same wherever a worker began to collect.
    """
    places = {name: place for place, name in enumerate(LONG)}

    def key(item: pytest.Item) -> tuple[int, bool, str]:
        file = item.nodeid.partition("::")[0]
        return places.get(_unit(file), len(LONG)), not file.startswith("tests/"), file

    items.sort(key=key)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """With `--dist loadfile` a worker is given a file, or all files of a row of `TOGETHER`."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _unit(nodeid)

    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def same_precision_everywhere() -> Iterator[None]:
    """Trainings compute in float32 on every processor, so that their numbers are the same."""
    with patch.object(precision, "BFLOAT16", frozenset()):
        yield


@pytest.fixture(scope="session")
def drawn() -> tuple[Radiograph, Teeth]:
    """A phantom and its truth, (512, 1024)."""
    return phantom.draw(3, (512, 1024))


@pytest.fixture(scope="session")
def free_port() -> Iterator[Callable[[], int]]:
    """Gives ports of loopback that no other program is handed while the tests run."""
    with contextlib.ExitStack() as held:

        def reserve() -> int:
            line = held.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            line.bind(("127.0.0.1", 0))
            port = int(line.getsockname()[1])
            if sys.platform != "linux":
                line.close()  # elsewhere a bound port is taken, also for who would listen on it
            return port

        yield reserve


@pytest.fixture(scope="session")
def chromium() -> str:
    """Debian's browser; the package without windows opens a page in half of the time."""
    for name in ("chromium-headless-shell", "chromium"):
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium (Debian: chromium-headless-shell)")


@pytest.fixture(scope="session")
def teeth_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the default bundle without its further networks: half the time."""
    folder = tmp_path_factory.mktemp("bundles") / "teeth"
    save(load().without_refiner().without_findings(), folder)
    return folder


@pytest.fixture(scope="session")
def untraced() -> Callable[[], contextlib.AbstractContextManager[None]]:
    """In `with untraced():` Keras computes step by step.

    It traces a network's graph otherwise, which takes longer than all steps of a short training.
    """
    pytest.importorskip("panodent.training.backend", reason="needs the train extra")
    tensorflow = pytest.importorskip("tensorflow")

    @contextlib.contextmanager
    def stepwise() -> Iterator[None]:
        tensorflow.config.run_functions_eagerly(True)
        try:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "Even though the `tf.config")  # data is traced
                yield
        finally:
            tensorflow.config.run_functions_eagerly(False)

    return stepwise


@pytest.fixture(scope="session")
def finding_bundle() -> Bundle:
    """The default bundle with a network that takes every bright pixel for a filling."""
    onnx = pytest.importorskip("onnx", reason="needs the train extra")
    from onnx import TensorProto, helper, numpy_helper

    size, kinds = (128, 256), tuple(KINDS)
    kernel = np.zeros((1 + len(kinds), 2, 2, 2), np.float32)
    kernel[1 + kinds.index("filling"), 0] = 10.0  # the mean of 2 x 2 pixels, times 40
    bias = np.full(1 + len(kinds), -30, np.float32)
    bias[0], bias[1 + kinds.index("filling")] = 0, -30
    graph = helper.make_graph(
        [helper.make_node("Conv", ["radiograph", "kernel", "bias"], ["logits"], strides=[2, 2])],
        "bright",
        [helper.make_tensor_value_info("radiograph", TensorProto.FLOAT, ["batch", 2, *size])],
        [
            helper.make_tensor_value_info(
                "logits", TensorProto.FLOAT, ["batch", len(bias), size[0] // 2, size[1] // 2]
            )
        ],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(bias, "bias")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    limits = {"filling": KindLimits(area=2e-4, score=0.5)}
    network = FindingsNetwork(model.SerializeToString(), Frame(*size), kinds, limits)
    return replace(load(), findings=network)


@pytest.fixture(scope="session")
def jaw() -> Callable[..., Teeth]:
    """Draws one jaw of teeth with crowns and roots, see `_jaw`."""
    return _jaw


_SIZE = (400, 800)
_BITE = 200
_PITCH, _LENGTH, _WIDTH = 36, 90, 30


def _jaw(
    upper: bool = False,
    without: tuple[int, ...] = (),
    lift: dict[int, float] | None = None,
    lean: dict[int, float] | None = None,
    scale: dict[int, float] | None = None,
    crownless: tuple[int, ...] = (),
    width: float = 1.0,
) -> Teeth:
    """A row of upright permanent teeth without third molars but those in `lean`.

    lift : how far a tooth lies below the bite, in pixels.
    lean : degrees that a tooth leans mesially.
    scale : size of a tooth.
    crownless : teeth of which only the tapering root is drawn.
    width : by which all columns are squeezed.
    """
    arch = ARCHES[0] if upper else ARCHES[1][::-1]
    size = (_SIZE[0], round(_SIZE[1] * width))
    items = []
    for place, fdi in enumerate(arch):
        if fdi in without or (fdi % 10 == 8 and fdi not in (lean or {})):
            continue
        usual = LENGTHS["upper" if upper else "lower"][min(fdi % 10, 7) - 1]
        points = _outline(usual * (scale or {}).get(fdi, 1.0), fdi in crownless)
        away = (lift or {}).get(fdi, 0.0)
        mesial = 1 if TEETH[fdi].side == "right" else -1
        points = _turned(points, (lean or {}).get(fdi, 0.0) * mesial)
        points = points * (1, -1 if upper else 1)
        points += (60 + _PITCH * place, _BITE + (-1 if upper else 1) * (5 + away))
        image = np.zeros(size, np.uint8)
        cv2.fillPoly(image, [np.round(points * (width, 1)).astype(np.int32)], 1)
        items.append((fdi, image > 0))
    return Teeth.from_masks(size, items)


def _outline(length: float, crownless: bool = False) -> np.ndarray:
    """(n, 2) outline of a lower tooth, its crown's end at y = 0; crown wider than root."""
    long, half = _LENGTH * length, _WIDTH * length / 2
    neck = 0.38 * long
    root = [(0.6 * half, neck), (0.4 * half, long), (-0.4 * half, long), (-0.6 * half, neck)]
    crown = [(-half, 0.25 * neck), (-0.8 * half, 0), (0.8 * half, 0), (half, 0.25 * neck)]
    return np.array(root if crownless else [*crown, *root])


def _turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """The points turned about the crown's end, the crown towards the image's right."""
    angle = np.deg2rad(degrees)
    middle = points.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - middle) @ turn.T + middle
