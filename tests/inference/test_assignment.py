"""The best assignment, against trying them all."""

import itertools

import numpy as np
import pytest

from panodent.inference.assignment import assign


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
    found = assign(gain).columns
    assert len(set(found.tolist())) == rows
    assert gain[range(rows), found].sum() == pytest.approx(best)


def test_no_rows_and_too_many() -> None:
    assert assign(np.zeros((0, 4))).columns.tolist() == []
    with pytest.raises(ValueError, match="3 rows for 2 columns"):
        assign(np.zeros((3, 2)))


@pytest.mark.parametrize("seed", range(60))
def test_a_margin_is_what_the_next_best_costs(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 7))
    columns = int(rng.integers(rows + 1, 9))
    gain = rng.normal(size=(rows, columns)).round(1 + seed % 3)
    best = assign(gain)
    total = gain[range(rows), best.columns].sum()
    for row in range(rows):
        forbidden = {int(best.columns[row])}
        if columns - rows > 1:
            forbidden.add(int(rng.integers(columns)))
        worse = gain.copy()
        worse[row, list(forbidden)] = -1e6
        lost = total - worse[range(rows), assign(worse).columns].sum()
        assert best.margin(row, list(forbidden)) == pytest.approx(lost, abs=1e-6)


def test_without_another_column_the_margin_is_infinite() -> None:
    best = assign(np.array([[1.0]]))
    assert best.margin(0, [0]) == np.inf
