"""What the network said of the last radiographs that were clicked on, kept by each worker.

>>> views = RecentViews(most=2)
>>> made = [views.get(key, lambda key=key: key.upper()) for key in ("a", "b", "a", "c")]
>>> views.get("a", lambda: "made again"), views.get("b", lambda: "made again")
('A', 'made again')
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

View = TypeVar("View")


class RecentViews(Generic[View]):
    """The `most` views that were used last; the others are made again when they are needed."""

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._views: OrderedDict[str, View] = OrderedDict()

    def get(self, key: str, make: Callable[[], View]) -> View:
        """The view of a radiograph, kept or made."""
        if key not in self._views:
            self._views[key] = make()
        self._views.move_to_end(key)
        while len(self._views) > self._most:
            self._views.popitem(last=False)
        return self._views[key]
