"""What many tests share: phantoms, bundles, ports that nobody else takes, training in seconds."""

from __future__ import annotations

import contextlib
import socket
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from panodent import phantom
from panodent.bundle.bundle import Bundle, load, save
from panodent.bundle.findings_network import FindingsNetwork, KindLimits
from panodent.bundle.frame import Frame
from panodent.radiograph.radiograph import Radiograph
from panodent.teeth.finding_kinds import KINDS
from panodent.teeth.teeth import Teeth


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
    pytest.importorskip("keras", reason="needs the train extra")
    from panodent.training import backend  # noqa: F401 - imported first, it quietens TensorFlow

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
