"""Tests of the choice of a precision."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from unittest.mock import patch

import pytest

from panodent.training import precision

BFLOAT16 = precision.BFLOAT16  # before the fixture for all tests empties it
INFO = "processor\t: 0\nflags\t\t: fpu avx2 {}\n\nprocessor\t: 1\nflags\t\t: none\n"


def test_flags_of_the_first_processor(tmp_path: Path) -> None:
    (tmp_path / "info").write_text(INFO.format("avx512_bf16"))
    assert precision.processor_flags(tmp_path / "info") == {"fpu", "avx2", "avx512_bf16"}
    assert precision.processor_flags(tmp_path / "missing") == frozenset()


@pytest.mark.parametrize(
    ("flags", "backend", "gpus", "expected"),
    [
        ({"avx512_bf16"}, "tensorflow", [], "mixed_bfloat16"),
        ({"amx_bf16"}, "tensorflow", [], "mixed_bfloat16"),
        ({"avx2"}, "tensorflow", [], "float32"),
        ({"avx512_bf16"}, "tensorflow", ["gpu:0"], "float32"),
        ({"avx512_bf16"}, "jax", [], "float32"),
    ],
)
def test_auto_is_bfloat16_where_the_processor_computes_in_it(
    flags: set[str], backend: str, gpus: list[str], expected: str
) -> None:
    from panodent.training.backend import keras

    with (
        patch.object(precision, "BFLOAT16", BFLOAT16),
        patch.object(precision, "processor_flags", return_value=frozenset(flags)),
        patch.object(keras.backend, "backend", return_value=backend),
        patch.object(keras.distribution, "list_devices", return_value=gpus),
    ):
        assert precision.layer_precision("auto") == expected
        assert precision.layer_precision("float32") == "float32"
        assert precision.layer_precision("mixed_bfloat16") == "mixed_bfloat16"


@pytest.mark.skipif(find_spec("jax") is None, reason="needs the jax extra")
def test_products_under_jax_are_exact_inside_only() -> None:
    import jax

    def setting() -> object:
        return jax.config.jax_default_matmul_precision  # type: ignore[attr-defined]

    with patch("keras.backend.backend", return_value="jax"), precision.exact_products():
        inside = setting()
    assert (inside, setting()) == ("highest", None)
    with precision.exact_products():  # TensorFlow needs no setting
        assert setting() is None
