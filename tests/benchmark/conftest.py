"""Small phantoms and the default bundle, made once for all benchmark tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import panodent
from panodent.benchmark import inputs, limit, warm
from panodent.inference.predictor import Predictor


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two JPEG files of 512 x 256 pixels in one folder."""
    return inputs.draw_phantoms(tmp_path_factory.mktemp("images"), 2, (256, 512))


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    return panodent.load()


@pytest.fixture(scope="module")
def no_warm_up() -> Iterator[None]:
    """Measures each file from its first round on; test_warm.py has the rounds before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(warm, "_WARM_UP_ROUNDS", 0)
        yield


@pytest.fixture(scope="module")
def small_matrices() -> Iterator[None]:
    """Measures the speed limit with matrices of half the side, an eighth of the operations.

    The network runs twice for each product, not eight times.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limit, "_MATRIX_SIDE", limit._MATRIX_SIDE // 2)
        patch.setattr(limit, "_NETWORK_RUNS", 2)
        yield
