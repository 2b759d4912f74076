"""What the layers of a network compute in while it is trained.

`mixed_bfloat16` is faster on processors that compute in bfloat16, and was as accurate over a whole
training (docs/experiments/precision-bfloat16.md); elsewhere it is slower. Weights are float32 in
both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from panodent.errors import UnknownNameError

AUTO = "auto"
"""`mixed_bfloat16` on a processor with bfloat16, under TensorFlow; otherwise float32."""
PRECISIONS = (AUTO, "float32", "mixed_bfloat16")
BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16"})
"""Flags of processors that compute in it."""
_PROCESSOR = Path("/proc/cpuinfo")


def check_precision(setting: str) -> None:
    """Raises `UnknownNameError` for what is none of `PRECISIONS`."""
    if setting not in PRECISIONS:
        raise UnknownNameError("precision", setting, PRECISIONS)


def layer_precision(setting: str) -> str:
    """Keras's dtype policy for one of `PRECISIONS`.

    On a GPU and under JAX `auto` is float32, because nothing else was compared there.
    """
    if setting != AUTO:
        return setting
    if BFLOAT16.isdisjoint(processor_flags()):
        return "float32"
    from panodent.training.backend import keras

    plain = keras.backend.backend() != "tensorflow" or keras.distribution.list_devices("gpu")
    return "float32" if plain else "mixed_bfloat16"


@contextmanager
def exact_products() -> Iterator[None]:
    """Products inside keep float32 on GPUs too, which otherwise round the factors of JAX."""
    from panodent.training.backend import keras

    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    with jax.default_matmul_precision("highest"):
        yield


def processor_flags(file: Path = _PROCESSOR) -> frozenset[str]:
    """What the first processor can do, in Linux's words, such as avx2; elsewhere empty."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return frozenset()
    flags = (line.partition(":")[2] for line in lines if line.startswith(("flags", "Features")))
    return frozenset(next(flags, "").split())
