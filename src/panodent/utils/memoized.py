"""Results that are computed once for each record that cannot be changed.

>>> from dataclasses import dataclass
>>> @dataclass(frozen=True)
... class Square:
...     side: int
>>> @memoized
... def area(square: Square) -> int:
...     print("computed")
...     return square.side**2
>>> square = Square(3)
>>> area(square), area(square)
computed
(9, 9)
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

Record = TypeVar("Record")
Result = TypeVar("Result")


def memoized(compute: Callable[[Record], Result]) -> Callable[[Record], Result]:
    """`compute`, whose result is kept in the record itself and forgotten with it.

    For functions of one record, such as `Teeth`; copies made by `dataclasses.replace` compute
    anew. Two threads that ask at once may both compute.
    """
    name = f"_{compute.__module__}.{compute.__qualname__}"

    @wraps(compute)
    def result(record: Record) -> Result:
        kept = vars(record)
        if name not in kept:
            kept[name] = compute(record)
        found: Result = kept[name]
        return found

    return result
