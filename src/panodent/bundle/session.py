"""A network in the runtime, loaded on first use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from threading import Lock
from typing import Any

from panodent.errors import BundleError, ConfigError, UnknownNameError
from panodent.utils.arrays import Float32Array

CPU = "cpu"
DEVICES: Mapping[str, tuple[str, str]] = {
    CPU: ("CPUExecutionProvider", "onnxruntime"),
    "cuda": ("CUDAExecutionProvider", "onnxruntime-gpu"),
    "rocm": ("ROCMExecutionProvider", "onnxruntime-rocm"),
    "openvino": ("OpenVINOExecutionProvider", "onnxruntime-openvino"),
    "directml": ("DmlExecutionProvider", "onnxruntime-directml"),
    "coreml": ("CoreMLExecutionProvider", "onnxruntime"),
}
"""What networks may run on: its provider in ONNX Runtime, and the package that brings it."""


def check_device(device: str) -> None:
    """Raises `UnknownNameError` for an unknown device, `ConfigError` if the runtime lacks it."""
    import onnxruntime

    if device not in DEVICES:
        raise UnknownNameError("device", device, DEVICES)
    provider, package = DEVICES[device]
    present = onnxruntime.get_available_providers()
    if provider not in present:
        usable = ", ".join(name for name, (known, _) in DEVICES.items() if known in present)
        raise ConfigError(
            f"device {device!r}: this ONNX Runtime does not support it, only {usable}; install "
            f"{package} in place of onnxruntime, or use --device cpu"
        )


_POOL_LOCK = Lock()


@cache
def _shared_memory_pool() -> bool:
    """Makes one pool of memory for the networks of this process, which run one after the other.

    By itself the runtime makes a pool for each network and keeps the most that each ever needed:
    70 MiB more for the three networks of the default bundle in two threads. False where it is not
    possible, as when another library has made a pool already.
    """
    import onnxruntime as ort

    try:
        memory = ort.OrtMemoryInfo(
            "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
        )
        # 0: no limit, grows by powers of two; -1: the runtime's own values.
        ort.create_and_register_allocator(memory, ort.OrtArenaCfg(0, 0, -1, -1))
    except Exception:  # the runtime's own exceptions share no base
        return False
    return True


@dataclass
class Session:
    """An ONNX network with one input and one output, both float32; safe to use from threads.

    `threads` of the network, 0 for the runtime's choice; `what` names it in error messages;
    `device` is one of `DEVICES`; `sides` are lengths of axes that the network leaves open, by name.
    """

    network: bytes = field(repr=False)
    threads: int = 0
    what: str = "network"
    device: str = CPU
    sides: Mapping[str, int] = field(default_factory=dict)
    _opened: Any = field(default=None, init=False, repr=False)
    _opening: Any = field(default_factory=Lock, init=False, repr=False)

    def open(self) -> Any:
        """The runtime's session. Raises `BundleError` when the network is damaged."""
        with self._opening:
            if self._opened is None:
                self._opened = self._load()
        return self._opened

    def _load(self) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self.threads
        options.log_severity_level = 3
        # Threads that wait actively for more work slow down what follows the network.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        for name, length in self.sides.items():
            options.add_free_dimension_override_by_name(name, length)
        with _POOL_LOCK:
            pooled = _shared_memory_pool()
        if pooled:
            options.add_session_config_entry("session.use_env_allocators", "1")
        provider = DEVICES[self.device][0]
        try:
            session = onnxruntime.InferenceSession(self.network, options, providers=[provider])
        except Exception as error:  # the runtime's own exceptions share no base
            raise BundleError(f"the bundle's {self.what} cannot be loaded ({error})") from None
        if session.get_providers()[0] != provider:  # it falls back to the CPU
            raise BundleError(
                f"the bundle's {self.what} does not run on device {self.device!r}; check its "
                "driver, or use --device cpu"
            )
        return session

    def run(self, batch: Float32Array) -> Float32Array:
        """The network's output for a batch."""
        session = self.open()
        answer: Float32Array = session.run(None, {session.get_inputs()[0].name: batch})[0]
        return answer

    def shapes(self) -> tuple[list[Any], list[Any]]:
        """Shapes of the input and the output; an axis without a fixed length is a text."""
        session = self.open()
        return session.get_inputs()[0].shape, session.get_outputs()[0].shape
