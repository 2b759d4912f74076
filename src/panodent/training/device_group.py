"""Data parallel training: the devices of one or several processes that train one network.

A batch has as many radiographs as on one device. Each device computes its part of them, and each
process makes the rows of its own devices. Loss, gradients and batch statistics are those of the
whole batch, so that the result is that of one device within rounding. The first process alone
writes files.

`keras.distribution` does the work; it needs the backend JAX.
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from panodent.errors import ConfigError, TrainingError
from panodent.utils.wording import counted

ALL = "all"


@dataclass
class DeviceGroup:
    """The devices and processes that train one network together.

    names : Keras' names of the devices, process by process; empty for one device of Keras' choice.
    processes, process : how many processes there are, and which of them this one is, from 0.
    begun : whether the first process has given the run to the others.
    """

    names: tuple[str, ...] = ()
    processes: int = 1
    process: int = 0
    begun: bool = False

    @property
    def writes(self) -> bool:
        """Whether this process writes files and reports progress."""
        return self.process == 0

    def check(self, batch_size: int) -> None:
        """Raises `ConfigError` unless every device gets equally many radiographs of a batch."""
        devices = len(self.names) or 1
        if batch_size % devices:
            near = -(-batch_size // devices) * devices
            raise ConfigError(
                f"a batch of {counted(batch_size, 'radiograph', 'radiographs')} cannot be shared "
                f"equally by {devices} devices; give --batch-size {near}, or fewer --devices"
            )

    def rows(self, batch_size: int) -> tuple[int, int]:
        """The rows of each batch that this process makes: the first, and the one after the last.

        >>> DeviceGroup(("gpu:0", "gpu:1"), processes=2, process=1).rows(8)
        (4, 8)
        """
        share = batch_size // self.processes
        return self.process * share, (self.process + 1) * share

    @contextmanager
    def distributing(self) -> Iterator[None]:
        """Networks that are built and trained in the block are those of all devices."""
        if not self.names:
            yield
            return
        from panodent.training.backend import keras

        # Without names of its own, Keras would take all devices.
        parallel = keras.distribution.DataParallel(
            devices=list(self.names), auto_shard_dataset=False
        )
        with parallel.scope():
            yield

    def predictor(self, model: Any) -> Callable[[Any], npt.NDArray[np.float32]]:
        """Predicts a batch with the model's current weights, on the first device of this process.

        Processes may predict different batches at the same time.
        """
        if not self.names:
            return lambda batch: np.asarray(model.predict_on_batch(batch))
        import jax

        def forward(trained: Any, fixed: Any, batch: Any) -> Any:
            return model.stateless_call(trained, fixed, batch, training=False)[0]

        compiled = jax.jit(forward)

        def predict(batch: Any) -> npt.NDArray[np.float32]:
            kinds = (model.trainable_variables, model.non_trainable_variables)
            here = ([item.value.addressable_data(0) for item in items] for items in kinds)
            return np.asarray(compiled(*here, batch))

        return predict

    def gathered(self, values: Sequence[float]) -> list[float]:
        """The values of all processes, in their order; equal in all of them."""
        if self.processes == 1:
            return list(values)
        parts = (
            self._from(process, np.asarray(values, np.float64).tobytes())
            for process in range(self.processes)
        )
        return np.frombuffer(b"".join(parts), np.float64).tolist()

    def broadcast(self, message: bytes = b"") -> bytes:
        """The message of the first process, in all of them; all must call this."""
        return message if self.processes == 1 else self._from(0, message)

    def _from(self, process: int, message: bytes) -> bytes:
        """The message of one process, in all of them."""
        from jax.experimental.multihost_utils import broadcast_one_to_all

        own = self.process == process
        length = broadcast_one_to_all(np.int32(len(message)), is_source=own)
        text = np.frombuffer(message, np.uint8) if own else np.zeros(int(length), np.uint8)
        sent = broadcast_one_to_all(text, is_source=own)
        return np.asarray(sent, np.uint8).tobytes()

    def exit_at_once(self, code: int) -> None:
        """At its end this process exits with `code` at once, and does not wait for the others.

        They end when JAX misses it.
        """
        if self.processes > 1:
            atexit.register(os._exit, code)  # runs before JAX's own, which waits for minutes

    def disconnect(self) -> None:
        """Waits for the other processes, then leaves them; nothing is exchanged afterwards."""
        if self.processes > 1:
            import jax

            jax.distributed.shutdown()


ALONE = DeviceGroup()
"""One process, and one device of Keras' choice."""


def device_group(
    devices: str | None = None, processes: int = 1, process: int = 0, coordinator: str = ""
) -> DeviceGroup:
    """The group that options describe; waits up to five minutes for the other processes.

    Parameters
    ----------
    devices : how many devices of each process, 'all', or their numbers such as '0,2'. None stands
        for one device, or all of each process where there are several processes.
    processes, process : how many there are, and which of them this one is, from 0.
    coordinator : HOST:PORT on which process 0 listens.

    Raises `ConfigError` for options that do not fit together or other backends than JAX, and
    `TrainingError` where a process does not answer or devices are missing.
    """
    if not 0 <= process < processes:
        raise ConfigError(
            f"--process-id is {process}; expected 0 to {processes - 1}, since --processes is "
            f"{processes}"
        )
    if processes == 1 and devices is None:
        return ALONE
    from panodent.training.backend import keras

    if (backend := keras.backend.backend()) != "jax":
        raise ConfigError(
            f"several devices need the backend JAX, and Keras uses {backend}; install it with: "
            "pip install 'panodent[jax]', and set KERAS_BACKEND=jax"
        )
    if processes > 1:
        _join(keras, processes, process, coordinator)
    import jax

    names = []
    for number in range(processes):
        there = [device for device in jax.devices() if device.process_index == number]
        names += [f"{d.platform}:{d.id}" for d in chosen(there, devices or ALL)]
    return DeviceGroup(tuple(names), processes, process)


def _join(keras: Any, processes: int, process: int, coordinator: str) -> None:
    """Joins the other processes; raises `ConfigError` or `TrainingError`."""
    if ":" not in coordinator:
        raise ConfigError(
            f"--coordinator is {coordinator!r}; expected HOST:PORT of the machine of --process-id "
            "0, such as gpu1.example.org:9911"
        )
    keras.utils.set_random_seed(0)  # or Keras agrees on a random one; `seeded` sets the run's
    try:
        keras.distribution.initialize(coordinator, processes, process)
    except (RuntimeError, ValueError) as error:
        raise TrainingError(
            f"{coordinator}: not all {processes} processes came together ({error}); start them "
            "within five minutes, with the same --coordinator"
        ) from None


def chosen(there: Sequence[Any], devices: str) -> Sequence[Any]:
    """The devices of one process that an option names."""
    if devices == ALL:
        return there
    numbers = [part for part in devices.split(",") if part]
    if not numbers or not all(part.isdecimal() for part in numbers):
        raise ConfigError(
            f"--devices is {devices!r}; expected a number of devices, 'all', or their numbers "
            "such as 0,2"
        )
    wanted = [int(part) for part in numbers] if "," in devices else [*range(int(devices))]
    if not wanted or len(set(wanted)) < len(wanted):
        raise ConfigError(f"--devices is {devices!r}; expected at least one, each once")
    if max(wanted) >= len(there):
        raise ConfigError(
            f"--devices is {devices!r}, but JAX finds "
            f"{counted(len(there), 'device', 'devices')} in each process"
        )
    return [there[number] for number in wanted]
