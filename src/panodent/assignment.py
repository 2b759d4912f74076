"""The best assignment of teeth to numbers: none twice."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def assign(gain: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Column of each row (n,) that makes the summed gain (n, m) greatest; needs n <= m.

    The Hungarian method in the form of shortest augmenting paths (Jonker and Volgenant 1987),
    O(n^2 m).

    >>> assign(np.array([[2.0, 3.0], [0.0, 3.0]])).tolist()
    [0, 1]
    """
    rows, columns = gain.shape
    if rows > columns:
        raise ValueError(f"{rows} rows for {columns} columns; expected at most as many")
    cost = gain.max(initial=0.0) - gain
    # Index 0 of rows and columns stands for "none"; potentials keep reduced costs from negative.
    row_potential, column_potential = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        row_of[0], column = row, 0
        least = np.full(columns + 1, np.inf)
        came_from = np.zeros(columns + 1, np.int64)
        used = np.zeros(columns + 1, bool)
        while row_of[column] != 0:
            used[column] = True
            here = row_of[column]
            reduced = cost[here - 1] - row_potential[here] - column_potential[1:]
            better = ~used[1:] & (reduced < least[1:])
            least[1:][better] = reduced[better]
            came_from[1:][better] = column
            following = int(np.argmin(np.where(used, np.inf, least)))
            step = least[following]
            row_potential[row_of[used]] += step
            column_potential[used] -= step
            least[~used] -= step
            column = following
        while column:
            row_of[column] = row_of[came_from[column]]
            column = came_from[column]
    found = np.empty(rows, np.int64)
    for column in range(1, columns + 1):
        if row_of[column]:
            found[row_of[column] - 1] = column - 1
    return found
