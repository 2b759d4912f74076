"""The state of a training run on disk: weights, optimiser and counters, without pickle.

A state is one `.npz` file: arrays named by their index, and one JSON text. It is written to a
temporary file and renamed. No random state is saved, since batches depend on (seed, epoch, step).
"""

from __future__ import annotations

import json
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from panodent.errors import TrainingError
from panodent.utils.atomic_files import writing_bytes

_READ_ERRORS = (OSError, ValueError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def save(file: Path, model: Any, progress: dict[str, Any], with_optimiser: bool = True) -> None:
    """Writes weights, `progress` (plain data) and, if asked, the optimiser's variables."""
    arrays: dict[str, Any] = {
        f"model/{i:04d}": np.asarray(v) for i, v in enumerate(model.get_weights())
    }
    if with_optimiser:
        variables = [variable.numpy() for variable in model.optimizer.variables]
        arrays |= {f"optimiser/{i:04d}": np.asarray(v) for i, v in enumerate(variables)}
    arrays["progress"] = np.frombuffer(json.dumps(progress).encode(), np.uint8)
    with writing_bytes(file, durable=True) as stream:
        np.savez(stream, **arrays)


def load(file: Path, model: Any, with_optimiser: bool = True) -> dict[str, Any]:
    """Loads a saved state into `model`, which is built and, for the optimiser, compiled.

    Returns `progress`. Raises `TrainingError` when the file is missing, damaged, or of another
    network or optimiser.
    """
    arrays, progress = _read(file)
    weights = [arrays[name] for name in sorted(arrays) if name.startswith("model/")]
    shapes = [tuple(w.shape) for w in model.get_weights()]
    if [w.shape for w in weights] != shapes:
        raise TrainingError(f"{file}: saved state is of another network than this run's config")
    model.set_weights(weights)
    if with_optimiser:
        model.optimizer.build(model.trainable_variables)
        values = [arrays[name] for name in sorted(arrays) if name.startswith("optimiser/")]
        expected = [tuple(variable.shape) for variable in model.optimizer.variables]
        if [value.shape for value in values] != expected:
            raise TrainingError(f"{file}: holds no state of this optimiser; it cannot be resumed")
        for variable, value in zip(model.optimizer.variables, values, strict=True):
            variable.assign(value)
    return progress


def progress(file: Path) -> dict[str, Any]:
    """The counters of a saved state. Raises `TrainingError` as `load` does."""
    return _read(file)[1]


def _read(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """All arrays by name, and the progress."""
    try:
        if not zipfile.is_zipfile(file):
            file.stat()
            raise ValueError("it is cut off, or of another kind")
        with np.load(file, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        return arrays, json.loads(arrays["progress"].tobytes().decode())
    except KeyError as error:
        raise TrainingError(f"{file}: not a saved state; it lacks {error}") from None
    except _READ_ERRORS as error:
        raise TrainingError(
            f"{file}: saved state cannot be read ({error}); delete it, and --resume starts the run "
            "from its first epoch"
        ) from None
