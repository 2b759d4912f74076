"""A network in the runtime, loaded on first use."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from panodent.errors import BundleError
from panodent.utils.arrays import Float32Array


@dataclass
class Session:
    """An ONNX network with one input and one output, both float32; safe to use from threads.

    `threads` of the network, 0 for the runtime's choice; `what` names it in error messages.
    """

    network: bytes = field(repr=False)
    threads: int = 0
    what: str = "network"
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
        try:
            return onnxruntime.InferenceSession(
                self.network, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the runtime's own exceptions share no base
            raise BundleError(f"the bundle's {self.what} cannot be loaded ({error})") from None

    def run(self, batch: Float32Array) -> Float32Array:
        """The network's output for a batch."""
        session = self.open()
        answer: Float32Array = session.run(None, {session.get_inputs()[0].name: batch})[0]
        return answer

    def shapes(self) -> tuple[list[Any], list[Any]]:
        """Shapes of the input and the output; an axis without a fixed length is a text."""
        session = self.open()
        return session.get_inputs()[0].shape, session.get_outputs()[0].shape
