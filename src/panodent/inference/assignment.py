"""The best assignment of teeth to numbers: none twice; and how near the next best is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float64Array


@dataclass(frozen=True)
class Assignment:
    """An assignment of n rows to m columns of greatest summed gain.

    columns : (n,) the column of each row.
    """

    columns: npt.NDArray[np.int64]
    _row_of: npt.NDArray[np.int64]
    _reduced: Float64Array
    _potential: Float64Array

    def margin(self, row: int, forbidden: int | list[int] | slice) -> float:
        """What the best assignment loses when `row` may have none of these columns, its own among.

        One search for the cheapest chain of exchanges; infinite when there is none.
        """
        own = int(self.columns[row])
        distance = self._reduced[row].copy()
        distance[forbidden] = np.inf  # for this row; others may move there
        done = np.zeros(len(distance), bool)
        while True:
            waiting = np.where(done, np.inf, distance)
            column = int(waiting.argmin())
            if column == own or waiting[column] == np.inf:
                return float(waiting[column])
            done[column] = True
            owner = self._row_of[column]
            # A column without a row has one that gains nothing anywhere.
            onwards = self._reduced[owner] if owner >= 0 else -self._potential
            np.minimum(distance, waiting[column] + onwards, out=distance)


def assign(gain: Float64Array) -> Assignment:
    """The assignment that makes the summed gain (n, m) greatest; needs n <= m.

    The Hungarian method in the form of shortest augmenting paths (Jonker and Volgenant 1987),
    O(n^2 m).

    >>> assign(np.array([[2.0, 3.0], [0.0, 3.0]])).columns.tolist()
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
    owners = row_of[1:] - 1
    found[owners[owners >= 0]] = np.flatnonzero(owners >= 0)
    reduced = cost - row_potential[1:, None] - column_potential[1:]
    return Assignment(found, owners, np.maximum(reduced, 0.0), column_potential[1:])
