"""Array types: each alias has the dtype that its name says."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest

from panodent.utils import arrays


@pytest.mark.parametrize(
    ("alias", "dtype"),
    [
        (arrays.BoolArray, np.bool_),
        (arrays.Float32Array, np.float32),
        (arrays.Float64Array, np.float64),
        (arrays.FloatImage, np.float32),
    ],
)
def test_dtypes(alias: Any, dtype: type) -> None:
    (_, wrapped) = get_args(alias)
    assert get_args(wrapped) == (dtype,)
