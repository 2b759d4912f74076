"""Optimal assignment of teeth to numbers, each number at most once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from panodent.utils.arrays import Float64Array


@dataclass(frozen=True)
class Assignment:
    """The assignment of n rows to m columns with the greatest summed gain.

    columns : int64 (n,), the column of each row.
    """

    columns: npt.NDArray[np.int64]
    _row_of: npt.NDArray[np.int64]
    _reduced: Float64Array
    _potential: Float64Array

    def second_best(
        self, row: int, forbidden: list[int] | slice, limit: float = np.inf
    ) -> tuple[float, npt.NDArray[np.int64]]:
        """The best assignment in which `row` has none of the `forbidden` columns.

        They include the row's own column. Returns the gain lost by it and its columns (n,), found
        by one shortest-path search over exchanges. Without such an assignment, or if it loses more
        than `limit`, the loss is infinite and the columns are the present ones.
        """
        own = int(self.columns[row])
        distance = self._reduced[row].copy()
        distance[forbidden] = np.inf  # for this row only; others may take them
        done = np.zeros(len(distance), bool)
        came_from = np.full(len(distance), -1)
        while True:
            waiting = np.where(done, np.inf, distance)
            column = int(waiting.argmin())
            if waiting[column] > limit or waiting[column] == np.inf:
                return np.inf, self.columns.copy()
            if column == own:
                return float(waiting[column]), self._exchanged(row, came_from)
            done[column] = True
            owner = self._row_of[column]
            # A free column counts as held by a row without gain in any column.
            onwards = self._reduced[owner] if owner >= 0 else -self._potential
            nearer = waiting[column] + onwards < distance
            distance[nearer] = waiting[column] + onwards[nearer]
            came_from[nearer] = column

    def _exchanged(self, row: int, came_from: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The columns after the exchange that ends at the row's own column."""
        columns = self.columns.copy()
        column = int(columns[row])
        while came_from[column] >= 0:
            owner = self._row_of[came_from[column]]
            if owner >= 0:
                columns[owner] = column
            column = int(came_from[column])
        columns[row] = column
        return columns


def assign(gain: Float64Array) -> Assignment:
    """The assignment with the greatest summed gain (n, m), where n <= m; else `ValueError`.

    Shortest augmenting paths, O(n^2 m): Jonker and Volgenant 1987, doi:10.1007/BF02278710.

    >>> assign(np.array([[2.0, 3.0], [0.0, 3.0]])).columns.tolist()
    [0, 1]
    """
    rows, columns = gain.shape
    if rows > columns:
        raise ValueError(f"{rows} rows for {columns} columns; expected at most as many")
    cost = gain.max(initial=0.0) - gain
    # Index 0 of rows and columns means "none"; potentials keep reduced costs at 0 or above.
    row_potential, column_potential = np.zeros(rows + 1), np.zeros(columns + 1)
    row_of = np.zeros(columns + 1, np.int64)
    for row in range(1, rows + 1):
        reduced = cost[row - 1] - column_potential[1:]
        nearest = int(reduced.argmin())
        if not row_of[nearest + 1]:  # most columns are free, so that no path is searched for
            row_of[nearest + 1], row_potential[row] = row, reduced[nearest]
            continue
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
