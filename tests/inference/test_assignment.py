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
def test_the_second_best_without_a_column_is_the_best_of_the_others(seed: int) -> None:
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
        margin, second = best.second_best(row, list(forbidden))
        assert margin == pytest.approx(lost, abs=1e-6)
        assert len(set(second.tolist())) == rows
        assert second[row] not in forbidden
        assert total - gain[range(rows), second].sum() == pytest.approx(lost, abs=1e-6)


def test_without_another_column_the_loss_is_infinite() -> None:
    margin, columns = assign(np.array([[1.0]])).second_best(0, [0])
    assert (margin, columns.tolist()) == (np.inf, [0])


def test_no_second_best_is_sought_beyond_the_limit() -> None:
    best = assign(np.array([[5.0, 4.0, 0.0], [0.0, 5.0, 4.0]]))
    assert best.second_best(0, [0], 1.9)[0] == np.inf
    assert best.second_best(0, [0], 2.0)[0] == 2.0


def test_a_run_is_shifted_as_a_whole() -> None:
    gain = np.array([[5.0, 4.0, 0.0], [0.0, 5.0, 4.0]])
    margin, columns = assign(gain).second_best(0, [0])
    assert (margin, columns.tolist()) == (2.0, [1, 2])
