"""The best assignment, against trying them all."""

import itertools

import numpy as np
import pytest

from panodent.assignment import assign


@pytest.mark.parametrize("seed", range(40))
def test_it_is_the_best_of_all(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 6))
    columns = int(rng.integers(rows, 7))
    gain = rng.normal(size=(rows, columns)).round(seed % 3)  # rounded ones have ties
    best = max(
        sum(gain[row, column] for row, column in enumerate(chosen))
        for chosen in itertools.permutations(range(columns), rows)
    )
    found = assign(gain)
    assert len(set(found.tolist())) == rows
    assert gain[range(rows), found].sum() == pytest.approx(best)


def test_no_rows_and_too_many() -> None:
    assert assign(np.zeros((0, 4))).tolist() == []
    with pytest.raises(ValueError, match="3 rows for 2 columns"):
        assign(np.zeros((3, 2)))
